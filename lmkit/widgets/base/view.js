// What all views share: they listen to the traits that controls are linked to, compute, show, and say what is wrong.

import { Announcer } from "./announcer.js";
import { tendControls } from "./controls.js";
import { coalesced, element, setText, uniqueId } from "./dom.js";
import { LabError, messageOf, problemText } from "./errors.js";
import { keepInSight } from "./in_sight.js";
import { placed } from "./near.js";
import { news } from "./news.js";
import { SlicedWork } from "./time_slicing.js";
import { LabToolbar } from "./toolbar/toolbar.js";

/**
 * anywidget's model, as far as views use it.
 *
 * @typedef {object} Model
 * @property {(name: string) => any} get - The value of a trait.
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, listener: (...details: any[]) => void) => void} on
 * @property {(event: string, listener: (...details: any[]) => void) => void} off
 * @property {(content: object) => void} send - To Python.
 * @property {{ get_model: (id: string) => Promise<Model> }} [widget_manager] - Where other widgets are to be had.
 */

/** @typedef {Generator<unknown, void, unknown>} Update */

const PROBLEM_MS = 400;

/**
 * A part of a view with a heading that names it.
 *
 * @param {string} className
 * @param {string} title
 */
export function panel(className, title) {
  const id = uniqueId(className.split(" ")[0]);
  const heading = element("p", { class: "lmkit-title", id }, title);
  const root = element("div", { class: `lmkit-panel ${className}`, role: "group", "aria-labelledby": id });
  return { heading, root };
}

/**
 * What controls chiefly change. With the controls it is no higher than the screen; its panels stand one above the other,
 * or side by side where there is room, and what does not fit in one of them is scrolled there.
 *
 * @param {...Node} panels
 */
export function stage(...panels) {
  return element("div", { class: "lmkit-stage" }, ...panels);
}

/**
 * Panels that stay together in a column where others stand beside them.
 *
 * @param {...Node} panels
 */
export function column(...panels) {
  return element("div", { class: "lmkit-column" }, ...panels);
}

/**
 * What is there for who asks: below the stage, and closed at first.
 *
 * @param {string} title
 * @param {...Node} parts
 */
export function folded(title, ...parts) {
  return element("details", { class: "lmkit-folded" }, element("summary", {}, title), ...parts);
}

/**
 * The base of all views. A view has an `update` that computes from its traits and shows; what it throws is told. Where
 * that may take long it is a generator, `*update()`, that yields now and then: it runs in slices, the first at once.
 * When a trait changes meanwhile it is dropped, unless it is young and may soon have something to show.
 */
