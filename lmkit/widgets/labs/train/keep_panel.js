// What becomes of a trained model: a name, a place in the browser, a file; and files that come back.

import { element, resize, setText, uniqueId } from "../../base/dom.js";
import { LabError, messageOf, problemText } from "../../base/errors.js";
import { bytesOfOwn, forgetModel, keptModels, onOwnModels } from "../../runtime/own_models.js";

/** @typedef {import("../../runtime/own_models.js").OwnModel} OwnModel */

/**
 * @typedef {object} Deeds
 * @property {(title: string) => void} keep
 * @property {(title: string) => void} save
 * @property {(name: string, bytes: Uint8Array) => void} open
 */

const LARGEST_FILE = 100_000_000;

export class KeepPanel {
  /** @param {Deeds} deeds */
  constructor({ keep, save, open }) {
    this.open = open;
    const id = uniqueId("lmkit-train-name");
    this.name = element("input", { id, type: "text", maxlength: 80 });
    /** @type {(text: string, deed: () => void) => HTMLButtonElement} */
    const button = (text, deed) => {
      const made = element("button", { type: "button", class: "lmkit-button" }, text);
      made.addEventListener("click", deed);
      return made;
    };
    this.keep = button("Keep in this browser", () => keep(this.name.value.trim()));
    this.save = button("Save as a file", () => save(this.name.value.trim()));
    this.file = element("input", { type: "file", accept: ".safetensors", "aria-label": "Open a model file" });
    this.file.addEventListener("change", () => this.read());
    this.message = element("p", { class: "lmkit-footnote", role: "status" });
    this.blocked = element("p", { class: "lmkit-footnote" });
    this.list = element("ul", { class: "lmkit-train-kept" });
    this.offered = element("p", { class: "lmkit-footnote" });
    this.form = element(
      "div",
      { class: "lmkit-train-form" },
      element("label", { for: id }, "Name"),
      this.name,
      this.keep,
      this.save,
    );
    const opening = element("label", { class: "lmkit-train-form" }, "Open a model file", this.file);
    this.root = element(
      "details",
      { class: "lmkit-train-keep" },
      element("summary", {}, "Keep it, save it, open one"),
      this.offered,
      this.form,
      opening,
      this.message,
      this.blocked,
      this.list,
    );
    this.proposed = "";
    this.closed = false;
    this.stop = onOwnModels(() => this.look());
    this.look();
  }

  close() {
    this.closed = true;
    this.stop();
  }

  async read() {
    const [file] = this.file.files ?? [];
    if (!file) return;
    this.file.value = "";
    if (file.size > LARGEST_FILE)
      return this.tell(`${file.name} is too large for a model of this lab; choose another.`);
    this.open(file.name, new Uint8Array(await file.arrayBuffer()));
  }

  /**
   * @param {string} title - That is proposed for the run; "" where there is none.
   * @param {string} offered - Whether other labs have it.
   */
  show(title, offered) {
    if (this.proposed !== title) {
      if (!this.name.value || this.name.value === this.proposed) this.name.value = title;
      this.proposed = title;
    }
    this.form.hidden = !title;
    setText(this.offered, offered);
  }

  /** @param {string} message */
  tell(message) {
    setText(this.message, message);
  }

  async look() {
    /** @type {OwnModel[]} */
    let models = [];
    let blocked = "";
    try {
      models = await keptModels();
    } catch (error) {
      blocked = sentenceOf(error);
    }
    if (this.closed) return;
    setText(this.blocked, blocked);
    const items = resize(this.list, models.length, () => this.makeItem());
    for (const [i, { title, size, key }] of models.entries()) {
      const [text, open, remove] = /** @type {HTMLElement[]} */ ([...items[i].children]);
      setText(text, `${title} (${kilobytes(size)})`);
      open.setAttribute("aria-label", `Open ${title}`);
      remove.setAttribute("aria-label", `Delete ${title}`);
      items[i].dataset.key = key;
      items[i].dataset.title = title;
    }
  }

  makeItem() {
    const item = element("li", {}, element("span"));
    /** @type {(text: string, deed: (key: string) => Promise<void>) => void} */
    const add = (text, deed) => {
      const button = element("button", { type: "button", class: "lmkit-button" }, text);
      button.addEventListener("click", () => {
        deed(item.dataset.key ?? "").catch((error) => this.tell(sentenceOf(error)));
      });
      item.append(button);
    };
    add("Open", async (key) => this.open(item.dataset.title ?? "", await bytesOfOwn(key)));
    add("Delete", async (key) => {
      await forgetModel(key);
      this.tell("Deleted.");
      this.root.querySelector("summary")?.focus();
    });
    return item;
  }
}

/**
 * What went wrong, as a sentence.
 *
 * @param {unknown} error
 */
export function sentenceOf(error) {
  if (!(error instanceof LabError)) console.error(error);
  return problemText(messageOf(error));
}

/** @param {number} bytes */
export function kilobytes(bytes) {
  return bytes < 1e6 ? `${Math.round(bytes / 1000)}\u202fKB` : `${(bytes / 1e6).toFixed(1)}\u202fMB`;
}

/**
 * Give bytes to the reader as a file.
 *
 * @param {string} title
 * @param {Uint8Array} bytes
 */
export function download(title, bytes) {
  const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "model";
  const blob = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)], { type: "application/octet-stream" });
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: `${name}.safetensors` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
