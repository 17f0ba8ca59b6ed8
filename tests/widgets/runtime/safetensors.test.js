// A model file whose configuration lies is refused before anything is made for the sizes that it names.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseModel } from "../../../lmkit/widgets/runtime/safetensors.js";
import { openModel } from "../../../lmkit/widgets/runtime/training/model_file.js";
import { readBytes } from "./vectors.js";

/**
 * @param {Uint8Array} bytes
 * @param {Record<string, unknown>} changes - Of the configuration.
 */
function withConfig(bytes, changes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  header.__metadata__.config = JSON.stringify({ ...JSON.parse(header.__metadata__.config), ...changes });
  const written = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(written.length / 8) * 8;
  const changed = new Uint8Array(start + bytes.length - 8 - length).fill(32, 0, start);
  new DataView(changed.buffer).setBigUint64(0, BigInt(start - 8), true);
  changed.set(written, 8);
  changed.set(bytes.subarray(8 + length), start);
  return changed;
}

for (const open of [parseModel, openModel]) {
  test(`${open.name} reads a file that tells the truth`, () => open(withConfig(readBytes("random"), {})));

  for (const name of ["vocab_size", "embedding_size", "hidden_size", "num_layers"]) {
    test(`${open.name} refuses a ${name} that is not the file's`, () => {
      for (const size of [1000, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
        const began = process.memoryUsage().heapUsed;
        assert.throws(() => open(withConfig(readBytes("random"), { [name]: size })), /does not fit together/);
        assert.ok(process.memoryUsage().heapUsed - began < 50e6);
      }
    });
  }
}
