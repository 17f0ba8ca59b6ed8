// A session: due cards first, then new ones, one at a time; each answer gets a grade, from which its next day follows.

import { element, resize, setAttribute, setText } from "../../base/dom.js";
import { formOf } from "../registry.js";
import { actionButton, afterTheKey, buttonRow, CountField, counted, NOTHING_CHOSEN, rereadList } from "./parts.js";
import { dueCards, isChecked, newCards, nextDue, sessionCards } from "./plan.js";
import { previewOf, spokenInterval } from "./schedule.js";

const GRADES = ["Again", "Hard", "Good", "Easy"];
const SESSION_LENGTH = 20;
const SESSION_MOST = 500;

export class SessionPart {
  title = "Session";

  /** `study` gives the log, the chosen cards, all cards, the schedule, now, and a seed. */
  constructor(study) {
    this.study = study;
    this.offer = new SessionOffer(study, () => this.start());
    this.head = element("p", { class: "lmkit-review-head" });
    this.bar = element("progress", { class: "lmkit-review-bar", "aria-label": "Cards answered" });
    this.place = element("div", { class: "lmkit-review-card" });
    this.grades = new GradeRow((grade) => this.grade(grade));
    this.check = actionButton("Check", () => this.judge(), "lmkit-review-main");
    this.pass = actionButton("I do not know", () => this.giveUp());
    this.checks = buttonRow(this.check, this.pass);
    this.back = actionButton("", () => this.takeBack());
    const others = buttonRow(
      this.back,
      actionButton("End the session", () => this.finish()),
    );
    const foot = element("div", { class: "lmkit-review-foot" }, this.checks, this.grades.root, others);
    this.running = element("div", { class: "lmkit-review-running" }, this.bar, this.head, this.place, foot);
    this.end = element("div", { class: "lmkit-review-end", tabindex: "-1" });
    this.running.hidden = this.end.hidden = true;
    this.root = element("div", {}, this.running, this.end, this.offer.root);
    this.running.addEventListener("keydown", (event) => this.press(event));
  }

  refresh() {
    if (this.running.hidden) this.offer.show();
  }

  close() {
    this.form?.close();
  }

  start() {
    this.queue = this.offer.cards;
    this.total = this.queue.length;
    this.again = [];
    this.firsts = new Map(); // the first grade of each card
    this.past = []; // what the session was before each answer
    this.end.hidden = this.offer.root.hidden = true;
    this.running.hidden = false;
    this.next();
  }

  /** Cards that were not known come again when the others are through. */
  next() {
    this.form?.close();
    this.nameBack();
    const card = (this.card = this.queue.shift() ?? this.again.shift());
    if (!card) return this.finish();
    const fresh = !this.firsts.has(card.id);
    const number = this.firsts.size + 1;
    const what = fresh
      ? `Card ${number} of ${this.total}`
      : `Once more, ${counted(this.again.length + 1, "card")} left`;
    setText(this.head, `${what} · ${card.chapterTitle}${this.study.schedule.has(card.id) ? "" : " · new"}`);
    this.bar.max = this.total;
    this.bar.value = this.firsts.size;
    const seed = `${this.study.seed} ${this.study.log.reviews.length}`;
    const onEnter = afterTheKey(() => this.judge());
    this.form = formOf(card, { seed, onRevealed: () => this.ask([1, 2, 3, 4], 3), onEnter });
    this.place.replaceChildren(this.form.root);
    this.checks.hidden = !isChecked(card);
    this.grades.hide();
    this.form.focus();
    return undefined;
  }

  judge() {
    if (this.checks.hidden) return;
    const { right, empty } = this.form.check();
    if (!empty) this.judged(right);
  }

  giveUp() {
    this.form.reveal();
    this.judged(false);
  }

  judged(right) {
    this.ask(right ? [2, 3, 4] : [1], right ? 3 : 1);
    this.grades.focus();
  }

