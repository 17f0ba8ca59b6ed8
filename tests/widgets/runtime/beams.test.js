// Beam search finds what sorting all texts finds, and says what it looked at.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { uniform } from "../../../lmkit/widgets/base/rng.js";
import { beamSearch } from "../../../lmkit/widgets/runtime/beams.js";
import { complete } from "../../../lmkit/widgets/runtime/decoding.js";
import { decode, tableReader } from "./decode.js";
import { assertNear, read } from "./vectors.js";

const SETTINGS = { num_beams: 3, length_penalty: 1, max_new_tokens: 4, eos_token_id: 0, early_stopping: false };
const TABLE = [
  [-3, -1, -2, -0.5],
  [-1, -3, -0.25, -2],
  [-0.5, -1, -4, -1],
  [-2, -1, -1.5, -1],
];

function search(settings = {}, table = TABLE, prompt = 1) {
  const reader = tableReader(table);
  const steps = [];
  const texts = complete(beamSearch(reader, prompt, { ...SETTINGS, ...settings }, (step) => steps.push(step)));
  return { texts, steps, log: reader.log };
}

/** All texts of a table with their log-probabilities, best score first: those that end, and those that are cut. */
function everyText({ max_new_tokens, eos_token_id, length_penalty }, table = TABLE, prompt = 1) {
  const found = [];
  const extend = (tokens, logProbs) => {
    if (tokens.length && (tokens.at(-1) === eos_token_id || tokens.length === max_new_tokens)) {
      const logProb = logProbs.reduce((sum, p) => sum + p, 0);
      found.push({ tokens, logProbs, logProb, score: logProb / tokens.length ** length_penalty });
      return;
    }
    for (const [token, p] of table[tokens.at(-1) ?? prompt].entries()) extend([...tokens, token], [...logProbs, p]);
  };
  extend([], []);
  return found.sort((a, b) => b.score - a.score);
}

describe("a beam that is wide enough", () => {
  for (const length_penalty of [-1, 0, 1, 2]) {
    test(`finds the best of all texts, with a length penalty of ${length_penalty}`, () => {
      const settings = { ...SETTINGS, length_penalty, num_beams: 256, early_stopping: "never" };
      const { texts } = search(settings);
      const every = everyText(settings);
      assert.equal(texts.length, every.length);
      assertNear(
        texts.map(({ score }) => score),
        every.map(({ score }) => score),
        { absolute: 1e-12 },
      );
      const known = new Map(every.map((text) => [String(text.tokens), text]));
      for (const { tokens, logProbs, logProb } of texts) {
        const text = known.get(String(tokens));
        assertNear([...logProbs, logProb], [...text.logProbs, text.logProb], { absolute: 1e-12 });
      }
    });
  }
});

describe("a narrow beam", () => {
  test("says what it looked at, best first, and what became of it", () => {
    const { steps } = search({ num_beams: 2, max_new_tokens: 2, eos_token_id: 0 });
    assert.deepEqual(steps, [
      {
        length: 1,
        candidates: [
          { parent: 0, token: 2, total: -0.25, status: "kept" },
          { parent: 0, token: 0, total: -1, status: "ended" },
          { parent: 0, token: 3, total: -2, status: "kept" },
          { parent: 0, token: 1, total: -3, status: "dropped" },
        ],
      },
      {
        length: 2,
        candidates: [
          { parent: 0, token: 0, total: -0.75, status: "ended" },
          { parent: 0, token: 1, total: -1.25, status: "kept" },
          { parent: 0, token: 3, total: -1.25, status: "kept" },
          { parent: 1, token: 1, total: -3, status: "dropped" },
        ],
      },
    ]);
  });

  test("an end token behind the first ones ends no text", () => {
    const table = [[], [-5, -1, -2, -3]];
    const { steps, texts } = search({ num_beams: 2, max_new_tokens: 1 }, table);
    assert.deepEqual(
      steps[0].candidates.map(({ token, status }) => [token, status]),
      [
        [1, "kept"],
        [2, "kept"],
        [3, "dropped"],
        [0, "dropped"],
      ],
    );
    assert.deepEqual(
      texts.map(({ tokens }) => tokens),
      [[1], [2]],
    );
  });

  test("looks at no text that is impossible", () => {
    const table = [[], [-Infinity, -1, -Infinity, -2]];
    const { steps, texts } = search({ num_beams: 3, max_new_tokens: 1 }, table);
    assert.equal(steps[0].candidates.length, 2);
    assert.deepEqual(
      texts.map(({ tokens }) => tokens),
      [[1], [3]],
    );
  });

  test("stops where nothing is left to go on with", () => {
    const table = [[], [-1, -Infinity]];
    const { steps, texts } = search({ num_beams: 2, max_new_tokens: 5 }, table);
    assert.equal(steps.length, 1);
    assert.deepEqual(texts, [{ tokens: [0], logProbs: [-1], logProb: -1, score: -1 }]);
  });

  test("reads each kept text with one token more, all of a step at once, and none after the last step", () => {
    const { log } = search({ num_beams: 2, max_new_tokens: 2 });
    assert.deepEqual(log, [
      [1, 2],
      [1, 3],
    ]);
  });

  test("rests after every step but the last", () => {
    const generator = beamSearch(tableReader(TABLE), 1, { ...SETTINGS, num_beams: 1, eos_token_id: null });
    const rests = [];
    for (;;) {
      const { done } = generator.next();
      if (done) break;
      rests.push(done);
    }
    assert.equal(rests.length, SETTINGS.max_new_tokens - 1);
  });
});

