// Where a browser lets pages store nothing, the theme's first question to the storage would end its scripts: menus,
// search and the choice of colours with them. It gets a stand-in that forgets when the page is left. What must know the
// difference asks the stand-in for the `real` one, which throws as it would have done.
for (const name of ["localStorage", "sessionStorage"]) {
  try {
    globalThis[name].length;
  } catch {
    const real = Object.getOwnPropertyDescriptor(globalThis, name)?.get;
    const kept = new Map();
    const storage = {
      get length() {
        return kept.size;
      },
      key: (place) => [...kept.keys()][place] ?? null,
      getItem: (key) => kept.get(String(key)) ?? null,
      setItem: (key, value) => void kept.set(String(key), String(value)),
      removeItem: (key) => void kept.delete(String(key)),
      clear: () => kept.clear(),
      real: () => real?.call(globalThis),
    };
    Object.defineProperty(globalThis, name, { value: storage, configurable: true });
  }
}
