// What became of the texts, in words. No page elements here.

import { signed } from "../../base/dom.js";
import { lostAt, tokensTo } from "./search.js";

/** @typedef {import("./languages.js").JudgedTree} JudgedTree */
/** @typedef {import("./languages.js").Language} Language */
/** @typedef {import("./search.js").TextInTree} TextInTree */
/** @typedef {import("./search.js").Tree} Tree */
/** @typedef {import("./search.js").TreeNode} TreeNode */
/**
 * A tree up to a step of `steps`; `over` says whether the search is.
 * @typedef {JudgedTree & { over: boolean, step: number, steps: number, language: Language, vocab: Language["vocab"] }} Shown
 */

/**
 * @param {TreeNode} node
 * @param {Language["vocab"]} vocab
 */
export function textTo(node, vocab) {
  return vocab.text(tokensTo(node));
}

/**
 * What became of the best text that there is, and of greedy decoding's, in one or two sentences.
 * @param {Shown} shown
 */
export function verdictOf(shown) {
  const { tree, step, over, vocab } = shown;
  if (!over) return step ? runningWords(shown) : "Nothing has been written yet. Let the tree grow.";
  if (!tree.best) return "No text was found.";
  return `${optimumWords(shown, tree.best)} ${greedyWords(shown.greedy, tree.best, vocab)}`;
}

/**
 * The same in few words, for a screen reader.
 * @param {Shown} shown
 */
export function spokenOf(shown) {
  const { tree, optimum, step, over, greedy, vocab } = shown;
  if (!over) return step ? runningFacts(shown) : ["Nothing has been written yet."];
  if (!tree.best) return ["No text was found."];
  const found = `Found: “${textTo(tree.best.node, vocab)}”.`;
  const best = tree.best.node === optimum?.node ? "It is the best of all." : "It is not the best of all.";
  const same = `Greedy decoding writes ${greedy.node === tree.best.node ? "the same" : "another text"}.`;
  return [found, ...(optimum ? [best] : []), same, `Step ${step}.`];
}

/** @param {Shown} shown */
function runningFacts({ tree, optimum, step, vocab }) {
  const kept = tree.steps[step - 1].filter(({ status }) => status === "kept").map((node) => textTo(node, vocab));
  const lost = optimum && lostAt(optimum.node);
  const first = kept.length ? `, first “${kept[0]}”` : "";
  return [
    `Step ${step}: ${kept.length} kept${first}.`,
    ...(lost && lost.length <= step ? ["The best of all is lost."] : []),
  ];
}

/** @param {Shown} shown */
function runningWords({ tree, optimum, step, vocab }) {
  const kept = tree.steps[step - 1].filter(({ status }) => status === "kept").map((node) => `“${textTo(node, vocab)}”`);
  const lost = optimum && lostAt(optimum.node);
  const gone = lost && lost.length <= step ? " The text that is best of all is lost already." : "";
  return `Going on: ${kept.join(", ")}.${gone}`;
}

/**
 * @param {Shown} shown
 * @param {TextInTree} best
 */
function optimumWords({ tree: { settings }, optimum, vocab, language }, best) {
  if (!optimum) return unknownWords(language, best);
  const name = `“${textTo(optimum.node, vocab)}”`;
  const all = `the best of ${language.all}`;
  if (optimum.node === best.node) return `The beam found ${all}: ${name}.`;
  const lost = lostAt(optimum.node);
  const lead = `The beam missed ${all}, ${name}`;
  if (!lost) return `${lead}: it was still running when the search stopped.`;
  const prefix = `“${textTo(lost, vocab)}”`;
  if (lost.status === "unseen" || lost.rank === null)
    return `${lead}: at step ${lost.length} ${prefix} was not among the ${2 * settings.num_beams} looked at.`;
  const rule = lost.token === settings.eos_token_id ? "an end counts among the first" : "a beam of";
  const keeps =
    lost.token === settings.eos_token_id
      ? `${settings.num_beams} only`
      : `${settings.num_beams} keeps no more than that`;
  return `${lead}: at step ${lost.length} ${prefix} ranked ${ordinal(lost.rank)}, and ${rule} ${keeps}.`;
}

/**
 * @param {Language} language
 * @param {TextInTree} best
 */
function unknownWords({ vocab, all }, best) {
  const name = `“${textTo(best.node, vocab)}”`;
  return `The beam’s best is ${name}. Nobody knows the best of ${all}: there are too many to try.`;
}

/**
 * @param {TextInTree} greedy
 * @param {TextInTree} best
 * @param {Language["vocab"]} vocab
 */
function greedyWords(greedy, best, vocab) {
  const name = `“${textTo(greedy.node, vocab)}”`;
  if (greedy.node === best.node) return "Greedy decoding writes what the beam writes.";
  const apart = best.node.total - greedy.node.total;
  const [mine, its] = [best.node.total, greedy.node.total].map((total) => signed(total));
  const relation = Math.abs(apart) < 1e-9 ? "just as probable" : apart > 0 ? "less probable" : "more probable";
  return `Greedy decoding’s ${name} is ${relation}: log p ${its} against the beam’s ${mine}.`;
}

/** @param {number} n */
function ordinal(n) {
  return `${n}${n % 10 === 1 && n !== 11 ? "st" : n % 10 === 2 && n !== 12 ? "nd" : n % 10 === 3 && n !== 13 ? "rd" : "th"}`;
}
