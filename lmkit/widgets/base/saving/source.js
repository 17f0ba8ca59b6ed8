// What a picture or a table of numbers says of itself: which lab it is of, how that stood, and where it is found.

import { plain } from "../toolbar/link.js";
import { read } from "./csv.js";

/** @typedef {import("../toolbar/link.js").Row} Row */

/**
 * @typedef {object} Source
 * @property {string} title - Of the lab.
 * @property {[name: string, value: string | number][]} fields - Its settings.
 * @property {string} settings - The same in words.
 * @property {string} caption - Title and settings.
 * @property {string} origin - The book, the page, and the link that brings the lab back as it stands.
 * @property {string} name - Of a file, without its ending.
 */

const BOOK = 'meta[property="og:site_name"]';
const PAGE = 'meta[property="og:title"]';
const LONGEST_VALUE = 300; // characters of a setting, as a caption repeats it
const LONGEST_ADDRESS = 1200; // of a link that is written out

/**
 * @param {HTMLElement} lab
 * @param {import("../toolbar/link.js").Toolbar} toolbar
 * @param {(trait: string) => any} get
 * @param {string | null} fragment - Of the link to the lab as it stands.
 * @returns {Source}
 */
export function sourceOf(lab, { lab: name, controls }, get, fragment) {
  const kind = name.replace(/-\d+$/, "").replaceAll("_", " ");
  const title = `${kind[0].toUpperCase()}${kind.slice(1)} lab`;
  const fields = controls.flatMap((row) => settingOf(lab, row, get));
  const settings = fields.map(([label, value]) => `${label}: ${clipped(String(value))}`).join(" · ");
  const day = new Date();
  const stamp = new Date(day.getTime() - 60_000 * day.getTimezoneOffset())
    .toISOString()
    .slice(0, 19)
    .replaceAll(":", "-");
  return {
    title,
    fields,
    settings,
    caption: settings ? `${title}. ${settings}` : title,
    origin: originOf(fragment),
    name: `${kind.replaceAll(" ", "-")}-lab-${stamp}`,
  };
}

/**
 * A setting as its control shows it; nothing where the control is put away.
 *
 * @param {HTMLElement} lab
 * @param {Row} row
 * @param {(trait: string) => any} get
 * @returns {[string, string | number][]}
 */
function settingOf(lab, { name, label, trait, type }, get) {
  const control = lab.querySelector(`.lmkit-controls > .lmkit-${name.replaceAll("_", "-")}`);
  if (control instanceof HTMLElement && getComputedStyle(control).display === "none") return [];
  const value = get(trait);
  if (type === "bool") return [[label, value ? "yes" : "no"]];
  if (type === "text") return [[label, String(value)]];
  const shown = control && shownBy(control);
  return [[label, shown ? read(shown) : Number(plain(value))]];
}

/** @param {Element} control */
function shownBy(control) {
  const select = control.querySelector("select");
  if (select) return select.selectedOptions[0]?.text;
  const radio = control.querySelector("input:checked");
  if (radio) return radio.closest("label")?.textContent;
  return control.querySelector(".widget-readout")?.textContent;
}

/** @param {string} text */
function clipped(text) {
  const letters = [...text];
  return letters.length > LONGEST_VALUE ? `${letters.slice(0, LONGEST_VALUE).join("")}…` : text;
}

/** @param {string | null} fragment */
function originOf(fragment) {
  const [book, page] = [BOOK, PAGE].map((which) => document.querySelector(which)?.getAttribute("content"));
  const { root } = globalThis.__lmkit;
  if (!root) return "Made with lmkit."; // in a notebook, whose address brings no lab back
  const link = addressOf(root) + (fragment ?? "");
  return `${[book, page && `‘${page}’`].filter(Boolean).join(", ")}, ${link.length > LONGEST_ADDRESS ? addressOf(root) : link}`;
}

/**
 * The page's address; where it is read from a disk, its place in the book, for nobody else has that disk.
 *
 * @param {string} root - Of the folder that has the assets.
 */
function addressOf(root) {
  const [address] = location.href.split("#");
  const top = new URL("../../", root).href;
  return location.protocol === "file:" && address.startsWith(top) ? address.slice(top.length) : address;
}
