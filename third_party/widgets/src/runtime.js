// Entry point: draws every widget view that the page declares. A copy within the page, which came with a saved lab, draws
// saved labs only: whatever else the page shows is the work of others.
import { Widget } from "@lumino/widgets";
import { StaticManager } from "./manager.js";
import { groupsOf, placeOf } from "./groups.js";
import { showError, watchAnywidget } from "./errors.js";
import css from "./runtime.css";

const FIRST = 'meta[name="first-view"]';
const [STATE, VIEW] = ["state", "view"].map((kind) => {
  const saved = `script[data-lmkit="${kind}"]`;
  return document.currentScript.src ? `script[type="application/vnd.jupyter.widget-${kind}+json"], ${saved}` : saved;
});

function addStyle() {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.prepend(style); // first, so that the page's own styles win
}

/** Puts an element for the view before its script tag. */
function placeFor(script) {
  const place = document.createElement("div");
  place.className = "widget-subarea";
  script.before(place);
  return place;
}

/** Makes the models of a view, and draws it. */
async function drawView(manager, state, modelId, place) {
  try {
    await manager.set_state(state);
    if (!manager.has_model(modelId)) throw new Error("Its saved state is missing from this page.");
    const view = await manager.create_view(await manager.get_model(modelId));
    Widget.attach(view.luminoWidget, place);
  } catch (error) {
    showError(place, error);
  }
}

/** Resolves when all deferred scripts of the page have run. */
const allScripts = new Promise((resolve) => {
  if (document.readyState === "complete") resolve();
  for (const event of ["DOMContentLoaded", "load"]) addEventListener(event, resolve);
});

/** Resolves when the page has nothing more urgent to do. */
const whenIdle = () =>
  new Promise((resolve) => {
    if (globalThis.requestIdleCallback) requestIdleCallback(resolve, { timeout: 200 });
    else setTimeout(resolve);
  });

/** What the page says of its widgets: their state, and which model belongs to the view that comes first. */
function read() {
  const scripts = [...document.querySelectorAll(STATE)];
  const parts = scripts.map((script) => JSON.parse(script.textContent));
  const state = Object.assign({}, ...parts.map((part) => part.state));
  return { saved: { ...parts[0], state }, first: document.querySelector(FIRST)?.content };
}

/**
 * One view after the other, so that the page stays quick meanwhile. First comes the one that the head names: its scripts
 * are there before this one, those of the others may still be on their way.
 */
async function drawAll() {
  const scripts = [...document.querySelectorAll(VIEW)].filter(({ dataset }) => !dataset.drawn); // by another copy of this
  const views = scripts.map((script) => ({ script, place: placeFor(script) }));
  if (!views.length) return;
  for (const script of scripts) script.dataset.drawn = "true";
  addStyle();
  const manager = new StaticManager();
  watchAnywidget(() => manager.anywidgetViews);
  try {
    const { saved, first } = read();
    for (const view of views) view.id = JSON.parse(view.script.textContent).model_id;
    const at = placeOf(first, views.map(({ id }) => id), saved.state);
    views.unshift(...views.splice(at, 1));
    const groups = groupsOf(views.map(({ id }) => id), saved.state);
    for (const [i, { id, place }] of views.entries()) {
      if (i || !first) await allScripts;
      if (i) await whenIdle();
      await drawView(manager, { ...saved, state: groups[i] }, id, place);
    }
  } catch (error) {
    for (const { place } of views) showError(place, error);
  }
}

// ipywidgets calls MathJax 2's queue for every label as soon as any MathJax is there.
if (globalThis.MathJax && !globalThis.MathJax.Hub) globalThis.MathJax.Hub = { Queue() {} };

if (document.readyState === "loading") addEventListener("DOMContentLoaded", drawAll);
else drawAll();
