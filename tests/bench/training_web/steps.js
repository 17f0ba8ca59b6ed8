// What the contestants share: random tokens and weights, and the answers to page_training.py.
import { createInterface } from "node:readline";

/** A generator of Park and Miller, which needs no more than whole numbers. */
let state = 1;
export function draw(count) {
  state = (state * 48271) % 2147483647;
  return state % count;
}

/** Of weights, between -0.1 and 0.1. */
export function randomFloats(count) {
  return Float32Array.from({ length: count }, () => draw(2001) / 10000 - 0.1);
}

/** Tokens, each as a row with a single 1. */
export function oneHot(count, words) {
  const rows = new Float32Array(count * words);
  for (let place = 0; place < count; place++) rows[place * words + draw(words)] = 1;
  return rows;
}

/** Makes as many steps as each line of the input says, and answers with the processor time of one, in milliseconds. */
export async function answer(step) {
  for await (const line of createInterface({ input: process.stdin })) {
    const before = process.cpuUsage();
    for (let count = 0; count < Number(line); count++) await step();
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(`${(user + system) / 1000 / Number(line)}\n`);
  }
}
