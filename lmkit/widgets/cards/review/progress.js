// How far the reader is: counts, the next seven days; and the answers as a file, out and in, and removed.

import { element, setText } from "../../base/dom.js";
import { LabError, problemText } from "../../base/errors.js";
import { checkFileSize, isAhead, messageOf } from "../../base/progress/file.js";
import { saveLog } from "../../base/progress/notice.js";
import { actionButton, buttonRow, Confirmation, counted, NOTHING_CHOSEN } from "./parts.js";
import { dueByDay, stagesOf } from "./plan.js";

/** @typedef {import("../../base/progress/file.js").Prediction} Prediction */
/** @typedef {import("./schedule.js").Stage} Stage */
/** @typedef {import("./study.js").Study} Study */
/** @typedef {{ name: string, count: number, stage: Stage | "due" }} Row */

/** @type {Record<Stage, string>} */
const STAGES = { new: "New", learning: "Learning", known: "Known" };

/** @type {Stage[]} */
const STAGE_ORDER = ["new", "learning", "known"];

const STAGES_MEAN =
  "Learning: answered at least once. Known: the schedule expects that three weeks after an answer, or later still, you " +
  "remember the card with a probability of 90\u202f%.";
const KEPT_HERE =
  "Your answers, your predictions and your place in each chapter are kept in this browser only. Nothing is sent " +
  "anywhere; another browser, or another device, knows them when you import the file there. What is in a file is " +
  "added to what is here. A file says what you answered, right and wrong; a name that you type goes into the file alone.";

export class ProgressPart {
  title = "Progress";

  /** @param {Study} study */
  constructor(study) {
    this.study = study;
    this.summary = element("p", { class: "lmkit-review-summary" });
    this.stages = new CountTable("Cards by stage", "Stage", "Cards");
    this.days = new CountTable("Cards due in the next seven days", "Day", "Due");
    this.note = element("p", { class: "lmkit-footnote" });
    this.predictions = new Predictions();
    this.keeping = new Keeping(study);
    const tables = element("div", { class: "lmkit-review-tables" }, this.stages.root, this.days.root);
    const meaning = element("p", { class: "lmkit-footnote" }, STAGES_MEAN);
    this.root = element("div", {}, this.summary, tables, meaning, this.note);
    this.root.append(this.predictions.root, this.keeping.root);
  }

  refresh() {
    const { cards, schedule, now, log } = this.study;
    const stages = stagesOf(cards, schedule);
    const days = dueByDay(cards, schedule, now);
    const week = days.reduce((sum, { count }) => sum + count, 0);
    const due = `${days[0].count} due today and ${week} within seven days.`;
    setText(this.summary, cards.length ? `Of ${counted(cards.length, "chosen card")}, ${due}` : NOTHING_CHOSEN);
    this.stages.show(STAGE_ORDER.map((stage) => ({ name: STAGES[stage], count: stages[stage], stage })));
    this.days.show(days.map(({ day, count }, i) => ({ name: dayName(day, i), count, stage: "due" })));
    setText(this.note, aheadNote(log.reviews.filter((entry) => isAhead(entry, now)).length));
    this.note.hidden = !this.note.textContent;
    this.predictions.show(log.predictions);
    this.keeping.refresh();
  }
}

/** @param {number} count */
function aheadNote(count) {
  if (!count) return "";
  const are = count === 1 ? "One answer bears" : `${count} answers bear`;
  return `${are} a date in the future, because a clock was wrong. They are kept, but the schedule leaves them out.`;
}

/**
 * @param {number} day
 * @param {number} place
 */
function dayName(day, place) {
  if (place < 2) return ["Today", "Tomorrow"][place];
  return new Date(day).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" });
}

/** A table of counts whose rows have bars: the chart is its own text. */
class CountTable {
  /**
   * @param {string} caption
   * @param {string} label - The head of the first column.
   * @param {string} count - That of the second.
   */
  constructor(caption, label, count) {
    const heads = [label, count].map((head) => element("th", { scope: "col" }, head));
    const head = element("thead", {}, element("tr", {}, ...heads, element("td")));
    this.body = element("tbody");
    const title = element("caption", {}, caption);
    this.root = element("table", { class: "lmkit-review-counts" }, title, head, this.body);
  }

  /** @param {Row[]} rows */
  show(rows) {
    const most = Math.max(1, ...rows.map(({ count }) => count));
    this.body.replaceChildren(...rows.map((row) => countRow(row, most)));
  }
}

/**
 * @param {Row} row
 * @param {number} most - The count whose bar is full.
 */
function countRow({ name, count, stage }, most) {
  const bar = element("span", { class: "lmkit-review-bar", "data-stage": stage });
  bar.style.width = `${(100 * count) / most}%`;
  const cells = [element("th", { scope: "row" }, name), element("td", {}, String(count))];
  return element("tr", {}, ...cells, element("td", { "aria-hidden": "true" }, bar));
}

const MOST_SHOWN = 50; // predictions

/** What the reader said before labs were run, the latest first. */
class Predictions {
  constructor() {
    this.summary = element("summary");
    this.list = element("ul", { class: "lmkit-review-predictions" });
    this.root = element("details", {}, this.summary, this.list);
  }

