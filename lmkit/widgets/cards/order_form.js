// A list that is to be put in order.

import { element, setText } from "../base/dom.js";
import { JudgedForm, marked, said } from "./card_base.js";
import { ordinal, shuffled } from "./judge.js";
import { fragment, spoken } from "./text.js";

/** @typedef {import("./card.d.ts").Html} Html */
/** @typedef {import("./judge.js").Part} Part */

/** @extends {JudgedForm<"order">} */
export class OrderForm extends JudgedForm {
  /**
   * @param {import("./card.d.ts").CardOf<"order">} card
   * @param {import("./card_base.js").FormOptions} options
   */
  constructor(card, options) {
    super(card, options);
    this.moved = false;
    this.rows = card.items.map(({ text }, i) => this.row(text, i));
    this.list = element("ol", { class: "lmkit-card-items" });
    this.status = element("p", { class: "lmkit-unseen", "aria-live": "polite" });
    this.places = mixed(card.items.length, this.key);
    this.arrange();
    this.answerIn(element("div", {}, this.list, this.status));
  }

  /**
   * @param {Html} html
   * @param {number} i
   */
  row(html, i) {
    const text = element("span", { class: "lmkit-card-text" }, fragment(html));
    const name = spoken(text).trim();
    const up = moveButton("Move up", "↑", name, () => this.move(i, -1));
    const down = moveButton("Move down", "↓", name, () => this.move(i, 1));
    const moves = element("span", { class: "lmkit-card-moves" }, up, down);
    const line = element("div", { class: "lmkit-card-item" }, text, moves);
    return { name, up, down, moves, root: element("li", {}, line) };
  }

  /** Show the items in the order of `places`. */
  arrange() {
    this.list.replaceChildren(...this.places.map((i) => this.rows[i].root));
    this.refresh();
  }

  /**
   * The neighbour makes way: what moves in the page loses focus.
   *
   * @param {number} i
   * @param {number} step
   */
  move(i, step) {
    const from = this.places.indexOf(i);
    const to = from + step;
    const { root, up, down, name } = this.rows[i];
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
    for (const [at, i] of this.places.entries()) {
      this.rows[i].up.disabled = at === 0;
      this.rows[i].down.disabled = at === this.rows.length - 1;
    }
  }

  get response() {
    return this.moved ? [...this.places] : [];
  }

  set response(places) {
    this.moved = places.length > 0;
    if (!this.moved) return;
    this.places = [...places];
    this.arrange();
  }

  field() {
    return this.rows[this.places[0]].down;
  }

  /**
   * The list is shown in the right order, each item with the place that it had.
   *
   * @param {Part[]} parts
   */
  showParts(parts) {
    setText(this.status, "");
    this.list.replaceChildren(...this.rows.map(({ root }) => root));
    for (const [i, { verdict, place = 0 }] of parts.entries()) {
      const { root, moves } = this.rows[i];
      const there = place ? verdict : "empty";
      const words = { right: "You had it here.", wrong: `You had it ${ordinal(place)}.`, empty: "Its place." }[there];
      moves.remove();
      root.dataset.verdict = there;
      root.append(said(marked(there, words), this.card.items[i].why));
    }
  }

  /** @param {Part[]} parts */
  detail(parts) {
    const right = parts.filter(({ verdict }) => verdict === "right").length;
    return `${right} of ${parts.length} in their place; this is the right order`;
  }
}

/**
 * Places in an order that is not the right one.
 *
 * @param {number} count
 * @param {string} key
 */
function mixed(count, key) {
  const places = shuffled(count, key);
  return places.every((place, i) => place === i) ? [...places.slice(1), ...places.slice(0, 1)] : places;
}

/**
 * @param {string} does
 * @param {string} sign
 * @param {string} name
 * @param {() => void} action
 */
function moveButton(does, sign, name, action) {
  const attributes = { type: "button", class: "lmkit-button", "aria-label": `${does}: ${name}`, title: does };
  const button = element("button", attributes, sign);
  button.addEventListener("click", action);
  return button;
}
