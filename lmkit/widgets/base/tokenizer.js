// What all tokenizers have in common: the mirror of lmkit.text.tokenizer.

import { LabError } from "./errors.js";

/** So many tokens of a text are read at most, where a lab draws nothing that takes more room for each. */
export const MOST_WORDS = 200;

/** @type {Record<string, string>} */
const VISIBLE = { " ": "␣", "\n": "⏎", "\t": "⇥", "\xa0": "⍽" };

/**
 * A text in which white space is to be seen.
 *
 * @param {string} text
 */
export function visible(text) {
  return pictured(text.replace(/[ \n\t\xa0]/g, (space) => VISIBLE[space]));
}

/**
 * A text with Unicode's pictures of control characters, but for tabs and ends of lines.
 *
 * @param {string} text
 */
function pictured(text) {
  return text.replace(/(?![\n\t])\p{Cc}/gu, (control) => {
    const code = control.charCodeAt(0);
    return code < 32 ? String.fromCharCode(0x2400 + code) : code === 127 ? "␡" : control;
  });
}

const INVISIBLE = /[\xad\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/**
 * A text in which words that look the same are the same: the mirror of lmkit.text.normalise.
 *
 * @param {string} text
 */
function normalised(text) {
  return text.replaceAll("\u200b", " ").replace(INVISIBLE, "").normalize("NFC");
}

/**
 * Refuses a text that is too long to be shown.
 *
 * @param {string} name - What the reader calls the text.
 * @param {number} count - Of its words.
 * @param {number} [most]
 * @param {string} [unit] - What is counted.
 * @throws {LabError}
 */
export function checkLength(name, count, most = MOST_WORDS, unit = "words") {
  if (count <= most) return;
  throw new LabError(`${name} must hold at most ${most} ${unit}, but it holds ${count}; shorten it`);
}

/**
 * The ids of tokens; each must be a string that no other is.
 *
 * @param {string} name - What errors call them.
 * @param {unknown} tokens
 * @returns {Map<string, number>}
 */
export function numbered(name, tokens) {
  if (!Array.isArray(tokens)) throw new LabError(`${name} must be a list, but it is ${JSON.stringify(tokens)}`);
  /** @type {Map<string, number>} */
  const ids = new Map();
  for (const token of tokens) {
    const shown = JSON.stringify(token);
    if (typeof token !== "string") throw new LabError(`${name} must be strings, but one is ${shown}`);
    if (ids.has(token)) throw new LabError(`${name} must be distinct, but ${shown} occurs more than once`);
    ids.set(token, ids.size);
  }
  return ids;
}

/** A vocabulary, and how a text is cut into its tokens; an id is a place in the vocabulary. */
export class Tokenizer {
  /** @param {string[]} words - The tokens by their ids, as a reader is shown them. */
  constructor(words) {
    this.words = words;
    /** @type {Map<string, number>} */
    this.idOf = new Map(); // by a token's own text
    /** @type {number | null} */
    this.end = null; // the id of the token that ends a text
    /** @type {number | null} */
    this.unk = null; // the id that stands for what is not in the vocabulary
    this.unit = "character"; // of which a prompt must hold one
  }

  get size() {
    return this.words.length;
  }

  /** What decoders never write. */
  get suppressed() {
    return this.unk === null ? [] : [this.unk];
  }

  /**
   * @param {string} _text
   * @returns {number[]}
   * @throws {LabError} If it holds what the vocabulary lacks, and no token stands for that.
   */
  encode(_text) {
    throw new Error("encode must be written by every tokenizer");
  }

  /**
   * The text of some tokens.
   *
   * @param {number[]} _ids
   * @returns {string}
   */
  decode(_ids) {
    throw new Error("decode must be written by every tokenizer");
  }

  /**
   * Whether nothing of a text stands for something else.
   *
   * @param {string} _text
   */
  knows(_text) {
    return true;
  }

  /**
   * A text in which ⏎ is the end of a line, so that one can stand in a field of one line.
   *
   * @param {string} text
   */
  typed(text) {
    return text.replace(/⏎\n?/g, "\n");
  }

  /**
   * A text as a model is given it to go on from.
   *
   * @param {string} text
   */
  prompt(text) {
    return text;
  }

  /**
   * One token as a reader is shown it.
   *
   * @param {number} id
   */
  show(id) {
    return this.words[id];
  }

  /**
   * The text of some tokens as a reader is shown it: with ⏎ at the end of every line.
   *
   * @param {number[]} ids
   */
  text(ids) {
    return pictured(this.decode(ids)).replaceAll("\n", "⏎\n");
  }

  /**
   * Refuses a text that has too many tokens.
   *
   * @param {string} text
   * @param {number} most
   * @throws {LabError}
   */
  checkLength(text, most) {
    checkLength("text", this.encode(text).length, most, "tokens");
  }

  /**
   * The ids of a prompt as a model reads it: where texts end with an end token, one stands before the first.
   *
   * @param {string} text
   * @param {number} [most] - So many tokens of it are read.
   * @returns {number[]}
   * @throws {LabError} If it is empty, too long, or holds what cannot be read.
   */
  promptIds(text, most = MOST_WORDS) {
    const { end, unit } = this;
    const typed = this.typed(text);
    const prompt = this.prompt(this.knows(typed) ? typed : normalised(typed));
    this.checkLength(prompt, most);
    const ids = this.encode(prompt);
    if (!ids.length) {
      const remedy = end === null ? "" : `, or ${this.words[end]} to begin a new text`;
      throw new LabError(`prompt must hold at least one ${unit}, but it is empty; type a few words${remedy}`);
    }
    return end === null || ids[0] === end ? ids : [end, ...ids];
  }
}
