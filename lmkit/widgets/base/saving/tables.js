// The numbers behind what a lab shows: those of its tables, and those that its charts and texts say they have.

import { numbersOf } from "../shown_numbers.js";
import { read } from "./csv.js";

/** @typedef {import("./csv.js").Table} Table */
/** @typedef {import("./csv.js").Cell} Cell */

/**
 * All tables of a part of the page that have rows, in order.
 *
 * @param {Element} part
 * @returns {Table[]}
 */
export function tablesOf(part) {
  const found = collected(part).filter(({ rows }) => rows.length);
  const seen = new Map();
  return found.map(({ title, ...rest }) => {
    const count = (seen.get(title) ?? 0) + 1;
    seen.set(title, count);
    return { title: count > 1 ? `${title} (${count})` : title, ...rest };
  });
}

/**
 * @param {Element} part
 * @returns {Table[]}
 */
function collected(part) {
  if (getComputedStyle(part).display === "none") return [];
  const numbers = numbersOf(part);
  if (numbers) return [{ title: titleOf(part), ...numbers }];
  if (part instanceof HTMLTableElement) return [written(part)];
  return [...part.children].flatMap(collected);
}

/**
 * A table of the page; columns that are empty, as those with bars, are left out.
 *
 * @param {HTMLTableElement} table
 * @returns {Table}
 */
function written(table) {
  const all = [...table.rows].filter(isThere);
  const head = table.tHead ? [...table.tHead.rows].pop() : undefined;
  let group = "";
  /** @type {string[][]} */
  const rows = [];
  for (const row of all.filter((row) => row.parentElement !== table.tHead)) {
    const [first] = row.cells;
    if (row.cells.length === 1 && first?.colSpan > 1) group = wordsOf(first);
    else rows.push([group, ...[...row.cells].map(wordsOf)]);
  }
  const names = ["group", ...(head ? [...head.cells].map(wordsOf) : [])];
  const most = Math.max(0, ...rows.map((row) => row.length));
  const used = Array.from({ length: most }, (_, n) => n).filter((n) => rows.some((row) => row[n]));
  const titles = distinct(used.map((n) => names[n] || (n === 1 ? "name" : `column ${n}`)));
  const parts = used.map((n, at) =>
    columnsOf(
      titles[at],
      rows.map((row) => row[n] ?? ""),
    ),
  );
  const columns = parts.flatMap((part) => part.columns);
  return { title: titleOf(table), columns, rows: rows.map((_, r) => parts.flatMap((part) => part.rows[r])) };
}

/**
 * Whether a row counts, be its table folded away or not.
 *
 * @param {HTMLTableRowElement} row
 */
function isThere(row) {
  return !row.closest("[hidden]") && getComputedStyle(row).display !== "none";
}

/**
 * A column of a table, with columns of their own for what stands behind its numbers: ± half an interval, or its ends.
 *
 * @param {string} name
 * @param {string[]} texts
 * @returns {Omit<Table, "title">}
 */
function columnsOf(name, texts) {
  const found = texts.map(interval);
  const ends = [...new Set(found.flatMap((cell) => Object.keys(cell.ends)))];
  const rows = found.map((cell) => [cell.value, ...ends.map((end) => cell.ends[end] ?? null)]);
  return { columns: [name, ...ends.map((end) => `${name} ${end}`)], rows };
}

/**
 * "94.5 ± 1.6 %" and "93 % (86–100)" in numbers.
 *
 * @param {string} text
 * @returns {{ value: Cell, ends: Record<string, Cell> }}
 */
function interval(text) {
  const [, mean, half, unit] = text.match(/^(.+) ± ([\d.,]+)(\s?%)?$/u) ?? [];
  if (mean) return { value: read(mean + (unit ?? "")), ends: { "±": read(half + (unit ?? "")) } };
  const [, share, low, high] = text.match(/^([\d.]+\s?%) \((\d+)–(\d+)\)$/u) ?? [];
  if (share) return { value: read(share), ends: { from: read(`${low} %`), to: read(`${high} %`) } };
  return { value: read(text), ends: {} };
}

/**
 * What a cell says: its parts are words of their own, but for small letters beside another.
 *
 * @param {Element} cell
 */
function wordsOf(cell) {
  if (cell.getAttribute("aria-hidden") === "true") return "";
  const parts = [...cell.childNodes].map((part) =>
    part instanceof Element && !part.matches("sub, sup") ? ` ${part.textContent}` : part.textContent,
  );
  return parts
    .join("")
    .replace(/[ \t\n]+/g, " ")
    .trim();
}

/** @param {string[]} names */
function distinct(names) {
  return names.map((name, n) => (names.indexOf(name) === n ? name : `${name} (${n + 1})`));
}

/**
 * What a table or chart is called: by its caption, the heading that names it, or that of its panel.
 *
 * @param {Element} node
 */
function titleOf(node) {
  const caption = node instanceof HTMLTableElement ? node.caption?.textContent : "";
  const panel = node.closest("[aria-labelledby]");
  const named = panel && document.getElementById(panel.getAttribute("aria-labelledby") ?? "");
  const summary = node.closest("details")?.querySelector("summary");
  const label = node instanceof HTMLTableElement ? node.getAttribute("aria-label") : "";
  return (caption || label || summary?.textContent || named?.textContent || "numbers").trim();
}
