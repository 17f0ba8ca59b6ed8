// Tables as comma-separated values (RFC 4180), as spreadsheets and programs read them.

/** @typedef {import("../shown_numbers.js").Cell} Cell */
/** @typedef {{ title: string, columns: string[], rows: Cell[][] }} Table */
/** @typedef {[name: string, value: Cell]} Field */

export const MARK = "\ufeff"; // without it spreadsheets take the file for one of an older encoding: ä for Ã¤
const FORMULA = /^[=+\-@\t\r]./su; // what a spreadsheet would compute
const DIGITS = 7; // as many as weights of 32 bits have

/**
 * One table of several: the first column says from which of them a row is, and a column that a table does not have is
 * empty. What holds for all of it stands in columns of its own: in every row, so that files can be put together.
 *
 * @param {Table[]} tables
 * @param {Field[]} always - In every row.
 * @param {Field[]} once - In the first row only.
 */
export function csvOf(tables, always, once) {
  const columns = [...new Set(tables.flatMap(({ columns }) => columns))];
  const heads = ["table", ...columns, ...always.map(([name]) => name), ...once.map(([name]) => name)];
  const rows = tables.flatMap(({ title, columns: own, rows }) =>
    rows.map((row) => [title, ...columns.map((name) => row[own.indexOf(name)]), ...always.map(([, value]) => value)]),
  );
  const lines = [heads, ...rows.map((row, n) => [...row, ...once.map(([, value]) => (n ? "" : value))])];
  return `${MARK}${lines.map((line) => `${line.map(field).join(",")}\r\n`).join("")}`;
}

/** @param {Cell} value */
function field(value) {
  if (typeof value === "number") return number(value);
  const text = value === null || value === undefined ? "" : String(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {number} value */
function number(value) {
  if (Number.isNaN(value)) return "";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS)));
}

/**
 * A text as the number that it writes: 8,933 and −0.31, and 42 % as 0.42; another text as it is, with plain spaces.
 *
 * @param {string} text
 * @returns {string | number}
 */
export function read(text) {
  const plain = text.replace(/[\u00a0\u2009\u202f]/gu, " ").trim();
  const [, written, percent] = plain.match(/^([-−+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?)( ?%)?$/u) ?? [];
  if (written === undefined) return plain;
  const value = Number(written.replaceAll(",", "").replace("−", "-"));
  return percent ? Number((value / 100).toPrecision(12)) : value;
}
