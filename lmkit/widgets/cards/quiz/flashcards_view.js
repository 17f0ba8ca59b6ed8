// The flashcards beside a section.

import { element, setAttribute, setText } from "../../base/dom.js";
import { action, button, StudyView } from "./study_view.js";

export class FlashcardsView extends StudyView {
  setUp() {
    const count = this.turns.length;
    setText(this.heading, count === 1 ? "Flashcard" : "Flashcards");
    this.places.hidden = count === 1;
    this.places.setAttribute("aria-label", "Cards");
    const ways = [this.way("Previous", "‹", count - 1), this.way("Next", "›", 1)];
    this.places.replaceChildren(...ways.map((way) => element("li", {}, way)));
    this.head.append(this.places);
  }

  /**
   * @param {string} name
   * @param {string} sign
   * @param {number} by
   */
  way(name, sign, by) {
    const node = button(sign, () => this.go((this.at + by) % this.turns.length));
    setAttribute(node, "aria-label", name);
    return node;
  }

  actions() {
    const { turn } = this;
    if (!turn) return [];
    if (turn.now !== "open") return this.onwards();
    if (!turn.form.filled) return [];
    return [action("Knew it", () => this.grade(turn, "right")), action("Not yet", () => this.grade(turn, "wrong"))];
  }

  onwards() {
    const count = this.turns.length;
    const others = this.turns.map((_, i) => (this.at + i) % count);
    const open = others.find((i) => this.turns[i].now === "open");
    if (open !== undefined) return [action("Next card", () => this.go(open))];
    return [action("Start again", () => this.restart())];
  }

  restart() {
    for (const turn of this.turns) turn.renew();
    this.go(0);
  }

  showPlaces() {
    setText(this.count, this.turns.length > 1 ? `${this.at + 1} of ${this.turns.length}` : "");
    const notes = { open: "", right: "✓ You knew it.", wrong: "✗ Not yet; it will come again in the review." };
    setText(this.note, notes[this.turn?.now ?? "open"]);
  }
}
