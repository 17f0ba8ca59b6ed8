// A session decodes as its parts do, and says of a text what the model and the grammar say.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LanguageModel } from "../../../lmkit/widgets/runtime/lstm.js";
import { Grammar, Oracle } from "../../../lmkit/widgets/runtime/oracle.js";
import { Session } from "../../../lmkit/widgets/runtime/session.js";
import { SHOWN_ROWS } from "../../../lmkit/widgets/runtime/writing.js";
import { assertNear, read, readModel } from "./vectors.js";

const SETTINGS = {
  method: "greedy",
  prompt: "once upon a time",
  temperature: 1,
  top_k: null,
  top_p: 1,
  num_beams: 3,
  length_penalty: 1,
  max_new_tokens: 10,
  seed: 1,
};
const GRAMMAR = new Grammar(read("oracle").grammar);
const session = new Session(readModel("stories"), GRAMMAR);
const story = read("oracle").texts[0].map(({ token }) => token);
const prompt = story.slice(0, 4).join(" ");

/** Log-probabilities after a text, from the model alone. */
function logProbsAfter(ids) {
  const model = new LanguageModel(readModel("stories"));
  const state = model.newState();
  for (const [n, id] of ids.entries()) model.step(id, n ? state : null, state);
  return Array.from(state.logProbs);
}

describe("a session", () => {
  for (const method of ["greedy", "sampling", "beam search"]) {
    test(`decodes by ${method}`, () => {
      const result = session.decode({ ...SETTINGS, method, prompt });
      assert.equal(result.texts.length, method === "beam search" ? 3 : 1);
      assert.equal(result.best, result.texts[0]);
      assert.deepEqual(result.prompt, session.vocab.promptIds(prompt));
      let total = 0;
      const ids = [...result.prompt];
      for (const [n, token] of result.best.tokens.entries()) {
        const known = logProbsAfter(ids)[token];
        assertNear([result.best.logProbs[n]], [known], { absolute: 1e-5 });
        total += known;
        ids.push(token);
      }
      assertNear([result.best.logProb], [total], { absolute: 1e-4 });
    });
  }

  test("knows the truth of a text, and where it goes wrong", () => {
    const ids = session.vocab.ids(story);
    const start = session.vocab.promptIds(prompt);
    const truth = session.truth(start, ids.slice(4));
    let oracle = new Oracle(GRAMMAR);
    for (const word of story.slice(0, 4)) oracle = oracle.read(word).oracle;
    let logProb = 0;
    for (const [n, word] of story.slice(4).entries()) {
      assert.deepEqual(truth.oracles[n].next(), oracle.next());
      const read = oracle.read(word);
      logProb += Math.log(read.probability);
      oracle = read.oracle;
    }
    assert.equal(truth.wrong, null);
    assertNear([truth.logProb], [logProb], { absolute: 1e-9 });
    const wrong = session.vocab.ids(["the", "the"]);
    assert.deepEqual(session.truth(start, [...ids.slice(4, 6), wrong[0], wrong[1], wrong[1]]).wrong.word, "the");
    assert.equal(session.truth(session.vocab.promptIds("the the"), ids.slice(0, 1)).wrong.step, -1);
    assert.equal(session.truth(start, [...ids.slice(4, 6), ...wrong, ...wrong]).logProb, -Infinity);
    assert.equal(new Session(readModel("stories"), null).truth(start, ids), null);
  });

  test("begins a new oracle after many readings", () => {
    const own = new Session(readModel("stories"), GRAMMAR);
    const first = own.freshOracle(GRAMMAR, 1);
    assert.equal(own.freshOracle(GRAMMAR, 30_000), first);
    const second = own.freshOracle(GRAMMAR, 1);
    assert.notEqual(second, first);
    assert.equal(own.freshOracle(GRAMMAR, 30_000), second);
  });

  test("shows the distribution of every step, most probable first", () => {
    const result = session.decode({ ...SETTINGS, method: "sampling", top_k: 5, prompt });
    for (const step of result.best.tokens.keys()) {
      const ids = [...result.prompt, ...result.best.tokens.slice(0, step)];
      const p = logProbsAfter(ids).map(Math.exp);
      const sorted = p.map((_, id) => id).sort((a, b) => p[b] - p[a] || a - b);
      const shown = session.inspect(result, step);
      assert.equal(shown.rows.length, SHOWN_ROWS);
      assert.equal(shown.size, p.length);
      assert.equal(shown.keptCount, 5);
      const kept = sorted.slice(0, 5).reduce((sum, id) => sum + p[id], 0);
      assertNear([shown.keptMass], [kept], { absolute: 1e-5 });
      for (const { rank, p: known, word, status, drawn, chosen, truth } of shown.rows) {
        const id = session.vocab.idOf.get(word);
        assert.equal(sorted[rank], id);
        assertNear([known, drawn], [p[id], rank < 5 ? p[id] / kept : 0], { absolute: 1e-5 });
        assert.equal(status, rank < 5 ? 0 : 1);
        assert.equal(chosen, id === result.best.tokens[step]);
        assert.equal(truth, result.truth.oracles[step].next().get(word) ?? 0);
      }
      assert.ok(shown.known);
    }
  });

  test("shows a chosen token that is far down in the last place, and knows no truth without a grammar", () => {
    const own = new Session(readModel("stories"), null);
    const result = own.decode({ ...SETTINGS, prompt });
    const ids = result.prompt;
    const p = logProbsAfter(ids);
    const last = p.indexOf(Math.min(...p));
    const shown = own.inspect({ ...result, best: { ...result.best, tokens: [last] } }, 0);
    assert.equal(shown.rows.length, SHOWN_ROWS);
    assert.ok(shown.rows.at(-1).chosen && shown.rows.at(-1).rank === p.length - 1);
    assert.equal(shown.rows.at(-2).rank, SHOWN_ROWS - 2);
    assert.ok(!shown.known && shown.rows.every(({ truth }) => truth === null));
  });
});
