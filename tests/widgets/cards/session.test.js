// What a learning platform hears of a quiz: by a stand-in that knows SCORM 1.2's calls. A real one is in test_scorm.py.

import assert from "node:assert/strict";
import test from "node:test";
import {
  findApi,
  identifier,
  responseText,
  Session,
  standing,
  stateOf,
  timespan,
} from "../../../lmkit/widgets/cards/_sco/session.js";

/** @param {Record<string, string>} values */
function platform(values = {}, refused = () => false) {
  const calls = [];
  return {
    calls,
    values,
    LMSInitialize: () => "true",
    LMSFinish: () => String(calls.push("finish") > 0),
    LMSCommit: () => String(calls.push("commit") > 0),
    LMSGetValue: (name) => values[name] ?? "",
    LMSSetValue: (name, value) => {
      if (refused(name)) return "false";
      values[name] = value;
      return "true";
    },
  };
}

const card = (id, kind = "single") => ({ id, kind, covers: ["A3", "B7"] });
const CARDS = [card("one"), card("two-b", "number"), card("draw", "draw")];

test("the API is found above, beside the opener, or not at all", () => {
  const api = platform();
  const top = { API: api };
  assert.equal(findApi(top), api);
  assert.equal(findApi({ parent: { parent: top } }), api);
  assert.equal(findApi({ opener: { parent: top } }), api);
  assert.equal(findApi({}), null);
  const alone = {};
  alone.parent = alone; // as a window that is in no other
  assert.equal(findApi(alone), null);
  const closed = {
    get API() {
      throw new Error("another address");
    },
  };
  assert.equal(findApi({ parent: closed }), null);
});

test("windows in windows without end are given up", () => {
  const endless = () => ({
    get parent() {
      return endless();
    },
  });
  assert.equal(findApi(endless()), null);
});

test("a new attempt is incomplete, and one that goes on keeps its status", () => {
  const fresh = platform({ "cmi.core.lesson_status": "not attempted" });
  new Session(fresh);
  assert.equal(fresh.values["cmi.core.lesson_status"], "incomplete");
  const done = platform({ "cmi.core.lesson_status": "completed" });
  new Session(done);
  assert.equal(done.values["cmi.core.lesson_status"], "completed");
});

test("first answers, the score and the state are told", () => {
  const api = platform();
  const session = new Session(api, () => 0);
  session.answered(CARDS[0], { one: ["right", 2] }, CARDS);
  assert.deepEqual(
    Object.fromEntries(Object.entries(api.values).filter(([name]) => name.startsWith("cmi.interactions"))),
    {
      "cmi.interactions.0.id": "one",
      "cmi.interactions.0.type": "choice",
      "cmi.interactions.0.student_response": "c",
      "cmi.interactions.0.result": "correct",
      "cmi.interactions.0.objectives.0.id": "A3",
      "cmi.interactions.0.objectives.1.id": "B7",
    },
  );
  assert.equal(api.values["cmi.core.score.raw"], "50");
  assert.equal(api.values["cmi.core.lesson_status"], "incomplete");
  session.answered(CARDS[1], { one: ["right", 2], "two-b": ["wrong", "3,5"] }, CARDS);
  assert.equal(api.values["cmi.interactions.1.id"], "two_b");
  assert.equal(api.values["cmi.interactions.1.student_response"], "3,5");
  assert.equal(api.values["cmi.interactions.1.result"], "wrong");
  session.answered(CARDS[2], { one: ["right", 2], "two-b": ["wrong", "3,5"], draw: ["right"] }, CARDS);
  assert.equal(api.values["cmi.interactions.2.result"], "neutral"); // readers judge it themselves
  assert.equal(api.values["cmi.core.score.raw"], "50");
  assert.equal(api.values["cmi.core.lesson_status"], "completed");
  const again = new Session(platform({ "cmi.suspend_data": api.values["cmi.suspend_data"] }));
  assert.deepEqual(again.saved(), { one: ["right", 2], "two-b": ["wrong", "3,5"], draw: ["right"] });
});

test("a platform that keeps no answers still has the score", () => {
  const api = platform({}, (name) => name.startsWith("cmi.interactions"));
  new Session(api).answered(CARDS[0], { one: ["right", 0] }, CARDS);
  assert.equal(api.values["cmi.core.score.raw"], "50");
});

test("who leaves is told once, with the time, and may come back where something is open", () => {
  let now = 0;
  const api = platform();
  const session = new Session(api, () => now);
  now = 3_723_450;
  session.finish();
  session.finish();
  assert.equal(api.values["cmi.core.session_time"], "0001:02:03.45");
  assert.equal(api.values["cmi.core.exit"], "suspend");
  assert.deepEqual(api.calls, ["commit", "finish"]);
  const whole = platform();
  const done = new Session(whole);
  done.answered(CARDS[0], { one: ["right", 0] }, [CARDS[0]]);
  done.finish();
  assert.equal(whole.values["cmi.core.exit"], "");
});

test("without a platform nothing is told, and nothing fails", () => {
  const session = new Session(null);
  session.answered(CARDS[0], { one: ["right", 0] }, CARDS);
  session.finish();
  assert.equal(session.open, false);
  assert.deepEqual(session.saved(), {});
});

test("a platform that refuses to begin is none", () => {
  const api = { ...platform(), LMSInitialize: () => "false" };
  assert.equal(new Session(api).open, false);
});

test("a state of other content is not taken for ours", () => {
  for (const state of ["bookmark=3", '{"version":2,"answers":{"one":["right"]}}', "null", "[]", '"x"']) {
    assert.deepEqual(new Session(platform({ "cmi.suspend_data": state })).saved(), {}, state);
  }
});

test("a state that is too long keeps the grades alone", () => {
  const answers = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`a-card-of-the-chapter-${i}`, ["wrong", "x".repeat(200)]]),
  );
  const state = stateOf(answers);
  assert.ok(state.length <= 4096);
  const { answers: kept } = JSON.parse(state);
  assert.deepEqual(kept, Object.fromEntries(Object.keys(answers).map((id) => [id, ["wrong"]])));
});

test("the score is of the cards that are judged", () => {
  assert.deepEqual(standing({}, CARDS), { right: 0, judged: 2, percent: 0, done: false });
  assert.deepEqual(standing({ one: ["right"], draw: ["right"] }, CARDS), {
    right: 1,
    judged: 2,
    percent: 50,
    done: false,
  });
  assert.equal(standing({ draw: ["wrong"] }, [CARDS[2]]).percent, 0);
  assert.equal(standing({ draw: ["wrong"] }, [CARDS[2]]).done, true);
});

test("responses, identifiers and times are written as SCORM has them", () => {
  assert.equal(responseText(2), "c");
  assert.equal(responseText([0, 3]), "a,d");
  assert.equal(responseText({ gate: "forget", other: "x" }), "forget; x");
  assert.equal(responseText("y".repeat(300)).length, 255);
  assert.equal(responseText(null), "");
  assert.equal(identifier("lstm-which-state"), "lstm_which_state");
  assert.equal(timespan(0), "0000:00:00.00");
  assert.equal(timespan(-5), "0000:00:00.00");
  assert.equal(timespan(59_999), "0000:01:00.00");
  assert.match(timespan(1e12), /^9999:\d\d:\d\d\.\d\d$/);
});
