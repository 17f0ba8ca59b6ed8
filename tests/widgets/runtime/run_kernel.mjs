// Runs operations of a kernel: node run_kernel.mjs KERNEL < {"options", "calls", "damage"}. Numbers travel as base64 of
// float32. `damage` is code that takes something away from the engine first.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--experimental-wasm-relaxed-simd"); // Node 20 has it behind this flag; later ones ignore the flag
const { makeKernel } = await import(pathToFileURL(process.argv[2]));
const { options, calls, damage } = JSON.parse(readFileSync(0, "utf8"));
const damages = {
  none: () => {},
  "no WebAssembly": () => delete globalThis.WebAssembly,
  "no SIMD": () => refuseModulesWith([0xfd]),
  "no relaxed SIMD": () => refuseModulesWith([0xfd, 0x85, 0x02]), // its multiply-add
};
damages[damage]();

/** As an engine does that does not know an instruction. */
function refuseModulesWith(code) {
  WebAssembly.Module = new Proxy(WebAssembly.Module, {
    construct(module, [bytes]) {
      if (Buffer.from(bytes).includes(Buffer.from(code))) throw new WebAssembly.CompileError("unknown instruction");
      return new module(bytes);
    },
  });
}

const decoded = (base64) => new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);
const encoded = (floats) => Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength).toString("base64");

const results = calls.map(({ operation, floats, places }) => {
  const block = decoded(floats);
  const kernel = makeKernel(block.length, options);
  kernel.floats.set(block);
  const returned = kernel[operation](...places) ?? 0;
  return [encoded(kernel.floats.subarray(0, block.length)), encoded(new Float32Array([returned]))];
});
const { kind, fused } = makeKernel(8, options);
process.stdout.write(JSON.stringify({ kind, fused, results }));
