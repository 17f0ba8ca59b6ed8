// A lab that fills the screen: for a room, and for a phone. Where a browser has no such thing it covers the page.

const FULL = "lmkit-full";

export class FullScreen {
  /** @param {(isFull: boolean) => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {HTMLElement | null} */
    this.lab = null; // the one that fills the screen
    /** @type {HTMLElement[]} */
    this.covered = [];
    this.end = this.leave.bind(this);
    this.follow = () => {
      if (!document.fullscreenElement) this.leave();
    };
    this.press = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      this.leave();
    };
  }

  /** @param {HTMLElement} lab */
  async enter(lab) {
    if (this.lab) return;
    this.lab = lab;
    this.covered = around(lab);
    for (const node of this.covered) node.inert = true;
    lab.classList.add(FULL);
    document.addEventListener("keydown", this.press);
    this.onChange(true);
    try {
      await lab.requestFullscreen(); // absent or refused: the lab covers the page, and its style does the rest
      document.addEventListener("fullscreenchange", this.follow);
      if (this.lab !== lab) await document.exitFullscreen();
    } catch {}
  }

  leave() {
    const { lab } = this;
    if (!lab) return;
    this.lab = null;
    document.removeEventListener("keydown", this.press);
    document.removeEventListener("fullscreenchange", this.follow);
    if (document.fullscreenElement === lab) document.exitFullscreen();
    lab.classList.remove(FULL);
    for (const node of this.covered) node.inert = false;
    this.covered = [];
    this.onChange(false);
  }
}

/**
 * All that a lab covers: what stands beside it, and beside what it stands in; not what is switched off already.
 *
 * @param {HTMLElement} lab
 */
function around(lab) {
  const found = [];
  for (let node = lab; node !== document.body && node.parentElement; node = node.parentElement) {
    for (const other of node.parentElement.children)
      if (other !== node && other instanceof HTMLElement && !other.inert) found.push(other);
  }
  return found;
}
