// Reads GIFT from standard input, as JSON, with the parser of the package gift-pegjs.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { parse } = createRequire(import.meta.url)("gift-pegjs");
process.stdout.write(JSON.stringify(parse(JSON.parse(readFileSync(0, "utf8")))));
