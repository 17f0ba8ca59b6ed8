// A beam search as a tree of everything that it looked at, and the best text that there is to judge it by. No page
// elements here.

import { beamSearch } from "../../runtime/beams.js";

/** A language whose next word depends on the last one only: one row of probabilities for each word. */
export class TableReader {
  constructor({ probs }) {
    this.rows = probs.map((row) => row.map(Math.log));
  }

  /** A text is known by its last token. */
  read(text, token) {
    return token;
  }

  readEach(texts, tokens) {
    return tokens;
  }

  logProbs(text) {
    return this.rows[text];
  }
}

/**
 * The tree of a search from a prompt. A node is what was looked at: its token, log p of the token, Σ log p (`total`),
 * its rank among all that were looked at in its step, and its `fate`: "kept", "ended", "dropped", or "unseen" on the
 * path of a text that the search never came to. `marks` says whose path it lies on: the beam's "best" text's, "greedy"
 * decoding's, that of the "optimum".
 */
export function* growTree(reader, prompt, settings) {
  const root = leaf(null, null, 0, "kept", 0);
  const steps = [];
  let running = [root];
  const watch = ({ candidates }) => {
    const looked = candidates.map(({ parent, token, total, status }, rank) =>
      leaf(running[parent], token, total, status, rank + 1),
    );
    steps.push(looked);
    running = looked.filter(({ fate }) => fate === "kept");
  };
  const found = yield* beamSearch(reader, prompt, settings, watch);
  return new Tree(root, steps, found, settings);
}

export class Tree {
  constructor(root, steps, found, settings) {
    Object.assign(this, { root, steps, settings });
    this.found = found.map((text) => ({ ...text, node: this.follow(text) }));
    for (const { node } of this.found) node.finished = true;
    this.ended = steps.flat().filter((node) => node.fate === "ended" || node.finished);
    if (found.length) this.best = this.mark(found[0], "best");
  }

  /** The last node of a text, which is added where the search never came to. */
  follow({ tokens, logProbs }) {
    return tokens.reduce((node, token, i) => {
      const known = node.children.find((child) => child.token === token);
      return known ?? leaf(node, token, node.total + logProbs[i], "unseen", null);
    }, this.root);
  }

  mark(text, name) {
    const node = this.follow(text);
    for (let at = node; at.parent; at = at.parent) at.marks.add(name);
    return { ...text, node };
  }

  score({ total, length }) {
    return total / length ** this.settings.length_penalty;
  }

  /** Finished texts after a step, best score first; those that the limit cuts are finished by the last step. */
  finishedAfter(step) {
    return this.ended.filter(({ length }) => length <= step).sort((a, b) => this.score(b) - this.score(a));
  }
}

function leaf(parent, token, total, fate, rank) {
  const logProb = total - (parent?.total ?? 0),
    length = (parent?.length ?? -1) + 1;
  const node = { parent, token, total, logProb, length, fate, rank, children: [], marks: new Set(), finished: false };
  parent?.children.push(node);
  return node;
}

/** The tokens on the way to a node. */
export function tokensTo(node) {
  return node.parent ? [...tokensTo(node.parent), node.token] : [];
}

/** Where a search lost a text: the first node of its path that did not go on, or null. */
export function lostAt(node) {
  const lost = node.parent && lostAt(node.parent);
  return lost ?? (node.fate === "dropped" || node.fate === "unseen" ? node : null);
}

const READS_AT_ONCE = 50; // between two rests

/**
 * The text with the best score, by branch and bound: beginnings are left out from which no text can score better than
 * one that is known, for Σ log p can only fall.
 */
export function* bestText(reader, prompt, { max_new_tokens, eos_token_id, length_penalty }) {
  let best = null,
    bestScore = -Infinity,
    reads = 0;
  const scoreAt = (total, length) => total / length ** length_penalty;
  /** The best score that a text of this length can still get. */
  const bound = (total, length) => scoreAt(total, length_penalty > 0 ? max_new_tokens : length);
  const promising = (text, total, length) => {
    const extensions = [],
      row = reader.logProbs(text);
    for (let token = 0; token < row.length; token++) {
      const longer = { token, logProb: row[token], total: total + row[token] };
      if (bound(longer.total, length) > bestScore) extensions.push(longer);
    }
    return extensions.sort((a, b) => b.total - a.total);
  };
  const tokens = [],
    logProbs = [];
  function* search(text, from) {
    if (++reads % READS_AT_ONCE === 0) yield;
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
