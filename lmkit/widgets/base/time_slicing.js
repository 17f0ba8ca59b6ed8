// Long work on a page that goes on living: a generator runs in slices, and input and paint come between them.

const SLICE_MS = 8; // half a frame
const YOUNG_MS = 100;

/** @typedef {Generator<unknown, unknown, unknown>} Work */

/** A generator that is run in slices until it ends or is dropped. */
export class SlicedWork {
  /**
   * @param {Work} work
   * @param {object} listeners
   * @param {() => void} listeners.rested - Called after every slice but the last.
   * @param {(error: unknown) => void} listeners.ended - Called after the last, with null if no error was thrown.
   */
  constructor(work, { rested, ended }) {
    this.work = work;
    this.rested = rested;
    this.ended = ended;
    this.birth = performance.now();
    this.dropped = false;
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
    this.work.return(undefined); // so that its `finally` blocks run
  }
}

/**
 * Runs a generator bit by bit while the page has nothing else to do.
 *
 * @param {Work} work
 * @returns {() => void} A function that stops it.
 */
export function whileIdle(work) {
  /** @type {(run: (idle?: IdleDeadline) => void) => void} */
  const whenIdle = globalThis.requestIdleCallback ?? ((run) => setTimeout(run, 200));
  /** @param {IdleDeadline} [idle] */
  const run = (idle) => {
    if (!runFor(work, Math.min(SLICE_MS, idle?.timeRemaining() ?? SLICE_MS))) whenIdle(run);
  };
  whenIdle(run);
  return () => void work.return(undefined);
}

/**
 * Runs a generator for about so many milliseconds, one step at least; whether it has ended.
 *
 * @param {Work} work
 * @param {number} milliseconds
 */
function runFor(work, milliseconds) {
  const stop = performance.now() + milliseconds;
  do {
    if (work.next().done) return true;
  } while (performance.now() < stop);
  return false;
}

/**
 * A message comes behind the input that waits; a timer would come milliseconds later.
 *
 * @param {() => void} run
 */
export function inNextTask(run) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(null);
}
