// What stands below every lab that has controls: a link to it as it stands, its start, and the full screen.

import { hasAddress } from "../carried.js";
import { element, keepKeys, setText } from "../dom.js";
import { shortened } from "../errors.js";
import { FullScreen } from "./full_screen.js";
import { labOf, plain, read, starts, write } from "./link.js";
import { SaveMenu } from "./save.js";

/** @typedef {import("../view.js").Model} Model */
/** @typedef {import("./link.js").Row} Row */
/** @typedef {import("./link.js").Value} Value */

/**
 * The view of a lab, as far as its toolbar uses it.
 *
 * @typedef {object} View
 * @property {Model} model
 * @property {HTMLElement} content - What the lab shows.
 * @property {(traits: Record<string, unknown>) => void} write
 * @property {() => void} ask
 */

const PATIENCE_MS = 800; // until a value that does not fit is told of: a model may have to be loaded first
const MOST_TRIES = 12;
const MOST_UNKNOWN = 3; // names that a message repeats

export const SAID = {
  copied: "Link copied.",
  byHand: "Copy this address:",
  tooLong: "This text does not fit in a link.",
  reset: "Back at its start.",
  opened: "Set as in the link.",
  other: "The link is of another version of this lab, which stands at its start.",
  elsewhere: "The link leads to a lab that is not on this page.",
};

/** Toolbars on this page. @type {Set<LabToolbar>} */
const TOOLBARS = new Set();

export class LabToolbar {
  /**
   * @param {View} view
   * @param {import("./link.js").Toolbar} toolbar
   * @param {HTMLElement} root - The view's place.
   */
  constructor(view, toolbar, root) {
    this.view = view;
    this.toolbar = toolbar;
    this.place = root;
    this.note = element("span", { class: "lmkit-toolbar-note", role: "status" });
    this.address = element("input", {
      readonly: "",
      "aria-label": "Link to this lab as it stands",
    });
    this.address.hidden = true;
    const copy = button("Copy link", () => this.copy());
    copy.hidden = !hasAddress(); // a notebook's address would not bring it back
    const reset = button("Reset", () => this.reset());
    this.full = button("Full screen", () => this.switchScreen());
    this.saving = new SaveMenu(
      view,
      toolbar,
      () => this.lab,
      (text) => this.tell(text),
    );
    this.root = element("div", { class: "lmkit-toolbar", role: "group", "aria-label": "This lab" });
    this.root.append(copy, reset, this.saving.button, this.full, this.saving.list, this.note, this.address);
    keepKeys(this.root);
    this.screen = new FullScreen((isFull) => this.showScreen(isFull));
    /** @type {Map<Row, Value>} */
    this.wanted = new Map(); // values that are being set, until the reader moves a control
    this.tries = 0;
    /** @type {import("./link.js").Reading | null} */
    this.reading = null;
    /** @type {number | undefined} */
    this.telling = undefined;
    /** @type {HTMLElement | null} */
    this.control = null; // the one that the reader used last
    this.closing = new AbortController();
    TOOLBARS.add(this);
    this.listen();
    if (hasAddress()) this.open();
  }

  close() {
    this.screen.leave();
    this.closing.abort();
    clearTimeout(this.telling);
    TOOLBARS.delete(this);
  }

  /** @returns {HTMLElement} */
  get lab() {
    return this.place.closest(".lmkit-lab") ?? this.place;
  }

  listen() {
    const { signal } = this.closing;
    if (hasAddress()) addEventListener("hashchange", () => this.open(), { signal });
    const stop = (/** @type {Event} */ event) => {
      if (event.target instanceof Node && this.lab.contains(event.target)) this.wanted.clear();
    };
    for (const type of ["pointerdown", "keydown", "input"]) addEventListener(type, stop, { capture: true, signal });
    const remember = (/** @type {Event} */ { target }) => {
      if (target instanceof HTMLElement && target.closest(".lmkit-controls") && this.lab.contains(target))
        this.control = target;
    };
    addEventListener("focusin", remember, { signal });
  }

  async copy() {
    const { view, toolbar } = this;
    const fragment = write(toolbar, (trait) => view.model.get(trait));
    this.address.hidden = true;
    if (!fragment) return this.tell(SAID.tooLong);
    const address = location.href.split("#")[0] + fragment;
    try {
      await navigator.clipboard.writeText(address);
      this.tell(SAID.copied);
    } catch {
      this.address.value = address;
      this.address.hidden = false;
      this.address.select();
      this.tell(SAID.byHand);
    }
  }

