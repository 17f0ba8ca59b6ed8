// What base/registry.js puts on a page, for the checker of types; no script of this name travels.

interface Registry {
  /** Contents that asset scripts have left, by name: base64 text for bytes, or parsed JSON. */
  assets: Record<string, any>;
  /** The address of the folder that holds the assets, on a built page. */
  root: string | undefined;
  define(name: string, factory: () => object): void;
  require(name: string): any;
  /** The script of a worker that calls a function which a module exports; absent where an older lmkit made the store. */
  scriptOf?(exported: (scope: any) => void): string;
}

declare var __lmkit: Registry;
