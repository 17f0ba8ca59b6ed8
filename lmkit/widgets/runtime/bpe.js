// Byte-pair encoding over bytes: the mirror of lmkit.text.bpe, which says why the order of the tokens is enough.

import { LabError } from "../base/errors.js";
import { checkLength, numbered, Tokenizer, visible } from "../base/tokenizer.js";

export const NUM_BYTES = 256;
// GPT-2's pieces: endings after an apostrophe; words, numbers and marks with the space before them; white space.
const PIECES =
  /'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
const KEPT_PIECES = 20000; // before their memory begins anew

/** One printable letter for each byte: its own where Latin-1 prints one, else the next from 256 on. */
const LETTERS = lettersOfBytes();
/** @type {Map<string, number>} */
const BYTE_OF = new Map(LETTERS.map((letter, byte) => [letter, byte]));

function lettersOfBytes() {
  let next = NUM_BYTES;
  return Array.from({ length: NUM_BYTES }, (_, byte) => {
    const printed = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCharCode(printed ? byte : next++);
  });
}

export class BPE extends Tokenizer {
  /**
   * @param {string[]} tokens - From id 256 on, in letters of bytes; the first 256 are the bytes in the order of these.
   * @throws {LabError} If one is repeated, or is not made of two before it.
   */
  constructor(tokens) {
    numbered("tokens", tokens);
    const all = [...[...LETTERS].sort(), ...tokens];
    super(all.map((token) => visible(escaped(bytesOf(token)))));
    /** @type {number[][]} */
    this.parts = []; // the ids of the two that each token is made of, by its id; none for a byte
    for (const [id, token] of all.entries()) this.add(token, id);
    this.bytes = all.map(bytesOf);
    this.longest = Math.max(...all.map((token) => token.length));
    /** @type {Map<string, number[]>} */
    this.known = new Map(); // the ids of pieces
  }

  /**
   * @param {string} token
   * @param {number} id
   */
  add(token, id) {
    const parts = id < NUM_BYTES ? [] : this.joined([...token]);
    if (this.idOf.has(token) || (id >= NUM_BYTES && parts.length !== 2)) {
      const rule = "tokens must each be made of two tokens before it, and occur once";
      throw new LabError(`${rule}, but one is ${JSON.stringify(token)}`);
    }
    this.idOf.set(token, id);
    this.parts.push(parts.map((part) => /** @type {number} */ (this.idOf.get(part))));
  }

  /**
   * Joins two neighbours at a time, those that became a token first in training before the others.
   *
   * @param {string[]} parts
   */
  joined(parts) {
    /** @param {number} i */
    const rankAt = (i) => (i + 1 < parts.length && this.idOf.get(parts[i] + parts[i + 1])) || Infinity;
    const ranks = parts.map((_, i) => rankAt(i));
    for (;;) {
      let at = 0;
      for (let i = 1; i < ranks.length; i++) if (ranks[i] < ranks[at]) at = i;
      if (!(ranks[at] < Infinity)) return parts;
      parts.splice(at, 2, parts[at] + parts[at + 1]);
      ranks.splice(at + 1, 1);
      ranks[at] = rankAt(at);
      if (at > 0) ranks[at - 1] = rankAt(at - 1);
    }
  }

  /**
   * @param {string} text
   * @returns {number[]}
   * @override
   */
  encode(text) {
    return (text.match(PIECES) ?? []).flatMap((piece) => {
      const known = this.known.get(piece);
      if (known) return known;
      const letters = Array.from(new TextEncoder().encode(piece), (byte) => LETTERS[byte]);
      const ids = this.joined(letters).map((part) => /** @type {number} */ (this.idOf.get(part)));
      if (this.known.size >= KEPT_PIECES) this.known.clear();
      this.known.set(piece, ids);
      return ids;
    });
  }

  /**
   * Bytes that make no whole character are written �.
   *
   * @param {number[]} ids
   * @override
   */
  decode(ids) {
    const bytes = Uint8Array.from(ids.flatMap((id) => this.bytes[id]));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  /**
   * A model has never seen a space alone before a word, for the space belongs to the word's token.
   *
   * @param {string} text
   * @override
   */
  prompt(text) {
    return text.replace(/ +$/, "") || text;
  }

  /**
   * A text so long that it must have too many tokens is not cut at all.
   *
   * @param {string} text
   * @param {number} most
   * @override
   */
  checkLength(text, most) {
    checkLength("text", Math.ceil(text.length / this.longest), most, "tokens");
    super.checkLength(text, most);
  }
}

/** @param {string} token */
function bytesOf(token) {
  return Array.from(token, (letter) => {
    const byte = BYTE_OF.get(letter);
    if (byte === undefined) {
      throw new LabError(`tokens must be in the letters of bytes, but one is ${JSON.stringify(token)}`);
    }
    return byte;
  });
}

/**
 * The text of some bytes, with `\xe2` for a byte of no whole character.
 *
 * @param {number[]} bytes
 */
function escaped(bytes) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const length = bytes[i] < 0x80 ? 1 : bytes[i] < 0xe0 ? 2 : bytes[i] < 0xf0 ? 3 : 4;
    try {
      text += decoder.decode(Uint8Array.from(bytes.slice(i, i + length)));
      i += length;
    } catch {
      text += `\\x${bytes[i++].toString(16).padStart(2, "0")}`;
    }
  }
  return text;
}
