// Models and grammars: one copy per page, whoever asks first. A built book keeps them in files of its own: tables as
// scripts, weights compressed, and as scripts too, because a script tag works from a disk, where fetching does not. A page
// that was saved with a lab carries them within itself. Elsewhere they are part of the widgets' state, in a live notebook
// and on pages that others make of it; what is not there, Python sends.

import { carried, isSaved, requireCarried } from "./carried.js";
import { element } from "./dom.js";
import { LabError } from "./errors.js";

const PATIENCE_MS = 20000;
const REFERENCE = "IPY_MODEL_"; // ipywidgets' mark before the id of a model
const REMEDY =
  "run the cell again with a running kernel; for a page without one, add “lmkit.sphinx” to the extensions of its Sphinx or " +
  'Jupyter Book project, or save the lab with its model: lab.save_html("lab.html")';
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
  if (root) return readScript(`${root}${name}.js?v=${digest}`, name);
  return (await fromState(model, name, digest)) ?? askPython(model, name);
}

/**
 * An asset as the widgets' state has it: undefined if it is not there, or the page's widgets cannot find one another.
 *
 * @param {Model} model
 * @param {string} name
 * @param {string} digest - Of the version that is wanted.
 * @returns {Promise<any>} Bytes, or what JSON says.
 */
async function fromState(model, name, digest) {
  const reference = model.get("assets")?.[name];
  const asset = reference && (await widgetOf(model, reference.slice(REFERENCE.length)));
  if (asset?.get("key") !== digest) return undefined;
  const bytes = bytesOf(asset.get("content"));
  return asset.get("is_table") ? JSON.parse(textOf(bytes)) : bytes;
}

/**
 * Another widget of the page; undefined where there is none, or a host lets widgets not find one another.
 *
 * @param {Model} model
 * @param {string} id
 */
async function widgetOf(model, id) {
  try {
    return await model.widget_manager?.get_model(id);
  } catch {
    return undefined;
  }
}

/** @param {Uint8Array} bytes */
function textOf(bytes) {
  return new TextDecoder().decode(bytes);
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
    else {
      const bytes = await fromState(model, path, digest);
      document.head.append(element("script", {}, bytes ? textOf(bytes) : await askPython(model, path)));
    }
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
    const missing = new LabError(`‘${name}’ did not come from Python; ${REMEDY}`);
    const timer = setTimeout(() => finish(reject, missing), PATIENCE_MS);
    model.on("msg:custom", answer);
    try {
      model.send({ need: name });
    } catch {
      clearTimeout(timer); // a host without Python, as MyST is
      reject(missing);
    }
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
