// What all views share: they listen to the traits that controls are linked to, compute, show, and say what is wrong.

import { nameControls } from "./controls.js";
import { coalesced, element, setText, uniqueId } from "./dom.js";
import { LabError } from "./errors.js";
import { SlicedWork } from "./time_slicing.js";

const ANNOUNCE_MS = 900; // a slider that moves is not read out at every step
const PROBLEM_MS = 400;

/** A part of a view with a heading that names it. */
export function panel(className, title) {
  const id = uniqueId(className);
  const heading = element("p", { class: "lmkit-title", id }, title);
  const root = element("div", { class: `lmkit-panel ${className}`, role: "group", "aria-labelledby": id });
  return { heading, root };
}

/**
 * The base of all views. A view has an `update` that computes from its traits and shows; what it throws is told. Where
 * that may take long it is a generator, `*update()`, that yields now and then: it runs in slices, the first at once.
 * When a trait changes meanwhile it is dropped, unless it is young and may soon have something to show.
 */
export class LabView {
  /** `model` is anywidget's; `parts` are the elements that hide until something is there to show. */
  constructor(model, root, ...parts) {
    this.model = model;
    this.messages = new MessagePanel();
    this.content = element("div", { class: "lmkit-content" }, ...parts);
    this.content.hidden = true;
    root.classList.add("lmkit-view");
    root.append(this.messages.problem, this.messages.progress, this.content, this.messages.live);
    this.ask = coalesced(() => this.run());
    model.on("change", this.ask);
    this.closeNames = nameControls(root);
    this.ask();
  }

  close() {
    this.closed = true;
    this.dropWork();
    this.model.off("change", this.ask);
    this.ask.close();
    this.closeNames();
    clearTimeout(this.announcing);
    clearTimeout(this.failing);
  }

  /** Whether all that `update` needs is there; a view that loads something begins to do so here. */
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
      if (typeof work?.next === "function") this.begin(work);
      else this.recover();
    } catch (error) {
      this.fail(error);
    }
  }

  begin(generator) {
    this.work = new SlicedWork(generator, {
      rested: () => {
        if (this.outdated && !this.work.isYoung()) this.run();
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
    this.work.goOn();
  }

  dropWork() {
    this.work?.drop();
    this.work = null;
    this.outdated = false;
  }

  /** The values of traits by name. */
  read(...names) {
    return Object.fromEntries(names.map((name) => [name, this.model.get(name)]));
  }

  /** Set traits that differ; what is linked to them follows, here and in Python. */
  write(traits) {
    const news = Object.entries(traits).filter(([name, value]) => !same(this.model.get(name), value));
    for (const [name, value] of news) this.model.set(name, value);
    if (news.length) this.model.save_changes();
  }

  /** Have a screen reader say what `text` returns, when the reader's hand rests. */
  announce(text) {
    clearTimeout(this.announcing);
    this.announcing = setTimeout(() => setText(this.messages.live, text()), ANNOUNCE_MS);
  }

  /** Say what is wrong; a moment later, for a word that is being typed is unknown until it is whole. */
  fail(error) {
    const known = error instanceof LabError;
    if (!known) console.error(error);
    this.content.inert = true;
    clearTimeout(this.announcing);
    clearTimeout(this.failing);
    const problem = known ? error.message : `something broke (${error.message}); reload the page`;
    this.failing = setTimeout(() => this.messages.tell({ problem }), PROBLEM_MS);
  }

  recover() {
    clearTimeout(this.failing);
    this.messages.tell({});
    this.content.hidden = this.content.inert = false;
  }
}

function same(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** What anywidget wants of a module: `render`, which returns the clean-up. */
export function widgetOf(View) {
  return {
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
    this.live = element("p", { class: "lmkit-unseen", "aria-live": "polite" });
    this.problem.hidden = this.progress.hidden = true;
  }

  tell({ problem = "", progress = "" }) {
    setText(this.problem, problem && sentence(problem));
    setText(this.progress, progress);
    this.problem.hidden = !problem;
    this.progress.hidden = !progress;
  }
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
