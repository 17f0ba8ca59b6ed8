// Long work runs in slices: on a clock of our own, so that no time decides.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { SlicedWork, whileIdle } from "../../../lmkit/widgets/base/time_slicing.js";

let now, messages;
const { MessageChannel } = globalThis;

/** A channel whose messages are taken when the test says so. */
class Channel {
  constructor() {
    this.port1 = { onmessage: null, close: () => {} };
    this.port2 = { postMessage: () => messages.push(() => this.port1.onmessage()) };
  }
}

beforeEach(() => {
  now = 1000;
  messages = [];
  mock.method(performance, "now", () => now);
  globalThis.MessageChannel = Channel;
});
afterEach(() => {
  mock.restoreAll();
  globalThis.MessageChannel = MessageChannel;
  delete globalThis.requestIdleCallback;
});

/** Work whose steps take so many milliseconds each; it notes what happens. */
function* work(costs, log, fault = null) {
  try {
    for (const [n, cost] of costs.entries()) {
      now += cost;
      log.push(n);
      yield;
    }
    if (fault) throw fault;
  } finally {
    log.push("cleaned up");
  }
}

function sliced(costs, fault = null) {
  const log = [];
  const ended = (error) => log.push(error ? `failed: ${error.message}` : "ended");
  return { log, task: new SlicedWork(work(costs, log, fault), { rested: () => log.push("rested"), ended }) };
}

const nextTask = () => messages.shift()();

describe("sliced work", () => {
  test("that is quick ends in the first slice", () => {
    const { log, task } = sliced([1, 1, 1]);
    task.goOn();
    assert.deepEqual(log, [0, 1, 2, "cleaned up", "ended"]);
    assert.equal(messages.length, 0);
  });

  test("that is long rests after eight milliseconds, and goes on in the next task", () => {
    const { log, task } = sliced([4, 4, 4, 4, 1]);
    task.goOn();
    assert.deepEqual(log, [0, 1, "rested"]);
    nextTask();
    assert.deepEqual(log, [0, 1, "rested", 2, 3, "rested"]);
    nextTask();
    assert.deepEqual(log.slice(6), [4, "cleaned up", "ended"]);
  });

  test("takes one step in a slice at least", () => {
    const { log, task } = sliced([50, 50]);
    task.goOn();
    assert.deepEqual(log, [0, "rested"]);
    nextTask();
    assert.deepEqual(log, [0, "rested", 1, "rested"]);
    nextTask();
    assert.deepEqual(log.slice(4), ["cleaned up", "ended"]);
  });

  test("that fails says so, in any slice", () => {
    const { log, task } = sliced([8], new Error("no"));
    task.goOn();
    nextTask();
    assert.deepEqual(log, [0, "rested", "cleaned up", "failed: no"]);
  });

  test("that is dropped cleans up and never runs again", () => {
    const { log, task } = sliced([8, 8]);
    task.goOn();
    task.drop();
    nextTask();
    assert.deepEqual(log, [0, "rested", "cleaned up"]);
    assert.equal(messages.length, 0);
  });

  test("is young for a tenth of a second", () => {
    const { task } = sliced([1]);
    now += 99;
    assert.equal(task.isYoung(), true);
    now += 1;
    assert.equal(task.isYoung(), false);
  });
});

describe("work while nothing else is to do", () => {
  let idle;
  beforeEach(() => {
    idle = [];
    globalThis.requestIdleCallback = (run) => idle.push(run);
  });
  const give = (milliseconds) => idle.shift()({ timeRemaining: () => milliseconds });

  test("runs for as long as the page has time, eight milliseconds at most", () => {
    const log = [];
    whileIdle(work([2, 2, 2, 2, 2, 2, 2, 2, 2], log));
    assert.deepEqual(log, []);
    give(4);
    assert.deepEqual(log, [0, 1]);
    give(50);
    assert.deepEqual(log, [0, 1, 2, 3, 4, 5]);
    give(50);
    assert.deepEqual(log.at(-1), "cleaned up");
    assert.equal(idle.length, 0);
  });

  test("stops when it is told to", () => {
    const log = [];
    const stop = whileIdle(work([8, 8], log));
    give(50);
    stop();
    give(50);
    assert.deepEqual(log, [0, "cleaned up"]);
    assert.equal(idle.length, 0);
  });

  test("takes a timer where a browser has no idle callbacks", (context) => {
    delete globalThis.requestIdleCallback;
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const log = [];
    whileIdle(work([8, 1], log));
    assert.deepEqual(log, []);
    context.mock.timers.tick(200);
    assert.deepEqual(log, [0]);
    context.mock.timers.tick(200);
    assert.deepEqual(log, [0, 1, "cleaned up"]);
  });
});
