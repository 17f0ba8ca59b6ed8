// The page's one store: modules and assets, each kept once, whichever widget brought it. Every script that defines
// modules begins with this one, so that it does not matter which of them comes first. On a built page `root` is the
// address of the folder that has the assets; in a live notebook, where modules come from Python, there is none.
globalThis.__lmkit ??= (() => {
  const running = globalThis.document?.currentScript;
  const source = running && "src" in running ? running.src : "";
  /** @type {Map<string, () => object>} */
  const factories = new Map();
  /** @type {Map<string, object>} */
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
  };
})();
