// The beam tree lab's view: the tree up to a step, what became of the texts, and the numbers behind both.

import { element, resize, setAttribute, setText, signed } from "../../base/dom.js";
import { LabView, panel, widgetOf } from "../../base/view.js";
import { greedy } from "../../runtime/decoding.js";
import { openSession } from "../../runtime/session.js";
import { BeamDiagram, probability, SYMBOLS } from "./diagram.js";
import { bestText, growTree, lostAt, TableReader, tokensTo } from "./search.js";

const EARLY_STOPPING = [false, true, "never"];
const MARKS = { best: "beam’s best", optimum: "best of all", greedy: "greedy" };
const READING = "On a chip: the word, its probability, and Σ log p of the text so far. Behind a bar: the score.";
const FATES = { kept: "kept", ended: "the text ends", dropped: "dropped" };
const KEY = [
  ["kept", "kept"],
  ["dropped", "dropped"],
  ["unseen", "not looked at"],
  ["ended", "‖ ends"],
  ["cut", "| cut at the limit"],
  ["best", `${SYMBOLS.best} the beam’s best`],
  ["optimum", `${SYMBOLS.optimum} the best of all texts`],
  ["greedy", `${SYMBOLS.greedy} greedy decoding`],
];

class BeamTreeView extends LabView {
  constructor(model, root) {
    const walk = new TreeWalk((by) => {
      const { step, steps } = this.read("step", "steps");
      this.write({ step: Math.max(0, Math.min(step + by, steps)) });
    });
    const label = "Tree of the beam search; scrolls sideways";
    const frame = element("div", { class: "lmkit-beam-frame", role: "group", tabindex: "0", "aria-label": label });
    const diagram = new BeamDiagram(frame, () => this.ask());
    const verdict = element("p", { class: "lmkit-beam-verdict" });
    const texts = new TextsTable(),
      looked = new LookedTable();
    super(
      model,
      root,
      walk.root,
      element("div", { class: "lmkit-panel" }, frame, keyList(), element("p", { class: "lmkit-footnote" }, READING)),
      verdict,
      texts.root,
      looked.root,
    );
    Object.assign(this, { walk, diagram, verdict, texts, looked, opened: new Map() });
    looked.root.addEventListener("toggle", this.ask);
  }

  close() {
    super.close();
    this.diagram.close();
  }

  /** Whether the language is there: a table is at once, a model must be loaded. */
  ready() {
    const { languages, language_index } = this.read("languages", "language_index");
    if (!this.opened.has(language_index)) this.open(languages[language_index], language_index);
    return Boolean(this.opened.get(language_index));
  }

  open(entry, index) {
    if (!entry.model) return this.opened.set(index, ofTable(entry));
    this.opened.set(index, null);
    this.messages.tell({ progress: `Loading ${entry.model.title} …` });
    return openSession(this.model, entry.model)
      .then((session) => {
        this.opened.set(index, ofModel(entry, session));
        if (!this.closed) this.ask();
      })
      .catch((error) => {
        this.opened.delete(index);
        if (!this.closed) this.fail(error);
      });
  }

  *update() {
    const { language_index, step } = this.read("language_index", "step");
    const language = this.opened.get(language_index),
      steps = language.max_new_tokens;
    if (this.language && this.language !== language)
      this.wanted = steps; // another language is shown grown
    else if (this.step !== step) this.wanted = step;
    this.language = language;
    this.step = Math.max(0, Math.min(this.wanted, steps));
    this.write({ steps, step: this.step });
    this.show(language, yield* this.grown(language));
  }

  show(language, tree) {
    const { step } = this,
      steps = language.max_new_tokens,
      over = step >= tree.steps.length;
    const at = { tree, over, step, steps, depth: steps, language, words: language.words, start: language.label };
    const said = verdictOf(at);
    this.walk.show(at);
    this.diagram.show({ ...at, label: `Beam search as a tree. ${said}` });
    setText(this.verdict, said);
    this.texts.show(at);
    this.looked.show(at);
    this.announce(() => `Step ${step}. ${said}`);
  }

  /** The tree of the present settings; the step slider only uncovers it. */
  *grown(language) {
    const { num_beams, length_penalty, early_index } = this.read("num_beams", "length_penalty", "early_index");
    const settings = {
      num_beams,
      length_penalty,
      early_stopping: EARLY_STOPPING[early_index],
      max_new_tokens: language.max_new_tokens,
      eos_token_id: language.end,
    };
    const key = JSON.stringify([language.name, settings]);
    if (this.key !== key) {
      this.tree = yield* judgedTree(language, settings);
      this.key = key;
    }
    return this.tree;
  }
}

function ofTable({ words, start, texts, ...entry }) {
  return {
    ...entry,
    words,
    prompt: start,
    reader: new TableReader(entry),
    label: words[start],
    all: `all ${texts} texts`,
  };
}

