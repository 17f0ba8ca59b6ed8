// How far the reader is: counts, the next seven days; and the answers as a file, out and in, and removed.

import { element, resize, setText } from "../../base/dom.js";
import { checkFileSize, isAhead } from "../file.js";
import { saveLog } from "../notice.js";
import { actionButton, buttonRow, Confirmation, counted, NOTHING_CHOSEN } from "./parts.js";
import { dueByDay, stagesOf } from "./plan.js";

const STAGES = { new: "New", learning: "Learning", known: "Known" };

const STAGES_MEAN =
  "Learning: answered at least once. Known: the schedule expects that three weeks after an answer, or later still, you " +
  "remember the card with a probability of 90\u202f%.";
const KEPT_HERE =
  "Your answers are kept in this browser only. Nothing is sent anywhere; another browser, or another device, knows them " +
  "when you import the file there. What is in a file is added to what is here.";

export class ProgressPart {
  title = "Progress";

  /** `study` gives the log, the chosen cards, all cards, and the schedule. */
  constructor(study) {
    this.study = study;
    this.summary = element("p", { class: "lmkit-review-summary" });
    this.stages = countTable("Cards by stage", "Stage", "Cards");
    this.days = countTable("Cards due in the next seven days", "Day", "Due");
    this.note = element("p", { class: "lmkit-footnote" });
    this.keeping = new Keeping(study);
    const tables = element("div", { class: "lmkit-review-tables" }, this.stages.root, this.days.root);
    const meaning = element("p", { class: "lmkit-footnote" }, STAGES_MEAN);
    this.root = element("div", {}, this.summary, tables, meaning, this.note, this.keeping.root);
  }

  refresh() {
    const { cards, schedule, now, log } = this.study;
    const stages = stagesOf(cards, schedule),
      days = dueByDay(cards, schedule, now);
    const week = days.reduce((sum, { count }) => sum + count, 0);
    const due = `${days[0].count} due today and ${week} within seven days.`;
    setText(this.summary, cards.length ? `Of ${counted(cards.length, "chosen card")}, ${due}` : NOTHING_CHOSEN);
    this.stages.show(Object.entries(STAGES).map(([stage, name]) => ({ name, count: stages[stage], stage })));
    this.days.show(days.map(({ day, count }, i) => ({ name: dayName(day, i), count })));
    setText(this.note, aheadNote(log.reviews.filter((entry) => isAhead(entry, now)).length));
    this.note.hidden = !this.note.textContent;
    this.keeping.refresh();
  }
}

function aheadNote(count) {
  if (!count) return "";
  const are = count === 1 ? "One answer bears" : `${count} answers bear`;
  return `${are} a date in the future, because a clock was wrong. They are kept, but the schedule leaves them out.`;
}

function dayName(day, place) {
  if (place < 2) return ["Today", "Tomorrow"][place];
  return new Date(day).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" });
}

/** A table of counts whose rows have bars: the chart is its own text. */
function countTable(caption, ...heads) {
  const body = element("tbody");
  const cells = [...heads, ""].map((head) => (head ? element("th", { scope: "col" }, head) : element("td", {})));
  const head = element("thead", {}, element("tr", {}, ...cells));
  const root = element("table", { class: "lmkit-review-counts" }, element("caption", {}, caption), head, body);
  const row = () => {
    const bar = element("td", { "aria-hidden": "true" }, element("span", { class: "lmkit-review-bar" }));
    return element("tr", {}, element("th", { scope: "row" }), element("td", {}), bar);
  };
  const show = (rows) => {
    const most = Math.max(1, ...rows.map(({ count }) => count));
    resize(body, rows.length, row);
    rows.forEach(({ name, count, stage = "due" }, i) => {
      const [label, number, bar] = body.children[i].children;
      setText(label, name);
      setText(number, String(count));
      bar.firstChild.dataset.stage = stage;
      bar.firstChild.style.width = `${(100 * count) / most}%`;
    });
  };
  return { root, show };
}

/** The answers as a file, and their removal. */
class Keeping {
  constructor(study) {
    this.study = study;
    this.count = element("p");
    this.message = element("p", { class: "lmkit-review-message", role: "status" });
    this.file = element("input", { type: "file", accept: ".json,application/json", "aria-label": "File to import" });
    this.file.hidden = true;
    const keep = ["Keep them", () => this.removal.focus()];
    this.asked = new Confirmation("Remove all answers?", ["Remove all answers", () => this.remove()], keep);
    this.undo = actionButton("Undo", () => this.takeBack());
    this.undo.hidden = true;
    this.removal = actionButton("Reset…", () => this.ask());
    this.file.addEventListener("change", () => this.import());
    const out = actionButton("Export as a file", () => saveLog(study.log));
    const row = buttonRow(
      out,
      actionButton("Import a file", () => this.file.click()),
      this.removal,
      this.file,
    );
    const place = element("p", { class: "lmkit-footnote" }, KEPT_HERE);
    this.root = element("div", { class: "lmkit-review-keeping" }, this.count, row, this.asked.root);
    this.root.append(this.message, this.undo, place);
  }

  refresh() {
    const { reviews } = this.study.log;
    setText(
      this.count,
      reviews.length ? `${answers(reviews.length)} since ${dateOf(reviews[0].at)}.` : "No answer yet.",
    );
    this.removal.disabled = !reviews.length;
    if (!reviews.length) this.asked.root.hidden = true;
  }

  ask() {
    const { length } = this.study.log.reviews;
    this.asked.ask(`This removes ${answers(length)} from this browser. Export them first if you may want them back.`);
  }

  remove() {
    const { length } = this.study.log.reviews;
    this.back = this.study.log.reset();
    this.undo.hidden = false;
    setText(this.message, `${answers(length)} removed.`);
    this.undo.focus();
  }

  takeBack() {
    this.back();
    this.undo.hidden = true;
    setText(this.message, "All answers are back.");
    this.removal.focus();
  }

  async import() {
    const [file] = this.file.files;
    if (!file) return;
    try {
      checkFileSize(file.size);
      const { log, ids } = this.study;
      setText(this.message, importNote(log.importText(await file.text(), ids)));
    } catch (error) {
      const known = error.name === "LabError";
      const why = known ? error.message : `the file could not be read (${error.message}); nothing was changed`;
      setText(this.message, `${why[0].toUpperCase()}${why.slice(1)}.`);
    }
    this.file.value = ""; // the same file may be chosen again
  }
}

function importNote({ added, known, unknownCards }) {
  const kept = known ? `; ${answers(known)} ${known === 1 ? "was" : "were"} here already` : "";
  return `${answers(added)} added${kept}.${strangersNote(unknownCards)}`;
}

function strangersNote(cards) {
  if (!cards.length) return "";
  const named = `${cards.slice(0, 3).join(", ")}${cards.length > 3 ? ", …" : ""}`;
  return ` The file has answers to ${counted(cards.length, "card")} that this page does not have (${named}): they are kept.`;
}

function answers(count) {
  return counted(count, "answer");
}

function dateOf(at) {
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}
