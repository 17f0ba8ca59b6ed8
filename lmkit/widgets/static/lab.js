// The decoding lab's view: it listens to the traits that sliders are linked to, decodes, and shows.

import { bytesOf, loadAsset, once } from "./assets.js";
import { nameControls } from "./controls.js";
import { checkSettings } from "./decoding.js";
import { coalesced, element, percent, setText } from "./dom.js";
import { Grammar } from "./oracle.js";
import { BarsPanel, HypothesesPanel, MessagePanel, TextPanel } from "./panels.js";
import { parseModel } from "./safetensors.js";
import { Session } from "./session.js";

const METHODS = ["greedy", "sampling", "beam search"];
const ANNOUNCE_MS = 900; // a slider that moves is not read out at every step
const PROBLEM_MS = 400;

class DecodingView {
  constructor(model, root) {
    this.model = model;
    this.messages = new MessagePanel();
    this.text = new TextPanel({
      onSelect: (step) => this.write({ position: step + 1 }),
      onDraw: () => this.write({ seed: (this.model.get("seed") + 1) % 2 ** 32 }),
    });
    this.bars = new BarsPanel();
    this.hypotheses = new HypothesesPanel();
    this.content = element("div", { class: "lmkit-content" }, this.text.root, this.bars.root, this.hypotheses.root);
    this.content.hidden = true;
    root.classList.add("lmkit-view");
    root.append(this.messages.problem, this.messages.progress, this.content, this.messages.live);
    this.ask = coalesced(() => this.update());
    model.on("change", this.ask);
    this.closeNames = nameControls(root);
    this.ask();
  }

  close() {
    this.closed = true;
    this.model.off("change", this.ask);
    this.ask.close();
    this.closeNames();
    clearTimeout(this.announcing);
    clearTimeout(this.failing);
  }

  /** Set traits that differ; what is linked to them follows, here and in Python. */
  write(traits) {
    const news = Object.entries(traits).filter(([name, value]) => !same(this.model.get(name), value));
    for (const [name, value] of news) this.model.set(name, value);
    if (news.length) this.model.save_changes();
  }

  update() {
    const entry = this.model.get("models")[this.model.get("model_index")];
    if (this.entry?.key !== entry.key) return this.open(entry);
    if (!this.session) return;
    try {
      this.showApplicable();
      const settings = this.settings();
      checkSettings(settings);
      this.result = this.session.decode(settings);
      this.recover();
      this.show();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Load another model, and give it a prompt that it can read; the prompt of the first is left as it was given. */
  async open(entry) {
    const first = !this.entry;
    this.entry = entry;
    this.session = null;
    this.messages.tell({ progress: `Loading ${entry.title} …` });
    try {
      const session = await openSession(this.model, entry);
      if (this.closed || this.entry !== entry) return;
      this.session = session;
      const prompt = this.model.get("prompt");
      this.write({ suggestions: entry.prompts, prompt: first ? prompt : this.readable(prompt, entry) });
      this.update();
      if (!this.closed) warmUp(session, this.settings());
    } catch (error) {
      if (this.entry === entry) this.fail(error);
    }
  }

  /** The prompt, if the vocabulary has its words; else one that suits the model. */
  readable(prompt, entry) {
    try {
      this.session.vocab.promptIds(prompt);
      return prompt;
    } catch {
      return entry.prompts[0];
    }
  }

  settings() {
    const get = (name) => this.model.get(name);
    const names = ["prompt", "temperature", "top_p", "num_beams", "length_penalty", "max_new_tokens", "seed"];
    const settings = Object.fromEntries(names.map((name) => [name, get(name)]));
    const top_k = get("top_ks")[get("top_k_index")] ?? null; // the last choice is null: all tokens
    return { ...settings, top_k, method: METHODS[get("method_index")] };
  }

  /** Controls of other methods are put away. */
  showApplicable() {
    const method = METHODS[this.model.get("method_index")];
    const display = (name) => (method === name ? "" : "none");
    this.write({ sampling_display: display("sampling"), beam_display: display("beam search") });
  }

  show() {
    const { result, session: { vocab: { words } } } = this;
    const step = Math.min(Math.max(this.model.get("position"), 1), result.best.tokens.length) - 1;
    const shown = this.session.inspect(result, step);
    this.text.show(result, words, step);
    this.bars.show(result, shown, result.truth);
    this.hypotheses.show(result, words);
    this.announce(result, shown);
  }

  announce({ best }, { step, keptCount, size, rows }) {
    clearTimeout(this.announcing);
    this.announcing = setTimeout(() => {
      const { word, p } = rows.find(({ chosen }) => chosen);
      const text = best.tokens.map((id) => this.session?.vocab.words[id]).join(" ");
      const kept = keptCount < size ? ` ${keptCount} of ${size} tokens kept.` : "";
      setText(this.messages.live, `Text: ${text}. Step ${step + 1}: ${word}, ${percent(p)}.${kept}`);
    }, ANNOUNCE_MS);
  }

  /** Say what is wrong; a moment later, for a word that is being typed is unknown until it is whole. */
  fail(error) {
    const known = error.name === "LabError"; // labs share what one of them read: the class may be another lab's copy
    if (!known) console.error(error);
    this.content.inert = true;
    clearTimeout(this.announcing);
    clearTimeout(this.failing);
    const problem = known ? error.message : `something broke (${error.message}); reload the page`;
    this.failing = setTimeout(() => this.messages.tell({ problem }), PROBLEM_MS);
  }

  recover() {
    clearTimeout(this.failing);
    this.messages.tell({});
    this.content.hidden = this.content.inert = false;
  }
}

function same(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** A model with its memory, and the grammar where the truth is known: read once per page. */
function openSession(model, { name, key, truth, own }) {
  return once(`model ${key}`, async () => {
    const bytes = own ? bytesOf(model.get("weights")) : loadAsset(model, name, key);
    const grammar = truth && openGrammar(model, truth);
    return new Session(parseModel(await bytes, name), await grammar);
  });
}

function openGrammar(model, { name, key }) {
  return once(`grammar ${key}`, async () => new Grammar(await loadAsset(model, name, key)));
}

/** Run the decoders a few times while nobody waits: a browser compiles what runs often. */
function warmUp(session, settings) {
  const whenIdle = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 200));
  const runs = Array.from({ length: 10 }, (_, n) => n + 1).flatMap((n) => [
    { method: "sampling", top_k: 5 * n, top_p: 0.9, temperature: n / 5 },
    { method: "beam search", num_beams: n },
  ]);
  const next = () => {
    const run = runs.shift();
    if (!run) return;
    try {
      session.inspect(session.decode({ ...settings, ...run }), 0);
      whenIdle(next);
    } catch {
      // A prompt that cannot be read has been told of; there is nothing to warm up with.
    }
  };
  whenIdle(next);
}

export default {
  render({ model, el }) {
    const view = new DecodingView(model, el);
    return () => view.close();
  },
};
