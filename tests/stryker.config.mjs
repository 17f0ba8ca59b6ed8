// Changes one script in small ways, one at a time, and tells which of the changes no test notices:
// `make mutants MODULE=runtime/filters` runs tests/widgets/runtime/filters.test.js for each, and for those that it does
// not notice the test files in THEN, such as THEN="tests/widgets/runtime/models.test.js".

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const { MODULE, THEN = "" } = process.env;
if (!MODULE) throw new Error("MODULE must name a script without .js, from lmkit/widgets; MODULE=runtime/filters");

// Scripts run where they are copied to, but read the vectors of the tree.
const STORE = new URL("../_build/vectors/", import.meta.url);
process.env.LMKIT_VECTORS ??= fileURLToPath(new URL(readFileSync(new URL("newest", STORE), "utf8").trim(), STORE));

const tests = [`tests/widgets/${MODULE}.test.js`, ...THEN.split(" ").filter((path) => path)];

export default {
  mutate: [`lmkit/widgets/${MODULE}.js`],
  testRunner: "command",
  commandRunner: { command: tests.map((path) => `node ${path}`).join(" && ") },
  coverageAnalysis: "off",
  concurrency: Number(process.env.JOBS ?? 1),
  ignorePatterns: ["**", "!lmkit/widgets/**/*.js", "!tests/widgets/**/*.js", "!package.json"],
  tempDirName: "_build/mutants",
  reporters: ["clear-text"],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false },
  thresholds: { high: 100, low: 90, break: 90 },
  disableTypeChecks: false,
};
