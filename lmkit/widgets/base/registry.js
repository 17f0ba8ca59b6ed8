// The page's one store: modules and assets, each kept once, whichever widget brought it. Every script that defines
// modules begins with this one, so that it does not matter which of them comes first. On a built page `root` is the
// address of the folder that has the assets; in a live notebook, where modules come from Python, there is none.
globalThis.__lmkit ??= (function make() {
  const running = globalThis.document?.currentScript;
  const source = running && "src" in running ? running.src : "";
  /** @type {Map<string, () => object>} */
  const factories = new Map();
  /** @type {Map<string, Record<string, any>>} */
  const modules = new Map();
  return {
    assets: {},
    root: source ? new URL("../", source).href : undefined,
    define(name, factory) {
      if (!factories.has(name)) factories.set(name, factory);
    },
    require(name) {
      if (!modules.has(name)) {
        const factory = factories.get(name);
        if (!factory) throw new Error(`the script that holds ‘${name}’ is not on this page; reload it`);
        modules.set(name, factory());
      }
      return modules.get(name);
    },
    // What a worker needs to run a function that a module exports: this store, the module, and all that it requires.
    // Modules travel once: their text is that of the functions that are here already.
    scriptOf(exported) {
      for (const [name, module] of modules) {
        const key = Object.keys(module).find((key) => module[key] === exported);
        if (!key) continue;
        const needed = new Map();
        /** @param {string} name - Of a module that is needed, with those that it needs. */
        const collect = (name) => {
          if (needed.has(name)) return;
          const text = String(factories.get(name));
          needed.set(name, text);
          for (const [, other] of text.matchAll(/__lmkit\.require\("([^"]+)"\)/g)) collect(other);
        };
        collect(name);
        const defined = [...needed].map(([name, text]) => `define(${JSON.stringify(name)}, ${text});\n`).join("");
        const store = `const { define, require } = (globalThis.__lmkit = (${make})());\n`;
        return `${store}${defined}require("${name}").${key}(globalThis);\n`;
      }
      throw new Error("no module on this page exports this function");
    },
  };
})();
