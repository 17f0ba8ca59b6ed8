// Assets that are part of the widgets' state, and hosts whose widgets cannot find one another.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

globalThis.__lmkit = {};
const { loadAsset, loadWeights } = await import("../../../lmkit/widgets/base/assets.js");

const bytes = new TextEncoder().encode('{"words": ["á"]}');
/** A widget of the page that is a file. */
const file = (traits) => ({ get: (name) => ({ key: "1", content: new DataView(bytes.buffer), ...traits })[name] });

/** A view's model that names one file, and counts what it asks Python for. */
function model(assets, host = {}) {
  return {
    asked: [],
    get: (name) => (name === "assets" ? assets : undefined),
    on() {},
    off() {},
    send({ need }) {
      this.asked.push(need);
      throw new Error("not implemented");
    },
    ...host,
  };
}
const page = (files) => ({
  widget_manager: { get_model: async (id) => files[id] ?? Promise.reject(new Error(`no ${id}`)) },
});
const missing = { name: "LabError", message: /^‘grammar’ did not come from Python; .*“lmkit.sphinx”.*lab\.save_html/ };

describe("assets of the widgets' state", () => {
  test("a model's file comes as bytes, a table as what its JSON says", async () => {
    const names = { stories: "IPY_MODEL_a", grammar: "IPY_MODEL_b" };
    const asks = model(names, page({ a: file({}), b: file({ is_table: true }) }));
    assert.deepEqual(await loadWeights(asks, "stories", "1"), bytes);
    assert.deepEqual(await loadAsset(asks, "grammar", "1"), { words: ["á"] });
    assert.deepEqual(asks.asked, []);
  });

  for (const [name, assets, host] of [
    ["names none", {}, page({})],
    ["is older", undefined, {}],
    ["has another version", { grammar: "IPY_MODEL_b" }, page({ b: file({ key: "2" }) })],
    ["has lost it", { grammar: "IPY_MODEL_b" }, page({})],
    ["has a manager that only gives what it can", { grammar: "IPY_MODEL_b" }, { widget_manager: {} }],
    [
      "is of a host that has none",
      { grammar: "IPY_MODEL_b" },
      {
        get widget_manager() {
          throw new Error("does not exist");
        },
      },
    ],
  ]) {
    test(`Python is asked where a state ${name}, and where that fails the lab says what to add`, async () => {
      const asks = Object.defineProperties(model(assets), Object.getOwnPropertyDescriptors(host));
      await assert.rejects(loadAsset(asks, "grammar", "1"), missing);
      assert.deepEqual(asks.asked, ["grammar"]);
    });
  }
});