  /** Offer grades, one of them by the keys Enter and Space. */
  ask(offered, preferred) {
    this.checks.hidden = true;
    this.grades.show(previewOf(this.study.schedule.get(this.card.id), this.study.now), offered, preferred);
  }

  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || !this.grades.shown) return;
    const own = event.target.closest("button, a, summary, input:not([readonly], :disabled)");
    const grade = event.key === "Enter" || event.key === " " ? !own && this.grades.preferred : Number(event.key);
    if (!this.grades.offers(grade)) return;
    event.preventDefault();
    this.grade(grade);
  }

  grade(grade) {
    const { card, queue, again, firsts } = this,
      entry = this.study.log.add(card.id, grade);
    this.past.push({ entry, queue: [card, ...queue], again: [...again], firsts: new Map(firsts) });
    if (!this.firsts.has(card.id)) this.firsts.set(card.id, { card, grade });
    if (grade === 1) this.again.push(card);
    this.next();
  }

  /** Forget the last answer, and ask that card again. */
  takeBack() {
    const { entry, ...before } = this.past.pop();
    this.study.log.takeBack(entry);
    Object.assign(this, before);
    this.end.hidden = this.offer.root.hidden = true;
    this.running.hidden = false;
    this.next();
  }

  /** The button says which answer it takes back. */
  nameBack() {
    const last = this.past.at(-1)?.entry;
    setText(this.back, last ? `Take back ‘${GRADES[last.grade - 1]}’` : "");
    this.back.hidden = !last;
  }

  finish() {
    this.form?.close();
    this.running.hidden = true;
    this.place.replaceChildren();
    this.end.hidden = this.offer.root.hidden = false;
    this.end.replaceChildren(...this.summary());
    this.offer.show();
    this.end.focus();
  }

  summary() {
    const results = [...this.firsts.values()],
      { order } = this.study;
    const known = results.filter(({ grade }) => grade > 1).length;
    const weak = results.filter(({ grade }) => grade < 3).map(({ card }) => card);
    const grades = GRADES.map((name, i) => [name, results.filter(({ grade }) => grade === i + 1).length]);
    const said = grades
      .filter(([, count]) => count)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
    const title = element("p", { class: "lmkit-title" }, "The session is over");
    const line = `${counted(results.length, "card")} answered, ${known} known at first sight${said ? ` (${said})` : ""}.`;
    const back = this.past.length ? [buttonRow(actionButton(this.back.textContent, () => this.takeBack()))] : [];
    return [title, element("p", {}, line), ...back, rereadList("Worth rereading:", weak, order)];
  }
}

/** What a session would be made of, and its beginning; says when nothing is due. */
class SessionOffer {
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
    this.fields.addEventListener("keydown", (event) => event.key === "Enter" && !this.begin.disabled && start());
  }

  get cards() {
    const { cards, schedule, now } = this.study;
    return sessionCards(cards, schedule, now, { length: this.length.value, fresh: this.fresh.value });
  }

  show() {
    const { cards, schedule, now } = this.study,
      plan = this.cards;
    const due = dueCards(cards, schedule, now).length,
      fresh = newCards(cards, schedule).length;
    const old = plan.filter(({ id }) => schedule.has(id)).length;
    setText(this.words, cards.length ? this.line(due, fresh) : NOTHING_CHOSEN);
    const parts = [old && `${counted(old, "card")} due`, plan.length > old && `${plan.length - old} new`];
    setText(this.plan, plan.length ? `The next session: ${parts.filter(Boolean).join(" and ")}.` : "");
    this.fields.hidden = !due && !fresh;
    this.begin.disabled = !plan.length;
    this.begin.hidden = this.fields.hidden;
  }

  line(due, fresh) {
    const { cards, schedule, now } = this.study,
      next = nextDue(cards, schedule, now);
    const later = next === null ? "" : ` The next one is due in ${spokenInterval(next - now)}, ${momentOf(next, now)}.`;
    const more = fresh
      ? `; ${counted(fresh, "card is", "cards are")} new.`
      : ", and you have met all cards that are chosen.";
    return `${due ? counted(due, "card is", "cards are") : "No card is"} due now${more}${due ? "" : later}`;
  }
}

function momentOf(at, now) {
  const date = new Date(at),
    today = new Date(now).toDateString() === date.toDateString();
  if (today) return `at ${date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
  return `on ${date.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" })}`;
}

/** Four buttons, each with the interval after which the card would come again. */
class GradeRow {
  constructor(onGrade) {
    this.buttons = GRADES.map((name, i) => {
      const button = actionButton("", () => onGrade(i + 1), "lmkit-review-grade");
      button.append(element("span", {}, name), element("small"));
      setAttribute(button, "aria-keyshortcuts", String(i + 1));
      return button;
    });
    this.row = element("div", { class: "lmkit-review-grades" }, ...this.buttons);
    this.hint = element("p", { class: "lmkit-footnote" });
    this.root = element("div", { role: "group", "aria-label": "How well did you know it?" }, this.row, this.hint);
    this.hide();
  }

  get shown() {
    return !this.root.hidden;
  }

  show(previews, offered, preferred) {
    Object.assign(this, { offered, preferred });
    previews.forEach(({ grade, interval }, i) => {
      const button = this.buttons[i],
        said = spokenInterval(interval);
      button.hidden = !offered.includes(grade);
      button.classList.toggle("lmkit-review-main", grade === preferred);
      setText(button.lastChild, `in ${said}`);
      button.setAttribute("aria-label", `${GRADES[i]}, again in ${said}`);
    });
    const keys = offered.length > 1 ? `Keys ${offered[0]} to ${offered.at(-1)}; ` : "";
    setText(this.hint, `${keys}Enter or space for ${GRADES[preferred - 1]}.`);
    this.root.hidden = false;
  }

  hide() {
    this.offered = [];
    this.root.hidden = true;
  }

  offers(grade) {
    return this.offered.includes(grade);
  }

  focus() {
    this.buttons[this.preferred - 1].focus();
  }
}
