// What becomes of a trained model: other labs have it, the browser keeps it, it is a file; and files that are opened.

import { keepModel, offer } from "../../runtime/own_models.js";
import { download, KeepPanel, kilobytes, sentenceOf } from "./keep_panel.js";
import { openedModel } from "./opened.js";
import { inShort } from "./runs.js";

/** @typedef {import("../../runtime/own_models.js").OwnModel} OwnModel */
/** @typedef {import("./runs.js").Run} Run */

const OFFERED = "Labs that run a model offer it below ‘Your models’, also on other pages once it is kept.";
const ONLY_LSTM = "The other labs of the book run LSTMs only; this model can be saved as a file.";
const NOTHING = "Nothing is trained yet. A model file can be opened.";

export class Handover {
  /**
   * @param {object} options
   * @param {import("./texts.js").TextEntry[]} options.texts
   * @param {(order: import("./server.js").Order) => void} options.send - To where the training runs.
   * @param {() => void} options.onChange
   */
  constructor({ texts, send, onChange }) {
    this.texts = texts;
    this.send = send;
    this.onChange = onChange;
    this.panel = new KeepPanel({
      keep: (title) => this.store("keep", title),
      save: (title) => this.store("save", title),
      open: (name, bytes) => this.open(name, bytes),
    });
    /** @type {Run | null} */
    this.run = null;
    /** @type {{ model: OwnModel, bytes: Uint8Array, sample: { prompt: string, text: string } } | null} */
    this.opened = null; // instead of the run's
  }

  close() {
    this.panel.close();
  }

  /** @param {Run | null} run */
  show(run) {
    this.run = run;
    const title = this.opened?.model.title ?? (run?.step ? titleOf(run) : "");
    const runs = this.opened ? this.opened.model.runs : run?.setup.cell === "lstm";
    this.panel.show(title, title ? (runs ? OFFERED : ONLY_LSTM) : NOTHING);
  }

  /**
   * Let the other labs have the model of a run that rests.
   *
   * @param {Run} run
   */
  offer(run) {
    if (run.setup.cell === "lstm") this.send({ do: "file", card: cardOf(run, titleOf(run)), why: "offer" });
  }

  /**
   * Keep or save the model of the run, or the one that was opened.
   *
   * @param {"keep" | "save"} why
   * @param {string} name
   */
  store(why, name) {
    const { run, opened } = this;
    if (opened) this.receive(why, opened.bytes, { ...opened.model, title: name || opened.model.title });
    else if (run) this.send({ do: "file", card: cardOf(run, name || titleOf(run)), why });
  }

  /**
   * A model file that was asked for.
   *
   * @param {string} why
   * @param {Uint8Array} bytes
   * @param {OwnModel} [known]
   */
  async receive(why, bytes, known) {
    const { panel } = this;
    try {
      const model = known ?? openedModel(bytes, "the model", this.texts).model;
      if (why === "offer") offer(model, bytes);
      else if (why === "save") {
        download(model.title, bytes);
        panel.tell(`Saved: ${kilobytes(bytes.length)}. In Python, lmkit.pretrained.load reads it.`);
      } else {
        await keepModel(model, bytes);
        panel.tell(`Kept in this browser: ${model.title}, ${kilobytes(bytes.length)}.`);
      }
    } catch (error) {
      panel.tell(sentenceOf(error));
    }
  }

  /**
   * A file that the reader has chosen, or a model that is kept.
   *
   * @param {string} name
   * @param {Uint8Array} bytes
   */
  open(name, bytes) {
    try {
      const { model, size, sample } = openedModel(bytes, name, this.texts);
      this.opened = { model, bytes, sample: sample() };
      if (model.runs) offer(model, bytes);
      this.panel.tell(`Opened: ${model.title}, ${size}. ${model.runs ? "The labs of this page offer it." : ONLY_LSTM}`);
      this.onChange();
    } catch (error) {
      this.panel.tell(sentenceOf(error));
    }
  }
}

/** @param {Run} run */
function titleOf({ setup, number }) {
  return `${inShort(setup)}, run ${number}`;
}

/**
 * What a model file says of itself.
 *
 * @param {Run} run
 * @param {string} title
 */
function cardOf({ setup, points, step, facts }, title) {
  const last = points[points.length - 1];
  const metrics = last ? { held_out_loss: round(last.heldLoss), held_out_accuracy: round(last.heldAccuracy) } : {};
  const { text, seed, ...settings } = setup;
  const data = `${facts?.training} tokens of ${text}`;
  const made = { ...settings, made: step };
  return { title, data, command: "trained in the page by TrainLab", seed, settings: made, metrics };
}

/** @param {number} value */
function round(value) {
  return Number(value.toFixed(4));
}
