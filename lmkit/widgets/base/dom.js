// Small things for building and writing page elements. Text is always set as text, never parsed as markup.

/** @typedef {Record<string, string | number>} Attributes */

const FIELDS = new Set(["input", "select", "textarea"]);

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  // A browser that brings a page back gives the first field of a kind what another of that kind held.
  if (FIELDS.has(tag)) node.setAttribute("autocomplete", "off");
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svgElement(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/**
 * Writes what differs only: an unchanged node costs no layout and no announcement.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} node
 * @param {string} name
 * @param {string | null} value - Null takes the attribute away.
 */
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/**
 * Makes `parent` hold exactly `count` children, made by `make` where they lack; those that stay are the same nodes.
 *
 * @template {Element} T
 * @param {Element} parent
 * @param {number} count
 * @param {(place: number) => T} make
 * @returns {T[]} All children.
 */
export function resize(parent, count, make) {
  while (parent.childElementCount > count) parent.lastElementChild?.remove();
  while (parent.childElementCount < count) parent.append(make(parent.childElementCount));
  return /** @type {T[]} */ ([...parent.children]);
}

let ids = 0;

/**
 * @param {string} prefix
 * @returns {string}
 */
export function uniqueId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}

/**
 * 0.4217 as "42 %", 0.0312 as "3.1 %", 0.00002 as "< 0.1 %".
 *
 * @param {number} p
 * @returns {string}
 */
export function percent(p) {
  if (p > 0 && p < 0.0005) return "< 0.1\u202f%";
  return `${(100 * p).toFixed(p < 0.0995 && p > 0 ? 1 : 0)}\u202f%`;
}

/**
 * A share with the ends of its interval, as "93 % (86–100)"; between the ends no line breaks.
 *
 * @param {number} share
 * @param {number} low
 * @param {number} high
 */
export function shareNodes(share, low, high) {
  const [from, to] = [low, high].map((end) => (100 * end).toFixed(0));
  return [percent(share), " ", element("span", { class: "lmkit-whole" }, `(${from}–${to})`)];
}

/**
 * 1.4000000000000001 as "1.4": what a slider computes is not always what it shows.
 *
 * @param {number} x
 * @returns {string}
 */
export function short(x) {
  return String(Number(x.toFixed(2)));
}

/**
 * A signed number with a true minus sign; minus infinity as a sign.
 *
 * @param {number} x
 * @param {number} [digits]
 * @returns {string}
 */
export function signed(x, digits = 2) {
  return (Number.isFinite(x) ? x.toFixed(digits) : "∞".padStart(x < 0 ? 2 : 1, "-")).replace("-", "\u2212");
}

/**
 * A function that asks for `work`. The first call is served at once; further calls within the same frame are served
 * together by one run in the next, and where runs take longer than a reader would wait, when the calls rest.
 *
 * @param {() => void} work
 * @returns {(() => void) & { close: () => void }} It asks; after `close` nothing runs.
 */
export function coalesced(work) {
  const REST_MS = 150,
    LONG_MS = 60;
  const costs = [0, 0]; // of the last two runs: one long run may be chance
  let asked = false,
    pausing = false,
    timer = 0,
    closed = false;
  const run = () => {
    if (closed) return;
    asked = false;
    pausing = true;
    const start = performance.now();
    work();
    costs.push(performance.now() - start);
    costs.shift();
    requestAnimationFrame(() => {
      pausing = false;
      if (asked) run();
    });
  };
  const ask = () => {
    if (Math.min(...costs) > LONG_MS) {
      clearTimeout(timer);
      timer = setTimeout(run, REST_MS);
    } else if (!asked) {
      asked = true;
      if (!pausing) queueMicrotask(run);
    }
  };
  const close = () => {
    closed = true;
    clearTimeout(timer);
  };
  return Object.assign(ask, { close });
}

/**
 * Keep what is typed within an element from being JupyterLab's commands: it asks the very element with the focus.
 *
 * @param {HTMLElement} root
 */
export function keepKeys(root) {
  root.addEventListener("focusin", (event) => {
    const { dataset } = /** @type {HTMLElement} */ (event.target);
    dataset.lmSuppressShortcuts = "true";
  });
}
