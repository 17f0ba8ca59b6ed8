// Every kind of tokenizer gives the ids, the texts and what is shown that lmkit.text gives.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MOST_WORDS } from "../../../lmkit/widgets/base/tokenizer.js";
import { tokenizerOf } from "../../../lmkit/widgets/runtime/tokenizers.js";
import { read } from "./vectors.js";

const { kinds, cases, shown, anyhow, prompts } = read("tokenizers");
const made = Object.fromEntries(Object.entries(kinds).map(([name, config]) => [name, tokenizerOf(config)]));

for (const [name, tokenizer] of Object.entries(made)) {
  describe(name, () => {
    test("reads and writes texts as Python does", () => {
      assert.ok(cases[name].length > 50);
      for (const [text, ids, written, seen] of cases[name]) {
        assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
        assert.equal(tokenizer.decode(ids), written);
        assert.equal(tokenizer.text(ids), seen);
      }
    });

    test("shows each token as Python does", () => {
      assert.equal(tokenizer.size, shown[name].length);
      assert.deepEqual(
        shown[name].map((_, id) => tokenizer.show(id)),
        shown[name],
      );
    });

    test("knows what no decoder writes", () => {
      assert.deepEqual(tokenizer.suppressed, ["words", "characters with unk"].includes(name) ? [0] : []);
    });
  });
}

test("bytes that are no whole characters are written as Python writes them", () => {
  for (const [ids, text] of anyhow) assert.equal(made.bpe.decode(ids), text);
});

describe("prompts", () => {
  test("are read as Python reads them", () => {
    for (const [name, texts] of Object.entries(prompts)) {
      assert.ok(texts.length >= 3, name);
      for (const [text, ids] of texts) assert.deepEqual(made[name].promptIds(text), ids, JSON.stringify(text));
    }
  });

  test("a text that is not empty can be one, where white space is read", () => {
    for (const name of ["characters", "words", "bpe"]) {
      const message = "prompt must hold at least one character, but it is empty; type a few words";
      assert.throws(() => made[name].promptIds(""), { name: "LabError", message });
      assert.deepEqual(made[name].promptIds(" "), made[name].encode(" "));
      assert.deepEqual(made[name].promptIds("\n"), made[name].encode("\n"));
    }
  });

  test("a space at the end is read only by what has seen one before words", () => {
    for (const name of ["words", "bpe"]) {
      assert.deepEqual(made[name].promptIds("one day  "), made[name].encode("one day"));
    }
    const { characters } = made;
    assert.deepEqual(characters.promptIds("one "), [...characters.encode("one"), ...characters.encode(" ")]);
  });

  test("are not read if they are too long, however long they are", () => {
    const long = new RegExp(`^LabError: text must hold at most ${MOST_WORDS} tokens, but it holds \\d+; shorten it$`);
    for (const name of ["characters", "words", "bpe"]) {
      assert.throws(() => made[name].promptIds("a!".repeat(MOST_WORDS)), long);
      assert.throws(() => made[name].promptIds("a".repeat(1e6) + "!b".repeat(1e5)), long);
    }
  });

  test("what a vocabulary lacks is told", () => {
    const size = made.characters.size;
    assert.throws(() => made.characters.promptIds("one €"), {
      name: "LabError",
      message: `text holds ‘€’, which is not among the ${size} characters of the vocabulary; leave it out`,
    });
  });
});

describe("a tokenizer is refused", () => {
  const bad = [
    [{ kind: "syllables", version: 1 }, /kind must be one of split, characters, words, bpe, but it is "syllables"/],
    [null, /kind must be one of/],
    [{ kind: "toString", version: 1 }, /kind must be one of/],
    [{ ...kinds.bpe, version: 2 }, /version must be 1 for kind bpe, but it is 2/],
    [{ ...kinds.bpe, version: "1" }, /version must be 1 for kind bpe, but it is "1"/],
    [{ ...kinds.bpe, tokens: [...kinds.bpe.tokens].reverse() }, /tokens must each be made of two/],
    [{ ...kinds.bpe, tokens: ["th", "th"] }, /distinct/],
    [{ ...kinds.bpe, tokens: ["t h"] }, /letters of bytes/],
    [{ ...kinds.bpe, tokens: ["a"] }, /made of two tokens/],
    [{ ...kinds.bpe, tokens: [7] }, /strings/],
    [{ ...kinds.bpe, tokens: "th" }, /list/],
    [{ ...kinds.words, words: ["a", "a"] }, /distinct/],
    [{ ...kinds.words, words: ["a b"] }, /words or single marks/],
    [{ ...kinds.words, words: ["<unk>"] }, /words or single marks/],
    [{ ...kinds.words, words: ["\n"] }, /words or single marks/],
    [{ ...kinds.words, words: [""] }, /words or single marks/],
    [{ ...kinds.characters, characters: [] }, /at least one character/],
    [{ ...kinds.characters, characters: ["ab"] }, /single ones/],
    [{ ...kinds.characters, characters: undefined }, /list/],
    [{ ...kinds.characters, unk: 1 }, /true or false/],
  ];
  for (const [config, message] of bad) {
    test(String(message), () => assert.throws(() => tokenizerOf(config), { name: "LabError", message }));
  }
});
