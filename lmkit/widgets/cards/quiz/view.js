// The quiz of a chapter, one question at a time, and the flashcards beside a section.

import { element, resize, setAttribute, setText } from "../../base/dom.js";
import { LabView, panel, widgetOf } from "../../base/view.js";
import { keepKeys, signOf } from "../card_base.js";
import { openLog } from "../log.js";
import { logNotice } from "../notice.js";
import { formOf } from "../registry.js";
import { sectionLink } from "../text.js";

const GRADES = { right: 3, wrong: 1 };
const SPOKEN = { right: "right", wrong: "not right", open: "open" };

function button(text, does, ...classes) {
  const node = element("button", { type: "button", class: ["lmkit-button", ...classes].join(" ") }, text);
  node.addEventListener("click", does);
  node.addEventListener("keydown", (event) => event.repeat && event.preventDefault()); // a held key answers once
  return node;
}

/** A card in turn: its form, its verdict at the first try, and its verdict now ("open", "right" or "wrong"). */
class Turn {
  constructor(card, options) {
    Object.assign(this, { card, options, first: "", tries: 0 });
    this.renew();
  }

  renew() {
    this.form?.close();
    this.tries += 1;
    this.now = "open";
    this.form = formOf(this.card, { ...this.options, seed: `${this.options.seed} ${this.tries}` });
  }
}

/** What a quiz and a set of flashcards share: turns, one of them on the stage, and two buttons below it. */
class StudyView extends LabView {
  constructor(model, root) {
    const mode = model.get("mode"),
      log = openLog(),
      notice = logNotice(log);
    const { root: part, heading } = panel("lmkit-study", mode === "quiz" ? "Quiz" : "Flashcards");
    const count = element("p", { class: "lmkit-numbers" });
    const head = element("div", { class: "lmkit-head" }, heading, count);
    const places = element("ol", { class: "lmkit-study-places", "aria-label": "Questions" });
    const stage = element("div", { "data-filled": "" }),
      note = element("p", { class: "lmkit-numbers", role: "status" });
    const main = button("", () => this.act(0), "lmkit-study-main"),
      second = button("", () => this.act(1));
    part.append(head, places, stage, element("div", { class: "lmkit-study-actions" }, main, second, note), notice.root);
    part.dataset.mode = mode;
    keepKeys(part);
    super(model, root, part);
    Object.assign(this, { log, notice, heading, count, head, places, stage, note, buttons: [main, second] });
    this.seed = Math.random().toString(36).slice(2);
  }

  close() {
    super.close();
    this.notice.close();
    for (const { form } of this.turns ?? []) form.close();
  }

  update() {
    const cards = this.model.get("cards");
    if (this.cards === cards) return;
    this.cards = cards;
    const options = {
      seed: this.seed,
      onRevealed: () => this.revealed(),
      onEnter: () => this.act(0),
      link: this.model.get("mode") === "quiz", // flashcards stand in the section itself
    };
    this.turns = cards.map((card) => new Turn(card, options));
    this.at = 0;
    this.setUp();
    this.show();
  }

  get turn() {
    return this.turns[this.at];
  }

  act(which) {
    const [, does] = this.actions()[which] ?? [];
    does?.();
  }

  /** Bring what is seen to what is. */
  show() {
    const { turn } = this,
      shown = turn ? turn.form.root : this.summary();
    if (this.stage.firstChild !== shown) this.stage.replaceChildren(shown);
    const actions = this.actions();
    this.buttons.forEach((node, i) => {
      setText(node, actions[i]?.[0] ?? "");
      node.hidden = !actions[i];
    });
    this.showPlaces();
  }

  go(at) {
    this.at = at;
    this.show();
    (this.turn?.form ?? this.stage.firstChild).focus();
    this.head.scrollIntoView?.({ block: "nearest" });
  }

  check() {
    const { form } = this.turn,
      { right, empty } = form.check();
    if (!empty) this.grade(right ? "right" : "wrong");
  }

  revealed() {
    const held = this.stage.contains(document.activeElement);
    this.show();
    if (held && document.activeElement === document.body) this.buttons[0].focus({ preventScroll: true });
  }

  /** The first verdict on a card is kept for its schedule. */
  grade(verdict) {
    const { turn } = this;
    turn.now = verdict;
    if (!turn.first) {
      turn.first = verdict;
      this.log.add(turn.card.id, GRADES[verdict]);
    }
    this.show();
    this.buttons[0].focus({ preventScroll: true });
  }

