// A card as a form: the question, what one answers with, and, once it is checked, what is to be said of the answer.
// Beside this module: card_fields.js has what the kinds differ in.

import { ChoiceForm, DrawForm, FillForm, FlashForm, NumberForm, OrderForm } from "./inputs.js";

const CARD_FORMS = {
  flashcard: FlashForm,
  draw: DrawForm,
  single: ChoiceForm,
  multiple: ChoiceForm,
  fill: FillForm,
  number: NumberForm,
  order: OrderForm,
};

/**
 * The form of a card. Options, all of them optional: `onChange()`, the response is another; `onEnter()`, Enter was
 * pressed in a field and nothing is left to fill; `onRevealed()`, all of a self-graded card is shown; `seed`, with the
 * card's id it decides the order of what is laid out; `link`, whether an answer names the section that explains it.
 *
 * A form has `root` (element), `selfGraded`, `filled` (there is something to check), `response` (JSON, see
 * card_judge.js; where the page judges, it can be set), `locked`, and the methods `check({ quiet })` -> {right, empty}, `reveal()`, `focus()`, `close()`.
 * `check` says in the form what is missing; it shows the verdicts and locks the form, unless it is to be quiet.
 */
export function formOf(card, options = {}) {
  return new CARD_FORMS[card.kind](card, options);
}
