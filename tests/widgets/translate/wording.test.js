// What the lab says of a translation.

import assert from "node:assert/strict";
import { test } from "node:test";
import { agreement, lookLine, numbersLine, verdict } from "../../../lmkit/widgets/labs/translate/wording.js";

const RESULT = { best: { tokens: [3, 4, 0], logProb: -1.25 }, truth: { logProb: -2 }, unknown: "" };
const judged = (more) => ({ wrong: null, isEnded: true, isBest: false, behind: 0, ...more });

test("whether it is one, the best one, or from which word on it is none", () => {
  const cases = [
    [null, "No truth is known: nobody told."],
    [judged({ isBest: true }), "A true translation, and the most probable of all."],
    [judged({ behind: Math.log(2) }), "A true translation; the best one is 2.0 times as probable."],
    [judged({ behind: Math.log(25) }), "A true translation; the best one is 25 times as probable."],
    [judged({ isEnded: false }), "A translation so far, which has not ended after 3 words."],
    [judged({ wrong: { word: "Haus", step: 1 } }), "Not a translation from word 2 on: ‘Haus’ cannot come there."],
  ];
  for (const [found, said] of cases) {
    assert.equal(verdict({ ...RESULT, unknown: "nobody told" }, found), said);
    const known = found && !found.wrong ? ", under the truth \u22122.0" : "";
    const more = ` Log-probability under the model: \u22121.3 nats${known}.`;
    assert.equal(numbersLine({ ...RESULT, unknown: "nobody told" }, found), said + more);
  }
});

test("where the decoder looks, most first, and where a word truly comes from", () => {
  const source = ["the", "bird", "was", "red"];
  const weights = Float32Array.from([0.2, 0.7, 0.02, 0.08]);
  const looks = "For ‘Vogel’ the decoder looks at ‘bird’ 70\u202f%, ‘the’ 20\u202f%, ‘red’ 8.0\u202f%.";
  assert.equal(lookLine("Vogel", source, weights, [1]), `${looks} It truly comes from ‘bird’.`);
  assert.equal(lookLine("Vogel", source, weights, []), `${looks} It truly comes from no word of the source.`);
  assert.equal(lookLine("Vogel", source, weights, [0, 1]), `${looks} It truly comes from ‘the’ and ‘bird’.`);
  assert.equal(lookLine("Vogel", source, weights, undefined), looks);
  const flat = new Float32Array(30).fill(1 / 30);
  assert.match(lookLine("Vogel", Array(30).fill("x"), flat, undefined), /no word of the source gets 5.0\u202f% of/);
  const one = "One vector: there is nothing to look at. ‘Vogel’ truly comes from ‘bird’.";
  assert.equal(lookLine("Vogel", source, null, [1]), one);
});

test("how often the largest weight is where the word comes from; words from nowhere do not count", () => {
  const attention = [
    [0.9, 0.1],
    [0.6, 0.4],
    [0.5, 0.5],
  ].map((weights) => Float32Array.from(weights));
  assert.match(agreement(attention, [[0], [1], []]), /for 1 of 2 words\.$/);
  assert.equal(agreement(attention, [[]]), "");
  assert.match(agreement(null, [[0]]), /one vector of the whole source/);
  const uniform = [0, 1].map(() => new Float32Array(3).fill(1 / 3));
  assert.equal(agreement(uniform, [[0], [1]]), "Every word of the source has the same weight, whatever is written.");
});
