// Long work on a page that goes on living: a generator runs in slices, and input and paint come between them.

const SLICE_MS = 8; // half a frame
const YOUNG_MS = 100;

/** A generator that is run in slices until it ends or is dropped. */
export class SlicedWork {
  /** Calls `rested()` after every slice but the last, and `ended(error)` after that; null if no error was thrown. */
  constructor(work, { rested, ended }) {
    Object.assign(this, { work, rested, ended, birth: performance.now() });
  }

  /** Runs a slice, and has the next one follow. */
  goOn() {
    if (this.dropped) return;
    try {
      if (runFor(this.work, SLICE_MS)) return this.ended(null);
    } catch (error) {
      return this.ended(error);
    }
    inNextTask(() => this.goOn());
    this.rested();
  }

  /** Whether it has not run for long: where work is asked for faster than it gets done, some of it should be seen. */
  isYoung() {
    return performance.now() - this.birth < YOUNG_MS;
  }

  drop() {
    this.dropped = true;
    this.work.return(); // so that its `finally` blocks run
  }
}

/** Runs a generator bit by bit while the page has nothing else to do; returns a function that stops it. */
export function whileIdle(work) {
  const whenIdle = globalThis.requestIdleCallback ?? ((run) => setTimeout(run, 200));
  const run = (idle) => {
    if (!runFor(work, Math.min(SLICE_MS, idle?.timeRemaining() ?? SLICE_MS))) whenIdle(run);
  };
  whenIdle(run);
  return () => work.return();
}

/** Runs a generator for about so many milliseconds, one step at least; whether it has ended. */
function runFor(work, milliseconds) {
  const stop = performance.now() + milliseconds;
  do {
    if (work.next().done) return true;
  } while (performance.now() < stop);
  return false;
}

/** A message comes behind the input that waits; a timer would come milliseconds later. */
function inNextTask(run) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(null);
}
