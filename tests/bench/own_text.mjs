// A text of the reader's own in Node: trained for so many seconds of processor time, as the training lab would with these
// settings. node own_text.mjs '{"text": "file", "pieces": "file", "unit": …, "seconds": 60, "settings": {…}}'
//
// The schedule must end when the time does, so the speed is measured first, over a tenth of it, on a run that is thrown away.
import { readFileSync } from "node:fs";
import { Training } from "../../lmkit/widgets/labs/train/training.js";

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
const steps = Math.floor((trial.trainer.steps / (spent() - begun)) * seconds * 0.98); // held-out text is measured besides
trial.close();

const before = spent();
const training = new Training(source, { ...settings, steps });
let last = null;
while (!training.isOver) last = training.step() ?? last;
const taken = spent() - before;
const { facts, text: read, trainer } = training;
const rows = Math.max(1, Math.min(32, Math.floor(read.held.length / 200)));
const length = Math.floor(read.held.length / rows);
const cut = (from) =>
  Int32Array.from({ length: rows * (length - 1) }, (_, i) => {
    return read.held[Math.floor(i / (length - 1)) * length + (i % (length - 1)) + from];
  });
const held = trainer.evaluate(cut(0), cut(1), rows); // all of it
const bits = (loss) => loss / Math.LN2 / facts.charactersPerToken;
const { heapUsed, external, rss } = process.memoryUsage();
console.log(
  JSON.stringify({
    bits: bits(held.loss),
    shown: bits(last?.heldLoss ?? Number.NaN),
    learned: bits(last?.loss ?? Number.NaN),
    steps,
    seconds: taken,
    epochs: steps / facts.stepsPerEpoch,
    parameters: facts.parameters,
    memory: { heapUsed, external, rss },
  }),
);
