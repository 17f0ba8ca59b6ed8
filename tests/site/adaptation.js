// What a reader's own settings do to a page: few colours, wide letters, no pointer. Loaded into pages under test.
// Every function returns faults, one line each.
globalThis.adaptation = (() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();

  /** Any CSS colour as [red, green, blue, alpha] from 0 to 1. */
  const rgba = (color) => {
    if (!known.has(color)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      known.set(
        color,
        [...context.getImageData(0, 0, 1, 1).data].map((x) => x / 255),
      );
    }
    return known.get(color);
  };
  const over = (top, alpha, below) => below.map((x, i) => alpha * top[i] + (1 - alpha) * x);
  const luminance = (color) => {
    const [r, g, b] = color.map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const canvas = () => rgba(matchMedia("(forced-colors: active)").matches ? "Canvas" : "white").slice(0, 3);
  const opacityOf = (node) => {
    let product = 1;
    for (let at = node; at instanceof Element; at = at.parentElement) product *= Number(getComputedStyle(at).opacity);
    return product;
  };
  const paperOf = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const [r, g, b, alpha] = rgba(getComputedStyle(at).backgroundColor);
      if (alpha > 0) layers.push([[r, g, b], alpha]);
      if (alpha > 0.99) break;
    }
    return layers.reduceRight((below, [color, alpha]) => over(color, alpha, below), canvas());
  };
  const seen = (node) =>
    node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !node.closest(".lmkit-unseen");
  const hasText = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
  const named = (node) =>
    `${node.tagName.toLowerCase()}.${node.getAttribute("class") ?? ""} ‘${node.textContent.trim().slice(0, 30)}’`;

  /** The colour beneath the middle of a text in a drawing. */
  const beneath = (text, shapes) => {
    const { left, right, top, bottom } = text.getBoundingClientRect();
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    let color = paperOf(text.ownerSVGElement.parentElement);
    for (const shape of shapes) {
      if (!(shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)) continue;
      const box = shape.getBoundingClientRect();
      if (x < box.left || x > box.right || y < box.top || y > box.bottom) continue;
      const style = getComputedStyle(shape);
      if (
        style.fill === "none" ||
        !shape.isPointInFill(new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse()))
      )
        continue;
      const [r, g, b, alpha] = rgba(style.fill);
      color = over([r, g, b], alpha * Number(style.fillOpacity) * opacityOf(shape), color);
    }
    return color;
  };

  const SHAPES = "path, rect, circle, line, polyline, polygon, ellipse";
  const faintTexts = (lab) => {
    const faults = [];
    for (const node of lab.querySelectorAll("*")) {
      if (!hasText(node) || !seen(node) || node.closest("option, datalist, [inert], :disabled, [aria-disabled=true]"))
        continue;
      const drawn = node instanceof SVGElement;
      if (drawn && !(node instanceof SVGTextContentElement)) continue;
      const style = getComputedStyle(node);
      const paper = drawn ? beneath(node, node.ownerSVGElement.querySelectorAll(SHAPES)) : paperOf(node);
      const [r, g, b, alpha] = rgba(drawn ? style.fill : style.color);
      const found = contrast(over([r, g, b], alpha * opacityOf(node), paper), paper);
      if (found < 4.5) faults.push(`${named(node)} has a contrast of ${found.toFixed(1)}`);
    }
    return faults;
  };

  /** How visible each mark without text is: a shape of a drawing, a bar, a dot, a line. */
  const marks = (lab) => {
    const found = new Map();
    const note = (key, colors, paper, opacity) => {
      const all = colors.filter(([, , , alpha]) => alpha > 0.05);
      const values = all.map(([r, g, b, alpha]) => contrast(over([r, g, b], alpha * opacity, paper), paper));
      found.set(key, Math.max(1, ...values));
    };
    for (const shape of lab.querySelectorAll(`svg :is(${SHAPES})`)) {
      if (!seen(shape) || shape.closest("clipPath, defs, mask")) continue;
      const { fill, stroke, strokeWidth, fillOpacity } = getComputedStyle(shape);
      const colors = [];
      if (fill !== "none") colors.push(rgba(fill).map((x, i) => (i === 3 ? x * Number(fillOpacity) : x)));
      if (stroke !== "none" && Number.parseFloat(strokeWidth) > 0) colors.push(rgba(stroke));
      note(shape, colors, paperOf(shape.ownerSVGElement.parentElement), opacityOf(shape));
    }
    for (const [place, node] of [...lab.querySelectorAll("*")].entries()) {
      if (node instanceof SVGElement || node.textContent.trim() || !seen(node)) continue;
      for (const pseudo of ["", "::before", "::after"]) {
        const style = getComputedStyle(node, pseudo || undefined);
        if (pseudo && (style.content === "none" || style.content === "normal" || style.display === "none")) continue;
        const around = paperOf(pseudo ? node : node.parentElement);
        const sides = ["Top", "Right", "Bottom", "Left"].filter(
          (side) => style[`border${side}Style`] !== "none" && Number.parseFloat(style[`border${side}Width`]) > 0,
        );
        const colors = [rgba(style.backgroundColor), ...sides.map((side) => rgba(style[`border${side}Color`]))];
        note(`${place}${pseudo}`, colors, around, opacityOf(node));
      }
    }
    return found;
  };
  let before = new Map();
  const AROUND = "main, footer, .bd-sidebar, .bd-header";
  const BLOCKS = "h1, h2, h3, h4, p, li, dt, dd, th, td, figcaption, summary, button, a";
  // Attributes by which elements differ and no style tells them apart.
  const OWN = new Set(["id", "href", "title", "aria-label", "aria-labelledby", "aria-controls", "name", "for"]);

  const labs = () => document.querySelectorAll(".lmkit-lab");
  return {
    /** Remember which marks are visible in the book's own colours. */
    remember() {
      before = new Map([...labs()].map((lab) => [lab, marks(lab)]));
    },
    /** In forced colours every text is readable, and what was visible still is. */
    forced() {
      const faults = [...labs()].flatMap(faintTexts);
      for (const [lab, known] of before) {
        const now = marks(lab);
        for (const [key, value] of known) {
          if (value < 2 || !now.has(key) || now.get(key) >= 3) continue;
          const node = key instanceof Element ? key : lab.querySelectorAll("*")[Number.parseInt(key, 10)];
          faults.push(`${named(node)} ${key instanceof Element ? "" : key} is no longer visible`);
        }
      }
      return [...new Set(faults)];
    },
    /** Texts that stick out of their boxes, or are cut off: all of labs; elsewhere blocks, and what is pressed. */
    cut() {
      const faults = [];
      for (const node of document.querySelectorAll(`.lmkit-lab *, :is(${AROUND}) :is(${BLOCKS})`)) {
        if (node instanceof SVGElement || !hasText(node) || !seen(node)) continue;
        const style = getComputedStyle(node);
        if (style.display.startsWith("inline") && style.display !== "inline-block" && style.display !== "inline-flex")
          continue;
        if (node.closest("select, option, datalist, math") || node.querySelector("math") || scrolls(node)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const [text, box] = [range.getBoundingClientRect(), node.getBoundingClientRect()];
        const hides = style.overflowX !== "visible" || style.overflowY !== "visible";
        const hangs = Math.min(0, Number.parseFloat(style.textIndent)); // a first line that begins further left
        if (text.right > box.right + 2 || text.left < box.left + hangs - 2)
          faults.push(`${named(node)} sticks out by ${Math.round(text.right - box.right)} px`);
        else if (hides && (text.bottom > box.bottom + 3 || text.top < box.top - 3))
          faults.push(`${named(node)} is cut`);
      }
      return faults;
    },
    /**
     * What keys can reach but show no focus. The last key must have been Tab.
     *
     * In labs everything is asked. Elsewhere styles go by what an element is and where it stands: of a page's
     * thousands of links one of each kind is.
     */
    focus() {
      const look = (node) => {
        const {
          outlineStyle,
          outlineWidth,
          boxShadow,
          borderColor,
          backgroundColor,
          textDecorationLine,
          stroke,
          fill,
        } = getComputedStyle(node);
        const outline = outlineStyle === "none" ? "" : outlineWidth;
        return [outline, boxShadow, borderColor, backgroundColor, textDecorationLine, stroke, fill].join();
      };
      const around = (node) =>
        [node, node.parentElement, node.parentElement?.parentElement, ...node.children].filter(Boolean);
      const faults = [];
      const asked = new Set();
      const reached = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]");
      for (const node of reached) {
        const kind = node.closest(".lmkit-lab") ? node : kindOf(node);
        if (asked.has(kind)) continue;
        if (node.tabIndex < 0 || node.disabled || !seen(node) || node.closest("[inert]")) continue;
        asked.add(kind);
        document.activeElement?.blur();
        const nodes = around(node);
        const unlike = nodes.map(look).join();
        node.focus({ preventScroll: true, focusVisible: true });
        for (const animation of document.getAnimations()) animation.finish();
        if (document.activeElement === node && nodes.map(look).join() === unlike) faults.push(named(node));
      }
      document.activeElement?.blur();
      return faults;
    },
  };

  /** What the book's styles can tell an element by: tags, classes and states, its own and of all around it. */
  function kindOf(node) {
    const told = ({ localName, attributes }) =>
      [...attributes].reduce((all, { name, value }) => (OWN.has(name) ? all : `${all} ${name}=${value}`), localName);
    const kinds = [...new Set(Array.from(node.children, told))];
    for (let at = node; at; at = at.parentElement) kinds.push(told(at));
    return kinds.join("\n");
  }

  function scrolls(node) {
    for (let at = node; at && !at.matches(".lmkit-lab"); at = at.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(at).overflowX)) return true;
    }
    return false;
  }
})();
