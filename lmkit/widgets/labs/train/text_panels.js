// The reader's own text, and what the model writes.

import { element, setText, uniqueId } from "../../base/dom.js";
import { LabError } from "../../base/errors.js";
import { panel } from "../../base/view.js";
import { checkSize, MOST_BYTES, textOfFile } from "./own_text.js";

/** A field to paste into, and a button that opens a file. */
export class OwnTextPanel {
  /** @param {{ onChange: () => void, onProblem: (message: string) => void }} listeners */
  constructor({ onChange, onProblem }) {
    const { root, heading } = panel("lmkit-train-own", "Your own text");
    this.root = root;
    const id = uniqueId("lmkit-train-own");
    this.field = element("textarea", { id, rows: 4, spellcheck: "false", "aria-labelledby": heading.id });
    this.field.setAttribute("placeholder", "Paste a text here: the longer the better.");
    this.file = element("input", { type: "file", accept: "text/*,.txt,.md", "aria-label": "Open a text file" });
    this.about = element("p", { class: "lmkit-footnote" });
    /** @type {string | null} */
    this.opened = null; // the text of a file: a field would be slow with it
    this.field.addEventListener("input", () => {
      this.opened = null;
      this.file.value = "";
      this.describe();
      onChange();
    });
    this.file.addEventListener("change", async () => {
      const [file] = this.file.files ?? [];
      if (!file) return;
      try {
        checkSize(file.size);
        this.opened = textOfFile(new Uint8Array(await file.arrayBuffer()));
        this.field.value = "";
        this.describe(file.name);
        onChange();
      } catch (error) {
        this.file.value = "";
        onProblem(error instanceof LabError ? error.message : `the file cannot be read (${error}); choose another`);
      }
    });
    root.append(heading, this.field, this.file, this.about);
    this.describe();
  }

  get text() {
    return this.opened ?? this.field.value;
  }

  /** @param {string} [name] - Of a file. */
  describe(name) {
    const size = `${this.text.length.toLocaleString("en")} characters`;
    const found = name ? `${name}: ${size}. ` : this.text ? `${size}. ` : "";
    setText(
      this.about,
      `${found}At most ${MOST_BYTES / 1e6}\u202fMB. It stays in this browser: nothing is sent anywhere.`,
    );
  }
}

/** A text that the model writes, after a beginning that it was given. */
export class SamplePanel {
  constructor() {
    const { root, heading } = panel("lmkit-train-sample", "What it writes");
    this.root = root;
    this.prompt = element("span", { class: "lmkit-train-prompt" });
    this.written = element("span");
    this.text = element(
      "p",
      { class: "lmkit-train-text lmkit-scrolls", "aria-labelledby": heading.id },
      this.prompt,
      this.written,
    );
    this.note = element("p", { class: "lmkit-footnote" }, "Drawn at temperature 1, after a beginning in grey.");
    root.append(heading, this.text, this.note);
  }

  /** @param {{ prompt: string, text: string } | null} sample */
  show(sample) {
    setText(this.prompt, sample?.prompt ?? "");
    setText(this.written, sample?.text ?? "Nothing yet.");
  }
}
