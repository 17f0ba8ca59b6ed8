// A view whose code another model holds: many widgets of a page share it, and it is loaded once.

const LOADED = (globalThis.__lmkit_code ??= new Map()); // by the holder's id: each widget runs its own copy of this module

async function loaded(model) {
  const id = model.get("code_model").replace("IPY_MODEL_", "");
  const holder = await model.widget_manager.get_model(id);
  if (!LOADED.has(id)) LOADED.set(id, begin(holder));
  return LOADED.get(id);
}

function begin(holder) {
  const style = document.createElement("style");
  style.textContent = holder.get("style");
  document.head.append(style);
  const address = URL.createObjectURL(new Blob([holder.get("script")], { type: "text/javascript" }));
  return import(address).finally(() => URL.revokeObjectURL(address));
}

export default {
  async render({ model, el }) {
    try {
      const { default: widget } = await loaded(model);
      return widget.render({ model, el });
    } catch (error) {
      console.error(error);
      el.textContent = "The code of this widget did not come with the page; run the cell again, or reload the page.";
    }
  },
};
