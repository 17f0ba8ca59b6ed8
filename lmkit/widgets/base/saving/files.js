// A lab as files: its picture and its numbers. This is the door of the room; a page brings it when somebody saves.

import { csvOf } from "./csv.js";
import { pictureOf, pngOf } from "./picture.js";
import { sourceOf } from "./source.js";
import { tablesOf } from "./tables.js";

/** @typedef {import("./csv.js").Field} Field */

/**
 * What is to be saved.
 *
 * @typedef {object} Saved
 * @property {HTMLElement} lab
 * @property {HTMLElement} content - What it shows.
 * @property {import("../toolbar/link.js").Toolbar} toolbar
 * @property {(trait: string) => any} get
 * @property {string | null} fragment - Of the link to it as it stands.
 */

/**
 * @param {"svg" | "png" | "csv"} kind
 * @param {Saved} saved
 * @returns {Promise<{ name: string, blob: Blob } | null>} Null where there are no numbers.
 */
export async function fileOf(kind, { lab, content, toolbar, get, fragment }) {
  const source = sourceOf(lab, toolbar, get, fragment);
  const name = `${source.name}.${kind}`;
  if (kind === "csv") {
    const tables = tablesOf(content);
    /** @type {Field[]} */
    const settings = source.fields.map(([label, value]) => [`setting: ${label}`, value]);
    /** @type {Field[]} */
    const about = [
      ["lab", source.title],
      ["source", source.origin],
    ];
    return tables.length ? { name, blob: new Blob([csvOf(tables, settings, about)], { type: "text/csv" }) } : null;
  }
  const picture = pictureOf(content, source);
  const blob = kind === "png" ? await pngOf(picture) : new Blob([picture.text], { type: "image/svg+xml" });
  return { name, blob };
}
