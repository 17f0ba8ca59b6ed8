// Greedy search, sampling and beam search around onnxruntime-web: the same texts as the book's engine writes. The model
// is one step, (token, h, c) -> (log_probs, h, c); a batch of N texts is one run of it.

import * as ort from "./ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = "./";

export async function openModel(address, { layers, hidden }) {
  const session = await ort.InferenceSession.create(address, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  const zeros = () => new ort.Tensor("float32", new Float32Array(layers * hidden), [layers, 1, hidden]);
  return { session, layers, hidden, empty: { h: zeros(), c: zeros() } };
}

async function step({ session }, tokens, { h, c }) {
  const token = new ort.Tensor("int32", Int32Array.from(tokens), [tokens.length]);
  const out = await session.run({ token, h, c });
  return { logProbs: out.log_probs.data, state: { h: out.h_new, c: out.c_new } };
}

async function readPrompt(model, prompt) {
  let read = { state: model.empty };
  for (const token of prompt) read = await step(model, [token], read.state);
  return read;
}

/** `choose(logProbs, t)` gives the token of step t. */
export async function decodeOne(model, prompt, count, choose) {
  let { logProbs, state } = await readPrompt(model, prompt);
  const tokens = [];
  for (let t = 0; ; t++) {
    tokens.push(choose(logProbs, t));
    if (tokens.length === count) return tokens;
    ({ logProbs, state } = await step(model, tokens.slice(-1), state));
  }
}

/** Beam search without an end token; the tokens of the best text. */
export async function decodeBeams(model, prompt, count, width, vocabSize) {
  let { logProbs, state } = await readPrompt(model, prompt);
  let running = [{ tokens: [], total: 0 }];
  for (let length = 1; ; length++) {
    const best = bestOf(running, logProbs, width, vocabSize);
    running = best.map(({ row, token, total }) => ({ tokens: [...running[row].tokens, token], total }));
    if (length === count) return running[0].tokens;
    const rows = best.map(({ row }) => row);
    const chosen = { h: pickRows(model, state.h, rows), c: pickRows(model, state.c, rows) };
    ({ logProbs, state } = await step(
      model,
      best.map(({ token }) => token),
      chosen,
    ));
  }
}

/** The best extensions, best first, by insertion into a short list. */
function bestOf(running, logProbs, width, vocabSize) {
  const best = [];
  running.forEach(({ total: before }, row) => {
    for (let token = 0; token < vocabSize; token++) {
      const total = before + logProbs[row * vocabSize + token];
      if (best.length === width && total <= best[width - 1].total) continue;
      if (best.length === width) best.pop();
      let place = best.length;
      while (place > 0 && best[place - 1].total < total) place--;
      best.splice(place, 0, { row, token, total });
    }
  });
  return best;
}

function pickRows({ layers, hidden }, { data, dims: [, count] }, rows) {
  const picked = new Float32Array(layers * rows.length * hidden);
  for (let layer = 0; layer < layers; layer++) {
    rows.forEach((row, n) => {
      const start = (layer * count + row) * hidden;
      picked.set(data.subarray(start, start + hidden), (layer * rows.length + n) * hidden);
    });
  }
  return new ort.Tensor("float32", picked, [layers, rows.length, hidden]);
}
