// A beam search as a tree of everything that it looked at, and the best text that there is to judge it by. No page
// elements here.

import { beamSearch } from "../../runtime/beams.js";

/** @typedef {import("../../runtime/beams.js").BeamStep} BeamStep */
/** @typedef {import("../../runtime/beams.js").BeamSettings} BeamSettings */
/**
 * @template T
 * @typedef {import("../../runtime/beams.js").BatchReader<T>} BatchReader
 */
/** @typedef {"kept" | "ended" | "dropped" | "unseen"} Status "unseen" is what the search never came to. */
/** @typedef {"best" | "greedy" | "optimum"} Mark Whose path it is: the beam's best text's, greedy decoding's, the best of all. */
/** @typedef {{ tokens: number[], logProbs: number[] }} Text */
/** @typedef {Text & { node: TreeNode }} TextInTree The node is the text's last. */
/**
 * What was looked at; the root has no parent, token and rank.
 * @typedef {object} TreeNode
 * @property {TreeNode | null} parent
 * @property {number} token -1 at the root
 * @property {number} total Σ log p
 * @property {number} logProb of the token
 * @property {number} length
 * @property {Status} status
 * @property {number | null} rank among all that were looked at in its step
 * @property {TreeNode[]} children
 * @property {Set<Mark>} marks the paths that it lies on
 * @property {boolean} finished
 * @property {number} row see layout.js
 */

/** A language whose next word depends on the last one only: one row of probabilities for each word. */
export class TableReader {
  /** @param {{ probs: number[][] }} table */
  constructor({ probs }) {
    this.rows = probs.map((row) => row.map(Math.log));
  }

  /**
   * A text is known by its last token.
   * @param {number} _text
   * @param {number} token
   */
  read(_text, token) {
    return token;
  }

  /**
   * @param {number[]} _texts
   * @param {number[]} tokens
   */
  readEach(_texts, tokens) {
    return tokens;
  }

  /** @param {number} text */
  logProbs(text) {
    return this.rows[text];
  }
}

/**
 * The tree of a search from a prompt.
 * @template T
 * @param {BatchReader<T>} reader
 * @param {T} prompt
 * @param {BeamSettings} settings
 * @returns {Generator<void, Tree, void>}
 */
export function* growTree(reader, prompt, settings) {
  const root = leaf(null, -1, 0, "kept", null);
  /** @type {TreeNode[][]} */
  const steps = [];
  let running = [root];
  /** @param {BeamStep} step */
  const watch = ({ candidates }) => {
    const looked = candidates.map(({ parent, token, total, status }, rank) =>
      leaf(running[parent], token, total, status, rank + 1),
    );
    steps.push(looked);
    running = looked.filter(({ status }) => status === "kept");
  };
  const found = yield* beamSearch(reader, prompt, settings, watch);
  return new Tree(root, steps, found, settings);
}

export class Tree {
  /**
   * @param {TreeNode} root
   * @param {TreeNode[][]} steps what was looked at in each
   * @param {Text[]} found the best first
   * @param {BeamSettings} settings
   */
  constructor(root, steps, found, settings) {
    this.root = root;
    this.steps = steps;
    this.settings = settings;
    this.found = found.map((text) => ({ ...text, node: this.follow(text) }));
    for (const { node } of this.found) node.finished = true;
    // in the order in which the search has them: of one step, those that are cut come last
    this.ended = steps.flatMap((looked) => [
      ...looked.filter(({ status }) => status === "ended"),
      ...looked.filter(({ status, finished }) => status !== "ended" && finished),
    ]);
    this.best = found.length ? this.mark(found[0], "best") : null;
  }

  /**
   * The last node of a text, which is added where the search never came to.
   * @param {Text} text
   * @returns {TreeNode}
   */
  follow({ tokens, logProbs }) {
    return tokens.reduce((node, token, i) => {
      const known = node.children.find((child) => child.token === token);
      return known ?? leaf(node, token, node.total + logProbs[i], "unseen", null);
    }, this.root);
  }

  /**
   * @template {Text} T
   * @param {T} text
   * @param {Mark} name
   * @returns {T & TextInTree}
   */
  mark(text, name) {
    const node = this.follow(text);
    for (let at = node; at.parent; at = at.parent) at.marks.add(name);
    return { ...text, node };
  }

