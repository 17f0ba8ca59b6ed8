// When a section counts as read: pure counting, no page.

const WORDS_A_SECOND = 10; // 600 in a minute: hardly anybody reads faster
const LEAST_SECONDS = 3;
const SETTLED_SECONDS = 3; // for so long a reader stays where they are

/** @typedef {{ id: string, words: number }} Section */

export class SectionClock {
  /** @param {Section[]} sections - Those that must be read. */
  constructor(sections) {
    this.needed = new Map(sections.map(({ id, words }) => [id, Math.max(LEAST_SECONDS, words / WORDS_A_SECOND)]));
    /** @type {Map<string, number>} */
    this.seconds = new Map();
    /** @type {Set<string>} */
    this.told = new Set(); // each is told once: after a reset it counts only if it is read again, on another visit
    this.place = "";
    this.stayed = 0;
  }

  /**
   * A second has passed.
   *
   * @param {object} view
   * @param {string[]} view.visible - The ids of sections of which something was on the screen.
   * @param {string[]} view.ended - Of those that end on the screen or above it.
   * @param {string} view.place - The section at the reader's eyes; "" before the first.
   * @returns {{ seen: string[], moved: boolean }} What has been read to its end just now; whether the reader has settled
   *   at another place.
   */
  tick({ visible, ended, place }) {
    for (const id of visible) this.seconds.set(id, (this.seconds.get(id) ?? 0) + 1);
    const isDone = (/** @type {string} */ id) => (this.seconds.get(id) ?? 0) >= (this.needed.get(id) ?? Infinity);
    const seen = ended.filter((id) => isDone(id) && !this.told.has(id));
    for (const id of seen) this.told.add(id);
    this.stayed = place === this.place ? this.stayed + 1 : 1;
    this.place = place;
    return { seen, moved: this.stayed === SETTLED_SECONDS };
  }
}
