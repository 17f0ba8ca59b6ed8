// What runs a training: in a worker, or on the page where there are none. It is told what to do by messages, and tells
// how it goes by messages; between two slices of work it listens.

import { LabError, messageOf } from "../../base/errors.js";
import { inNextTask } from "../../base/time_slicing.js";
import { Training } from "./training.js";

/** @typedef {import("./training.js").CurvePoint} CurvePoint */

/**
 * To the server. `begin` makes a new run, in whose `file` answers `card` tells what it is; the others are of this run.
 *
 * @typedef {{ do: "begin", run: number, source: import("./texts.js").Source,
 *     settings: import("./training.js").RunSettings, engine: import("./training.js").Engine }
 *   | { do: "run" | "pause" | "step" | "trace" }
 *   | { do: "file", card: Record<string, unknown>, why: string }} Order
 */

/**
 * From the server, always with the number of the run.
 *
 * @typedef {{ tells: "ready", facts: import("./training.js").Facts }
 *   | { tells: "progress", step: number, points: CurvePoint[], sample: { prompt: string, text: string } | null,
 *       isOver: boolean, isRunning: boolean, diverged: number, seconds: number }
 *   | { tells: "trace", traced: Omit<ReturnType<Training["trace"]>, "point"> }
 *   | { tells: "file", bytes: Uint8Array, why: string }
 *   | { tells: "problem", message: string, isKnown: boolean }} News
 */

const REPORT_MS = 120;
const SAMPLE_MS = 500;

export class Server {
  /**
   * @param {(news: News & { run: number }) => void} tell
   * @param {number} slice - So many milliseconds are trained before it listens again.
   */
  constructor(tell, slice) {
    this.post = tell;
    this.slice = slice;
    this.run = 0;
    /** @type {Training | null} */
    this.training = null;
    this.isRunning = false;
    this.isAsked = false; // whether a next slice is
    this.closed = false;
    /** @type {CurvePoint[]} */
    this.points = []; // that were not told yet
    this.toldAt = 0;
    this.sampledAt = 0;
    this.milliseconds = 0; // of training
  }

  /** @param {News} news */
  tell(news) {
    if (!this.closed) this.post({ ...news, run: this.run });
  }

  close() {
    this.closed = true;
    this.isRunning = false;
    this.training?.close();
    this.training = null;
  }

  /** @param {Order} order */
  receive(order) {
    try {
      this.obey(order);
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param {Order} order */
  obey(order) {
    if (order.do === "begin") return this.begin(order);
    const { training } = this;
    if (!training) return;
    if (order.do === "pause") {
      this.isRunning = false;
      this.report(true);
    } else if (order.do === "file") {
      this.tell({ tells: "file", bytes: training.file(order.card), why: order.why });
    } else if (training.isOver) this.report(true);
    else if (order.do === "run") {
      this.isRunning = true;
      this.goOn();
    } else {
      this.isRunning = false;
      if (order.do === "trace") this.trace(training);
      else this.timed(() => this.keep(training.step()));
      this.report(true);
    }
  }

  /** @param {Extract<Order, { do: "begin" }>} order */
  begin({ run, source, settings, engine }) {
    this.training?.close();
    this.training = null;
    this.isRunning = false;
    this.points = [];
    this.milliseconds = 0;
    this.toldAt = 0;
    this.sampledAt = 0;
    this.run = run;
    this.training = new Training(source, settings, engine);
    this.tell({ tells: "ready", facts: this.training.facts });
  }

  /** @param {Training} training */
  trace(training) {
    const { point, ...traced } = this.timed(() => training.trace());
    this.keep(point);
    if (!training.diverged) this.tell({ tells: "trace", traced });
  }

  /** @param {CurvePoint | null} point */
  keep(point) {
    if (point) this.points.push(point);
  }

  /**
   * @template T
   * @param {() => T} work
   */
  timed(work) {
    const start = performance.now();
    const made = work();
    this.milliseconds += performance.now() - start;
    return made;
  }

  goOn() {
    if (this.isAsked) return;
    this.isAsked = true;
    inNextTask(() => {
      this.isAsked = false;
      if (this.closed || !this.isRunning || !this.training) return;
      try {
        this.turn(this.training);
      } catch (error) {
        this.fail(error);
      }
    });
  }

  /** @param {Training} training */
  turn(training) {
    this.timed(() => {
      const stop = performance.now() + this.slice;
      do this.keep(training.step());
      while (!training.isOver && performance.now() < stop);
    });
    if (training.isOver) this.isRunning = false;
    this.report(training.isOver);
    if (this.isRunning) this.goOn();
  }

  /**
   * Tell what is new, but not too often.
   *
   * @param {boolean} now - Whether it is told however short ago something was.
   */
  report(now) {
    const { training } = this;
    const time = performance.now();
    if (!training || (!now && time - this.toldAt < REPORT_MS)) return;
    this.toldAt = time;
    const isSampled = now || time - this.sampledAt > SAMPLE_MS;
    if (isSampled) this.sampledAt = time;
    this.tell({
      tells: "progress",
      step: training.trainer.steps,
      points: this.points.splice(0),
      sample: isSampled ? training.sample() : null,
      isOver: training.isOver,
      isRunning: this.isRunning,
      diverged: training.diverged,
      seconds: this.milliseconds / 1000,
    });
  }

  /** @param {unknown} error */
  fail(error) {
    this.isRunning = false;
    this.tell({ tells: "problem", message: messageOf(error), isKnown: error instanceof LabError });
  }
}

const WORKER_SLICE_MS = 40;

/**
 * Serve in a worker.
 *
 * @param {any} scope - The worker's global scope.
 */
export function serve(scope) {
  const server = new Server((news) => scope.postMessage(news), WORKER_SLICE_MS);
  /** @param {MessageEvent} event */
  scope.onmessage = ({ data }) => server.receive(data);
  scope.postMessage({ tells: "awake" });
}
