// A field for a line of text, in which the browser corrects nothing.

import { element } from "../base/dom.js";

const ATTRIBUTES = {
  type: "text",
  maxlength: "80",
  autocapitalize: "off",
  autocorrect: "off",
  spellcheck: "false",
};

/**
 * @param {Record<string, string>} more - Further attributes.
 * @param {{ onInput: () => void, onKey: (event: KeyboardEvent) => void }} listeners
 * @returns {HTMLInputElement}
 */
export function textField(more, { onInput, onKey }) {
  const input = element("input", { ...ATTRIBUTES, ...more });
  input.addEventListener("input", onInput);
  input.addEventListener("keydown", onKey);
  return input;
}
