// What a session would be made of, and its beginning.

import { element, setText } from "../../base/dom.js";
import { actionButton, buttonRow, CountField, counted, NOTHING_CHOSEN } from "./parts.js";
import { dueCards, newCards, nextDue, sessionCards } from "./plan.js";
import { spokenInterval } from "./schedule.js";

/** @typedef {import("./study.js").Study} Study */

const SESSION_LENGTH = 20;
const SESSION_MOST = 500;

/** Says how many cards are due, or when the next will be. */
export class SessionOffer {
  /**
   * @param {Study} study
   * @param {() => void} start
   */
  constructor(study, start) {
    this.study = study;
    this.words = element("p", { class: "lmkit-review-summary" });
    this.length = new CountField("Cards at most", SESSION_LENGTH, [1, SESSION_MOST]);
    this.fresh = new CountField("of these, new at most", SESSION_LENGTH, [0, SESSION_MOST]);
    this.plan = element("p", { class: "lmkit-footnote", "aria-live": "polite" });
    this.begin = actionButton("Start the session", start, "lmkit-review-main");
    this.fields = element("div", { class: "lmkit-review-fields" }, this.length.root, this.fresh.root);
    this.root = element(
      "div",
      { class: "lmkit-review-offer" },
      this.words,
      this.fields,
      this.plan,
      buttonRow(this.begin),
    );
    for (const { input } of [this.length, this.fresh]) input.addEventListener("input", () => this.show());
    this.fields.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !this.begin.disabled) start();
    });
  }

  get cards() {
    const { cards, schedule, now } = this.study;
    return sessionCards(cards, schedule, now, { length: this.length.value, fresh: this.fresh.value });
  }

  show() {
    const { cards, schedule, now } = this.study;
    const plan = this.cards;
    const due = dueCards(cards, schedule, now).length;
    const fresh = newCards(cards, schedule).length;
    const old = plan.filter(({ id }) => schedule.has(id)).length;
    setText(this.words, cards.length ? this.line(due, fresh) : NOTHING_CHOSEN);
    const parts = [old && `${counted(old, "card")} due`, plan.length > old && `${plan.length - old} new`];
    setText(this.plan, plan.length ? `The next session: ${parts.filter(Boolean).join(" and ")}.` : "");
    this.fields.hidden = !due && !fresh;
    this.begin.disabled = !plan.length;
    this.begin.hidden = this.fields.hidden;
  }

  /**
   * @param {number} due
   * @param {number} fresh
   */
  line(due, fresh) {
    const { cards, schedule, now } = this.study;
    const next = nextDue(cards, schedule, now);
    const later = next === null ? "" : ` The next one is due in ${spokenInterval(next - now)}, ${momentOf(next, now)}.`;
    const more = fresh
      ? `; ${counted(fresh, "card is", "cards are")} new.`
      : ", and you have met all cards that are chosen.";
    return `${due ? counted(due, "card is", "cards are") : "No card is"} due now${more}${due ? "" : later}`;
  }
}

/**
 * @param {number} at
 * @param {number} now
 */
function momentOf(at, now) {
  const date = new Date(at);
  const today = new Date(now).toDateString() === date.toDateString();
  if (today) return `at ${date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
  return `on ${date.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" })}`;
}
