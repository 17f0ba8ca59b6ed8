// What a reader sees where a widget could not be drawn.

/** Replaces the content of `place` by a message. Markup in the error's text stays text. */
export function showError(place, error) {
  const note = document.createElement("div");
  note.className = "widget-failure";
  const lead = document.createElement("strong");
  lead.textContent = "This interactive part could not be started.";
  const detail = document.createElement("span");
  detail.textContent = ` ${error?.message ?? error} Reload the page, or open the notebook that it comes from.`;
  note.append(lead, detail);
  place.replaceChildren(note);
}

// anywidget says so when a model was not ready within two seconds, and goes on waiting: on a busy machine that is no fault.
const SLOW_START = /Failed to initialize model/;

/** anywidget starts its views asynchronously and lets errors escape to the window: catch those of `views()`. */
export function watchAnywidget(views) {
  const explain = (error) => {
    for (const view of views()) {
      if (!view.el.childElementCount) showError(view.el, error);
    }
  };
  addEventListener("unhandledrejection", (event) => {
    if (SLOW_START.test(event.reason?.message ?? event.reason)) event.preventDefault();
    else explain(event.reason);
  });
  addEventListener("error", (event) => event.error && explain(event.error));
}
