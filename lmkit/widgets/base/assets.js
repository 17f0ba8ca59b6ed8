// Models and grammars: one copy per page, whoever asks first. A built book keeps them in scripts of its own (a script
// tag works from a disk too, where fetching does not); in a live notebook Python sends them.

import { LabError } from "./errors.js";

const PATIENCE_MS = 20000;
const STORE = new Map(); // what was made, or is being made, by key

/** What `make` promised the first time that `key` was asked for; a failure may be tried again. */
export function once(key, make) {
  if (!STORE.has(key)) {
    STORE.set(
      key,
      make().catch((error) => {
        STORE.delete(key);
        throw error;
      }),
    );
  }
  return STORE.get(key);
}

/** An asset: bytes, or parsed JSON. `digest` tells versions apart where a browser keeps old files. */
export function loadAsset(model, name, digest) {
  const { root } = globalThis.__lmkit;
  return root ? readScript(`${root}${name}.js?v=${digest}`, name) : askPython(model, name);
}

function readScript(address, name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => {
      const content = globalThis.__lmkit.assets[name];
      if (content === undefined) return script.onerror();
      delete globalThis.__lmkit.assets[name];
      resolve(typeof content === "string" ? decodeBase64(content) : content);
    };
    script.onerror = () => reject(new LabError(`could not load ‘${name}’ with this page; reload it`));
    document.head.append(script);
  });
}

function decodeBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function askPython(model, name) {
  return new Promise((resolve, reject) => {
    const finish = (settle, value) => {
      clearTimeout(timer);
      model.off("msg:custom", answer);
      settle(value);
    };
    const answer = (message, buffers) => {
      if (message.asset === name) finish(resolve, message.content ?? bytesOf(buffers[0]));
    };
    const timer = setTimeout(() => {
      finish(reject, new LabError(`‘${name}’ did not come from Python; run the cell again with a running kernel`));
    }, PATIENCE_MS);
    model.on("msg:custom", answer);
    model.send({ need: name });
  });
}

export function bytesOf(view) {
  if (!ArrayBuffer.isView(view)) return new Uint8Array(view);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