  /** @param {TreeNode} node */
  score({ total, length }) {
    return total / length ** this.settings.length_penalty;
  }

  /**
   * Finished texts after a step, best score first; those that the limit cuts are finished by the last step.
   * @param {number} step
   */
  finishedAfter(step) {
    return this.ended.filter(({ length }) => length <= step).sort((a, b) => this.score(b) - this.score(a));
  }
}

/**
 * @param {TreeNode | null} parent
 * @param {number} token
 * @param {number} total
 * @param {Status} status
 * @param {number | null} rank
 */
function leaf(parent, token, total, status, rank) {
  const logProb = total - (parent?.total ?? 0);
  const length = (parent?.length ?? -1) + 1;
  const empty = { children: [], marks: new Set(), finished: false, row: 0 };
  /** @type {TreeNode} */
  const node = { parent, token, total, logProb, length, status, rank, ...empty };
  parent?.children.push(node);
  return node;
}

/**
 * The tokens on the way to a node.
 * @param {TreeNode} node
 * @returns {number[]}
 */
export function tokensTo(node) {
  return node.parent ? [...tokensTo(node.parent), node.token] : [];
}

/**
 * Where a search lost a text: the first node of its path that did not go on, or null.
 * @param {TreeNode} node
 * @returns {TreeNode | null}
 */
export function lostAt(node) {
  const lost = node.parent && lostAt(node.parent);
  return lost ?? (node.status === "dropped" || node.status === "unseen" ? node : null);
}

const CHUNK_SIZE = 50; // readings between two rests
const NEVER = /** @type {const} */ ("never");

/**
 * The text with the best score, by branch and bound: beginnings are left out from which no text can score better than
 * one that is known, for Σ log p can only fall. Of equally good texts it is the one that four beams find, as in Python.
 * @template T
 * @param {BatchReader<T>} reader
 * @param {T} prompt
 * @param {BeamSettings} settings
 * @returns {Generator<void, Text, void>}
 */
export function* bestText(reader, prompt, { max_new_tokens, eos_token_id, length_penalty }) {
  const beams = { num_beams: 4, max_new_tokens, eos_token_id, length_penalty, early_stopping: NEVER };
  const [found] = yield* beamSearch(reader, prompt, beams);
  /** @type {Text} */
  let best = found ?? { tokens: [], logProbs: [] };
  let bestScore = found?.score ?? -Infinity;
  let reads = 0;
  /** @type {(total: number, length: number) => number} */
  const scoreAt = (total, length) => total / length ** length_penalty;
  /**
   * The best score that a text of this length can still get.
   * @type {(total: number, length: number) => number}
   */
  const bound = (total, length) => scoreAt(total, length_penalty > 0 ? max_new_tokens : length);
  /** @type {(text: T, total: number, length: number) => { token: number, logProb: number, total: number }[]} */
  const promising = (text, total, length) => {
    const extensions = [];
    const row = reader.logProbs(text);
    for (let token = 0; token < row.length; token++) {
      const longer = { token, logProb: row[token], total: total + row[token] };
      if (bound(longer.total, length) > bestScore) extensions.push(longer);
    }
    return extensions.sort((a, b) => b.total - a.total);
  };
  /** @type {number[]} */
  const tokens = [];
  /** @type {number[]} */
  const logProbs = [];
  /**
   * @param {T} text
   * @param {number} from
   * @returns {Generator<void, void, void>}
   */
  function* search(text, from) {
    if (++reads % CHUNK_SIZE === 0) yield;
    const length = tokens.length + 1;
    for (const { token, logProb, total } of promising(text, from, length)) {
      if (bound(total, length) <= bestScore) return; // found better since, and those that follow are worse
      tokens.push(token);
      logProbs.push(logProb);
      if (token !== eos_token_id && length < max_new_tokens) yield* search(reader.read(text, token), total);
      else if (scoreAt(total, length) > bestScore) {
        bestScore = scoreAt(total, length);
        best = { tokens: [...tokens], logProbs: [...logProbs] };
      }
      tokens.pop();
      logProbs.pop();
    }
  }
  yield* search(prompt, 0);
  return best;
}
