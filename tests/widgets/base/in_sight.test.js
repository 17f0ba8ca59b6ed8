import assert from "node:assert/strict";
import { test } from "node:test";
import { marginsOf } from "../../../lmkit/widgets/base/in_sight.js";

const SCREEN = 700;

test("with a control near the top of its lab a whole screen of the lab comes into sight", () => {
  for (const top of [0, 46, 300]) {
    const { above, below } = marginsOf({ top, height: 42 }, SCREEN);
    assert.equal(above, top);
    assert.ok(above + 42 + below <= SCREEN && above + 42 + below > SCREEN - 10);
  }
});

test("a control farther down than a screen is itself in sight, and nothing is asked that does not fit", () => {
  const { above, below } = marginsOf({ top: 2000, height: 42 }, SCREEN);
  assert.ok(below >= 0 && above >= 0 && above + 42 + below <= SCREEN);
});

test("a control higher than the screen asks for nothing besides", () => {
  assert.deepEqual(marginsOf({ top: 10, height: 900 }, SCREEN), { above: 0, below: 0 });
});
