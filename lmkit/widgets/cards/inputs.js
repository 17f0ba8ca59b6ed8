// What one answers a card with: choices, gaps, a number, a list to put in order, paper, or one's head.

import { element, setAttribute, setText, uniqueId } from "../base/dom.js";
import { CardForm, Drawing, marked, signOf } from "./card_base.js";
import { ordinal, shuffled } from "./judge.js";
import { fragment, nameAfter, spoken } from "./text.js";

const TEXT_FIELD = {
  type: "text",
  maxlength: "80",
  autocapitalize: "off",
  autocomplete: "off",
  autocorrect: "off",
  spellcheck: "false",
};
const CONTEXT = 40; // characters on either side of a gap that name it

/** A line that says a verdict and why; `why` is HTML from Python. */
function said(mark, why, ...between) {
  return element("div", { class: "lmkit-card-why" }, mark, " ", ...between, fragment(why));
}

export class ChoiceForm extends CardForm {
  build() {
    const single = this.card.kind === "single",
      name = uniqueId("lmkit-choice");
    this.rows = this.card.choices.map(({ text }) => {
      const input = element("input", { type: single ? "radio" : "checkbox", name });
      const words = element("span", { class: "lmkit-card-text" }, fragment(text)),
        label = element("label", {}, input, words);
      nameAfter(input, words);
      return { input, root: element("div", { class: "lmkit-card-choice" }, label) };
    });
    const legend = element("legend", {}, single ? "Choose one." : "Choose all that are right.");
    this.places = shuffled(this.rows.length, this.key);
    this.fields = element("fieldset", {}, legend, ...this.places.map((place) => this.rows[place].root));
    this.fields.addEventListener("change", () => this.changed());
    this.fields.addEventListener("keydown", (event) => this.entered(event));
    return this.fields;
  }

  get response() {
    const chosen = this.rows.flatMap(({ input }, i) => (input.checked ? [i] : []));
    return this.card.kind === "single" ? (chosen[0] ?? null) : chosen;
  }

  set response(chosen) {
    this.rows.forEach(({ input }, i) => (input.checked = [chosen].flat().includes(i)));
  }

  field() {
    return this.rows[this.places[0]].input;
  }

  showParts(parts) {
    parts.forEach(({ chosen, verdict }, i) => {
      const { right, why } = this.card.choices[i],
        { root } = this.rows[i];
      const words = `${right ? "Right" : "Wrong"}, ${verdict === "right" ? "and" : "but"} ${chosen ? "" : "not "}chosen.`;
      root.dataset.verdict = verdict;
      root.append(said(marked(right ? "right" : "wrong", words), why));
    });
    this.fields.disabled = true;
  }

  detail(parts) {
    if (this.card.kind === "single") return "";
    const missed = parts.filter(({ chosen, verdict }) => !chosen && verdict === "wrong").length;
    const extra = parts.filter(({ chosen, verdict }) => chosen && verdict === "wrong").length;
    return [missed && `${missed} right not chosen`, extra && `${extra} wrong chosen`].filter(Boolean).join(", ");
  }
}

