// A model file that comes back, from this lab or from Python: what other labs need to know of it.

import { LabError } from "../../base/errors.js";
import { nameOfBytes } from "../../runtime/own_models.js";
import { parseModel } from "../../runtime/safetensors.js";
import { openModel } from "../../runtime/training/model_file.js";
import { Writer } from "./writer.js";

/** @typedef {import("../../runtime/own_models.js").OwnModel} OwnModel */
/** @typedef {import("./texts.js").TextEntry} TextEntry */

/**
 * @param {Uint8Array} bytes
 * @param {string} name - Of the file, or of the model.
 * @param {TextEntry[]} texts
 * @returns {{ model: OwnModel, size: string, sample: () => { prompt: string, text: string } }} `sample` lets it write.
 * @throws {LabError} If it is damaged, or no model.
 */
export function openedModel(bytes, name, texts) {
  const { settings, vocab, card, tensors } = openModel(bytes, name);
  const runs = settings.cell === "lstm" && settings.tied !== false;
  if (runs) parseModel(bytes, name);
  const language = texts.find(({ words }) => words.length && String(words) === String(vocab.words));
  const grammar = language?.tables["stories-grammar"];
  const title = typeof card.title === "string" && card.title ? card.title : name.replace(/\.safetensors$/, "");
  const { hidden_size = 1, num_layers = 1, cell = "lstm", nonlinearity = "tanh" } = settings;
  const prompts = language?.prompts ?? readable(vocab);
  const sample = () => {
    const ids = vocab.promptIds(prompts[0]);
    const writer = new Writer(tensors, { cell, nonlinearity, num_layers, hidden_size });
    const written = writer.write(ids, { count: SAMPLED, seed: 0, never: vocab.suppressed });
    const [prompt, whole] = [vocab.text(ids), vocab.text([...ids, ...written])];
    return { prompt, text: whole.slice(prompt.length) };
  };
  return {
    sample,
    size: `${cell.toUpperCase()} of ${hidden_size} units${num_layers > 1 ? ` in ${num_layers} layers` : ""}, ${vocab.size} tokens`,
    model: {
      key: nameOfBytes(bytes),
      title: title.slice(0, 80),
      size: bytes.length,
      at: Date.now(),
      prompts,
      hidden_size,
      runs,
      truth: grammar ? { name: "stories-grammar", key: grammar } : null,
    },
  };
}

const SAMPLED = 60; // tokens that a model writes when it is opened
const BEGINNINGS = ["Romeo:⏎O,", "Hamlet:⏎To be, or not to be,", "The", "the", "one"];

/**
 * Texts that a vocabulary can read.
 *
 * @param {import("../../base/tokenizer.js").Tokenizer} vocab
 * @returns {string[]}
 */
function readable(vocab) {
  const known = BEGINNINGS.filter((text) => {
    try {
      return !vocab.promptIds(text).some((id) => id === vocab.unk);
    } catch (error) {
      if (error instanceof LabError) return false;
      throw error;
    }
  });
  return known.length ? known : [vocab.words[vocab.size - 1]];
}
