// A trainer of the page in Node that makes steps when it is asked to: each line of the input is a number of steps, and is
// answered with the processor time of one, in milliseconds. node page_training.mjs {"vocab_size": …}
import { createInterface } from "node:readline";
import { Trainer } from "../../lmkit/widgets/runtime/training/trainer.js";

const settings = JSON.parse(process.argv[2]);
const trainer = new Trainer(settings);
const count = settings.batch_size * settings.window;
const inputs = Int32Array.from({ length: count }, (_, place) => (place * 7919) % settings.vocab_size);
const targets = Int32Array.from({ length: count }, (_, place) => (place * 104729 + 13) % settings.vocab_size);

for await (const line of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  for (let step = 0; step < Number(line); step++) trainer.step(inputs, targets);
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${(user + system) / 1000 / Number(line)}\n`);
}
