// What a reader sees where a widget could not be drawn.

/** Replaces the content of `place` by a message. Markup in the error's text stays text. */
export function showError(place, error) {
  const note = document.createElement("div");
  note.className = "widget-failure";
  const lead = document.createElement("strong");
  lead.textContent = "This interactive part could not be started.";
  const detail = document.createElement("span");
  detail.textContent = ` ${error?.message ?? error} Reload the page, or open the chapter as a notebook.`;
  note.append(lead, detail);
  place.replaceChildren(note);
}

/** anywidget starts its views asynchronously and lets errors escape to the window: catch those of `views()`. */
export function watchAnywidget(views) {
  const explain = (error) => {
    for (const view of views()) {
      if (!view.el.childElementCount) showError(view.el, error);
    }
  };
  addEventListener("unhandledrejection", (event) => explain(event.reason));
  addEventListener("error", (event) => event.error && explain(event.error));
}
