// Ids of texts by the page's tokenizers: reads { config, texts } and writes a list of ids for each text.

import { readFileSync } from "node:fs";
import { tokenizerOf } from "../../../lmkit/widgets/runtime/tokenizers.js";

const { config, texts } = JSON.parse(readFileSync(0, "utf8"));
const tokenizer = tokenizerOf(config);
process.stdout.write(JSON.stringify(texts.map((text) => tokenizer.encode(text))));
