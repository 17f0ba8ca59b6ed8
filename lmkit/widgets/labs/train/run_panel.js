// The buttons of a training, where it stands, and what is wrong.

import { element, setAttribute, setText } from "../../base/dom.js";
import { panel } from "../../base/view.js";
import { factsOf, statusOf } from "./runs.js";

/** @typedef {import("./runs.js").Run} Run */

/** @typedef {"train" | "step" | "again" | "race"} Button */

export class RunPanel {
  /** @param {(button: Button) => void} press */
  constructor(press) {
    const { root, heading } = panel("lmkit-train-run", "Training");
    this.root = root;
    /** @type {(button: Button, text: string) => HTMLButtonElement} */
    const button = (name, text) => {
      const made = element("button", { type: "button", class: "lmkit-button" }, text);
      made.addEventListener("click", () => {
        if (made.getAttribute("aria-disabled") !== "true") press(name);
      });
      return made;
    };
    this.train = button("train", "Train");
    this.train.classList.add("lmkit-train-main");
    this.step = button("step", "One step");
    this.again = button("again", "Again");
    this.race = button("race", "Race");
    this.race.classList.add("lmkit-train-race");
    this.race.hidden = true;
    this.status = element("p", { class: "lmkit-train-status" });
    this.bar = element("progress", { max: 1, value: 0, "aria-label": "Steps done" });
    this.facts = element("p", { class: "lmkit-numbers" });
    this.note = element("p", { class: "lmkit-footnote" });
    this.problem = element("p", { class: "lmkit-train-problem", role: "alert" });
    const attributes = { class: "lmkit-train-buttons", "data-filled": "" };
    const buttons = element("div", attributes, this.race, this.train, this.step, this.again);
    heading.hidden = true;
    root.append(heading, buttons, this.problem, this.bar, this.status, this.facts, this.note);
  }

  /**
   * @param {string[]} names - Of presets; none where there is no race.
   */
  offerRace(names) {
    this.race.hidden = !names.length;
    setText(this.race, `Race: ${names.join(" · ")}`);
  }

  /**
   * @param {Run | null} run
   * @param {{ problem: string, note: string, isChanged: boolean }} more - `isChanged`: other settings than the run's.
   */
  show(run, { problem, note, isChanged }) {
    const goesOn = run && run.step > 0 && !run.isOver && !isChanged;
    setText(this.train, run?.isRunning ? "Pause" : goesOn ? "Go on" : "Train");
    const isDone = run?.isOver && !isChanged;
    // A button that is switched off under the hand loses the keyboard's focus, so these are only marked.
    setAttribute(this.train, "aria-disabled", isDone ? "true" : null);
    setAttribute(this.step, "aria-disabled", isDone ? "true" : null);
    setAttribute(this.again, "aria-disabled", run ? null : "true");
    setText(this.problem, problem);
    this.problem.hidden = !problem;
    const begin = this.race.hidden ? "Train" : "Race";
    const who = run?.entrant ? `${run.entrant.title}: ` : "";
    setText(this.status, run ? `${who}${statusOf(run)}.` : `Nothing is trained yet: press ${begin}.`);
    this.status.hidden = Boolean(problem);
    this.bar.value = run ? run.step / run.setup.steps : 0;
    setText(this.facts, run?.facts ? factsOf(run.facts, run) : "");
    setText(this.note, note);
    this.note.hidden = !note;
  }
}
