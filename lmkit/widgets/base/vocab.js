// Words and their ids: the mirror of lmkit.text.

import { LabError } from "./errors.js";

// Python's str.split() splits at exactly these; JavaScript's \s differs in five of them.
const WHITE_SPACE = /[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

export function tokenize(text) {
  return text.split(WHITE_SPACE).filter((word) => word !== "");
}

export class Vocab {
  constructor(words) {
    this.words = words;
    this.idOf = new Map(words.map((word, id) => [word, id]));
    this.end = this.idOf.get("<eos>") ?? null;
  }

  get size() {
    return this.words.length;
  }

  ids(tokens) {
    return tokens.map((token) => {
      const id = this.idOf.get(token);
      if (id === undefined) {
        throw new LabError(
          `text holds ‘${token}’, which is not among the ${this.size} words of the vocabulary; ` +
            "use its words only, in lower case and with spaces around every punctuation mark",
        );
      }
      return id;
    });
  }

  /** The ids of a prompt as a model reads it: where texts end with an end token, one stands before the first. */
  promptIds(text) {
    const ids = this.ids(tokenize(text));
    if (!ids.length) {
      throw new LabError(
        "prompt must hold at least one word, but it is empty; type a few words" +
          (this.end === null ? "" : `, or ${this.words[this.end]} to begin a new text`),
      );
    }
    return this.end === null || ids[0] === this.end ? ids : [this.end, ...ids];
  }
}
