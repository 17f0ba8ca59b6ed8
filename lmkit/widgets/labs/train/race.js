// A race: the lab's presets trained one after the other, with all other settings, the seed among them, the same.

/** @typedef {import("./runs.js").Run} Run */
/** @typedef {import("./runs.js").Setup} Setup */
/** @typedef {{ name: string, settings: Partial<Setup> }} Preset */

export class Race {
  /**
   * @param {number} number - That of its first run.
   * @param {Setup} setup - The settings that all share.
   * @param {Preset[]} presets
   */
  constructor(number, setup, presets) {
    this.number = number;
    this.setup = setup;
    this.presets = presets;
    /** @type {Run[]} */
    this.finished = [];
  }

  get isOver() {
    return this.finished.length === this.presets.length;
  }

  /** Who runs next: the settings of a run, and its place in the race. */
  next() {
    const { name, settings } = this.presets[this.finished.length];
    const entrant = { race: this.number, place: this.finished.length, title: name };
    return { setup: { ...this.setup, ...settings }, entrant };
  }

  /**
   * A run of this race is over, by its last step or because it diverged.
   *
   * @param {Run} run
   * @returns {boolean} Whether that was news.
   */
  take(run) {
    if (run.entrant?.race !== this.number || this.finished.includes(run)) return false;
    this.finished.push(run);
    return true;
  }
}
