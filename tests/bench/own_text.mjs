// A text of the reader's own in Node: trained for so many seconds of processor time, as the training lab would, and again
// ten times in short, for what becomes of the memory.
//
//   node --expose-gc own_text.mjs '{"text": "file", "pieces": "file", "unit": …, "seconds": 60, "settings": {…}}'
//
// The schedule must end when the time does, so the speed is measured first, over a tenth of it, on a run that is thrown away.
import { readFileSync } from "node:fs";
import { Training } from "../../lmkit/widgets/labs/train/training.js";
import { heldOut } from "../../lmkit/widgets/runtime/training/batches.js";

const ROWS = 32; // in which the held-out text is read
const AGAIN = { runs: 10, steps: 20 };

const { text, pieces, unit, seconds, settings } = JSON.parse(process.argv[2]);
const source = {
  name: "own",
  unit,
  text: readFileSync(text, "utf8"),
  pieces: JSON.parse(readFileSync(pieces, "utf8")),
};

const spent = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const trial = new Training(source, { ...settings, steps: 1e6 });
const begun = spent();
while (spent() - begun < seconds / 10) trial.step();
const steps = Math.floor((trial.trainer.steps / (spent() - begun)) * seconds);
trial.close();

const before = spent();
const training = new Training(source, { ...settings, steps });
let last = null;
while (!training.isOver) last = training.step() ?? last;
const taken = spent() - before;
const { facts, trainer } = training;
const { inputs, targets, rows } = heldOut(training.text.held, ROWS); // all of it; the lab's curves read a part
const bits = (loss) => loss / Math.LN2 / facts.charactersPerToken;
const held = bits(trainer.evaluate(inputs, targets, rows).loss);
training.close();

const memory = [];
for (let run = 0; run < AGAIN.runs; run++) {
  const again = new Training(source, { ...settings, steps: AGAIN.steps, seed: run });
  while (!again.isOver) again.step();
  again.close();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  memory.push(heapUsed + external);
}

const epochs = steps / facts.stepsPerEpoch;
const told = { bits: held, learned: bits(last?.loss ?? Number.NaN), steps, seconds: taken, epochs, memory };
console.log(JSON.stringify({ ...told, parameters: facts.parameters, shown: bits(last?.heldLoss ?? Number.NaN) }));
