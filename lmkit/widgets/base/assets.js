// Models and grammars: one copy per page, whoever asks first. A built book keeps them in files of its own: tables as
// scripts, weights compressed, and as scripts too, because a script tag works from a disk, where fetching does not. A page
// that was saved with a lab carries them within itself. In a live notebook Python sends them.

import { carried, isSaved, requireCarried } from "./carried.js";
import { element } from "./dom.js";
import { LabError } from "./errors.js";

const PATIENCE_MS = 20000;
const REMEDY =
  'run the cell again with a running kernel, or, for a page without one, save the lab with its model: lab.save_html("lab.html")';
/** @typedef {import("./view.js").Model} Model */

/** @type {Map<string, Promise<any>>} What was made, or is being made, by key. */
const STORE = new Map();

/**
 * What `make` promised the first time that `key` was asked for; a failure may be tried again.
 *
 * @template T
 * @param {string} key
 * @param {() => Promise<T>} make
 * @returns {Promise<T>}
 */
export function once(key, make) {
  const known = STORE.get(key);
  if (known) return known;
  const made = make().catch((error) => {
    STORE.delete(key);
    throw error;
  });
  STORE.set(key, made);
  return made;
}

/**
 * The bytes of a model's file.
 *
 * @param {Model} model
 * @param {string} name
 * @param {string} digest - Tells versions apart where a browser keeps old files.
 * @returns {Promise<Uint8Array>}
 */
export async function loadWeights(model, name, digest) {
  const { root } = globalThis.__lmkit;
  if (root?.startsWith("http") && globalThis.DecompressionStream) {
    try {
      return await fetchWeights(`${root}${name}.bin?v=${digest}`);
    } catch {
      // Refused, damaged or cut off on the way: the script is another way to the same bytes.
    }
  }
  return loadAsset(model, name, digest);
}

/**
 * Fetched as the page's head may have asked for it already (`preload`): with the same address and mode.
 *
 * @param {string} address
 * @returns {Promise<Uint8Array>}
 */
async function fetchWeights(address) {
  const { ok, status, body } = await fetch(address);
  if (!ok || !body) throw new Error(`${address}: ${status}`);
  return bytesOf(await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

/**
 * An asset: bytes, or parsed JSON.
 *
 * @param {Model} model
 * @param {string} name
 * @param {string} digest - Tells versions apart where a browser keeps old files.
 * @returns {Promise<any>}
 */
export async function loadAsset(model, name, digest) {
  const { root } = globalThis.__lmkit;
  if (isSaved()) {
    const here = root ? carried(name, digest) : requireCarried(name, digest);
    if (here !== undefined) return contentOf(here);
  }
  return root ? readScript(`${root}${name}.js?v=${digest}`, name) : askPython(model, name);
}

/**
 * A module that is wanted only when somebody asks for it: a built page has a script with its folder, a notebook's Python
 * sends it.
 *
 * @param {Model} model
 * @param {string} name - With its digest.
 * @returns {Promise<any>} What it exports.
 */
export function loadModule(model, name) {
  return once(`module ${name}`, async () => {
    const { root, require } = globalThis.__lmkit;
    const [path, digest] = name.split("@");
    const here = isSaved() ? carried(path, digest) : undefined;
    if (here !== undefined) document.head.append(element("script", {}, here));
    else if (root) await runScript(`${root}code/${path.split("/").slice(0, -1).join("-")}.js?v=${digest}`, path);
    else document.head.append(element("script", {}, await askPython(model, path)));
    return require(name);
  });
}

/**
 * @param {string} address
 * @param {string} name
 * @returns {Promise<any>}
 */
async function readScript(address, name) {
  await runScript(address, name);
  const content = globalThis.__lmkit.assets[name];
  if (content === undefined) throw failure(name);
  delete globalThis.__lmkit.assets[name];
  return contentOf(content);
}

/** @param {unknown} content - As a script leaves it: base64 text stands for bytes. */
function contentOf(content) {
  return typeof content === "string" ? decodeBase64(content) : content;
}

/**
 * @param {string} address
 * @param {string} name
 * @returns {Promise<void>}
 */
function runScript(address, name) {
  return new Promise((resolve, reject) => {
    const script = element("script", { src: address });
    script.onload = () => resolve();
    script.onerror = () => reject(failure(name));
    document.head.append(script);
  });
}

/** @param {string} name */
function failure(name) {
  return new LabError(`could not load ‘${name}’ with this page; reload it`);
}

/** @param {string} text */
function decodeBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/**
 * @param {Model} model
 * @param {string} name
 * @returns {Promise<any>}
 */
function askPython(model, name) {
  return new Promise((resolve, reject) => {
    /**
     * @param {(value: any) => void} settle
     * @param {unknown} value
     */
    const finish = (settle, value) => {
      clearTimeout(timer);
      model.off("msg:custom", answer);
      settle(value);
    };
    /**
     * @param {{ asset?: string, content?: unknown }} message
     * @param {DataView[]} buffers
     */
    const answer = (message, buffers) => {
      if (message.asset === name) finish(resolve, message.content ?? bytesOf(buffers[0]));
    };
    const timer = setTimeout(() => {
      finish(reject, new LabError(`‘${name}’ did not come from Python; ${REMEDY}`));
    }, PATIENCE_MS);
    model.on("msg:custom", answer);
    model.send({ need: name });
  });
}

/**
 * @param {ArrayBufferView | ArrayBuffer} view
 * @returns {Uint8Array}
 */
export function bytesOf(view) {
  if (!ArrayBuffer.isView(view)) return new Uint8Array(view);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
