// What the tests of other browsers look at and move on a page, as `smoke`; keys are pressed by the browser itself.

globalThis.smoke = (() => {
  const frame = () => new Promise(requestAnimationFrame);
  const labs = () => [...document.querySelectorAll(".lmkit-lab")];
  const shown = (node) => node.getClientRects().length > 0;
  const content = (lab) => lab.querySelector(".lmkit-content");
  const said = (lab) => lab.querySelector(".lmkit-view > [aria-live]");
  const looks = (lab) => content(lab).innerHTML;
  const kinds = ["dropdown", "slider", "checkbox", "combobox", "text", "radio"];
  const kindOf = (control) => kinds.find((kind) => control.classList.contains(`widget-${kind}`));
  const controls = (lab) => [...lab.querySelectorAll(".lmkit-controls > *")].filter(shown);
  const buttons = (lab) => [...content(lab).querySelectorAll("button:enabled")].filter(shown);

  // A hand that rests is noticed sooner, so that tests need not wait: what comes in about a second comes at once. The
  // timeouts of drivers, which are longer, stay as they are.
  const { setTimeout: later } = globalThis;
  const sooner = (delay) => (delay > 500 && delay < 5000 ? delay / 20 : delay);
  globalThis.setTimeout = (does, delay = 0, ...rest) => later(does, sooner(delay), ...rest);

  /** @type {Map<Element, string>} */
  const before = new Map();

  const alive = (lab) => {
    const filled = [...(content(lab)?.querySelectorAll("[data-filled]") ?? [])].filter(shown);
    return filled.length > 0 && filled.every((part) => part.childElementCount > 0);
  };
  const problem = (lab) => [...lab.querySelectorAll(".lmkit-problem, .widget-failure")].find(shown)?.textContent;

  const until = async (holds, patience) => {
    const end = performance.now() + patience;
    while (!holds() && performance.now() < end) await frame();
    return holds();
  };

  /** Give a control the focus, and return the keys that move it for the n-th time, or null. */
  const ways = {
    slider(control, n) {
      control.querySelector(".noUi-handle").focus();
      return [["END"], ["HOME"]][n] ?? null;
    },
    radio(control, n) {
      const button = control.querySelectorAll("input")[n];
      button?.focus();
      return button ? ["SPACE"] : null;
    },
    checkbox(control, n) {
      control.querySelector("input").focus();
      return n ? null : ["SPACE"];
    },
    // Not by keys: whether they open a list or choose from it is the desktop's own affair.
    dropdown(control, n) {
      const select = control.querySelector("select");
      if (n >= select.options.length) return null;
      select.selectedIndex = n;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      return [];
    },
    combobox(control, n) {
      const field = control.querySelector("input");
      const options = field.list?.options ?? [];
      return n < options.length ? written(field, options[n].value) : ways.text(control, n - options.length);
    },
    text(control, n) {
      const field = control.querySelector("input");
      const words = field.value.split(" "); // which a model knows
      const fewer = (words.length > 2 ? words.slice(0, 2) : [...words, words[0]]).join(" ");
      return n ? null : written(field, field.type === "number" ? String(Number(field.value) + 1) : fewer);
    },
  };
  /** A text that is written over that of a field. */
  const written = (field, text) => {
    field.focus();
    field.select();
    return [text, "ENTER"];
  };

  /** What several colours give that are painted one over the other; whichever way they are written. */
  const brush = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", {
    willReadFrequently: true,
  });
  const painted = (colours) => {
    for (const colour of ["white", ...colours]) {
      brush.fillStyle = colour;
      brush.fillRect(0, 0, 1, 1);
    }
    return [...brush.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part / 255);
  };
  const papers = (node) =>
    node ? [...papers(node.parentElement), getComputedStyle(node).backgroundColor].filter((c) => c !== CLEAR) : [];
  const CLEAR = "rgba(0, 0, 0, 0)";
  const WRITTEN = ".lmkit-lab *, main :is(h1, h2, p, li, a, td)";
  const OFF = ":disabled, [inert], [aria-disabled=true]";
  const FIELDS = "input, select";
  const hasText = (node) =>
    node.matches(FIELDS) || [...node.childNodes].some((child) => child instanceof Text && child.data.trim());

  return {
    frame,

    /** How many labs there are, when each is alive or says why not. */
    async settle(patience) {
      await document.fonts.ready;
      const stood = scrollY;
      await until(() => {
        const far = document.querySelector(".lmkit-far"); // its model comes when a reader comes near
        far?.scrollIntoView({ block: "center", behavior: "instant" });
        return !far && labs().every((lab) => alive(lab) || problem(lab));
      }, patience);
      scrollTo({ top: stood, behavior: "instant" });
      return labs().length;
    },

    /** What is wrong with labs. */
    faults: () =>
      labs().flatMap((lab, i) => {
        const wrong = problem(lab) ?? (alive(lab) ? undefined : "nothing is shown");
        return wrong ? [`lab ${i + 1}: ${wrong}`] : [];
      }),

    /** The kinds of controls of a lab, in the order in which they are moved: a switch may take others away. */
    kinds: (i) => kinds.filter((kind) => controls(labs()[i]).some((control) => kindOf(control) === kind)),

    /** Notes how a lab looks, and has it say nothing until it says something new. */
    note(i) {
      before.set(labs()[i], looks(labs()[i]));
      said(labs()[i]).textContent = "";
    },

    /** Gives the first control of a kind the focus, and returns the keys that move it for the n-th time, or null. */
    reach(i, kind, n) {
      const control = controls(labs()[i]).find((one) => kindOf(one) === kind);
      return ways[kind](control, n);
    },

    /** Gives the n-th slider the focus, and returns the key that brings it to its end, or null. */
    reachSlider(i, n) {
      const slider = controls(labs()[i]).filter((one) => kindOf(one) === "slider")[n];
      return slider ? ways.slider(slider, 0) : null;
    },

    /** Gives the n-th button within a lab's view the focus, and returns the key that presses it, or null. */
    reachButton(i, n) {
      const button = buttons(labs()[i])[n];
      button?.focus();
      return button ? ["ENTER"] : null;
    },

    /** Whether the view shows something else than before, at the latest after a while. */
    changes: (i, patience) => until(() => looks(labs()[i]) !== before.get(labs()[i]), patience),

    /** What a screen reader says, at the latest after a while. */
    async says(i, patience) {
      const live = said(labs()[i]);
      await until(() => live.textContent.trim(), patience);
      return live.textContent.trim();
    },

    /** Controls that stand over what follows them: their parts need more room than they have. */
    crowded: () =>
      [...document.querySelectorAll(".lmkit-controls > *")]
        .filter((control) => {
          const { bottom } = control.getBoundingClientRect();
          return [...control.querySelectorAll(".widget-radio-box label")].some(
            (part) => part.getBoundingClientRect().bottom > bottom + 2,
          );
        })
        .map((control) => control.className),

    /** Darkens the page by its own button, as a reader does. */
    async darken() {
      const { dataset } = document.documentElement;
      for (let n = 0; n < 3 && dataset.theme !== "dark"; n++) document.querySelector(".theme-switch-button").click();
      for (const animation of document.getAnimations()) animation.finish();
      await frame();
      return dataset.theme;
    },

    /** Which colours text has, and which are behind it: [a word, ink, paper], each pair once. */
    inks() {
      const found = new Map();
      for (const node of document.querySelectorAll(WRITTEN)) {
        if (node instanceof SVGElement || !hasText(node) || !shown(node) || node.closest(OFF)) continue;
        const [behind, ink] = [papers(node), getComputedStyle(node).color];
        const kind = [...behind, ink].join();
        if (!found.has(kind)) {
          const word = (node.matches(FIELDS) ? node.value : node.textContent).trim().slice(0, 40);
          found.set(kind, [`${node.localName} ${word}`, painted([...behind, ink]), painted(behind)]);
        }
      }
      return [...found.values()];
    },

    overflow: () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
})();
