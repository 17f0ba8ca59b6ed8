// The exam that is open is kept for a page that is loaded anew, where the browser lets it be kept.

import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { dropDraft, keepDraft, keptDraft } from "../../../lmkit/widgets/cards/review/draft.js";
import { FakeStorage } from "./storage.js";

const DRAFT = { cards: ["a", "b"], draw: "3 7", at: 1, responses: [null, { gap: "forget" }] };

beforeEach(() => {
  globalThis.sessionStorage = new FakeStorage();
});

test("a draft is found as it was kept, until it is dropped", () => {
  assert.equal(keptDraft(), null);
  keepDraft(DRAFT);
  assert.deepEqual(keptDraft(), DRAFT);
  keepDraft({ ...DRAFT, at: 0 });
  assert.deepEqual(keptDraft(), { ...DRAFT, at: 0 });
  dropDraft();
  assert.equal(keptDraft(), null);
});

test("text that is no JSON is no draft", () => {
  keepDraft(DRAFT);
  const [key] = sessionStorage.items.keys();
  sessionStorage.items.set(key, "{");
  assert.equal(keptDraft(), null);
});

for (const [what, change] of Object.entries({ forbidden: { deny: "SecurityError" }, full: { room: 1 } })) {
  test(`a storage that is ${what} keeps no draft, and is no error`, () => {
    Object.assign(sessionStorage, change);
    keepDraft(DRAFT);
    assert.equal(keptDraft(), null);
    dropDraft();
  });
}
