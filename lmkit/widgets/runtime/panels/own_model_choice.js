// A choice that stands above a lab where the reader has models of their own: the lab's, or one of these.

import { element, resize, setText, uniqueId } from "../../base/dom.js";
import { onOwnModels, ownModels } from "../own_models.js";

/** @typedef {import("../own_models.js").OwnModel} OwnModel */

/** Hidden while there is none. */
export class OwnModelChoice {
  /**
   * @param {() => void} onChange - Called when another model is chosen.
   * @param {(model: OwnModel) => boolean} [accepts] - Whether the lab can do something with a model; by default with all.
   */
  constructor(onChange, accepts = () => true) {
    const id = uniqueId("lmkit-own-model");
    this.select = element("select", { id });
    const label = element("label", { for: id }, "Your models");
    this.root = element("p", { class: "lmkit-own-models" }, label, this.select);
    this.root.hidden = true;
    /** @type {OwnModel[]} */
    this.models = [];
    /** @type {OwnModel | null} */
    this.chosen = null; // null: the lab's own
    this.onChange = onChange;
    this.accepts = accepts;
    this.closed = false;
    this.select.addEventListener("change", () => this.choose(this.models[this.select.selectedIndex - 1] ?? null));
    this.stop = onOwnModels(() => this.look());
    this.look();
  }

  async look() {
    const models = (await ownModels()).filter(this.accepts);
    if (this.closed) return;
    this.models = models;
    this.root.hidden = !models.length;
    const names = ["the lab’s model", ...models.map(({ title }) => title)];
    const options = resize(this.select, names.length, () => element("option"));
    for (const [i, name] of names.entries()) setText(options[i], name);
    const chosen = models.find(({ key }) => key === this.chosen?.key) ?? null;
    this.select.selectedIndex = chosen ? models.indexOf(chosen) + 1 : 0;
    if (this.chosen && !chosen) this.choose(null); // it is not there any more
  }

  /** @param {OwnModel | null} model */
  choose(model) {
    this.chosen = model;
    this.onChange();
  }

  /**
   * What is to be opened: the lab's model, or the one that the reader has chosen.
   *
   * @template {import("../session.js").ModelOption} E
   * @param {E} offered
   * @param {(model: OwnModel) => Partial<E>} [more] - What entries of this lab have besides.
   * @returns {E}
   */
  entry(offered, more = () => ({})) {
    const { chosen } = this;
    if (!chosen) return offered;
    const { title, key, truth, prompts } = chosen;
    return {
      ...offered,
      name: title,
      title,
      key: `own ${key}`,
      truth,
      own: false,
      kept: key,
      prompts,
      ...more(chosen),
    };
  }

  close() {
    this.closed = true;
    this.stop();
  }
}