export class FillForm extends CardForm {
  build() {
    const body = element("div", { class: "lmkit-card-gaps" }, fragment(this.card.text));
    const byName = new Map(this.card.gaps.map((gap) => [gap.name, this.gapField(gap)]));
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT),
      texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const node of texts) {
      const parts = node.data
        .split(/\{\{(\w+)\}\}/)
        .map((part, i) => (i % 2 ? (byName.get(part)?.root ?? `{{${part}}}`) : part));
      if (parts.length > 1) node.replaceWith(...parts);
    }
    this.gaps = [...byName.values()];
    this.gaps.forEach(({ root, input }, i) => input.setAttribute("aria-label", this.labelOf(root, i, body)));
    this.said = element("ol", { class: "lmkit-card-said" });
    this.said.hidden = true;
    for (const code of body.querySelectorAll("pre")) {
      for (const [name, value] of [
        ["tabindex", "0"],
        ["role", "group"],
        ["aria-label", "Code with gaps"],
      ])
        code.setAttribute(name, value);
    }
    return element("div", {}, body, this.said);
  }

  gapField(gap) {
    const input = element("input", TEXT_FIELD);
    const fit = () => {
      const characters = Math.max(input.value.length, gap.answer.length > 6 ? 14 : 5);
      input.style.width = `calc(${Math.min(characters, 40)}ch + 1em)`;
    };
    input.addEventListener("input", () => {
      fit();
      this.changed();
    });
    input.addEventListener("keydown", (event) => this.entered(event));
    fit();
    return { gap, input, fit, root: element("span", { class: "lmkit-card-gap" }, input) };
  }

  /** A gap's name: its number and the words around it, other gaps as dots. */
  labelOf(root, i, body) {
    const block = root.closest("p, li, pre") ?? body,
      mark = "\u0000";
    const others = this.gaps
      .filter((other) => other.root !== root && block.contains(other.root))
      .map((other) => other.root);
    const stands = [...others.map((other) => [other, "…"]), [root, mark]].map(([node, text]) => {
      const stand = document.createTextNode(text);
      node.prepend(stand);
      return stand;
    });
    const [before, after] = spoken(block).split(mark);
    for (const stand of stands) stand.remove();
    const inCode = block.matches("pre"),
      near = (text, end) => (inCode ? text.split("\n").at(end) : text);
    const context = `${near(before, -1).slice(-CONTEXT)} this gap ${near(after, 0).slice(0, CONTEXT)}`;
    return `Gap ${i + 1} of ${this.card.gaps.length}: ${context.replace(/\s+/g, " ").trim()}`;
  }

  get response() {
    return Object.fromEntries(this.gaps.map(({ gap, input }) => [gap.name, input.value]));
  }

  set response(texts) {
    for (const { gap, input, fit } of this.gaps) {
      input.value = texts[gap.name];
      fit();
    }
  }

  /** To the next gap that is empty, if there is one. */
  goOn(field) {
    const after = this.gaps.slice(this.gaps.findIndex(({ input }) => input === field) + 1);
    const open = after.find(({ input }) => !input.value.trim());
    if (open) open.input.focus();
    else this.onEnter();
  }

  field({ parts }) {
    return this.gaps[parts.findIndex(({ verdict }) => verdict === "empty")].input;
  }

  showParts(parts) {
    parts.forEach(({ verdict, hint }, i) => {
      const { gap, input, root } = this.gaps[i],
        typed = input.value.trim();
      input.readOnly = true;
      setAttribute(input, "aria-invalid", verdict === "wrong" ? "true" : null);
      root.dataset.verdict = verdict;
      root.append(signOf(verdict));
      const line = element("li", { id: uniqueId("lmkit-gap") });
      const mark = { right: "Right:", wrong: `Not ‘${typed}’.`, empty: "Left empty." }[verdict];
      const answer = [verdict === "right" ? "" : "The answer: ", element("code", {}, gap.answer), ". "];
      const hinted = hint ? [element("span", {}, fragment(hint)), " "] : [];
      line.append(said(marked(verdict, mark), gap.why, ...hinted, ...answer));
      input.setAttribute("aria-describedby", line.id);
      this.said.append(line);
    });
    this.said.hidden = false;
  }

  detail(parts) {
    const right = parts.filter(({ verdict }) => verdict === "right").length;
    return parts.length > 1 ? `${right} of ${parts.length} gaps right` : "";
  }
}

export class NumberForm extends CardForm {
  build() {
    const { answer, unit } = this.card,
      unitId = uniqueId("lmkit-unit");
    const mode = answer < 0 ? "text" : "decimal"; // a phone's keys for numbers often lack the minus
    this.input = element("input", { ...TEXT_FIELD, inputmode: mode, "aria-labelledby": this.question.id });
    this.input.setAttribute("aria-describedby", `${unitId} ${this.message.id}`);
    this.input.addEventListener("input", () => {
      this.input.removeAttribute("aria-invalid");
      this.changed();
    });
    this.input.addEventListener("keydown", (event) => this.entered(event));
    this.sign = element("span", { class: "lmkit-card-gap" }, this.input);
    this.said = element("div");
    const unitText = element("span", { id: unitId }, unit ?? "");
    return element("div", {}, element("div", { class: "lmkit-card-number-row" }, this.sign, unitText), this.said);
  }

  get filled() {
    return Boolean(this.input.value.trim());
  }

  get response() {
    return this.input.value;
  }

  set response(text) {
    this.input.value = text;
  }

  field() {
    if (this.filled) this.input.setAttribute("aria-invalid", "true");
    return this.input;
  }

  showParts([{ verdict, hint }]) {
    const { answer, unit, why } = this.card;
    this.input.readOnly = true;
    setAttribute(this.input, "aria-invalid", verdict === "wrong" ? "true" : null);
    this.sign.dataset.verdict = verdict;
    this.sign.append(signOf(verdict));
    if (hint) this.said.append(said(marked("wrong", "Your number:"), hint));
    const number = answer.toLocaleString("en-GB", { maximumSignificantDigits: 12 }).replace("-", "\u2212");
    this.said.append(said(element("strong", {}, `The answer: ${number}${unit ? `\u00a0${unit}` : ""}.`), why));
  }

  detail() {
    return "";
  }
}

export class OrderForm extends CardForm {
  build() {
    const { items } = this.card;
    const places = shuffled(items.length, this.key);
    if (places.every((place, i) => place === i)) places.push(places.shift());
    this.moved = false;
    this.rows = items.map(({ text }, i) => this.row(text, i));
    this.list = element("ol", { class: "lmkit-card-items" });
    this.status = element("p", { class: "lmkit-unseen", "aria-live": "polite" });
    this.arrange(places);
    return element("div", {}, this.list, this.status);
  }

