// The tensors of a recurrent language model: the mirror of lmkit.widgets.parameters.parameters.

const BLOCKS = { rnn: 1, gru: 3, lstm: 4 }; // how many gates and candidates of H units each

/**
 * @typedef {keyof typeof BLOCKS} Cell
 * @typedef {{ vocab_size: number, embedding_size: number, hidden_size: number, num_layers: number, cell: Cell,
 *   tied: boolean }} Settings
 * @typedef {{ name: string, shape: number[], count: number }} Tensor
 */

/**
 * The tensors in their order: name, shape, and how many parameters of its own each has.
 *
 * @param {Settings} settings
 * @returns {Tensor[]}
 */
export function parametersOf({ vocab_size: V, embedding_size: E, hidden_size: H, num_layers: D, cell, tied }) {
  const rows = BLOCKS[cell] * H;
  /** @type {(d: number) => [string, number[]][]} */
  const layer = (d) => [
    [`rnn.weight_ih_l${d}`, [rows, d ? H : E]],
    [`rnn.weight_hh_l${d}`, [rows, H]],
    [`rnn.bias_ih_l${d}`, [rows]],
    [`rnn.bias_hh_l${d}`, [rows]],
  ];
  const layers = Array.from({ length: D }, (_, d) => layer(d));
  /** @type {[string, number[]][]} */
  const shapes = [["embedding.weight", [V, E]], ...layers.flat(), ["decoder.weight", [V, H]], ["decoder.bias", [V]]];
  return shapes.map(([name, shape]) => ({
    name,
    shape,
    count: tied && name === "decoder.weight" ? 0 : product(shape),
  }));
}

/** @param {number[]} shape */
function product(shape) {
  return shape.reduce((all, size) => all * size, 1);
}
