// The order in which a page's widgets come to life: `third_party/widgets/src/groups.js`.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { groupsOf, placeOf } from "../../../third_party/widgets/src/groups.js";

const model = (...parts) => ({ state: { children: parts.map((id) => `IPY_MODEL_${id}`), title: "IPY" } });
const link = (source, target) => ({ state: { source: [`IPY_MODEL_${source}`, "value"], target: [target, "x"] } });
const STATE = {
  linkOfTwo: link("slider", "IPY_MODEL_button"),
  linkOfOne: link("slider", "IPY_MODEL_view"),
  lab: model("slider", "view"),
  slider: model("shared"),
  view: model(),
  quiz: model("button"),
  button: model("shared"),
  shared: model(),
  alone: model(),
};

describe("groupsOf", () => {
  test("puts every model where it is first needed", () => {
    const [lab, quiz] = groupsOf(["lab", "quiz"], STATE).map((group) => Object.keys(group).sort());
    assert.deepEqual(lab, ["alone", "lab", "linkOfOne", "shared", "slider", "view"]);
    assert.deepEqual(quiz, ["button", "linkOfTwo", "quiz"]);
  });

  test("leaves none out, in whatever order views are drawn", () => {
    for (const order of [
      ["lab", "quiz"],
      ["quiz", "lab"],
    ]) {
      const groups = groupsOf(order, STATE);
      const all = groups.flatMap((group) => Object.keys(group)).sort();
      assert.deepEqual(all, Object.keys(STATE).sort());
      const there = new Set();
      for (const group of groups) {
        for (const id of Object.keys(group)) there.add(id);
        const named = JSON.stringify(group).matchAll(/IPY_MODEL_(\w+)/g);
        for (const [, id] of named) assert.ok(there.has(id), `${id} must be there by then`);
      }
    }
  });

  test("bears a view whose state is missing", () => {
    assert.deepEqual(groupsOf(["gone"], {}), [{}]);
  });
});

test("placeOf finds the view that a model is a part of", () => {
  assert.equal(placeOf("view", ["quiz", "lab"], STATE), 1);
  assert.equal(placeOf("button", ["quiz", "lab"], STATE), 0);
  assert.equal(placeOf("nothing", ["quiz", "lab"], STATE), 0);
});
