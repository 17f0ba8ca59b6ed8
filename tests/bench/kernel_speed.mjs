// Times the page's kernels in turn, so that a busy machine slows all of them alike; prints the least of many repeats.
import { makeKernel } from "../../lmkit/widgets/runtime/kernel.js";

const KERNELS = { plain: { simd: false }, vector: { fused: false }, fused: {} };
const REPEATS = 30;

/** One pass over a model's step: the recurrent product and the output product for some texts, the gates, Σ exp. */
function step(kernel, { texts, units, words }) {
  const gates = 0,
    x = gates + texts * 4 * units,
    w = x + texts * units,
    y = w + 4 * units * units;
  kernel.addProduct(texts, w, 4 * units, units, x, gates, 4 * units);
  for (let t = 0; t < texts; t++) kernel.openGates(gates + 4 * t * units, units, y, y + units);
  kernel.addProduct(texts, w, words, units, x, y + 2 * units, words);
  return kernel.sumExp(y + 2 * units, words, 0);
}

function least(kernel, shape, calls) {
  const start = performance.now();
  for (let call = 0; call < calls; call++) step(kernel, shape);
  return (performance.now() - start) / calls;
}

const results = [];
for (const shape of [
  { texts: 1, units: 128, words: 320 },
  { texts: 1, units: 256, words: 416 },
  { texts: 5, units: 256, words: 416 },
]) {
  const size = shape.texts * 5 * shape.units + 4 * shape.units ** 2 + 2 * shape.units + shape.texts * shape.words + 64;
  const kernels = Object.entries(KERNELS).map(([name, options]) => [
    name,
    makeKernel(size + shape.words * shape.units, options),
  ]);
  const times = Object.fromEntries(kernels.map(([name]) => [name, Number.POSITIVE_INFINITY]));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const [name, kernel] of kernels) times[name] = Math.min(times[name], least(kernel, shape, 20));
  }
  results.push({ shape, times });
}
console.log(JSON.stringify(results));
