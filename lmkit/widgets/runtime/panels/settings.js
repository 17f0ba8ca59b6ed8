// The settings of decoders as views keep them: the mirror of lmkit.widgets.base.decoders.

/** @typedef {import("../../base/view.js").LabView} LabView */
/** @typedef {import("../writing.js").WritingSettings} WritingSettings */

/** @type {WritingSettings["method"][]} */
export const METHODS = ["greedy", "sampling", "beam search"];

/**
 * @param {LabView} view
 * @returns {WritingSettings}
 */
export function readWritingSettings(view) {
  const settings = view.read(
    "temperature",
    "top_p",
    "min_p",
    "typical_p",
    "num_beams",
    "length_penalty",
    "max_new_tokens",
    "seed",
  );
  const { top_ks, top_k_index, method_index } = view.read("top_ks", "top_k_index", "method_index");
  const top_k = top_ks[top_k_index] ?? null; // the last choice is null: all tokens
  return { ...settings, top_k, method: METHODS[method_index] };
}

/**
 * The traits that put controls of other methods away.
 *
 * @param {WritingSettings["method"]} method
 */
export function methodDisplays(method) {
  /** @param {string} name */
  const display = (name) => (method === name ? "" : "none");
  return { sampling_display: display("sampling"), beam_display: display("beam search") };
}
