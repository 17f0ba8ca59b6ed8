// The form of each kind of card.

import { ChoiceForm } from "./choice_form.js";
import { FillForm } from "./fill_form.js";
import { NumberForm } from "./number_form.js";
import { OrderForm } from "./order_form.js";
import { DrawForm, FlashForm } from "./self_graded_forms.js";

/** @typedef {import("./card.d.ts").Kind} Kind */
/** @typedef {import("./card_base.js").Form} Form */
/** @typedef {import("./card_base.js").FormOptions} FormOptions */
/**
 * @template {Kind} K
 * @typedef {import("./card.d.ts").CardOf<K>} CardOf
 */

/** @type {{ [K in Kind]: new (card: CardOf<K>, options: FormOptions) => Form }} */
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
 * @template {Kind} K
 * @param {CardOf<K>} card
 * @param {FormOptions} options
 * @returns {Form}
 */
export function formOf(card, options = {}) {
  return new CARD_FORMS[card.kind](card, options);
}
