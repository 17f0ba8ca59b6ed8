// A session translates as its parts do, and says of a translation what Python's truth says.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TranslationGrammar } from "../../../lmkit/widgets/runtime/translators/translation_oracle.js";
import { TranslationSession } from "../../../lmkit/widgets/runtime/translators/translation_session.js";
import { truthOf } from "../../../lmkit/widgets/runtime/writing.js";
import { assertNear, compareTexts, read, readTranslator } from "./vectors.js";

const { stories, german, cases: CASES } = read("translation");
const GRAMMAR = new TranslationGrammar(stories, german);
const METHODS = { greedy: "greedy", sample: "sampling", beam_search: "beam search" };
const PLAIN = { temperature: 1, top_k: null, top_p: 1, num_beams: 1, length_penalty: 1, seed: 0 };
const NAME = "translator-additive-before";

/** A translation of a case, as if a model had written it. */
function written(session, { source, target }) {
  const { oracle } = session.truthOf(source);
  const tokens = target.map((word) => (word === "<eos>" ? session.vocab.end : 1));
  return { source, best: { tokens }, truth: truthOf(oracle, [], target) };
}

describe("a session", () => {
  const { sources, kinds } = read(NAME);
  const session = new TranslationSession(readTranslator(NAME), null);

  test("writes what Python writes, with every kind of weights", () => {
    for (const [weights, { cases }] of Object.entries(kinds)) {
      for (const { method, settings, prompt, expected } of cases) {
        const source = sources[-1 - prompt[0]].map((id) => session.sourceVocab.words[id]).join(" ");
        const result = session.decode({ ...PLAIN, ...settings, method: METHODS[method], source, weights });
        compareTexts(result.texts, expected, `${weights} ${method} ${JSON.stringify(settings)}`);
        assert.equal(result.best, result.texts[0]);
        assert.equal(result.source.join(" "), source);
        assert.equal(result.truth, null);
        assert.match(result.unknown, /no grammar is known/);
      }
    }
  });

  test("knows where the decoder has looked at each step, and what else could have come", () => {
    const result = session.decode({
      ...PLAIN,
      method: "greedy",
      source: "s3 s1 s4",
      weights: "as trained",
      max_new_tokens: 9,
    });
    const attention = session.attention(result);
    assert.equal(attention.length, result.best.tokens.length);
    for (const [t, weights] of attention.entries()) {
      assertNear([weights.reduce((sum, weight) => sum + weight, 0)], [1], { absolute: 1e-6 });
      const { rows, known } = session.inspect(result, t);
      assert.ok(!known && rows[0].chosen);
      assertNear([Math.log(rows[0].p)], [result.best.logProbs[t]], { absolute: 1e-5 });
    }
    const uniform = session.attention(session.decode({ ...result.settings, weights: "uniform" }));
    for (const weights of uniform) assertNear(weights, [1 / 3, 1 / 3, 1 / 3], { absolute: 1e-6 });
    const without = new TranslationSession(readTranslator("translator-none"), null);
    assert.equal(without.attention(without.decode(result.settings)), null);
  });

  test("refuses sources that are empty, too long, or hold unknown words", () => {
    assert.throws(() => session.sourceIds("  "), /source must hold at least one word, but it is empty/);
    assert.throws(() => session.sourceIds("s1 dragon"), /text holds ‘dragon’, which is not among the 31 words/);
    assert.throws(() => session.sourceIds("s1 ".repeat(201)), /source must hold at most 200 words, but it holds 201/);
    assert.equal(session.sourceIds("s1 ".repeat(200)).length, 200);
  });
});

describe("the truth of a translation", () => {
  const session = new TranslationSession(readTranslator(NAME), GRAMMAR);

  test("is Python's: log p, the best of all, and where words come from", () => {
    for (const known of CASES) {
      const result = written(session, known);
      const logProb = known.next.reduce((sum, next, t) => sum + Math.log(next[known.target[t]]), 0);
      assertNear([result.truth.logProb], [logProb], { absolute: 1e-9 });
      const judged = session.judge(result);
      assert.ok(judged.isEnded && judged.wrong === null);
      assert.equal(judged.isBest, Math.abs(known.best - logProb) < 1e-9);
      assertNear([judged.behind], [known.best - logProb], { absolute: 1e-9 });
      assert.deepEqual(session.alignment(result), known.alignment);
    }
  });

  test("ends where a translation goes wrong, and stays open where it is cut", () => {
    const { source, target, alignment } = CASES[0];
    const wrong = written(session, { source, target: [...target.slice(0, 3), "Haus", ...target.slice(3)] });
    assert.deepEqual(session.judge(wrong).wrong, { word: "Haus", step: 3 });
    assert.equal(wrong.truth.logProb, -Infinity);
    assert.deepEqual(session.alignment(wrong), alignment.slice(0, 3));
    const cut = session.judge(written(session, { source, target: target.slice(0, 3) }));
    assert.deepEqual([cut.wrong, cut.isEnded, cut.isBest], [null, false, false]);
  });

  test("is told to be unknown, with the reason, where the grammar cannot write the source", () => {
    const known = session.truthOf(["one", "morning", "the", "<eos>"]);
    assert.match(known.unknown, /word 3 of the story, “the”, cannot follow “one morning”/);
    assert.equal(session.judge({ source: ["the"], best: { tokens: [0] }, truth: null }), null);
    assert.deepEqual(session.alignment({ truth: null }), []);
  });

  test("is remembered for a few sources", () => {
    const first = session.truthOf(CASES[0].source);
    assert.equal(session.truthOf(CASES[0].source), first);
    for (let n = 0; n < 20; n++) session.truthOf([String(n)]);
    assert.ok(session.truths.size <= 16);
    assert.notEqual(session.truthOf(CASES[0].source), first);
  });
});