  row(html, i) {
    const text = element("span", { class: "lmkit-card-text" }, fragment(html)),
      name = spoken(text).trim();
    const [up, down] = [
      ["Move up", "↑", -1],
      ["Move down", "↓", 1],
    ].map(([does, sign, step]) => {
      const button = element(
        "button",
        { type: "button", class: "lmkit-button", "aria-label": `${does}: ${name}`, title: does },
        sign,
      );
      button.addEventListener("click", () => this.move(i, step));
      return button;
    });
    const line = element(
      "div",
      { class: "lmkit-card-item" },
      text,
      element("span", { class: "lmkit-card-moves" }, up, down),
    );
    return { name, up, down, line, root: element("li", {}, line) };
  }

  arrange(places) {
    this.places = [...places];
    this.list.replaceChildren(...places.map((i) => this.rows[i].root));
    this.refresh();
  }

  /** The neighbour makes way: what moves in the page loses focus. */
  move(i, step) {
    const from = this.places.indexOf(i),
      to = from + step,
      { root, up, down, name } = this.rows[i];
    const other = this.rows[this.places[to]].root;
    if (step < 0) root.after(other);
    else root.before(other);
    [this.places[from], this.places[to]] = [this.places[to], this.places[from]];
    this.moved = true;
    const focused = document.activeElement;
    this.refresh();
    if (focused === up && up.disabled) down.focus();
    if (focused === down && down.disabled) up.focus();
    setText(this.status, `${name}: now place ${to + 1} of ${this.rows.length}`);
    this.changed();
  }

  refresh() {
    this.places.forEach((i, at) => {
      this.rows[i].up.disabled = at === 0;
      this.rows[i].down.disabled = at === this.rows.length - 1;
    });
  }

  get response() {
    return this.moved ? [...this.places] : [];
  }

  set response(places) {
    this.moved = places.length > 0;
    if (this.moved) this.arrange(places);
  }

  field() {
    return this.rows[this.places[0]].down;
  }

  /** The list is shown in the right order, each item with the place that it had. */
  showParts(parts) {
    setText(this.status, "");
    this.list.replaceChildren(...this.rows.map(({ root }) => root));
    parts.forEach(({ verdict, place }, i) => {
      const { root, line } = this.rows[i],
        there = place ? verdict : "empty";
      const words = { right: "You had it here.", wrong: `You had it ${ordinal(place)}.`, empty: "Its place." }[there];
      line.lastChild.remove();
      root.dataset.verdict = there;
      root.append(said(marked(there, words), this.card.items[i].why));
    });
  }

  detail(parts) {
    const right = parts.filter(({ verdict }) => verdict === "right").length;
    return `${right} of ${parts.length} in their place; this is the right order`;
  }
}

/** The base of cards that readers judge themselves. */
class SelfGradedForm extends CardForm {
  get selfGraded() {
    return true;
  }

  get filled() {
    return this.locked;
  }

  get response() {
    return null;
  }

  check() {
    return { right: null, empty: !this.locked };
  }

  button(text, does) {
    this.more = element("button", { type: "button", class: "lmkit-button" }, text);
    this.more.addEventListener("click", does);
    return this.more;
  }

  /** All is shown; the reader's hand goes where the answer is. */
  end(last) {
    const held = document.activeElement === this.more;
    this.locked = this.more.hidden = true;
    this.showResult();
    if (held) last.focus();
    this.onRevealed();
  }
}

export class FlashForm extends SelfGradedForm {
  build() {
    this.answer = element("div", { class: "lmkit-card-answer", tabindex: "-1" }, fragment(this.card.answer));
    this.answer.hidden = true;
    return element(
      "div",
      {},
      this.button("Show the answer", () => this.reveal()),
      this.answer,
    );
  }

  reveal() {
    if (this.locked) return;
    this.answer.hidden = false;
    this.end(this.answer);
  }
}

export class DrawForm extends SelfGradedForm {
  build() {
    this.shown = 0;
    this.drawing = new Drawing(this.card.drawing);
    this.drawing.show(0);
    this.list = element("ol", { class: "lmkit-card-steps", "aria-live": "polite" });
    const hint = element("p", { class: "lmkit-footnote" }, "Draw it on paper first, then compare step by step.");
    return element(
      "div",
      {},
      hint,
      this.list,
      this.drawing.root,
      this.button(this.next(), () => this.step()),
    );
  }

  next() {
    return `Show step ${this.shown + 1} of ${this.card.steps.length}`;
  }

  step() {
    this.list.append(element("li", { tabindex: "-1" }, fragment(this.card.steps[this.shown])));
    this.shown += 1;
    this.drawing.show(this.shown);
    if (this.shown < this.card.steps.length) setText(this.more, this.next());
    else this.end(this.list.lastChild);
  }

  reveal() {
    while (!this.locked) this.step();
  }
}
