// Where am I? Marks beside the chapters' names, a box at the end of a chapter, and on the first page the way on. All of
// it comes from this browser's storage; where there is none, or nothing in it, the page stays as it was built.

import { element, setText } from "../dom.js";
import { Reading } from "../progress/reading.js";
import { KEPT, LOG_KEY, localStore } from "../progress/storage.js";
import { marksOf, READ, summaryOf } from "./marks.js";
import { stepOf } from "./next.js";
import { track } from "./tracker.js";

/** @typedef {import("./marks.js").CardCount} CardCount */
/** @typedef {import("./next.js").BookChapter} BookChapter */

/**
 * What a build knows.
 *
 * @typedef {object} Book
 * @property {string[]} chapters - The names of their files, in order.
 * @property {{ script: string, module: string }} answers - Where `cards/review/counts.js` is, from the folder of assets.
 */

const CARD_IDS = "card-ids"; // the asset that comes with `cards/review/counts.js`
const CONTENTS = ".bd-sidebar-primary a.internal, .toctree-wrapper a.internal"; // links that are marked
const WORDS = {
  begin: "Begin with",
  continue: "Continue where you stopped:",
  next: "Go on with",
  done: "You have read every chapter. What you are about to forget is asked in",
};
const TICKS = "It ticks itself when you have been through its sections. ";
const KEPT_HERE = "Only this browser knows.";

/** @param {Book} book */
export function start(book) {
  const reading = new Reading();
  if (!reading.works) return;
  const here = nameOf(location.href);
  const place = new Whereabouts(book, reading);
  if (book.chapters.includes(here)) {
    place.offerBox(here);
    track(reading, here);
  }
  addEventListener("storage", () => place.show());
  addEventListener("pageshow", ({ persisted }) => persisted && place.show());
  document.addEventListener(KEPT, () => place.show());
  place.show();
}

/** @param {string} address */
function nameOf(address) {
  return (
    new URL(address).pathname
      .split("/")
      .at(-1)
      ?.replace(/\.html$/, "") ?? ""
  );
}

class Whereabouts {
  /**
   * @param {Book} book
   * @param {Reading} reading
   */
  constructor(book, reading) {
    this.book = book;
    this.reading = reading;
    this.way = wayOn();
    this.links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll(CONTENTS)]);
    /** @type {Map<string, CardCount>} */
    this.cards = new Map();
    /** @type {string | null} */
    this.counted = null; // the text of which `cards` were counted
    /** @type {() => void} */
    this.tickBox = () => {};
    /** @type {Promise<any> | undefined} */
    this.loaded = undefined;
  }

  show() {
    this.mark();
    const text = localStore().getItem(LOG_KEY);
    if (text === this.counted) return;
    const answered = text?.includes("[[");
    if (answered && !this.loaded && !canLoad()) return; // the next page with a network counts them
    this.counted = text;
    if (answered) this.counting().then((countsOf) => this.count(countsOf));
    else this.count(() => new Map());
  }

  /** The function that counts answers, from a script of its own. */
  counting() {
    const { script, module } = this.book.answers;
    this.loaded ??= loadScript(new URL(script, __lmkit.root).href).then(() => __lmkit.require(module).countsOf);
    return this.loaded;
  }

  /** @param {(text: string, chapters: any, now: number) => Map<string, CardCount>} countsOf */
  count(countsOf) {
    this.cards = countsOf(this.counted ?? "", __lmkit.assets[CARD_IDS], Date.now());
    this.mark();
  }

  mark() {
    const { chapters } = this.reading;
    const due = [...this.cards.values()].reduce((sum, count) => sum + count.due, 0);
    for (const link of this.links) {
      const name = nameOf(link.href);
      if (this.book.chapters.includes(name)) setMark(link, marksOf(chapters.get(name), this.cards.get(name)));
      else if (name === "review") setMark(link, due ? [`${due} due`] : []);
    }
    this.tickBox();
    this.way?.show(chapters, this.cards);
  }

  /** @param {string} chapter */
  offerBox(chapter) {
    const box = element("input", { type: "checkbox" });
    const label = element("label", {}, box, " I have read this chapter");
    const note = element("span", { class: "where-note" }, TICKS + KEPT_HERE);
    document.querySelector("article")?.append(element("p", { class: "where-box d-print-none" }, label, " ", note));
    box.addEventListener("change", () => this.reading.mark(chapter, box.checked));
    this.tickBox = () => {
      box.checked = Boolean(this.reading.chapters.get(chapter)?.read);
    };
  }
}

/** On the first page: where to go on. It says so in a line that leads to the first chapter where no script runs. */
class WayOn {
  /**
   * @param {Element} line
   * @param {BookChapter[]} chapters
   */
  constructor(line, chapters) {
    this.chapters = chapters;
    this.link = element("a");
    this.words = element("span");
    this.summary = element("span", { class: "where-summary" });
    line.replaceChildren(this.words, " ", this.link, " ", this.summary);
  }

  /**
   * @param {Map<string, import("../progress/reading.js").Chapter>} reading
   * @param {Map<string, CardCount>} cards
   */
  show(reading, cards) {
    const { kind, chapter, section } = stepOf(this.chapters, reading);
    const address = new URL(chapter ? `${chapter.name}.html` : "review.html", location.href);
    address.hash = section;
    this.link.href = address.href;
    setText(this.link, chapter ? [chapter.title, chapter.sections[section]].filter(Boolean).join(": ") : "Review");
    setText(this.words, WORDS[kind]);
    const names = this.chapters.map(({ name }) => name);
    setText(this.summary, summaryOf(names, reading, cards));
  }
}

/** @returns {WayOn | null} */
function wayOn() {
  const line = document.querySelector(".where-next");
  const table = document.querySelector("#where-chapters")?.textContent;
  return line && table ? new WayOn(line, JSON.parse(table)) : null;
}

/**
 * @param {HTMLAnchorElement} link
 * @param {string[]} marks
 */
function setMark(link, marks) {
  const old = link.querySelector(".where-mark");
  if (!marks.length) {
    old?.remove();
    return;
  }
  const mark = old ?? link.appendChild(element("span", { class: "where-mark" }));
  mark.toggleAttribute("data-read", marks[0] === READ);
  setText(mark, ` ${marks.join(", ")}`); // the space parts it from the name where it is read aloud
}

/** Whether a script can be had: from a disk always. */
function canLoad() {
  return navigator.onLine || location.protocol === "file:";
}

/**
 * @param {string} src
 * @returns {Promise<void>} Never kept where the script cannot be had: then there are no marks of cards.
 */
function loadScript(src) {
  const script = element("script", { src });
  return new Promise((resolve) => {
    script.addEventListener("load", () => resolve());
    document.head.append(script);
  });
}
