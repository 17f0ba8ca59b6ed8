// Tables as comma-separated values: what was written is read again, and nothing in it is a formula.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { csvOf, MARK, read } from "../../../../lmkit/widgets/base/saving/csv.js";

/** What RFC 4180 says that a file holds. */
function parsed(text) {
  assert.ok(text.startsWith(MARK) && text.endsWith("\r\n"));
  const rows = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  for (field.lastIndex = MARK.length; field.lastIndex < text.length; ) {
    const [, quoted, plain, end] = field.exec(text);
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

const TABLE = {
  title: "T",
  columns: ["word", "p"],
  rows: [
    ["a, “b”", 0.5],
    ['say "so"', -1.5],
    ["two\r\nlines", 0],
    [" apart ", null],
  ],
};

describe("a file", () => {
  test("gives back what was written, in one rectangle", () => {
    const rows = parsed(csvOf([TABLE], [["seed", 7]], [["source", "here"]]));
    assert.deepEqual(rows, [
      ["table", "word", "p", "seed", "source"],
      ["T", "a, “b”", "0.5", "7", "here"],
      ["T", 'say "so"', "-1.5", "7", ""],
      ["T", "two\r\nlines", "0", "7", ""],
      ["T", " apart ", "", "7", ""],
    ]);
  });

  test("holds several tables, each in the columns that it has", () => {
    const other = { title: "U", columns: ["p", "q"], rows: [[1, 2]] };
    const [head, ...rows] = parsed(csvOf([TABLE, other], [], []));
    assert.deepEqual(head, ["table", "word", "p", "q"]);
    assert.deepEqual(rows.at(-1), ["U", "", "1", "2"]);
    assert.ok(rows.every((row) => row.length === head.length));
  });

  test("has the head alone where there are no rows", () => {
    assert.deepEqual(parsed(csvOf([], [["seed", 7]], [])), [["table", "seed"]]);
  });
});

/** What one value comes to. */
function written(value) {
  return parsed(csvOf([{ title: "T", columns: ["v"], rows: [[value]] }], [], []))[1][1];
}

describe("a value", () => {
  test("that a spreadsheet would compute is a text", () => {
    for (const text of ["=1+1", "+1", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x")', "\t=1", "\r=1", "=\n1"])
      assert.equal(written(text), `'${text}`);
  });

  test("that is no formula stays as it is", () => {
    for (const text of ["-", "=", "+", "'tis", "a=b", "⏎", "−1", "", "😀", "42 %"]) assert.equal(written(text), text);
  });

  test("that is a number is no text", () => {
    for (const [value, text] of [
      [-1, "-1"],
      [-0.1 - 0.2, "-0.3"],
      [1e-9, "1e-9"],
      [4294967295, "4294967295"],
      [Math.fround(0.3), "0.3"],
      [2 / 3, "0.6666667"],
      [-Infinity, "-inf"],
      [NaN, ""],
      [null, ""],
      [undefined, ""],
      [true, "true"],
    ])
      assert.equal(written(value), text);
  });
});

describe("a cell of a table", () => {
  test("is the number that it writes", () => {
    for (const [text, value] of [
      ["8,933", 8933],
      ["1,000,000.5", 1000000.5],
      ["−0.31", -0.31],
      ["42\u202f%", 0.42],
      ["3.1 %", 0.031],
      ["0", 0],
      ["29 %", 0.29],
    ])
      assert.equal(read(text), value);
  });

  test("is a text where it is no number", () => {
    for (const text of ["", "< 0.1 %", "12–15", "1,2", "1.2.3", "37 × 64", "∞", "0x1", "one"])
      assert.equal(read(text.replaceAll(" ", "\u202f")), text);
  });
});
