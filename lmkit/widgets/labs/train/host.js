// The page's end of a training: a worker made from the scripts that are on the page already, or, where a browser or a
// content policy allows none, a server on the page itself, which works in slices shorter than a frame.

import { Server, serve } from "./server.js";

/** @typedef {import("./server.js").News & { run: number }} RunNews */
/** @typedef {import("./server.js").Order} Order */

const PAGE_SLICE_MS = 6;

export class Host {
  /** @param {(news: RunNews) => void} hear */
  constructor(hear) {
    this.hear = hear;
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {Server | null} */
    this.server = null;
    /** @type {Order[]} */
    this.early = []; // what a worker was told before it was awake
    this.isAwake = false;
  }

  /** Whether the training shares the page's thread. */
  get isSlow() {
    return Boolean(this.server);
  }

  /** @param {Order} order */
  send(order) {
    if (!this.worker && !this.server) this.start();
    if (this.server) return this.server.receive(order);
    if (!this.isAwake) this.early.push(order);
    this.worker?.postMessage(order);
  }

  start() {
    this.isAwake = false;
    this.early = [];
    try {
      const script = globalThis.__lmkit.scriptOf?.(serve);
      if (!script) return this.serveHere();
      const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
      this.worker = new Worker(address);
      this.worker.onmessage = ({ data }) => {
        if (!this.isAwake) URL.revokeObjectURL(address);
        this.isAwake = true;
        this.early = [];
        if (data.tells !== "awake") this.hear(data);
      };
      this.worker.onerror = (event) => {
        event.preventDefault();
        if (this.isAwake) this.hear({ tells: "problem", message: event.message, isKnown: false, run: -1 });
        else this.serveHere();
      };
    } catch {
      this.serveHere();
    }
  }

  serveHere() {
    this.worker?.terminate();
    this.worker = null;
    this.server = new Server((news) => this.hear(news), PAGE_SLICE_MS);
    for (const order of this.early.splice(0)) this.server.receive(order);
  }

  close() {
    this.worker?.terminate();
    this.server?.close();
    this.worker = null;
    this.server = null;
  }
}