export class LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root - The widget's place.
   * @param {...Node} parts - They hide until something is there to show.
   */
  constructor(model, root, ...parts) {
    this.model = model;
    this.closed = false;
    this.outdated = false;
    /** @type {SlicedWork | null} */
    this.work = null;
    /** @type {number | undefined} */
    this.failing = undefined;
    this.messages = new MessagePanel();
    this.content = element("div", { class: "lmkit-content" }, ...parts);
    this.content.hidden = true;
    this.announcer = new Announcer(this.content);
    root.classList.add("lmkit-view");
    placed(model, root);
    root.append(this.messages.problem, this.messages.progress, this.content, this.announcer.live);
    this.ask = coalesced(() => this.run());
    this.hasRefused = false; // a number that was typed; the model knows nothing of it
    this.changed = () => this.acceptTyped();
    model.on("change", this.changed);
    const toolbar = model.get("toolbar"); // in a lab with controls
    this.toolbar = toolbar?.controls ? new LabToolbar(this, toolbar, root) : null;
    if (this.toolbar) root.append(this.toolbar.root);
    this.closeControls = tendControls(root, {
      onWrong: (error) => this.refuseTyped(error),
      onRight: () => this.acceptTyped(),
    });
    this.closeSight = keepInSight(root);
    this.ask();
  }

  close() {
    this.closed = true;
    this.dropWork();
    this.model.off("change", this.changed);
    this.ask.close();
    this.closeControls();
    this.closeSight();
    this.toolbar?.close();
    this.announcer.drop();
    clearTimeout(this.failing);
  }

  /**
   * Computes from traits and shows.
   *
   * @returns {Update | void}
   */
  update() {
    throw new Error("update must be written by every view");
  }

  /**
   * Whether all that `update` needs is there; a view that loads something begins to do so here.
   *
   * @returns {boolean}
   */
  ready() {
    return true;
  }

  run() {
    if (this.work?.isYoung()) {
      this.outdated = true;
      return;
    }
    this.dropWork();
    try {
      if (!this.ready()) return;
      const work = this.update();
      if (work) this.begin(work);
      else this.recover();
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param {Update} generator */
  begin(generator) {
    const work = new SlicedWork(generator, {
      rested: () => {
        if (this.outdated && !work.isYoung()) this.run();
      },
      ended: (error) => {
        const { outdated } = this;
        this.work = null;
        this.outdated = false;
        if (error) this.fail(error);
        else this.recover();
        if (outdated) this.ask();
      },
    });
    this.work = work;
    work.goOn();
  }

  dropWork() {
    this.work?.drop();
    this.work = null;
    this.outdated = false;
  }

  /**
   * The values of traits by name.
   *
   * @template {string} K
   * @param {...K} names
   * @returns {Record<K, any>}
   */
  read(...names) {
    const values = names.map((name) => [name, this.model.get(name)]);
    return /** @type {Record<K, any>} */ (Object.fromEntries(values));
  }

  /**
   * Set traits that differ; what is linked to them follows, here and in Python.
   *
   * @param {Record<string, unknown>} traits
   */
  write(traits) {
    const news = Object.entries(traits).filter(([name, value]) => !same(this.model.get(name), value));
    for (const [name, value] of news) this.model.set(name, value);
    if (news.length) this.model.save_changes();
  }

  /**
   * Have a screen reader say what is new in what `facts` returns, when the reader's hand rests: sentences and running
   * texts. What matters most comes first, for little is said.
   *
   * @param {() => import("./news.js").Fact[]} facts
   */
  announce(facts) {
    this.announcer.announce(facts);
  }

  /**
   * Have it say that something has happened.
   *
   * @param {string} text
   */
  report(text) {
    this.announcer.report(text);
  }

  /**
   * Say what is wrong; a moment later, for a word that is being typed is unknown until it is whole.
   *
   * @param {unknown} error
   */
  fail(error) {
    const known = error instanceof LabError;
    if (!known) console.error(error);
    this.content.inert = true;
    this.announcer.drop();
    clearTimeout(this.failing);
    const problem = known ? error.message : `something broke (${messageOf(error)}); reload the page`;
    this.failing = setTimeout(() => this.messages.tell({ problem }), PROBLEM_MS);
    this.toolbar?.settle();
  }

  /**
   * Say what is wrong with a number that was typed, until another is read or something else is moved.
   *
   * @param {unknown} error
   */
  refuseTyped(error) {
    this.hasRefused = true;
    this.fail(error);
  }

  acceptTyped() {
    this.hasRefused = false;
    this.ask();
  }

  recover() {
    if (this.hasRefused) return; // whatever was drawn anew meanwhile, at another width perhaps
    clearTimeout(this.failing);
    this.messages.tell({});
    this.content.hidden = false;
    this.content.inert = false;
    this.toolbar?.settle();
  }
}

/**
 * @param {unknown} a
 * @param {unknown} b
 */
function same(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/**
 * What anywidget wants of a module: `render`, which returns the clean-up.
 *
 * @param {new (model: Model, el: HTMLElement) => { close(): void }} View
 */
export function widgetOf(View) {
  return {
    /** @param {{ model: Model, el: HTMLElement }} place */
    render({ model, el }) {
      const view = new View(model, el);
      return () => view.close();
    },
  };
}

/** Problems and progress, in the widget's place. */
class MessagePanel {
  constructor() {
    this.problem = element("p", { class: "lmkit-problem", role: "alert" });
    this.progress = element("p", { class: "lmkit-progress", role: "status" });
    this.problem.hidden = true;
    this.progress.hidden = true;
  }

  /** @param {{ problem?: string, progress?: string }} messages - Each hides what it does not name. */
  tell({ problem = "", progress = "" }) {
    setText(this.problem, problem && problemText(problem));
    setText(this.progress, progress);
    this.problem.hidden = !problem;
    this.progress.hidden = !progress;
  }
}
