// The histogram of the regularisation lab: how the activations of the chosen runs are spread over [−1, 1], as bars, and
// those of the unregularised runs as an outline over them; drawn anew at every width.

import { placeOf, sizeOf, watchSize } from "../../base/charts/place.js";
import { setAttribute, svgElement } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";

const BARS = { height: 300, top: 26, bottom: 42, left: 46, right: 10 };
const TOPS = [0.1, 0.2, 0.4, 0.6, 0.8]; // ends of the axis

export class ActivationHistogram {
  /** @param {() => void} onResize - It is called when there is another width to draw for. */
  constructor(onResize) {
    this.svg = svgElement("svg", { role: "img", class: "lmkit-regularisation-histogram" });
    this.root = placeOf("lmkit-regularisation-frame", this.svg, BARS.height);
    this.width = 0;
    this.height = BARS.height;
    this.top = 1;
    this.bars = svgElement("path", { class: "lmkit-regularisation-bars" });
    this.outline = svgElement("path", { class: "lmkit-regularisation-outline" });
    this.observer = watchSize(this.root, this, onResize);
  }

  close() {
    this.observer.disconnect();
  }

  /**
   * @param {number[]} shares - Of h in equal bins over [−1, 1], of the chosen runs.
   * @param {number[]} plain - Of the plain ones.
   * @param {string} words
   */
  show(shares, plain, words) {
    const size = sizeOf(this.root, { width: 320, height: BARS.height }); // hidden until the first measurement is there
    const most = Math.max(...shares, ...plain),
      top = TOPS.find((limit) => most <= limit) ?? 1;
    if (size.width !== this.width || size.height !== this.height || top !== this.top) this.frame(size, top);
    hasNumbers(this.root, () => ({
      columns: ["h from", "h to", "share, these settings", "share, without any"],
      rows: shares.map((share, i) => [-1 + (2 * i) / shares.length, -1 + (2 * i + 2) / shares.length, share, plain[i]]),
    }));
    setAttribute(this.svg, "aria-label", words);
    setAttribute(this.bars, "d", shares.map((share, i) => this.bar(share, i, shares.length)).join(""));
    setAttribute(this.outline, "d", this.steps(plain));
  }

  /**
   * @param {import("../../base/charts/place.js").Size} size
   * @param {number} top
   */
  frame({ width, height }, top) {
    this.width = width;
    this.height = height;
    this.top = top;
    setAttribute(this.svg, "viewBox", `0 0 ${width} ${height}`);
    setAttribute(this.svg, "height", String(height));
    this.svg.replaceChildren(...this.axes(), this.bars, this.outline, ...this.legend());
  }

  get bottom() {
    return this.height - BARS.bottom;
  }

  get right() {
    return this.width - BARS.right;
  }

  /** @param {number} value */
  x(value) {
    return tenth(BARS.left + ((value + 1) / 2) * (this.right - BARS.left));
  }

  /** @param {number} share */
  y(share) {
    return tenth(this.bottom - (share / this.top) * (this.bottom - BARS.top));
  }

  axes() {
    const { right } = this,
      parts = [],
      step = this.top > 0.3 ? 0.2 : this.top > 0.15 ? 0.1 : 0.05;
    for (let n = 0; n * step <= this.top + 1e-9; n++) {
      const at = this.y(n * step),
        text = `${Math.round(100 * n * step)}\u202f%`;
      parts.push(svgElement("path", { class: "lmkit-regularisation-grid", d: `M${BARS.left} ${at}H${right}` }));
      parts.push(svgElement("text", { x: BARS.left - 6, y: at + 4, "text-anchor": "end" }, text));
    }
    for (const value of [-1, -0.5, 0, 0.5, 1]) {
      const text = String(value).replace("-", "\u2212");
      parts.push(
        svgElement(
          "text",
          { x: this.x(value), y: this.bottom + 17, "text-anchor": value === 1 ? "end" : "middle" },
          text,
        ),
      );
    }
    const middle = (BARS.left + right) / 2;
    return [...parts, svgElement("text", { x: middle, y: this.height - 6, "text-anchor": "middle" }, "activation h")];
  }

  legend() {
    const chosen = { class: "lmkit-regularisation-bars-label", x: BARS.left + 2, y: 14 };
    const plain = { class: "lmkit-regularisation-outline-label", x: this.right, y: 14, "text-anchor": "end" };
    return [svgElement("text", chosen, "▮ these settings"), svgElement("text", plain, "╍ without any")];
  }

  /**
   * @param {number} share
   * @param {number} i
   * @param {number} count
   */
  bar(share, i, count) {
    const left = this.x(-1 + (2 * i) / count),
      right = this.x(-1 + (2 * (i + 1)) / count);
    return `M${left + 0.75} ${this.y(0)}V${this.y(share)}H${right - 0.75}V${this.y(0)}z`;
  }

  /** @param {number[]} shares */
  steps(shares) {
    /** @param {number} i */
    const edge = (i) => this.x(-1 + (2 * i) / shares.length);
    return `M${edge(0)} ${this.y(0)}${shares.map((share, i) => `V${this.y(share)}H${edge(i + 1)}`).join("")}V${this.y(0)}`;
  }
}

/** @param {number} value */
function tenth(value) {
  return Math.round(10 * value) / 10;
}
