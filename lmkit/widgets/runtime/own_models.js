// Models that a reader has trained on this page, or opened from a file. The latest is there until the page is left;
// those that are kept lie in the browser's own database, for all pages of the book, and nowhere else.

import { LabError, messageOf } from "../base/errors.js";

/**
 * What is known of such a model, beside its bytes; `prompts` are texts that it can read.
 *
 * @typedef {object} OwnModel
 * @property {string} key - Names the bytes.
 * @property {string} title
 * @property {number} size - In bytes.
 * @property {number} at - When it was made, in ms since 1970.
 * @property {string[]} prompts
 * @property {number} hidden_size
 * @property {boolean} runs - Whether the page's engine runs it; any model can be kept.
 * @property {{ name: string, key: string } | null} truth - The asset that knows the true probabilities.
 */

const DATABASE = "lmkit-models";
const CHANGED = "lmkit-own-models"; // an event of the document

/** @type {{ model: OwnModel, bytes: Uint8Array } | null} */
let latest = null;

/**
 * Offer a model to all labs of the page that run models.
 *
 * @param {OwnModel} model
 * @param {Uint8Array} bytes
 */
export function offer(model, bytes) {
  latest = { model, bytes };
  tell();
}

/** The model that was trained or opened last on this page, with its bytes. */
export function offered() {
  return latest;
}

/**
 * Hear of models that come and go.
 *
 * @param {() => void} listener
 * @returns {() => void} It stops.
 */
export function onOwnModels(listener) {
  document.addEventListener(CHANGED, listener);
  return () => document.removeEventListener(CHANGED, listener);
}

function tell() {
  document.dispatchEvent(new Event(CHANGED));
}

/**
 * All models that labs can run: the latest, and those that are kept, the youngest first. Where the browser keeps
 * nothing there is only the latest.
 *
 * @returns {Promise<OwnModel[]>}
 */
export async function ownModels() {
  const kept = await keptModels().catch(() => []);
  const isKept = kept.some(({ key }) => key === latest?.model.key);
  const all = latest && !isKept ? [latest.model, ...kept] : kept;
  return all.filter(({ runs }) => runs);
}

/**
 * @returns {Promise<OwnModel[]>}
 * @throws {LabError} Where the browser keeps nothing.
 */
export async function keptModels() {
  /** @type {OwnModel[]} */
  const found = await ask("readonly", ({ models }) => models.getAll());
  return found.sort((a, b) => b.at - a.at);
}

/**
 * @param {OwnModel} model
 * @param {Uint8Array} bytes
 * @throws {LabError} Where the browser keeps nothing, or has no room.
 */
export async function keepModel(model, bytes) {
  await ask("readwrite", (stores) => {
    stores.bytes.put(bytes, model.key);
    return stores.models.put(model);
  });
  tell();
}

/** @param {string} key */
export async function forgetModel(key) {
  await ask("readwrite", (stores) => {
    stores.bytes.delete(key);
    return stores.models.delete(key);
  });
  tell();
}

/**
 * @param {string} key
 * @returns {Promise<Uint8Array>}
 * @throws {LabError} If it is not there any more.
 */
export async function bytesOfOwn(key) {
  if (latest?.model.key === key) return latest.bytes;
  const found = await ask("readonly", ({ bytes }) => bytes.get(key));
  if (!found) throw new LabError("this model is not kept in the browser any more; choose another");
  return found;
}

/**
 * A short name for bytes (FNV-1a, twice): the same bytes, the same name.
 *
 * @param {Uint8Array} bytes
 */
export function nameOfBytes(bytes) {
  let a = 0x811c9dc5,
    b = 0x1000193;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b + byte, 0x85ebca6b) ^ (b >>> 13);
  }
  return [a, b].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(stores: { models: IDBObjectStore, bytes: IDBObjectStore }) => IDBRequest<T>} work
 * @returns {Promise<T>} What the request gives, when the whole is done.
 */
async function ask(mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(["models", "bytes"], mode);
      const request = work({ models: transaction.objectStore("models"), bytes: transaction.objectStore("bytes") });
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(refused(transaction.error ?? request.error));
    });
  } catch (error) {
    throw error instanceof LabError ? error : refused(error);
  } finally {
    database.close();
  }
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    try {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("models", { keyPath: "key" });
        request.result.createObjectStore("bytes");
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(refused(request.error));
    } catch (error) {
      reject(refused(error));
    }
  });
}

/** @param {unknown} error */
function refused(error) {
  if (error instanceof DOMException && error.name === "QuotaExceededError") {
    return new LabError("this browser has no room left for the model; delete one that is kept, or save it as a file");
  }
  return new LabError(
    `this browser keeps nothing for this page (${messageOf(error)}); save the model as a file instead`,
  );
}
