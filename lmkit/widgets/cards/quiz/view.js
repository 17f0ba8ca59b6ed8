// Cards beside the text of a chapter, in one of two modes: a quiz, or flashcards.

import { widgetOf } from "../../base/view.js";
import { FlashcardsView } from "./flashcards_view.js";
import { QuizView } from "./quiz_view.js";

/** @typedef {import("../../base/view.js").Model} Model */

export default {
  /** @param {{ model: Model, el: HTMLElement }} place */
  render(place) {
    return widgetOf(place.model.get("mode") === "quiz" ? QuizView : FlashcardsView).render(place);
  },
};