  howMany(verdict, when = "now") {
    return this.turns.filter((turn) => turn[when] === verdict).length;
  }
}

class QuizView extends StudyView {
  setUp() {
    resize(this.places, this.turns.length + 1, (i) =>
      element(
        "li",
        {},
        button("", () => this.go(i)),
      ),
    );
  }

  actions() {
    const { turn } = this;
    if (!turn) return this.endings();
    if (turn.now !== "open")
      return [[this.next() < this.turns.length ? "Next question" : "See the result", () => this.go(this.next())]];
    const skip = ["Skip", () => this.go(this.next())];
    if (!turn.form.selfGraded) return [["Check", () => this.check()], skip];
    if (turn.form.filled)
      return [
        ["I had it", () => this.grade("right")],
        ["Not quite", () => this.grade("wrong")],
      ];
    return [null, skip];
  }

  endings() {
    const again = (text, ...verdicts) => [
      text,
      () => {
        const which = this.turns.flatMap(({ now }, i) => (verdicts.includes(now) ? [i] : []));
        for (const i of which) if (this.turns[i].now !== "open") this.turns[i].renew();
        this.go(which[0]);
      },
    ];
    const endings = [again("Start again", "right", "wrong", "open")];
    if (this.howMany("wrong")) endings.unshift(again("Try the wrong ones again", "wrong"));
    if (this.howMany("open")) endings.unshift(again("Go to the open ones", "open"));
    return endings.slice(0, 2);
  }

  /** The next question that is open; behind the last, the result. */
  next() {
    const place = this.turns.findIndex(({ now }, i) => i > this.at && now === "open");
    return place < 0 ? this.turns.length : place;
  }

  showPlaces() {
    const last = this.turns.length;
    setText(this.count, this.turn ? `Question ${this.at + 1} of ${last}` : "Result");
    [...this.places.children].forEach(({ firstChild: node }, i) => {
      const { now } = this.turns[i] ?? {};
      setAttribute(node, "data-verdict", now ?? null);
      setAttribute(node, "aria-current", i === this.at ? "step" : null);
      setAttribute(node, "aria-label", now ? `Question ${i + 1}, ${SPOKEN[now]}` : "Result");
      node.replaceChildren(...(now ? [String(i + 1), ...(now === "open" ? [] : ["\u00a0", signOf(now)])] : ["Result"]));
    });
    const { parentElement: place } = this.places.children[this.at].firstChild;
    this.places.scrollLeft = place.offsetLeft - (this.places.clientWidth - place.clientWidth) / 2;
  }

  summary() {
    const total = this.turns.length,
      right = this.howMany("right", "first"),
      now = this.howMany("right");
    const open = this.howMany("open"),
      root = element("div", { class: "lmkit-study-summary", tabindex: "-1" });
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
}

class FlashcardsView extends StudyView {
  setUp() {
    const count = this.turns.length;
    setText(this.heading, count === 1 ? "Flashcard" : "Flashcards");
    this.places.hidden = count === 1;
    this.places.setAttribute("aria-label", "Cards");
    const steps = [
      ["Previous", "‹", -1],
      ["Next", "›", 1],
    ].map(([name, sign, by]) => {
      const node = button(sign, () => this.go((this.at + by + count) % count));
      setAttribute(node, "aria-label", name);
      return element("li", {}, node);
    });
    this.places.replaceChildren(...steps);
    this.head.append(this.places);
  }

  actions() {
    const { now, form } = this.turn;
    if (now !== "open") return this.onwards();
    return form.filled
      ? [
          ["Knew it", () => this.grade("right")],
          ["Not yet", () => this.grade("wrong")],
        ]
      : [];
  }

  onwards() {
    const count = this.turns.length,
      open = this.turns.map((_, i) => (this.at + i) % count).find((i) => this.turns[i].now === "open");
    if (open !== undefined) return [["Next card", () => this.go(open)]];
    return [
      [
        "Start again",
        () => {
          for (const turn of this.turns) turn.renew();
          this.go(0);
        },
      ],
    ];
  }

  showPlaces() {
    setText(this.count, this.turns.length > 1 ? `${this.at + 1} of ${this.turns.length}` : "");
    setText(
      this.note,
      { right: "✓ You knew it.", wrong: "✗ Not yet; it will come again in the review." }[this.turn.now] ?? "",
    );
  }
}

export default {
  render: (context) => widgetOf(context.model.get("mode") === "quiz" ? QuizView : FlashcardsView).render(context),
};
