// A reader's own text: what is refused and why, and how the rest is divided.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  charactersOf,
  checkedText,
  divided,
  LEAST_CHARACTERS,
  MOST_BYTES,
  textOfFile,
} from "../../../lmkit/widgets/labs/train/own_text.js";

const VERSE = "Full fathom five thy father lies;\nOf his bones are coral made;\n".repeat(20);

describe("a file", () => {
  test("is read as UTF-8", () => {
    assert.equal(textOfFile(new TextEncoder().encode("Straße 😀\n")), "Straße 😀\n");
  });

  test("that is binary, in another encoding or too large is refused, with what to do", () => {
    assert.throws(() => textOfFile(Uint8Array.of(80, 75, 3, 4, 0, 0)), {
      message: /it is binary; save it as plain text/,
    });
    assert.throws(() => textOfFile(Uint8Array.of(0x47, 0xfc, 0x6e)), {
      message: /text in UTF-8, but some of its bytes/,
    });
    assert.throws(() => textOfFile(new Uint8Array(20_000_000)), {
      message: /at most 10\u202fMB, but it has 20\.0\u202fMB/,
    });
  });
});

describe("a text", () => {
  test("keeps its words; lines end in a line feed, and accents are parts of letters", () => {
    const long = VERSE.replaceAll("\n", "\r\n");
    assert.equal(checkedText(`\ufeff${long}`), VERSE);
    assert.ok(checkedText(`cafe\u0301 ${VERSE}`).startsWith("café Full"));
  });

  for (const [name, text, message] of [
    ["empty", " \n\t", /paste a text or open a file first/],
    ["too short", VERSE.slice(0, LEAST_CHARACTERS - 1), /at least 500 characters, but it has 499; there is nothing/],
    ["of one character", "a".repeat(1000), /different characters, but it holds ‘a’ only; take another/],
    ["binary", `${VERSE}\0`, /it holds characters 0; paste plain text/],
    ["too long", "ab".repeat(MOST_BYTES / 2 + 1), /at most 10\u202fMB/],
  ]) {
    test(`that is ${name} is refused`, () => assert.throws(() => checkedText(text), { message }));
  }

  test("is divided before its last tenth, between words, and nothing is lost", () => {
    for (const text of [VERSE, "x".repeat(1000), "😀".repeat(777)]) {
      const { training, held } = divided(text);
      assert.equal(training + held, text);
      assert.ok(Math.abs(held.length / text.length - 0.1) < 0.03);
      assert.ok(training.isWellFormed() && held.isWellFormed());
    }
    assert.match(divided(VERSE).training, /\s$/);
  });
});

describe("the characters of a text", () => {
  test("come by code point, each once", () => {
    assert.deepEqual(charactersOf("b😀a\nab"), ["\n", "a", "b", "😀"]);
  });

  test("are at most three hundred: the rarest are left out", () => {
    const many = Array.from({ length: 400 }, (_, i) => String.fromCodePoint(0x4e00 + i));
    const text = many.map((character, i) => character.repeat(400 - i)).join("");
    assert.deepEqual(charactersOf(text), many.slice(0, 300));
  });
});
