// The gradient of a window of an LSTM in jax-js, compiled; without an update. node jax.mjs {"vocab_size": …}
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { answer, oneHot, randomFloats } from "./steps.js";

await init("wasm");
defaultDevice("wasm");
const { vocab_size: V, hidden_size: H, batch_size: N, window: L } = JSON.parse(process.argv[2]);
const matrix = (values, ...shape) => np.array(values).reshape(shape);
const weights = {
  embedding: matrix(randomFloats(V * H), V, H),
  ih: matrix(randomFloats(4 * H * H), H, 4 * H),
  hh: matrix(randomFloats(4 * H * H), H, 4 * H),
  bias: matrix(randomFloats(4 * H), 4 * H),
  outputBias: matrix(randomFloats(V), V),
};
const inputs = matrix(oneHot(L * N, V), L * N, V);
const targets = matrix(oneHot(L * N, V), L * N, V);

/** Every use of an array but the last takes a reference to it. */
function loss({ embedding, ih, hh, bias, outputBias }, inputs, targets) {
  const table = np.add(np.matmul(embedding.ref, ih), bias);
  const sums = np.split(np.matmul(inputs, table).reshape([L, N, 4 * H]), L, 0);
  let h = np.zeros([N, H]);
  let c = np.zeros([N, H]);
  const outputs = sums.map((sum) => {
    const gates = np.add(sum.reshape([N, 4 * H]), np.matmul(h, hh.ref));
    const [i, f, g, o] = np.split(gates, 4, 1);
    c = np.add(np.multiply(nn.sigmoid(f), c), np.multiply(nn.sigmoid(i), np.tanh(g)));
    h = np.multiply(nn.sigmoid(o), np.tanh(c.ref));
    return h.ref;
  });
  hh.dispose();
  h.dispose();
  c.dispose();
  const logits = np.add(np.matmul(np.concatenate(outputs, 0), np.transpose(embedding)), outputBias);
  return np.negative(np.sum(np.multiply(nn.logSoftmax(logits), targets))).div(L * N);
}

const gradient = jit(valueAndGrad(loss));
await answer(async () => {
  const refs = Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, weight.ref]));
  const [value, gradients] = gradient(refs, inputs.ref, targets.ref);
  await blockUntilReady([value, gradients]);
  value.dispose();
  for (const each of Object.values(gradients)) each.dispose();
});
