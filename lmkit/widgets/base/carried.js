// What a page carries within itself: a lab that Python saved as a file brings along its model, its tables, and the
// modules that others load when somebody asks for them. All are texts that nothing runs or parses until a lab wants them.

import { LabError } from "./errors.js";

const STATE = 'script[data-lmkit="state"]';
const ASSET = 'script[data-lmkit="asset"]';

/** Whether this page was saved with a lab in it: no Python is behind it, and no folder beside it. */
export function isSaved() {
  return Boolean(globalThis.document?.querySelector(STATE));
}

/** Whether the page's address brings a lab back: it was built or saved, and is not a live notebook. */
export function hasAddress() {
  return Boolean(globalThis.__lmkit.root) || isSaved();
}

/**
 * An asset as a saved page has it: base64 text for bytes, a script's text, or what JSON says; undefined if it is not here.
 *
 * @param {string} name
 * @param {string} digest - Of the version that is wanted.
 * @returns {any}
 */
export function carried(name, digest) {
  const scripts = [...(globalThis.document?.querySelectorAll(ASSET) ?? [])];
  const found = scripts.find(
    (script) => script instanceof HTMLElement && script.dataset.name === name && script.dataset.version === digest,
  );
  return found ? JSON.parse(found.textContent ?? "") : undefined;
}

/**
 * The same; where it is not here, no other place has it.
 *
 * @param {string} name
 * @param {string} digest
 * @returns {any}
 */
export function requireCarried(name, digest) {
  const found = carried(name, digest);
  if (found !== undefined) return found;
  throw new LabError(
    `this page was saved without ‘${name}’; save the lab again in Python, with lab.save_html("lab.html")`,
  );
}
