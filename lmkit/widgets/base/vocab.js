// Words that stand apart, and their ids: the mirror of lmkit.text.vocab.

import { LabError, shortened } from "./errors.js";
import { checkLength, Tokenizer } from "./tokenizer.js";
import { WHITE_SPACE } from "./white_space.js";

const GAP = new RegExp(`[${WHITE_SPACE}]+`);

/**
 * @param {string} text
 * @returns {string[]}
 */
export function tokenize(text) {
  return text.split(GAP).filter((word) => word !== "");
}

export class Vocab extends Tokenizer {
  /**
   * @param {string[]} words - By their ids.
   * @throws {LabError} If there is none, one comes twice, is empty, or has white space in it.
   */
  constructor(words) {
    super(words);
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
    this.unit = "word";
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
   * @param {string} text
   * @returns {number[]}
   * @throws {LabError} If it holds a word that this vocabulary has not.
   * @override
   */
  encode(text) {
    return this.ids(tokenize(text));
  }

  /**
   * @param {number[]} ids
   * @override
   */
  decode(ids) {
    return ids.map((id) => this.words[id]).join(" ");
  }

  /**
   * The ends of lines are white space, and ⏎ would be a word.
   *
   * @param {string} text
   * @override
   */
  typed(text) {
    return text;
  }

  /**
   * @param {string} text
   * @param {number} most
   * @override
   */
  checkLength(text, most) {
    checkLength("text", tokenize(text).length, most);
  }
}