/** What a model writes after a prompt. */
function ofModel(entry, { cache, vocab }) {
  const { words, end } = vocab,
    all = `all texts of at most ${entry.max_new_tokens} words`;
  return {
    ...entry,
    words,
    end,
    prompt: cache.readAll(vocab.promptIds(entry.prompt)),
    reader: cache,
    label: "…",
    all,
  };
}

/** The tree with the paths of greedy decoding and of the best text that there is. */
function* judgedTree(language, settings) {
  const { reader, prompt } = language;
  const tree = yield* growTree(reader, prompt, settings);
  tree.optimum = tree.mark(yield* bestText(reader, prompt, settings), "optimum");
  tree.greedy = tree.mark(yield* greedy(reader, prompt, settings), "greedy");
  return tree;
}

/** Which step is shown, with buttons that go a step back and forward. */
class TreeWalk {
  constructor(go) {
    const { root, heading } = panel("lmkit-beam-walk", "");
    this.back = element("button", { type: "button", class: "lmkit-button" }, "◂ Back");
    this.forward = element("button", { type: "button", class: "lmkit-button" }, "Grow ▸");
    this.back.addEventListener("click", () => go(-1));
    this.forward.addEventListener("click", () => go(1));
    const buttons = element("span", { class: "lmkit-beam-buttons" }, this.back, this.forward);
    root.append(element("div", { class: "lmkit-head" }, heading, buttons));
    Object.assign(this, { root, heading });
  }

  show({ tree, step, steps }) {
    const looked = tree.steps[step - 1],
      stopped = step > tree.steps.length;
    const counted = ["kept", "ended", "dropped"]
      .map((fate) => [looked?.filter((node) => node.fate === fate).length, fate])
      .filter(([count]) => count)
      .map((pair) => pair.join(" "));
    const what = !step
      ? "nothing written yet"
      : stopped
        ? `the search has stopped after step ${tree.steps.length}`
        : [`${looked.length} looked at`, ...counted].join(", ");
    setText(this.heading, `Step ${step} of ${steps}: ${what}`);
    // A button that is switched off under the hand loses the keyboard's focus, so these are only marked.
    setAttribute(this.back, "aria-disabled", step === 0 ? "true" : null);
    setAttribute(this.forward, "aria-disabled", step === steps ? "true" : null);
  }
}

/** The texts that have ended, those that go on, and what to judge them by. */
class TextsTable {
  constructor() {
    const { root, heading } = panel("lmkit-beam-texts", "");
    this.body = element("tbody", { "data-filled": "" });
    const names = ["", "text", "log p", "score", "what it is"];
    const head = element(
      "tr",
      {},
      ...names.map((name) => element(name ? "th" : "td", name ? { scope: "col" } : {}, name)),
    );
    root.append(heading, element("table", { "aria-labelledby": heading.id }, element("thead", {}, head), this.body));
    Object.assign(this, { root, heading });
  }

  show(at) {
    const rows = textRows(at);
    setText(this.heading, at.over ? "Finished texts, best score first" : `Texts after step ${at.step}`);
    resize(this.body, rows.length, () => {
      return element(
        "tr",
        {},
        element("td"),
        element("th", { scope: "row" }),
        ...Array.from({ length: 3 }, () => element("td")),
      );
    });
    rows.forEach(({ place, node, what, marks }, i) => {
      const [rank, text, logProb, score, name] = this.body.children[i].children;
      setText(rank, place);
      setText(text, node.parent ? textTo(node, at.words) : "(nothing yet)");
      setText(logProb, signed(node.total));
      setText(score, what === "running" ? "" : signed(at.tree.score(node)));
      const parts = [
        ...marks.map((mark) => ({ mark, text: `${SYMBOLS[mark]} ${MARKS[mark]}` })),
        ...(what ? [{ mark: "plain", text: what }] : []),
      ];
      resize(name, parts.length, () => element("span"));
      parts.forEach((part, j) => {
        setText(name.children[j], part.text);
        setAttribute(name.children[j], "class", `lmkit-beam-mark lmkit-beam-mark-${part.mark}`);
      });
      setAttribute(this.body.children[i], "class", marks.includes("best") ? "lmkit-beam-first" : null);
    });
  }
}

