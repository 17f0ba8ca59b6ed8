// The chart of the reach lab: norms against distance on a logarithmic scale, drawn anew at every width.

import { element, setAttribute, svgElement, uniqueId } from "../../base/dom.js";
import { FARTHEST } from "./model.js";

const DECADES = { low: -8, high: 4 };
const HEIGHT = 320,
  MARGIN = { top: 10, bottom: 42, left: 46, right: 88 };
const EVERY = 10; // a mark each so many steps
const APART = 15,
  NEAR = 92; // between two labels, up and across

export class ReachChart {
  /** `onResize` is called when there is another width to draw for. */
  constructor(onResize) {
    this.svg = svgElement("svg", { role: "img", class: "lmkit-reach-chart" });
    this.root = element("div", { class: "lmkit-reach-frame" }, this.svg);
    this.clip = uniqueId("lmkit-clip");
    this.observer = new ResizeObserver(() => {
      if (this.root.clientWidth !== this.width) onResize();
    });
    this.observer.observe(this.root);
  }

  close() {
    this.observer.disconnect();
  }

  show({ distance, rnn, lstm, radius, gate }, words) {
    const width = this.root.clientWidth || 640; // hidden until the first measurement is there
    if (width !== this.width) this.frame(width);
    const { x, y, bottom } = this;
    setAttribute(this.svg, "aria-label", words);
    setAttribute(
      this.rnnPower,
      "d",
      pathOf((k) => radius ** k, x, y),
    );
    setAttribute(
      this.lstmPower,
      "d",
      pathOf((k) => gate ** k, x, y),
    );
    setAttribute(
      this.rnn,
      "d",
      pathOf((k) => rnn[k], x, y),
    );
    setAttribute(
      this.lstm,
      "d",
      pathOf((k) => lstm[k], x, y),
    );
    setAttribute(this.rnnMarks, "d", marksOf(rnn, x, y, circle));
    setAttribute(this.lstmMarks, "d", marksOf(lstm, x, y, square));
    setAttribute(this.cursor, "d", `M${x(distance)} ${MARGIN.top}V${bottom}`);
    this.mark(this.rnnAt, circle, distance, rnn[distance]);
    this.mark(this.lstmAt, square, distance, lstm[distance]);
    this.placeLabels(rnn, lstm);
  }

  /** The mark on the cursor's line; hollow on the border where the norm lies beyond it. */
  mark(path, shape, distance, norm) {
    setAttribute(path, "d", shape(this.x(distance), this.inside(norm), 5));
    path.classList.toggle("lmkit-reach-beyond", this.inside(norm) !== this.y(norm));
  }

  /** Scales, axes, and the parts that `show` fills. */
  frame(width) {
    this.width = width;
    this.right = width - MARGIN.right;
    this.bottom = HEIGHT - MARGIN.bottom;
    this.x = (k) => round(MARGIN.left + (k / FARTHEST) * (this.right - MARGIN.left));
    this.y = (norm) => {
      const part = (Math.log10(norm) - DECADES.low) / (DECADES.high - DECADES.low);
      return round(this.bottom - Math.min(Math.max(part, -1), 2) * (this.bottom - MARGIN.top));
    };
    setAttribute(this.svg, "viewBox", `0 0 ${width} ${HEIGHT}`);
    setAttribute(this.svg, "height", String(HEIGHT));
    for (const [name, className] of Object.entries(LINES)) this[name] = svgElement("path", { class: className });
    this.cursor = svgElement("path", { class: "lmkit-reach-cursor" });
    this.rnnLabel = svgElement("text", { class: "lmkit-reach-rnn" }, "● plain RNN");
    this.lstmLabel = svgElement("text", { class: "lmkit-reach-lstm" }, "■ LSTM");
    const clipped = svgElement(
      "g",
      { "clip-path": `url(#${this.clip})` },
      ...Object.keys(LINES).map((name) => this[name]),
    );
    this.svg.replaceChildren(this.clipPath(), ...this.axes(), this.cursor, clipped, this.rnnLabel, this.lstmLabel);
  }

  clipPath() {
    const box = {
      x: MARGIN.left,
      y: MARGIN.top - 6,
      width: this.right - MARGIN.left + 6,
      height: this.bottom - MARGIN.top + 12,
    };
    return svgElement("clipPath", { id: this.clip }, svgElement("rect", box));
  }

