// Words and their ids: the mirror of lmkit.text.

import { LabError, shortened } from "./errors.js";
import { WHITE_SPACE } from "./white_space.js";

/** So many words of a text are read at most, where a lab draws nothing that takes more room for each. */
export const MOST_WORDS = 200;

const GAP = new RegExp(`[${WHITE_SPACE}]+`);

/**
 * @param {string} text
 * @returns {string[]}
 */
export function tokenize(text) {
  return text.split(GAP).filter((word) => word !== "");
}

/**
 * Refuses a text that is too long to be shown.
 *
 * @param {string} name - What the reader calls the text.
 * @param {number} count - Of its words.
 * @param {number} [most]
 * @throws {LabError}
 */
export function checkLength(name, count, most = MOST_WORDS) {
  if (count <= most) return;
  throw new LabError(`${name} must hold at most ${most} words, but it holds ${count}; shorten it`);
}

export class Vocab {
  /**
   * @param {string[]} words - By their ids.
   * @throws {LabError} If there is none, one comes twice, is empty, or has white space in it.
   */
  constructor(words) {
    this.words = words;
    /** @type {Map<string, number>} */
    this.idOf = new Map(words.map((word, id) => [word, id]));
    if (!words.length) throw new LabError("words must hold at least one word, but it is empty");
    const repeated = words.find((word, id) => this.idOf.get(word) !== id);
    if (repeated !== undefined) {
      throw new LabError(`words must be distinct, but ‘${repeated}’ occurs more than once; remove the repeats`);
    }
    const odd = words.findIndex((word) => typeof word !== "string" || tokenize(word)[0] !== word);
    if (odd >= 0) {
      const rule = "strings, non-empty and free of white space";
      throw new LabError(`words must be ${rule}, but one is ${JSON.stringify(words[odd])}`);
    }
    this.end = this.idOf.get("<eos>") ?? null;
  }

  get size() {
    return this.words.length;
  }

  /**
   * @param {string[]} tokens
   * @returns {number[]}
   * @throws {LabError} If a token is no word of this vocabulary.
   */
  ids(tokens) {
    return tokens.map((token) => {
      const id = this.idOf.get(token);
      if (id === undefined) {
        throw new LabError(
          `text holds ‘${shortened(token)}’, which is not among the ${this.size} words of the vocabulary; ` +
            "use its words only, in lower case and with spaces around every punctuation mark",
        );
      }
      return id;
    });
  }

  /**
   * The ids of a prompt as a model reads it: where texts end with an end token, one stands before the first.
   *
   * @param {string} text
   * @param {number} [most] - So many words of it are read.
   * @returns {number[]}
   * @throws {LabError} If it is empty, too long, or holds a word that the vocabulary has not.
   */
  promptIds(text, most = MOST_WORDS) {
    const tokens = tokenize(text);
    checkLength("text", tokens.length, most);
    const ids = this.ids(tokens);
    if (!ids.length) {
      throw new LabError(
        "prompt must hold at least one word, but it is empty; type a few words" +
          (this.end === null ? "" : `, or ${this.words[this.end]} to begin a new text`),
      );
    }
    return this.end === null || ids[0] === this.end ? ids : [this.end, ...ids];
  }
}
