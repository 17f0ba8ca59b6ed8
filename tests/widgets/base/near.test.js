// A model is asked for when the reader comes near a lab that needs it, and once.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

/** The observers that are at work, with the places that they watch. */
let observers = [];
let first = null; // the model that the page's head names

class Observer {
  constructor(tell, options) {
    this.tell = tell;
    this.options = options;
  }
  observe(place) {
    this.place = place;
    observers.push(this);
  }
  disconnect() {
    observers = observers.filter((one) => one !== this);
  }
}

const approach = (place) => {
  for (const { tell } of observers.filter((one) => one.place === place)) tell([{ isIntersecting: true }]);
};
const place = () => {
  const names = new Set();
  return { classList: { add: (name) => names.add(name), remove: (name) => names.delete(name), names } };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

globalThis.document = { querySelector: () => first && { getAttribute: () => first } };
globalThis.IntersectionObserver = Observer;
globalThis.__lmkit = { root: "http://book/_static/lmkit/" };
const { onceNear, placed } = await import("../../../lmkit/widgets/base/near.js");

/** A view at a place of its own, and a function that counts how often something is made. */
function view() {
  const model = {};
  const root = place();
  placed(model, root);
  return { model, root };
}
function maker(value = "made") {
  const make = async () => {
    make.calls += 1;
    if (value instanceof Error) throw value;
    return value;
  };
  make.calls = 0;
  return make;
}

describe("onceNear", () => {
  let key = 0;
  beforeEach(() => {
    first = null;
    key += 1;
  });
  afterEach(() => {
    observers = [];
    globalThis.__lmkit.root = "http://book/_static/lmkit/";
  });

  test("waits until the reader comes near, and no longer watches then", async () => {
    const { model, root } = view();
    const make = maker();
    const promise = onceNear(`model ${key}`, model, "stories", make);
    await settled();
    assert.equal(make.calls, 0);
    assert.deepEqual([...root.classList.names], ["lmkit-far"]);
    assert.equal(observers[0].options.rootMargin, "200%");
    approach(root);
    assert.equal(await promise, "made");
    await settled();
    assert.equal(make.calls, 1);
    assert.deepEqual([observers, [...root.classList.names]], [[], []]);
  });

  test("gives all labs what one of them needed", async () => {
    const [near, far] = [view(), view()];
    const make = maker();
    const promises = [far, near].map(({ model }) => onceNear(`model ${key}`, model, "stories", make));
    approach(near.root);
    assert.deepEqual(await Promise.all(promises), ["made", "made"]);
    await settled();
    assert.equal(make.calls, 1);
    assert.equal(far.root.classList.names.size, 0);
  });

  test("does not wait for the model of the first lab", async () => {
    first = "stories";
    const make = maker();
    assert.equal(await onceNear(`model ${key}`, view().model, "stories", make), "made");
    assert.equal(observers.length, 0);
    onceNear(`other ${key}`, view().model, "shakespeare", maker());
    assert.equal(observers.length, 1);
  });

  test("does not wait in a notebook, or for a view that stands nowhere", async () => {
    assert.equal(await onceNear(`model ${key}`, {}, "stories", maker()), "made");
    delete globalThis.__lmkit.root;
    assert.equal(await onceNear(`again ${key}`, view().model, "stories", maker()), "made");
    assert.equal(observers.length, 0);
  });

  test("tells of a failure, and may be tried again", async () => {
    const { model, root } = view();
    const failing = onceNear(`model ${key}`, model, "stories", maker(new Error("gone")));
    approach(root);
    await assert.rejects(failing, /gone/);
    await settled();
    const again = onceNear(`model ${key}`, model, "stories", maker());
    approach(root);
    assert.equal(await again, "made");
  });

  test("gives a view all the models that it needs", async () => {
    const { model, root } = view();
    const promises = ["clean", "faulty"].map((name) => onceNear(`${name} ${key}`, model, name, maker(name)));
    assert.equal(observers.length, 1);
    approach(root);
    assert.deepEqual(await Promise.all(promises), ["clean", "faulty"]);
    await settled();
    assert.deepEqual([observers, [...root.classList.names]], [[], []]);
  });

  test("looks again for a view that asks for another model while one is on its way", async () => {
    const { model, root } = view();
    let arrive;
    const slow = onceNear(`slow ${key}`, model, "stories", () => new Promise((resolve) => (arrive = resolve)));
    approach(root);
    const other = onceNear(`other ${key}`, model, "shakespeare", maker("other"));
    approach(root);
    assert.equal(await other, "other");
    arrive("at last");
    assert.equal(await slow, "at last");
  });
});
