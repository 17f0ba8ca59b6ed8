import assert from "node:assert/strict";
import { test } from "node:test";
import { LONGEST_NEWS, news, textNews } from "../../../lmkit/widgets/base/news.js";
import { Vocab } from "../../../lmkit/widgets/base/vocab.js";

const WORDS = new Vocab(["one", "two", "three", "four", "."]);

test("only sentences that the last message did not have are said", () => {
  assert.equal(news("", "Step 1: a. 4 of 9 kept."), "Step 1: a. 4 of 9 kept.");
  assert.equal(news("The text is long. Step 1: a.", "The text is long. Step 2: b."), "Step 2: b.");
  assert.equal(news("The text is long. Step 1: a.", "The text is long. Step 1: a."), "Step 1: a.");
});

test("a number's point ends no sentence", () => {
  assert.equal(news("Loss 1.23 in all. Rest.", "Loss 1.24 in all. Rest."), "Loss 1.24 in all.");
});

test("no message is long, and none ends within a sentence where whole ones fit", () => {
  const long = `Long ${"word ".repeat(400)}end.`;
  for (const text of [
    long,
    `Short. ${long}`,
    `${long} Short.`,
    `${"a ".repeat(60)}b. ${"C ".repeat(60)}d.`,
    "x".repeat(999),
  ]) {
    const said = news("", text);
    assert.ok(said.length <= LONGEST_NEWS, said);
    assert.ok(said.length > 0);
  }
  assert.equal(news("", `Short. ${long} Also short.`), "Short. Also short.");
  assert.match(news("", long), /word…$/);
});

test("of a text the part is said that is new", () => {
  assert.equal(textNews([], [0, 1, 4], WORDS), "Text: one two ..");
  assert.equal(textNews([0, 1, 2], [0, 1, 3], WORDS), "From step 3 on: four.");
  assert.equal(textNews([0, 1], [0, 1], WORDS), "");
  assert.equal(textNews([0, 1, 2], [0, 1], WORDS), "The text ends after step 2.");
  assert.equal(textNews([], [0, 1, 2, 3], WORDS, 2), "Text: one two, and 2 more.");
});
