// The gradient of a window of an LSTM in TensorFlow.js, on its WebAssembly; without an update.
// node tensorflow.mjs {"vocab_size": …}

import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { answer, oneHot, randomFloats } from "./steps.js";

setWasmPaths(`${import.meta.dirname}/node_modules/@tensorflow/tfjs-backend-wasm/dist/`);
tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // one thread, as all others
await tf.setBackend("wasm");
const { vocab_size: V, hidden_size: H, batch_size: N, window: L } = JSON.parse(process.argv[2]);
const weights = [
  tf.tensor2d(randomFloats(V * H), [V, H]),
  tf.tensor2d(randomFloats(4 * H * H), [H, 4 * H]),
  tf.tensor2d(randomFloats(4 * H * H), [H, 4 * H]),
  tf.tensor1d(randomFloats(4 * H)),
  tf.tensor1d(randomFloats(V)),
];
const inputs = tf.tensor2d(oneHot(L * N, V), [L * N, V]);
const targets = tf.tensor2d(oneHot(L * N, V), [L * N, V]);

function loss(embedding, ih, hh, bias, outputBias) {
  const table = tf.add(tf.matMul(embedding, ih), bias);
  const sums = tf.split(tf.matMul(inputs, table), L, 0);
  let h = tf.zeros([N, H]);
  let c = tf.zeros([N, H]);
  const outputs = sums.map((sum) => {
    const [i, f, g, o] = tf.split(tf.add(sum, tf.matMul(h, hh)), 4, 1);
    c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    h = tf.mul(tf.sigmoid(o), tf.tanh(c));
    return h;
  });
  const logits = tf.add(tf.matMul(tf.concat(outputs, 0), embedding, false, true), outputBias);
  return tf.neg(tf.div(tf.sum(tf.mul(tf.logSoftmax(logits), targets)), L * N));
}

const gradient = tf.valueAndGrads(loss);
await answer(() => {
  const { value, grads } = gradient(weights);
  tf.dispose([value, ...grads]);
});