  /** @param {Prediction[]} predictions */
  show(predictions) {
    const right = predictions.filter(({ predicted, happened }) => predicted === happened).length;
    setText(this.summary, `${counted(predictions.length, "prediction")}, of which ${right} came true`);
    this.root.hidden = !predictions.length;
    const latest = predictions.slice(-MOST_SHOWN).reverse();
    this.list.replaceChildren(...latest.map((prediction) => element("li", {}, predictionLine(prediction))));
  }
}

/** @param {Prediction} prediction */
function predictionLine({ question, predicted, happened, at }) {
  const came = predicted === happened ? "and so it was" : `and it was: ${happened}`;
  return `${dateOf(at)}: ${question} You said: ${predicted}, ${came}.`;
}

/** The answers as a file, and their removal. */
class Keeping {
  /** @param {Study} study */
  constructor(study) {
    this.study = study;
    this.back = () => {}; // brings removed answers back
    this.count = element("p");
    this.message = element("p", { class: "lmkit-review-message", role: "status" });
    this.file = element("input", { type: "file", accept: ".json,application/json", "aria-label": "File to import" });
    this.file.hidden = true;
    this.asked = new Confirmation(
      "Remove everything?",
      ["Remove all of it", () => this.remove()],
      ["Keep it", () => this.removal.focus()],
    );
    this.undo = actionButton("Undo", () => this.takeBack());
    this.undo.hidden = true;
    this.removal = actionButton("Reset…", () => this.ask());
    this.file.addEventListener("change", () => this.import());
    this.name = element("input", { type: "text", maxlength: 100, spellcheck: "false" });
    const name = element(
      "label",
      { class: "lmkit-review-name" },
      "Your name, only if the file goes to a teacher ",
      this.name,
    );
    const out = actionButton("Export as a file", () => saveLog(study.log, this.name.value.trim().replace(/\s+/g, " ")));
    const row = buttonRow(
      out,
      actionButton("Import a file", () => this.file.click()),
      this.removal,
      this.file,
    );
    const place = element("p", { class: "lmkit-footnote" }, KEPT_HERE);
    this.root = element("div", { class: "lmkit-review-keeping" }, this.count, row, this.asked.root);
    this.root.append(name, this.message, this.undo, place);
  }

  refresh() {
    const { reviews } = this.study.log;
    const since = reviews.length ? `${answers(reviews.length)} since ${dateOf(reviews[0].at)}.` : "No answer yet.";
    setText(this.count, since);
    this.removal.disabled = !this.held();
    if (!this.held()) this.asked.root.hidden = true;
  }

  /** What there is to remove, in words; "" where there is nothing. */
  held() {
    const { reviews, predictions, reading } = this.study.log;
    const parts = [
      reviews.length && answers(reviews.length),
      predictions.length && counted(predictions.length, "prediction"),
      reading.chapters.size && placesIn(reading.chapters.size),
    ];
    return listed(parts);
  }

  ask() {
    this.asked.ask(`This removes ${this.held()} from this browser. Export them first if you may want them back.`);
  }

  remove() {
    const removed = this.held();
    this.back = this.study.log.reset();
    this.undo.hidden = false;
    setText(this.message, `${removed[0].toUpperCase()}${removed.slice(1)} removed.`);
    this.undo.focus();
  }

  takeBack() {
    this.back();
    this.undo.hidden = true;
    setText(this.message, "Everything is back.");
    this.removal.focus();
  }

  async import() {
    const file = this.file.files?.[0];
    if (!file) return;
    try {
      checkFileSize(file.size);
      const { log, ids } = this.study;
      setText(this.message, importNote(log.importText(await file.text(), ids)));
    } catch (error) {
      const known = error instanceof LabError;
      const why = known ? error.message : `the file could not be read (${messageOf(error)}); nothing was changed`;
      setText(this.message, problemText(why));
    }
    this.file.value = ""; // the same file may be chosen again
  }
}

/** @param {{ added: number, known: number, predictions: number, chapters: number, unknownCards: string[] }} result */
function importNote({ added, known, predictions, chapters, unknownCards }) {
  const kept = known ? `; ${answers(known)} ${known === 1 ? "was" : "were"} here already` : "";
  const more = [predictions && counted(predictions, "prediction"), chapters && placesIn(chapters)];
  return `${listed([answers(added), ...more])} added${kept}.${strangersNote(unknownCards)}`;
}

/**
 * "a, b and c", of those that are there.
 *
 * @param {(string | 0)[]} parts
 */
function listed(parts) {
  const there = parts.filter(Boolean);
  return [there.slice(0, -1).join(", "), ...there.slice(-1)].filter(Boolean).join(" and ");
}

/** @param {number} count */
function placesIn(count) {
  return `your place in ${counted(count, "chapter")}`;
}

/** @param {string[]} cards */
function strangersNote(cards) {
  if (!cards.length) return "";
  const named = `${cards.slice(0, 3).join(", ")}${cards.length > 3 ? ", …" : ""}`;
  return ` The file has answers to ${counted(cards.length, "card")} that this page does not have (${named}): they are kept.`;
}

/** @param {number} count */
function answers(count) {
  return counted(count, "answer");
}

/** @param {number} at */
function dateOf(at) {
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}
