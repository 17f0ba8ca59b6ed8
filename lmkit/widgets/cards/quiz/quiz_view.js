// The quiz of a chapter, one question at a time, and its result.

import { element, setAttribute, setText } from "../../base/dom.js";
import { signOf } from "../card_base.js";
import { sectionLink } from "../text.js";
import { action, button, StudyView } from "./study_view.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("./study_view.js").Action} Action */
/** @typedef {import("./study_view.js").Status} Status */
/** @typedef {import("./study_view.js").Turn} Turn */

const SPOKEN = { right: "right", wrong: "not right", open: "open" };

export class QuizView extends StudyView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    super(model, root);
    /** @type {HTMLButtonElement[]} */
    this.ways = []; // to each question, and to the summary
  }

  setUp() {
    this.ways = Array.from({ length: this.turns.length + 1 }, (_, i) => button("", () => this.go(i)));
    this.places.replaceChildren(...this.ways.map((way) => element("li", {}, way)));
  }

  actions() {
    const { turn } = this;
    if (!turn) return this.endings();
    const next = this.next();
    const goOn = () => this.go(next);
    if (turn.now !== "open") return [action(next < this.turns.length ? "Next question" : "See the result", goOn)];
    const skip = action("Skip", goOn);
    if (!turn.form.selfGraded) return [action("Check", () => this.check(turn)), skip];
    if (!turn.form.filled) return [null, skip];
    return [action("I had it", () => this.grade(turn, "right")), action("Not quite", () => this.grade(turn, "wrong"))];
  }

  /** @param {Turn} turn */
  check(turn) {
    const { right, empty } = turn.form.check();
    if (!empty) this.grade(turn, right ? "right" : "wrong");
  }

  endings() {
    /** @type {(text: string, ...verdicts: Status[]) => Action} */
    const again = (text, ...verdicts) => [text, () => this.again(verdicts)];
    const endings = [again("Start again", "right", "wrong", "open")];
    if (this.howMany("wrong")) endings.unshift(again("Try the wrong ones again", "wrong"));
    if (this.howMany("open")) endings.unshift(again("Go to the open ones", "open"));
    return endings.slice(0, 2);
  }

  /**
   * Ask the cards of these verdicts once more.
   *
   * @param {Status[]} verdicts
   */
  again(verdicts) {
    const which = this.turns.filter(({ now }) => verdicts.includes(now));
    for (const turn of which) if (turn.now !== "open") turn.renew();
    this.go(this.turns.indexOf(which[0]));
  }

  /** The next question that is open; behind the last, the result. */
  next() {
    const place = this.turns.findIndex(({ now }, i) => i > this.at && now === "open");
    return place < 0 ? this.turns.length : place;
  }

  showPlaces() {
    const last = this.turns.length;
    setText(this.count, this.turn ? `Question ${this.at + 1} of ${last}` : "Result");
    for (const [i, way] of this.ways.entries()) {
      setAttribute(way, "aria-current", i === this.at ? "step" : null);
      if (i < last) nameWay(way, i, this.turns[i].now);
    }
    setAttribute(this.ways[last], "aria-label", "Result");
    setText(this.ways[last], "Result");
    const place = this.ways[this.at].parentElement;
    if (place) this.places.scrollLeft = place.offsetLeft - (this.places.clientWidth - place.clientWidth) / 2;
  }

  summary() {
    const total = this.turns.length;
    const right = this.turns.filter(({ first }) => first === "right").length;
    const now = this.howMany("right");
    const open = this.howMany("open");
    const root = element("div", { class: "lmkit-study-summary", tabindex: "-1" });
    const lines = [`${right} of ${total} right at the first try.`];
    if (now > right) lines.push(`By now ${now} of ${total} are right.`);
    if (open) lines.push(`${open} ${open === 1 ? "is" : "are"} still open.`);
    root.append(element("p", { class: "lmkit-title" }, lines.join(" ")));
    const missed = this.turns.filter(({ first }) => first === "wrong").map(({ card }) => card);
    const sections = [...new Map(missed.map((card) => [card.section, card])).values()];
    if (sections.length) {
      const links = sections.map((card) => element("li", {}, sectionLink(card)));
      root.append(element("p", {}, "Worth reading again:"), element("ul", {}, ...links));
    }
    return root;
  }

  /** @param {Status} verdict */
  howMany(verdict) {
    return this.turns.filter(({ now }) => now === verdict).length;
  }
}

/**
 * Show on the way to a question how it was answered.
 *
 * @param {HTMLButtonElement} way
 * @param {number} i
 * @param {Status} now
 */
function nameWay(way, i, now) {
  setAttribute(way, "data-verdict", now);
  setAttribute(way, "aria-label", `Question ${i + 1}, ${SPOKEN[now]}`);
  way.replaceChildren(String(i + 1), ...(now === "open" ? [] : ["\u00a0", signOf(now)]));
}
