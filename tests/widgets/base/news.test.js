import assert from "node:assert/strict";
import { test } from "node:test";
import { clipped, LONGEST_NEWS, news, pieceNews, sentencesOf, told } from "../../../lmkit/widgets/base/news.js";

/** @param {string} text */
const running = (text) => ({ unit: "token", words: text.split(" ").filter(Boolean) });

test("only facts that were not there before are said", () => {
  assert.equal(news([], ["Step 1: a.", "4 of 9 kept."]), "Step 1: a. 4 of 9 kept.");
  assert.equal(news(["The text is long.", "Step 1: a."], ["The text is long.", "Step 2: b."]), "Step 2: b.");
  assert.equal(news(["Step 1: a."], ["Step 1: a."]), "");
});

test("of a running text the first change is said, and how many there are", () => {
  for (const [before, now, said] of [
    ["the dog ran home", "the cat ran home", "Token 2 now ‘cat’, was ‘dog’."],
    ["the dog ran home", "the cat sat home", "Token 2 now ‘cat’, was ‘dog’; 2 tokens changed."],
    ["the dog ran", "the cat sat by it", "Token 2 now ‘cat’, was ‘dog’; 4 tokens changed."],
    ["the dog", "the dog ran home", "2 tokens more, from number 3, ‘ran’, on."],
    ["the dog ran home", "the dog", "2 tokens fewer, from number 3, ‘ran’, on."],
    ["the dog ran", "the old dog ran", "One token more: ‘old’, number 2."],
    ["the old dog ran", "the dog ran", "One token fewer: ‘old’, number 2."],
    ["a a", "a a a", "One token more: ‘a’, number 3."],
    ["the dog", "the dog", ""],
    ["", "", ""],
  ])
    assert.equal(news([running(before)], [running(now)]), said, `${before} → ${now}`);
});

test("of all that is shown the first change is said", () => {
  const before = ["mean 0.41", "variance 2.00", "a footnote"];
  assert.equal(pieceNews(before, ["mean 0.42", "variance 2.00", "a footnote"]), "Now ‘mean 0.42’, was ‘mean 0.41’.");
  assert.equal(
    pieceNews(before, ["mean 0.42", "variance 2.10", "a footnote"]),
    "Now ‘mean 0.42’, was ‘mean 0.41’; 1 more change.",
  );
  assert.equal(pieceNews(before, [...before, "x 1", "y 2", "z 3"]), "New: ‘x 1’; 2 more changes.");
  assert.equal(pieceNews(before, before.slice(1)), "Gone: ‘mean 0.41’.");
  assert.equal(pieceNews(before, before), "");
});

test("of a long piece the words are said that differ", () => {
  const [before, now] = ["1", "2"].map((b) => `Dotted is the power of the distance, with b = ${b} at the gates.`);
  assert.equal(pieceNews([before], [now]), "Now ‘…= 2 at the gates.’, was ‘…= 1 at the gates.’.");
});

test("no message is long, and none ends within a word", () => {
  const long = `Long ${"word ".repeat(400)}end.`;
  const texts = [long, `${"a ".repeat(60)}b.`, "x".repeat(999), "😀".repeat(99), "Short."];
  const facts = texts.flatMap((text) => [text, { unit: "token", words: [text, text] }]);
  for (const before of facts)
    for (const now of facts)
      for (const said of [news([before], [now]), news([before, before], [now, "Short."])]) {
        assert.ok(said.length <= LONGEST_NEWS, said);
        assert.ok(said.isWellFormed(), said);
      }
  for (const before of texts)
    for (const now of texts) {
      const said = pieceNews([before], [now, before, ...texts]);
      assert.ok(said.length <= LONGEST_NEWS && said.isWellFormed(), said);
    }
  assert.match(news([], [long]), /word…$/);
  assert.equal(clipped("twelve words, or", 14), "twelve words…");
  assert.equal(clipped("exactly", 7), "exactly");
});

test("a sentence that does not fit is left out, not cut, where another says something", () => {
  const long = `${"A ".repeat(60)}b.`;
  assert.equal(told(["Short.", long, "Also short."]), "Short. Also short.");
  assert.equal(told([]), "");
});

test("a number's point ends no sentence", () => {
  assert.deepEqual(sentencesOf("Loss 1.23 in all. Rest."), ["Loss 1.23 in all.", "Rest."]);
});
