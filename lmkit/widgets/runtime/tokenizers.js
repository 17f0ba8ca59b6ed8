// Characters, words with <unk>, and every kind of tokenizer by its name: the mirror of lmkit.text.

import { LabError, shortened } from "../base/errors.js";
import { numbered, Tokenizer, visible } from "../base/tokenizer.js";
import { Vocab } from "../base/vocab.js";
import { WHITE_SPACE } from "../base/white_space.js";
import { BPE, NUM_BYTES } from "./bpe.js";

const UNK = "<unk>";
const VERSION = 1; // of the rules of every kind

/** Every character is a token. */
export class Characters extends Tokenizer {
  /**
   * @param {string[]} characters
   * @param {boolean} unk - Whether id 0 stands for others.
   */
  constructor(characters, unk) {
    const ids = numbered("characters", characters);
    const odd = characters.find((character) => [...character].length !== 1);
    if (odd !== undefined) throw new LabError(`characters must be single ones, but one is ${JSON.stringify(odd)}`);
    if (!characters.length) throw new LabError("characters must hold at least one character, but it is empty");
    if (typeof unk !== "boolean") throw new LabError(`unk must be true or false, but it is ${JSON.stringify(unk)}`);
    const first = unk ? [UNK] : [];
    super([...first, ...characters.map(visible)]);
    this.unk = unk ? 0 : null;
    this.tokens = [...first, ...characters];
    this.idOf = new Map(Array.from(ids, ([character, id]) => [character, id + first.length]));
  }

  /**
   * @param {string} text
   * @override
   */
  knows(text) {
    return [...text].every((character) => this.idOf.has(character));
  }

  /**
   * @param {string} text
   * @returns {number[]}
   * @override
   */
  encode(text) {
    return Array.from(text, (character) => {
      const id = this.idOf.get(character) ?? this.unk;
      if (id !== null) return id;
      const rule = `which is not among the ${this.size} characters of the vocabulary`;
      throw new LabError(`text holds ‘${shortened(character)}’, ${rule}; leave it out`);
    });
  }

  /**
   * @param {number[]} ids
   * @override
   */
  decode(ids) {
    return ids.map((id) => this.tokens[id]).join("");
  }
}

const GLUE = ""; // no space stands where one is expected
const FIXED = [UNK, GLUE, " ", "\n"];
const NOT_BEFORE = new Set(".,;:!?)]}%…’”—"); // marks before which no space is expected
const NOT_AFTER = new Set("([{“‘—");
const PIECE = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*|./gsu;
const SPACE = new RegExp(`^[${WHITE_SPACE}]$`);

/** Words and marks of running text, <unk> for those that are not in the vocabulary; lmkit.text.words has the rule. */
export class Words extends Tokenizer {
  /** @param {string[]} words - From id 4 on. */
  constructor(words) {
    numbered("words", words);
    const tokens = [...FIXED, ...words];
    const odd = words.find((word) => word.match(PIECE)?.[0] !== word || FIXED.includes(word));
    if (odd !== undefined) {
      throw new LabError(`words must be words or single marks, but one is ${JSON.stringify(odd)}`);
    }
    super([UNK, "‿", ...tokens.slice(2).map(visible)]);
    this.unk = 0;
    this.tokens = tokens;
    this.idOf = new Map(tokens.map((token, id) => [token, id]));
  }

  /**
   * @param {string} text
   * @override
   */
  knows(text) {
    return (text.match(PIECE) ?? []).every((piece) => this.idOf.has(piece));
  }

  /**
   * @param {string} text
   * @returns {number[]}
   * @override
   */
  encode(text) {
    /** @type {string | null} */
    let before = null;
    /** @type {string[]} */
    let gap = [];
    /** @type {string[]} */
    const pieces = [];
    for (const found of text.match(PIECE) ?? []) {
      const piece = this.idOf.has(found) ? found : UNK;
      if (SPACE.test(piece)) {
        gap.push(piece);
        continue;
      }
      const expected = before !== null && spaceExpected(before, piece) ? " " : "";
      if (gap.join("") !== expected) pieces.push(...(gap.length ? gap : [GLUE]));
      pieces.push(piece);
      before = piece;
      gap = [];
    }
    return [...pieces, ...gap].map((piece) => /** @type {number} */ (this.idOf.get(piece)));
  }

  /**
   * @param {number[]} ids
   * @override
   */
  decode(ids) {
    /** @type {string | null} */
    let before = null;
    let text = "";
    for (const id of ids) {
      const piece = this.tokens[id];
      const isGap = piece === GLUE || SPACE.test(piece);
      if (!isGap && before !== null && spaceExpected(before, piece)) text += " ";
      text += piece;
      before = isGap ? null : piece;
    }
    return text;
  }

  /**
   * The space before a word is expected, and never a token.
   *
   * @param {string} text
   * @override
   */
  prompt(text) {
    return text.replace(/ +$/, "") || text;
  }
}

/**
 * @param {string} before
 * @param {string} piece
 */
function spaceExpected(before, piece) {
  return !NOT_AFTER.has(before) && !NOT_BEFORE.has(piece);
}

/** @type {Record<string, (config: any) => Tokenizer>} */
const KINDS = {
  split: ({ words }) => new Vocab(words),
  characters: ({ characters, unk }) => new Characters(characters, unk),
  words: ({ words }) => new Words(words),
  bpe: ({ tokens }) => new BPE(tokens),
};

/**
 * The tokenizer that lmkit.text.Tokenizer.config describes.
 *
 * @param {any} config
 * @returns {Tokenizer}
 * @throws {LabError} If its kind or version is unknown, or its tokens are not what that kind needs.
 */
export function tokenizerOf(config) {
  const { kind, version } = config ?? {};
  if (!Object.hasOwn(KINDS, kind)) {
    const known = Object.keys(KINDS).join(", ");
    throw new LabError(`tokenizer's kind must be one of ${known}, but it is ${JSON.stringify(kind)}`);
  }
  if (version !== VERSION) {
    const rule = `tokenizer's version must be ${VERSION} for kind ${kind}`;
    throw new LabError(`${rule}, but it is ${JSON.stringify(version)}; open it with the lmkit that wrote it`);
  }
  return KINDS[kind](config);
}

/**
 * What `tokenizerOf` makes the same tokenizer from: the mirror of lmkit.text.Tokenizer.config.
 *
 * @param {Tokenizer} tokenizer
 * @returns {Record<string, unknown>}
 */
export function tokenizerConfig(tokenizer) {
  const [kind, parts] = partsOf(tokenizer);
  return { kind, version: VERSION, ...parts };
}

/**
 * @param {Tokenizer} tokenizer
 * @returns {[string, object]}
 */
function partsOf(tokenizer) {
  if (tokenizer instanceof Characters) {
    const unk = tokenizer.unk !== null;
    return ["characters", { characters: tokenizer.tokens.slice(+unk), unk }];
  }
  if (tokenizer instanceof Words) return ["words", { words: tokenizer.tokens.slice(FIXED.length) }];
  if (tokenizer instanceof BPE) return ["bpe", { tokens: [...tokenizer.idOf.keys()].slice(NUM_BYTES) }];
  return ["split", { words: tokenizer.words }];
}
