// Weights are large: a page brings those of a lab when the reader comes near it, and those of its first lab at once.

import { once } from "./assets.js";
import { element } from "./dom.js";

/** @typedef {import("./view.js").Model} Model */
/** @typedef {{ begins: Set<() => void>, leave: () => void }} Far - What begins near a place, and the end of waiting. */

const MARGIN = "200%"; // of a window's height, above and below: a model of half a megabyte takes seconds on a poor line

/** @type {WeakMap<Model, HTMLElement>} Where views stand. */
const PLACES = new WeakMap();
/** @type {Map<string, { made: Promise<any>, begin: () => void }>} What is asked for, by key. */
const ASKED = new Map();
/** @type {Map<HTMLElement, Far>} Places that the reader has not come near. */
const FAR = new Map();

/**
 * Remember where the view of a model stands.
 *
 * @param {Model} model
 * @param {HTMLElement} root
 */
export function placed(model, root) {
  PLACES.set(model, root);
}

/**
 * What `make` promises, once a page (see `once`), and begun when the reader comes near one of the views that ask for it.
 *
 * @template T
 * @param {string} key
 * @param {Model} model - Of the view that asks.
 * @param {string} name - Of the shipped file; the head of a page names the one that its first lab needs.
 * @param {() => Promise<T>} make
 * @returns {Promise<T>}
 */
export function onceNear(key, model, name, make) {
  const place = PLACES.get(model);
  const asked = ASKED.get(key) ?? asking(key, make);
  if (place && mayWait(name)) whenNear(place, asked);
  else asked.begin();
  return asked.made;
}

/**
 * @param {string} key
 * @param {() => Promise<any>} make
 */
function asking(key, make) {
  let begin = () => {};
  const made = new Promise((resolve, reject) => {
    begin = () => void once(key, make).then(resolve, reject);
  });
  made.catch(() => ASKED.delete(key)); // it may be tried again
  const asked = { made, begin };
  ASKED.set(key, asked);
  return asked;
}

/** @param {string} name */
function mayWait(name) {
  const { document, IntersectionObserver, __lmkit } = globalThis;
  if (!__lmkit.root || !document || !IntersectionObserver) return false;
  return document.querySelector('meta[name="first-model"]')?.getAttribute("content") !== name;
}

/**
 * @param {HTMLElement} place
 * @param {{ made: Promise<any>, begin: () => void }} asked
 */
function whenNear(place, { made, begin }) {
  const far = FAR.get(place) ?? watched(place);
  far.begins.add(begin);
  const arrived = () => {
    far.begins.delete(begin);
    if (!far.begins.size) far.leave();
  };
  made.then(arrived, arrived);
}

/** @param {HTMLElement} place */
function watched(place) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      far.leave();
      for (const begin of far.begins) begin();
    },
    { rootMargin: MARGIN },
  );
  /** @type {Far} */
  const far = {
    begins: new Set(),
    leave() {
      observer.disconnect();
      if (FAR.get(place) !== far) return;
      FAR.delete(place);
      place.classList.remove("lmkit-far");
    },
  };
  FAR.set(place, far);
  place.classList.add("lmkit-far");
  observer.observe(place);
  return far;
}

/** On paper a lab that nobody has come near is its picture, as it is where no script runs. */
globalThis.addEventListener?.("beforeprint", () => {
  for (const place of FAR.keys()) {
    const picture = place.closest(".cell_output")?.querySelector("noscript");
    if (picture) place.append(element("div", { class: "lmkit-on-paper" }, parsed(picture.textContent ?? "")));
  }
});
globalThis.addEventListener?.("afterprint", () => {
  for (const picture of document.querySelectorAll(".lmkit-on-paper")) picture.remove();
});

/** @param {string} html - Of the page itself. */
function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}
