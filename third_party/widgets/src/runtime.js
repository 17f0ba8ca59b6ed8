// Entry point: draws every widget view that the page declares.
import { Widget } from "@lumino/widgets";
import { StaticManager } from "./manager.js";
import { showError, watchAnywidget } from "./errors.js";
import css from "./runtime.css";

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';

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

async function drawView(manager, modelId, place) {
  try {
    if (!manager.has_model(modelId)) throw new Error("Its saved state is missing from this page.");
    const view = await manager.create_view(await manager.get_model(modelId));
    Widget.attach(view.luminoWidget, place);
  } catch (error) {
    showError(place, error);
  }
}

async function drawAll() {
  const places = [...document.querySelectorAll(VIEW)].map((script) => [script, placeFor(script)]);
  if (!places.length) return;
  addStyle();
  const manager = new StaticManager();
  watchAnywidget(() => manager.anywidgetViews);
  try {
    for (const state of document.querySelectorAll(STATE)) {
      await manager.set_state(JSON.parse(state.textContent));
    }
  } catch (error) {
    for (const [, place] of places) showError(place, error);
    return;
  }
  const draw = ([script, place]) => drawView(manager, JSON.parse(script.textContent).model_id, place);
  await Promise.all(places.map(draw));
}

// ipywidgets calls MathJax 2's queue for every label as soon as any MathJax is there.
if (globalThis.MathJax && !globalThis.MathJax.Hub) globalThis.MathJax.Hub = { Queue() {} };

if (document.readyState === "loading") addEventListener("DOMContentLoaded", drawAll);
else drawAll();
