// A small assembler for WebAssembly: the few instructions that kernel.js needs, by name. Code is a nested list of
// bytes; an operand is code that leaves a value, a local variable, or a whole number.

const TYPES = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
const NOTHING = 0x40;

/** A function to be exported: its parameters and further local variables, by type, then its code. */
export class WasmFunction {
  constructor(name, parameterTypes, resultTypes = []) {
    Object.assign(this, { name, parameterTypes, resultTypes, localTypes: [], body: [] });
    this.parameters = parameterTypes.map((_, index) => ({ index }));
  }

  local(type) {
    return { index: this.parameterTypes.length + this.localTypes.push(type) - 1 };
  }

  locals(type, count) {
    return Array.from({ length: count }, () => this.local(type));
  }

  code(...body) {
    this.body = body;
    return this;
  }

  get signature() {
    const codes = (types) => counted(types.map((type) => TYPES[type]));
    return [0x60, ...codes(this.parameterTypes), ...codes(this.resultTypes)];
  }

  get bytes() {
    const bytes = [...counted(this.localTypes.map((type) => [1, TYPES[type]])), ...this.body.flat(Infinity), 0x0b];
    return [...unsigned(bytes.length), ...bytes];
  }
}

/** The bytes of a module with these functions, which work on an imported memory, m.m. */
export function assemble(functions) {
  const section = (id, entries) => {
    const content = counted(entries);
    return [id, ...unsigned(content.length), ...content];
  };
  return new Uint8Array([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(
      1,
      functions.map(({ signature }) => signature),
    ),
    ...section(2, [[...nameBytes("m"), ...nameBytes("m"), 2, 0, 0]]),
    ...section(
      3,
      functions.map((_, index) => index),
    ),
    ...section(
      7,
      functions.map(({ name }, index) => [...nameBytes(name), 0, index]),
    ),
    ...section(
      10,
      functions.map(({ bytes }) => bytes),
    ),
  ]);
}

const counted = (entries) => [...unsigned(entries.length), ...entries.flat(Infinity)];
const nameBytes = (string) => counted([...new TextEncoder().encode(string)]);
const unsigned = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);
const signed32 = (value) =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed32(value >> 7)];

function operand(value) {
  if (typeof value === "number") return [0x41, signed32(value)];
  return Array.isArray(value) ? value : [0x20, value.index];
}

const operation =
  (...code) =>
  (...operands) => [operands.map(operand), code];
const vector = (code) => [0xfd, unsigned(code)];
const atOffset = (offset) => [2, unsigned(offset)]; // and aligned to four bytes

export const setLocal = (local, value) => [operand(value), 0x21, local.index];

/** The body once, and again while the condition holds. */
export const doWhile = (body, condition) => [0x03, NOTHING, body, condition, 0x0d, 0, 0x0b];

export const i32 = {
  add: operation(0x6a),
  sub: operation(0x6b),
  shiftLeft: operation(0x74),
  notEqual: operation(0x47),
};

export const f32 = {
  add: operation(0x92),
  constant: (value) => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)],
};

export const v128 = {
  load: (place, offset = 0) => [operand(place), vector(0x00), atOffset(offset)],
  loadSplat: (place, offset = 0) => [operand(place), vector(0x09), atOffset(offset)], // one float, four times
  store: (place, value, offset = 0) => [operand(place), operand(value), vector(0x0b), atOffset(offset)],
};

export const i32x4 = { shiftLeft: operation(vector(0xab)), add: operation(vector(0xae)) };

export const f32x4 = {
  splat: operation(vector(0x13)),
  lane: (value, k) => [operand(value), vector(0x1f), k],
  add: operation(vector(0xe4)),
  sub: operation(vector(0xe5)),
  mul: operation(vector(0xe6)),
  div: operation(vector(0xe7)),
  atMost: operation(vector(0xea)), // the first operand where one is NaN
  atLeast: operation(vector(0xeb)),
  fusedMulAdd: operation(vector(0x105)), // in one instruction where the processor has it
};
