// Words and their ids, as lmkit.text has them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MOST_WORDS } from "../../../lmkit/widgets/base/tokenizer.js";
import { tokenize, Vocab } from "../../../lmkit/widgets/base/vocab.js";

/** Every character at which Python 3.11's str.split() splits: [c for c in map(chr, range(0x110000)) if not c.split()]. */
const SPLITTING = [
  ...[0x9, 0xa, 0xb, 0xc, 0xd, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680],
  ...[0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a],
  ...[0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
];

test("text is split at exactly the characters at which Python splits", () => {
  const found = [];
  for (let code = 0; code < 0x10000; code++)
    if (tokenize(`a${String.fromCharCode(code)}b`).length > 1) found.push(code);
  assert.deepEqual(found, SPLITTING);
});

test("no token is empty", () => {
  assert.deepEqual(tokenize("  a \n\n b\t"), ["a", "b"]);
  assert.deepEqual(tokenize(" "), []);
  assert.deepEqual(tokenize(""), []);
});

describe("a vocabulary", () => {
  const vocab = new Vocab(["<eos>", "a", "b", "."]);
  const endless = new Vocab(["a", "b"]);

  test("knows ids of words and words of ids", () => {
    assert.equal(vocab.size, 4);
    assert.deepEqual(vocab.ids(["b", "<eos>", "."]), [2, 0, 3]);
    assert.deepEqual(vocab.ids([]), []);
    assert.equal(vocab.words[2], "b");
  });

  test("holds words only, and each once", () => {
    for (const words of [[], ["a", "b", "a"], ["a", ""], [" "], ["a b"], ["\u3000a"], ["a", 7], [null]]) {
      assert.throws(() => new Vocab(words), /^LabError: words must/, JSON.stringify(words));
    }
  });

  test("knows its end token, if it has one", () => {
    assert.equal(vocab.end, 0);
    assert.equal(endless.end, null);
  });

  test("says which word it does not know", () => {
    const message =
      "text holds ‘dragon’, which is not among the 4 words of the vocabulary; " +
      "use its words only, in lower case and with spaces around every punctuation mark";
    assert.throws(() => vocab.ids(["a", "dragon"]), { name: "LabError", message });
  });

  test("repeats no word and reads no text that is very long", () => {
    const heart = "\u{1f49c}";
    for (const word of ["x".repeat(20_000), heart.repeat(50)]) {
      const begin = [...word].slice(0, 40).join("");
      assert.throws(() => vocab.ids([word]), { name: "LabError", message: new RegExp(`‘${begin}…’`, "u") });
    }
    assert.throws(() => vocab.ids(["x".repeat(40)]), { message: /‘x{40}’/ });
    assert.equal(vocab.promptIds("a ".repeat(MOST_WORDS)).length, MOST_WORDS + 1);
    const message = `text must hold at most ${MOST_WORDS} words, but it holds ${MOST_WORDS + 1}; shorten it`;
    assert.throws(() => vocab.promptIds("a ".repeat(MOST_WORDS + 1)), { name: "LabError", message });
  });

  test("puts an end token before a prompt, once, where texts have one", () => {
    assert.deepEqual(vocab.promptIds("a b"), [0, 1, 2]);
    assert.deepEqual(vocab.promptIds("<eos> a"), [0, 1]);
    assert.deepEqual(vocab.promptIds("<eos>"), [0]);
    assert.deepEqual(endless.promptIds("b a"), [1, 0]);
  });

  test("refuses an empty prompt, with the remedy", () => {
    const message = "prompt must hold at least one word, but it is empty; type a few words";
    assert.throws(() => vocab.promptIds(" "), {
      name: "LabError",
      message: `${message}, or <eos> to begin a new text`,
    });
    assert.throws(() => endless.promptIds(""), { name: "LabError", message });
  });
});
