// The page's store of modules: each runs once, whoever defines it and whoever asks.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";
import { createContext, runInContext } from "node:vm";

const SOURCE = readFileSync(new URL("../../../lmkit/widgets/base/registry.js", import.meta.url), "utf8");

let page;

function load(address = null) {
  page.document = { currentScript: address && { src: address } };
  runInContext(SOURCE, page);
  return page.__lmkit;
}

beforeEach(() => {
  page = createContext({ URL });
});

describe("the registry", () => {
  test("makes a module when it is first asked for, and once", () => {
    const registry = load();
    let made = 0;
    registry.define("a", () => ({ number: ++made }));
    assert.equal(made, 0);
    const first = registry.require("a");
    assert.equal(registry.require("a"), first);
    assert.deepEqual([first.number, made], [1, 1]);
  });

  test("keeps the first of two definitions of one name", () => {
    const registry = load();
    registry.define("a", () => ({ from: "first" }));
    registry.define("a", () => ({ from: "second" }));
    assert.equal(registry.require("a").from, "first");
  });

  test("is one, however many scripts bring it", () => {
    const registry = load("https://book/_static/lmkit/base/x.js");
    registry.define("a", () => ({}));
    registry.assets.model = "bytes";
    assert.equal(load("https://elsewhere/y.js"), registry);
    assert.equal(page.__lmkit.root, "https://book/_static/lmkit/");
    assert.equal(page.__lmkit.assets.model, "bytes");
  });

  test("says which module is not on the page", () => {
    assert.throws(() => load().require("labs/x.js@1"), {
      message: /holds ‘labs\/x.js@1’ is not on this page; reload it/,
    });
  });

  test("knows no address of assets where its script has none", () => {
    assert.equal(load().root, undefined);
  });

  test("gives a worker the script of a function that a module exports, with all that the module needs", () => {
    const registry = load();
    runInContext(
      `__lmkit.define("base/sum.js@1", () => { const sum = (a, b) => a + b; return { sum }; });
       __lmkit.define("other.js@1", () => ({ other: 1 }));
       __lmkit.define("lab.js@1", () => {
         const { sum } = __lmkit.require("base/sum.js@1");
         function serve(scope) { scope.found = sum(40, 2); }
         return { serve };
       });`,
      page,
    );
    registry.require("other.js@1");
    const script = registry.scriptOf(registry.require("lab.js@1").serve);
    const worker = createContext({ URL });
    runInContext(script, worker);
    assert.equal(worker.found, 42);
    assert.doesNotMatch(script, /other\.js/);
    assert.throws(() => registry.scriptOf(() => {}), { message: "no module on this page exports this function" });
  });

  test("a module may ask for others", () => {
    const registry = load();
    registry.define("a", () => ({ sum: registry.require("b").one + 1 }));
    registry.define("b", () => ({ one: 1 }));
    assert.equal(registry.require("a").sum, 2);
  });
});
