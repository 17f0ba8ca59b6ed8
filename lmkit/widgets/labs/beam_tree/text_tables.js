// The numbers behind the tree: tables of texts.

import { element, resize, setAttribute, setText, signed } from "../../base/dom.js";
import { panel } from "../../base/view.js";
import { MARKS, probability, SYMBOLS } from "./diagram.js";
import { textTo } from "./verdict.js";

/** @typedef {import("./search.js").Mark} Mark */
/** @typedef {import("./search.js").TreeNode} TreeNode */
/** @typedef {import("./verdict.js").Shown} Shown */
/** @typedef {{ place: string, node: TreeNode, what: string, marks: Mark[] }} TextRow */

const MARK_LABELS = { best: "beam’s best", optimum: "best of all", greedy: "greedy" };
const STATUSES = { kept: "kept", ended: "the text ends", dropped: "dropped", unseen: "not looked at" };

/** The texts that have ended, those that go on, and what to judge them by. */
export class TextsTable {
  constructor() {
    const { root, heading } = panel("lmkit-beam-texts", "");
    this.body = element("tbody", { "data-filled": "" });
    const names = ["", "text", "log p", "score", "what it is"];
    const heads = names.map((name) => (name ? element("th", { scope: "col" }, name) : element("td")));
    const head = element("tr", {}, ...heads);
    root.append(heading, element("table", { "aria-labelledby": heading.id }, element("thead", {}, head), this.body));
    this.root = root;
    this.heading = heading;
  }

  /** @param {Shown} shown */
  show(shown) {
    const rows = textRows(shown);
    setText(this.heading, shown.over ? "Finished texts, best score first" : `Texts after step ${shown.step}`);
    resize(this.body, rows.length, makeRow);
    for (const [i, row] of rows.entries()) showText(this.body.children[i], row, shown);
  }
}

function makeRow() {
  const numbers = Array.from({ length: 3 }, () => element("td"));
  return element("tr", {}, element("td"), element("th", { scope: "row" }), ...numbers);
}

/**
 * @param {Element} line
 * @param {TextRow} row
 * @param {Shown} shown
 */
function showText(line, { place, node, what, marks }, { tree, vocab }) {
  const [rank, text, logProb, score, name] = line.children;
  setText(rank, place);
  setText(text, node.parent ? textTo(node, vocab) : "(nothing yet)");
  setText(logProb, signed(node.total));
  setText(score, what === "running" ? "" : signed(tree.score(node)));
  const parts = [
    ...marks.map((mark) => ({ mark, text: `${SYMBOLS[mark]} ${MARK_LABELS[mark]}` })),
    ...(what ? [{ mark: "plain", text: what }] : []),
  ];
  resize(name, parts.length, () => element("span"));
  for (const [j, part] of parts.entries()) {
    setText(name.children[j], part.text);
    setAttribute(name.children[j], "class", `lmkit-beam-mark lmkit-beam-mark-${part.mark}`);
  }
  setAttribute(line, "class", marks.includes("best") ? "lmkit-beam-first" : null);
}

/**
 * @param {Shown} shown
 * @returns {TextRow[]}
 */
function textRows({ tree, optimum, greedy, step, over }) {
  const finished = tree.finishedAfter(over ? Infinity : step);
  const running = over ? [] : step ? tree.steps[step - 1].filter(({ status }) => status === "kept") : [tree.root];
  const ends = { optimum: optimum?.node ?? null, greedy: greedy.node, best: over ? tree.best?.node : null };
  /** @param {TreeNode} node */
  const marksOf = (node) => MARKS.filter((mark) => ends[mark] === node);
  const returned = new Set(tree.found.map(({ node }) => node));
  const rows = finished.map((node) => {
    const gone = over && !returned.has(node);
    const what = gone ? "pushed out" : node.status === "ended" ? "ended" : "cut at the limit";
    return { place: gone ? "" : String(finished.indexOf(node) + 1), node, what, marks: marksOf(node) };
  });
  const going = running.map((node) => ({ place: "", node, what: "running", marks: [] }));
  const others = [...new Set([ends.optimum, ends.greedy])].flatMap((node) =>
    node && !finished.includes(node) ? [{ place: "", node, what: "", marks: marksOf(node) }] : [],
  );
  return [...rows, ...going, ...others];
}

/** Everything that was looked at in the present step, for those who ask. */
export class LookedTable {
  constructor() {
    this.summary = element("summary");
    this.body = element("tbody");
    const names = ["rank", "text", "p of the token", "Σ log p", "fate"];
    const head = element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name)));
    const table = element("table", {}, element("thead", {}, head), this.body);
    this.root = element("details", { class: "lmkit-beam-looked" }, this.summary, table);
  }

  /** @param {Shown} shown */
  show({ tree, step, vocab }) {
    const last = Math.min(step, tree.steps.length);
    const looked = tree.steps[last - 1] ?? [];
    setText(this.summary, `All that was looked at in step ${last}`);
    this.root.hidden = !looked.length;
    if (!this.root.open) return;
    resize(this.body, looked.length, makeRow);
    for (const [i, node] of looked.entries()) {
      const values = [
        node.rank,
        textTo(node, vocab),
        probability(Math.exp(node.logProb)),
        signed(node.total),
        STATUSES[node.status],
      ];
      for (const [j, value] of values.entries()) setText(this.body.children[i].children[j], String(value));
    }
  }
}
