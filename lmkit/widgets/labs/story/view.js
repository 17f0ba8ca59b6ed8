// The story lab's view: a text that writes itself, word after word, and at once where a slider moves.

import { element, resize, setText } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { panel, stage, widgetOf } from "../../base/view.js";
import { openSession } from "../../runtime/session.js";
import { WritingView } from "../../runtime/writing_view.js";
import { choiceOf, pieces, verdict } from "./model.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../../runtime/session.js").ModelOption} Entry */
/** @typedef {import("../../runtime/session.js").Result} Result */
/** @typedef {import("../../runtime/session.js").Session} Session */
/** @typedef {import("../../runtime/session.js").SessionSettings} SessionSettings */

const WRITING = "lmkit-story-writing"; // the style sheet lets words appear one after another

/** @extends {WritingView<Entry, SessionSettings, Result, Session>} */
class StoryView extends WritingView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const { root: part, heading } = panel("lmkit-story", "A text that writes itself");
    const another = element("button", { type: "button", class: "lmkit-button lmkit-draw" }, "Write another");
    another.addEventListener("click", () => this.write({ seed: (this.model.get("seed") + 1) % 2 ** 32 }));
    const prompt = element("span", { class: "lmkit-prompt" });
    const words = element("span", { class: "lmkit-story-words", "data-filled": "" });
    const note = element("p", { class: "lmkit-numbers" });
    part.append(
      element("div", { class: "lmkit-head" }, heading, another),
      element("p", { class: "lmkit-story-text" }, prompt, words),
      note,
    );
    super(model, root, stage(part));
    this.prompt = prompt;
    this.words = words;
    this.note = note;
    this.seed = -1; // of the text that is shown
  }

  entry() {
    return this.model.get("models")[0];
  }

  /** @param {Entry} entry */
  load(entry) {
    return openSession(this.model, entry);
  }

  /** @returns {Record<string, string>} */
  displays() {
    return {};
  }

  /** @returns {SessionSettings} */
  settings() {
    const settings = this.read("prompt", "temperature", "top_p", "max_new_tokens", "seed");
    return { ...settings, method: "sampling", top_k: null, min_p: 0, typical_p: 1, num_beams: 1, length_penalty: 1 };
  }

  /**
   * @param {Session} session
   * @param {Result} result
   */
  show(session, result) {
    const { settings, prompt, best, truth } = result;
    setText(this.prompt, session.vocab.text(prompt));
    hasNumbers(this.words, () => ({
      columns: ["step", "token", "p"],
      rows: best.tokens.map((id, t) => [t + 1, session.vocab.show(id), Math.exp(best.logProbs[t])]),
    }));
    const parts = pieces(session.vocab, prompt, best.tokens);
    resize(this.words, parts.length, () => element("span"));
    for (const [place, part] of parts.entries()) {
      const word = /** @type {HTMLElement} */ (this.words.children[place]);
      setText(word, part);
      word.style.setProperty("--lmkit-place", String(place));
      word.classList.toggle("lmkit-impossible", place === truth?.wrong?.step);
    }
    const said = verdict(this.model.get("unit"), choiceOf(session, result), truth);
    setText(this.note, said.join(" "));
    this.unfold(settings.seed);
    this.announce(() => [this.textOf(session, result, this.model.get("unit")), ...said]);
  }

  /**
   * A new text is written before the reader's eyes, the first one too; one that a slider changes is there at once.
   *
   * @param {number} seed
   */
  unfold(seed) {
    this.words.classList.remove(WRITING);
    if (seed === this.seed) return;
    this.seed = seed;
    void this.words.offsetWidth; // the browser takes note, so that the words begin anew
    this.words.classList.add(WRITING);
  }
}

export default widgetOf(StoryView);