function textRows({ tree, step, over }) {
  const finished = tree.finishedAfter(over ? Infinity : step);
  const running = over ? [] : step ? tree.steps[step - 1].filter(({ fate }) => fate === "kept") : [tree.root];
  const ends = { optimum: tree.optimum.node, greedy: tree.greedy.node, best: over ? tree.best?.node : null };
  const marksOf = (node) => Object.keys(MARKS).filter((mark) => ends[mark] === node);
  const returned = new Set(tree.found.map(({ node }) => node));
  const rows = finished.map((node) => {
    const gone = over && !returned.has(node);
    const what = gone ? "pushed out" : node.fate === "ended" ? "ended" : "cut at the limit";
    return { place: gone ? "" : String(finished.indexOf(node) + 1), node, what, marks: marksOf(node) };
  });
  const going = running.map((node) => ({ place: "", node, what: "running", marks: [] }));
  const others = [...new Set([ends.optimum, ends.greedy])].filter((node) => !finished.includes(node));
  return [...rows, ...going, ...others.map((node) => ({ place: "", node, what: "", marks: marksOf(node) }))];
}

/** Everything that was looked at in the present step, for who asks. */
class LookedTable {
  constructor() {
    this.summary = element("summary");
    this.body = element("tbody");
    const names = ["rank", "text", "p of the token", "Σ log p", "fate"];
    const head = element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name)));
    const table = element("table", {}, element("thead", {}, head), this.body);
    this.root = element("details", { class: "lmkit-beam-looked" }, this.summary, table);
  }

  show({ tree, step, words }) {
    const last = Math.min(step, tree.steps.length),
      looked = tree.steps[last - 1] ?? [];
    setText(this.summary, `All that was looked at in step ${last}`);
    this.root.hidden = !looked.length;
    if (!this.root.open) return;
    resize(this.body, looked.length, () => {
      return element(
        "tr",
        {},
        element("td"),
        element("th", { scope: "row" }),
        ...Array.from({ length: 3 }, () => element("td")),
      );
    });
    looked.forEach((node, i) => {
      const values = [
        node.rank,
        textTo(node, words),
        probability(Math.exp(node.logProb)),
        signed(node.total),
        FATES[node.fate],
      ];
      values.forEach((value, j) => setText(this.body.children[i].children[j], String(value)));
    });
  }
}

/** What the lines and signs of the picture mean. */
function keyList() {
  const item = ([kind, name]) => element("li", { class: `lmkit-beam-key lmkit-beam-key-${kind}` }, name);
  return element("ul", { class: "lmkit-beam-keys" }, ...KEY.map(item));
}

function textTo(node, words) {
  return tokensTo(node)
    .map((token) => words[token])
    .join(" ");
}

/** What became of the best text that there is, and of greedy decoding's, in one or two sentences. */
function verdictOf({ tree, step, over, words, language }) {
  if (!over) return step ? runningWords(tree, step, words) : "Nothing has been written yet. Let the tree grow.";
  if (!tree.best) return "No text was found.";
  return `${optimumWords(tree, words, language.all)} ${greedyWords(tree, words)}`;
}

function runningWords(tree, step, words) {
  const kept = tree.steps[step - 1].filter(({ fate }) => fate === "kept").map((node) => `“${textTo(node, words)}”`);
  const lost = lostAt(tree.optimum.node);
  const gone = lost && lost.length <= step ? " The text that is best of all is lost already." : "";
  return `Going on: ${kept.join(", ")}.${gone}`;
}

function optimumWords({ optimum, best, settings }, words, them) {
  const name = `“${textTo(optimum.node, words)}”`,
    all = `the best of ${them}`;
  if (optimum.node === best.node) return `The beam found ${all}: ${name}.`;
  const lost = lostAt(optimum.node),
    lead = `The beam missed ${all}, ${name}`;
  if (!lost) return `${lead}: it was still running when the search stopped.`;
  const prefix = `“${textTo(lost, words)}”`;
  if (lost.fate === "unseen")
    return `${lead}: at step ${lost.length} ${prefix} was not among the ${2 * settings.num_beams} looked at.`;
  const rule = lost.token === settings.eos_token_id ? "an end counts among the first" : "a beam of";
  const keeps =
    lost.token === settings.eos_token_id
      ? `${settings.num_beams} only`
      : `${settings.num_beams} keeps no more than that`;
  return `${lead}: at step ${lost.length} ${prefix} ranked ${ordinal(lost.rank)}, and ${rule} ${keeps}.`;
}

function greedyWords({ greedy, best }, words) {
  const name = `“${textTo(greedy.node, words)}”`;
  if (greedy.node === best.node) return "Greedy decoding writes what the beam writes.";
  const apart = best.node.total - greedy.node.total;
  const [mine, its] = [best.node.total, greedy.node.total].map((total) => signed(total));
  const relation = Math.abs(apart) < 1e-9 ? "just as probable" : apart > 0 ? "less probable" : "more probable";
  return `Greedy decoding’s ${name} is ${relation}: log p ${its} against the beam’s ${mine}.`;
}

function ordinal(n) {
  return `${n}${n % 10 === 1 && n !== 11 ? "st" : n % 10 === 2 && n !== 12 ? "nd" : n % 10 === 3 && n !== 13 ? "rd" : "th"}`;
}

export default widgetOf(BeamTreeView);
