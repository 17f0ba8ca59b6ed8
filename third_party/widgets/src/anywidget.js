// anywidget comes from the Python package that made the page's state, as an AMD file beside this script, or as text in
// the page where this script is within the page too. It is given a `define` for as long as it loads, so the page needs no
// module loader.
const HERE = document.currentScript.src;
const CARRIED = 'script[data-lmkit="anywidget"]';
let library;

/** Resolves to the anywidget module; loads it on first use. */
export function loadAnywidget(base) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const previous = globalThis.define;
    const restore = () => (previous === undefined ? delete globalThis.define : (globalThis.define = previous));
    globalThis.define = (_dependencies, factory) => resolve(factory(base));
    if (!HERE) {
      script.textContent = document.querySelector(CARRIED).textContent;
      document.head.append(script); // and is run at once
      restore();
      return;
    }
    script.src = new URL("anywidget.js", HERE).href;
    script.onload = restore;
    script.onerror = () => {
      restore();
      reject(new Error(`Could not load ${script.src}.`));
    };
    document.head.append(script);
  });
  return library;
}
