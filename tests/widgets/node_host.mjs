// Runs scripts of the page outside of a browser: reads requests as lines of JSON, and answers each with one.
//
// The modules named on the command line are imported; all that they export is on `globalThis.lmkit`.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";

globalThis.lmkit = Object.assign(
  {},
  ...(await Promise.all(process.argv.slice(2).map((p) => import(pathToFileURL(p))))),
);

/** Numbers that JSON has no words for. */
const written = (_, value) => {
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { number: `${1 / value === -Infinity ? "-0.0" : value}` };
  if (ArrayBuffer.isView(value)) return Array.from(value);
  if (value instanceof Map) return Object.fromEntries(value);
  return value;
};
const read = (_, value) => (typeof value?.number === "string" ? Number(value.number) : value);

for await (const line of createInterface({ input: process.stdin })) {
  const { source, argument } = JSON.parse(line, read);
  let answer;
  try {
    const value = runInThisContext(`(${source})`);
    answer = { value: (await (typeof value === "function" ? value(argument) : value)) ?? null };
  } catch (error) {
    answer = { error: `${error?.stack ?? error}` };
  }
  process.stdout.write(`${JSON.stringify(answer, written)}\n`);
}