  reset() {
    this.reading = null;
    this.address.hidden = true;
    this.want(starts(this.toolbar.controls));
    this.showFields();
    this.tell(SAID.reset);
  }

  /** Do what the page's address says, if it leads here. */
  open() {
    const { hash } = location,
      lab = labOf(hash);
    if (lab === null) return;
    if (lab !== this.toolbar.lab) {
      clearTimeout(this.telling);
      this.telling = setTimeout(() => this.tellIfNobodyElse(lab), PATIENCE_MS);
      return;
    }
    this.reading = read(hash, this.toolbar);
    this.want(this.reading.values);
    this.lab.scrollIntoView({ behavior: "instant" });
  }

  /** @param {string} lab - A name that none of the labs may have. */
  tellIfNobodyElse(lab) {
    const all = [...TOOLBARS];
    const isFirst = all.every(
      ({ root }) => this.root.compareDocumentPosition(root) !== Node.DOCUMENT_POSITION_PRECEDING,
    );
    if (isFirst && all.every(({ toolbar }) => toolbar.lab !== lab)) this.tell(SAID.elsewhere);
  }

  /** @param {Map<Row, Value>} values */
  want(values) {
    this.wanted = new Map(values);
    this.tries = 0;
    this.set();
    this.view.ask();
  }

  /** Set what does not stand as it is wanted; a number that a control cannot have yet has to wait. */
  set() {
    const fitting = this.left().filter(([row, value]) => this.fits(row, value));
    this.view.write(Object.fromEntries(fitting.map(([{ trait }, value]) => [trait, value])));
  }

  /** What does not stand as it is wanted. */
  left() {
    return [...this.wanted].filter(([{ trait }, value]) => plain(value) !== plain(this.view.model.get(trait)));
  }

  /**
   * @param {Row} row
   * @param {Value} value
   */
  fits({ high }, value) {
    return typeof high !== "string" || value <= this.view.model.get(high);
  }

  /** The view has shown something: it may have changed controls that depend on others, and their ranges. */
  settle() {
    if (!this.wanted.size || this.tries++ > MOST_TRIES) return;
    if (this.reading && this.tries === 1) this.lab.scrollIntoView({ behavior: "instant" });
    this.set();
    if (!this.reading) return;
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tellReading(), this.left().length ? PATIENCE_MS : 0);
  }

  tellReading() {
    const { reading } = this;
    if (!reading) return;
    if (reading.isOther) return this.tell(SAID.other);
    const wrong = [...new Set([...reading.wrong, ...this.left().map(([{ label }]) => label)])];
    const unknown = reading.unknown.slice(0, MOST_UNKNOWN).map((name) => `‘${shortened(name)}’`);
    const parts = [
      wrong.length ? `what it says of ${wrong.join(", ")}` : "",
      unknown.length ? `the names ${unknown.join(", ")}` : "",
    ].filter(Boolean);
    this.tell(parts.length ? `The link does not fit this lab in ${parts.join(", and in ")}.` : SAID.opened);
  }

  /** Number fields keep what was typed and refused. */
  showFields() {
    for (const { name, start } of this.toolbar.controls) {
      const of = `.lmkit-controls > .lmkit-${name.replaceAll("_", "-")} input[type="number"]`;
      const field = this.lab.querySelector(of);
      if (field instanceof HTMLInputElement) field.value = String(start);
    }
  }

  switchScreen() {
    if (this.screen.lab) this.screen.leave();
    else this.screen.enter(this.lab);
  }

  /** @param {boolean} isFull */
  showScreen(isFull) {
    setText(this.full, isFull ? "Leave full screen" : "Full screen");
    this.tell("");
    if (!isFull) return this.full.focus();
    const steps = ".lmkit-step .noUi-handle, .lmkit-position .noUi-handle";
    const first = this.lab.querySelector(steps) ?? this.lab.querySelector(".lmkit-controls .noUi-handle");
    const target = this.control?.isConnected ? this.control : first;
    if (target instanceof HTMLElement) target.focus();
  }

  /** @param {string} text */
  tell(text) {
    setText(this.note, text);
  }
}

/**
 * @param {string} text
 * @param {() => void} onClick
 */
function button(text, onClick) {
  const made = element("button", { type: "button", class: "lmkit-button" }, text);
  made.addEventListener("click", onClick);
  return made;
}