/** Random log-probabilities after each of five tokens. */
function randomTable(seed) {
  return Array.from({ length: 5 }, (_, row) => Array.from({ length: 5 }, (__, v) => -4 * uniform(seed, 5 * row + v)));
}

/** Beam search by sorting, with a rule for when to stop; its texts, and how many steps it took. */
function searchBySorting(table, settings, isDone) {
  const { num_beams, length_penalty, max_new_tokens, eos_token_id } = settings;
  const best = (texts, key) => texts.sort((a, b) => b[key] - a[key]);
  let running = [{ tokens: [], total: 0 }];
  let done = [];
  for (let length = 1; ; length++) {
    const longer = ({ tokens, total }) =>
      table[tokens.at(-1) ?? 1].map((p, token) => ({ tokens: [...tokens, token], total: total + p }));
    const found = best(running.flatMap(longer), "total").slice(0, 2 * num_beams);
    const ends = ({ tokens }) => tokens.at(-1) === eos_token_id;
    running = found.filter((text) => !ends(text)).slice(0, num_beams);
    const last = length === max_new_tokens;
    const ended = [...found.slice(0, num_beams).filter(ends), ...(last ? running : [])];
    done.push(...ended.map((text) => ({ ...text, score: text.total / length ** length_penalty })));
    done = best(done, "score").slice(0, num_beams);
    if (last || (done.length === num_beams && isDone(done.at(-1).score, running[0].total, length))) {
      return { tokens: done.map(({ tokens }) => tokens), steps: length };
    }
  }
}

describe("the way to stop", () => {
  /** Whether no running text can enter a full list, or is thought to. */
  const rules = ({ length_penalty, max_new_tokens }) => ({
    true: () => true,
    false: (worst, total, length) => worst >= total / length ** length_penalty,
    never: (worst, total, length) => {
      for (let longer = length + 1; longer <= max_new_tokens; longer++) {
        if (total / longer ** length_penalty > worst) return false;
      }
      return true;
    },
  });

  for (const early_stopping of [true, false, "never", undefined]) {
    test(`is ${early_stopping}`, () => {
      for (let seed = 0; seed < 200; seed++) {
        const table = randomTable(seed);
        for (const length_penalty of [-1, 0, 1, 2]) {
          const settings = {
            ...SETTINGS,
            length_penalty,
            early_stopping,
            num_beams: 1 + (seed % 3),
            max_new_tokens: 7,
          };
          const known = searchBySorting(table, settings, rules(settings)[early_stopping ?? false]);
          const { texts, steps } = search(settings, table);
          const what = `table ${seed}, penalty ${length_penalty}`;
          assert.deepEqual(
            texts.map(({ tokens }) => tokens),
            known.tokens,
            what,
          );
          assert.equal(steps.length, known.steps, what);
        }
      }
    });
  }

  test("that never misses finds what a search finds that goes on to the end", () => {
    let earlier = 0;
    for (let seed = 0; seed < 100; seed++) {
      const settings = { ...SETTINGS, early_stopping: "never", num_beams: 2, max_new_tokens: 7 };
      const known = searchBySorting(randomTable(seed), settings, () => false);
      const { texts, steps } = search(settings, randomTable(seed));
      assert.deepEqual(
        texts.map(({ tokens }) => tokens),
        known.tokens,
      );
      earlier += Number(steps.length < known.steps);
    }
    assert.ok(earlier > 10);
  });
});

test("among equals the text that was found first wins, and of its continuations the lowest id", () => {
  let ties = 0;
  for (const { prompt, eos_token_id, table, cases } of read("decoding-ties")) {
    for (const known of cases.filter(({ method }) => method === "beam_search")) {
      const texts = decode(tableReader(table), prompt[0], table.length, known, eos_token_id);
      const what = `${table.length} tokens, ${JSON.stringify(known.settings)}`;
      assert.deepEqual(
        texts.map(({ tokens }) => tokens),
        known.expected,
        what,
      );
      ties += Number(texts.length > 1 && texts[0].score === texts[1].score);
    }
  }
  assert.ok(ties > 100, `only ${ties} searches found equally good texts`);
});
