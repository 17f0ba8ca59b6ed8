// The page that reads a class's files in the browser: nothing is sent.

import { element, setText } from "../../base/dom.js";
import { checkFileSize } from "../../base/progress/file.js";
import { LabView, widgetOf } from "../../base/view.js";
import { resultsOf } from "./results.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("./results.js").SourceFile} SourceFile */
/** @typedef {string | number} Cell */

const ASK = "Drop your students’ files here, or choose them. They are read in this browser, and nothing is sent.";
const NONE = "None of these is a file that the Review page exports.";
const MOST_ROWS = 300;

class ClassResultsView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const input = element("input", { type: "file", multiple: "", accept: ".json,application/json" });
    const label = element("label", { class: "lmkit-class-files", "data-filled": "" }, ASK, " ", input);
    const outcome = element("p", { role: "status", class: "lmkit-class-said" });
    const tables = element("div", { class: "lmkit-class-tables" });
    const whole = element("div", { class: "lmkit-panel lmkit-class" }, label, outcome, tables);
    super(model, root, whole);
    this.outcome = outcome;
    this.tables = tables;
    input.addEventListener("change", () => this.take([...(input.files ?? [])]));
    whole.addEventListener("dragover", (event) => event.preventDefault());
    whole.addEventListener("drop", (event) => {
      event.preventDefault();
      this.take([...(event.dataTransfer?.files ?? [])]);
    });
  }

  update() {
    this.cards = this.model.get("cards");
  }

  /** @param {File[]} files */
  async take(files) {
    if (!files.length) return;
    setText(this.outcome, "Reading …");
    /** @type {SourceFile[]} */
    const sources = [];
    /** @type {[string, string][]} */
    const unread = [];
    for (const file of files) {
      try {
        checkFileSize(file.size);
        sources.push({ name: file.webkitRelativePath || file.name, text: await file.text() });
      } catch (error) {
        unread.push([file.name, error instanceof Error ? error.message : String(error)]);
      }
    }
    if (!this.closed) this.show(resultsOf(sources, this.cards), unread);
  }

  /**
   * @param {ReturnType<typeof resultsOf>} results
   * @param {[string, string][]} unread
   */
  show({ students, cards, items, reliabilities, wrong, skipped, notes }, unread) {
    const left = [...unread, ...skipped];
    const count = `${students.length} ${students.length === 1 ? "student" : "students"}`;
    const lost = left.length ? `, ${left.length} ${left.length === 1 ? "file" : "files"} skipped` : "";
    setText(this.outcome, students.length ? `${count}${lost}.` : NONE);
    const did = students.map(({ name, files, answers, firsts, days }) => {
      const right = [...firsts.values()].filter((first) => first.right).length;
      return [name, files.length, answers, firsts.size, right, written(right / firsts.size), days];
    });
    const hard = items.map((item, i) => ({ ...item, card: cards[i] })).sort((a, b) => a.difficulty - b.difficulty);
    this.tables.replaceChildren(
      table("Who did what", ["Student", "Files", "Answers", "Cards", "Right first", "Share", "Days"], did),
      table(
        "Items, the hardest first",
        ["Card", "Question", "Answered", "Right", "Difficulty", "Discrimination", "Upper-lower"],
        hard.map(({ card, answered, right, difficulty, discrimination, upperLower }) => [
          card.id,
          card.question,
          answered,
          right,
          written(difficulty),
          written(discrimination),
          written(upperLower),
        ]),
      ),
      table(
        "Reliability: Cronbach’s alpha, which is KR-20 here",
        ["Chapter", "Items", "Students", "Alpha"],
        reliabilities.map(({ title, items: count, students: of, alpha }) => [title, count, of, written(alpha)]),
      ),
      table(
        "Wrong answers that were given most",
        ["Card", "Answer", "Given by", "Of"],
        wrong.map(({ card, answer, givenBy, known }) => [card.id, answer, givenBy, known]),
      ),
      table("Files that were skipped", ["File", "Why"], left),
      table(
        "Notes",
        ["What is odd"],
        notes.map((note) => [note]),
      ),
    );
  }
}

/** @param {number} value */
function written(value) {
  return Number.isFinite(value) ? value.toFixed(2) : "–";
}

/**
 * A table within a frame that scrolls; hidden without rows.
 *
 * @param {string} caption
 * @param {string[]} heads
 * @param {Cell[][]} rows
 */
function table(caption, heads, rows) {
  const head = element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)));
  const body = rows.slice(0, MOST_ROWS).map(([first, ...cells]) => {
    const others = cells.map((cell) => element("td", {}, String(cell)));
    return element("tr", {}, element("th", { scope: "row" }, String(first)), ...others);
  });
  const more = rows.length > MOST_ROWS ? ` (the first ${MOST_ROWS} of ${rows.length})` : "";
  const title = element("caption", {}, caption + more);
  const whole = element("table", {}, title, element("thead", {}, head), element("tbody", {}, ...body));
  const frame = element(
    "div",
    { class: "lmkit-class-frame", tabindex: "0", role: "region", "aria-label": caption },
    whole,
  );
  frame.hidden = !rows.length;
  return frame;
}

export default widgetOf(ClassResultsView);