  axes() {
    const { x, y, right, bottom } = this,
      parts = [];
    const band = (above, below) =>
      svgElement("rect", {
        class: "lmkit-reach-band",
        x: MARGIN.left,
        y: above,
        width: right - MARGIN.left,
        height: below - above,
      });
    parts.push(band(MARGIN.top, y(100)), band(y(0.01), bottom));
    for (let decade = DECADES.low; decade <= DECADES.high; decade += 2) {
      const at = y(10 ** decade);
      parts.push(svgElement("path", { class: "lmkit-reach-grid", d: `M${MARGIN.left} ${at}H${right}` }));
      const text = decade ? `10${superscript(decade)}` : "1";
      parts.push(svgElement("text", { x: MARGIN.left - 6, y: at + 4, "text-anchor": "end" }, text));
    }
    for (let k = 0; k <= FARTHEST; k += 20) {
      parts.push(svgElement("text", { x: x(k), y: bottom + 17, "text-anchor": "middle" }, String(k)));
    }
    const middle = (MARGIN.left + right) / 2;
    parts.push(svgElement("text", { x: middle, y: HEIGHT - 7, "text-anchor": "middle" }, "distance (steps back)"));
    const note = (at, text) =>
      svgElement("text", { class: "lmkit-reach-note", x: right - 6, y: at, "text-anchor": "end" }, text);
    parts.push(note(MARGIN.top + 15, "exploded: above 100"), note(y(0.01) + 16, "vanished: below 1\u202f%"));
    return parts;
  }

  /** A norm's height, brought to the border where it lies beyond. */
  inside(norm) {
    return Math.min(Math.max(this.y(norm), MARGIN.top), this.bottom);
  }

  /** Each name stands where its line ends or leaves the chart; where both meet, they part. */
  placeLabels(rnn, lstm) {
    const ends = [
      [this.rnnLabel, rnn],
      [this.lstmLabel, lstm],
    ].map(([label, norms]) => this.end(label, norms));
    const [first, second] = ends.sort((a, b) => a.x - b.x || b.y - a.y);
    if (Math.abs(first.y - second.y) < APART && second.x - first.x < NEAR) {
      if (first.x > MARGIN.left + NEAR && second.x > first.x) first.anchor = "end";
      else this.stack(second, first);
    }
    for (const { label, x, y, anchor } of ends) {
      setAttribute(label, "x", String(anchor === "end" ? x - 14 : x + 9));
      setAttribute(label, "y", String(round(y + 4)));
      setAttribute(label, "text-anchor", anchor);
    }
  }

  /** Two names that would cover each other, one above the other at the right of both lines. */
  stack(upper, lower) {
    const middle = (upper.y + lower.y) / 2;
    lower.y = Math.min(Math.max(middle + APART / 2, MARGIN.top + APART), this.bottom - 6);
    upper.y = lower.y - APART;
    upper.x = lower.x = Math.max(upper.x, lower.x);
  }

  end(label, norms) {
    const leaves = norms.findIndex((norm) => !(norm >= 10 ** DECADES.low && norm <= 10 ** DECADES.high));
    const last = leaves < 0 ? FARTHEST : Math.max(leaves - 1, 0);
    const y = Math.min(Math.max(this.inside(norms[last]), MARGIN.top + 30), this.bottom - 6);
    return { label, x: this.x(last), y: leaves < 0 ? this.inside(norms[last]) : y, anchor: "start" };
  }
}

// In the order in which they are drawn.
const LINES = {
  rnnPower: "lmkit-reach-power lmkit-reach-rnn-line",
  lstmPower: "lmkit-reach-power lmkit-reach-lstm-line",
  rnn: "lmkit-reach-rnn-line",
  lstm: "lmkit-reach-lstm-line",
  rnnMarks: "lmkit-reach-rnn-mark",
  lstmMarks: "lmkit-reach-lstm-mark",
  rnnAt: "lmkit-reach-rnn-mark",
  lstmAt: "lmkit-reach-lstm-mark",
};

function pathOf(normAt, x, y) {
  const points = Array.from({ length: FARTHEST + 1 }, (_, k) => [x(k), y(normAt(k))]);
  return `M${points.map((point) => point.join(" ")).join("L")}`;
}

function marksOf(norms, x, y, mark) {
  return norms.map((norm, k) => (k % EVERY ? "" : mark(x(k), y(norm), 3.5))).join("");
}

function circle(x, y, r) {
  return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
}

function square(x, y, r) {
  return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
}

export function superscript(number) {
  return String(number).replace(/[-0-9]/g, (sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign]));
}

function round(value) {
  return Math.round(10 * value) / 10;
}
