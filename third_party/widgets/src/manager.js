// A widget manager for a page without a kernel: it creates models from the state that the page carries, and
// views from the models. Messages to Python go nowhere; links between widgets (jslink) work as they always do.
import * as base from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import * as controls from "controls"; // ./controls.js, or ./lab-controls.js: the build says which
import { loadAnywidget } from "./anywidget.js";
import { showError } from "./errors.js";

const LIBRARIES = {
  "@jupyter-widgets/base": () => base,
  "@jupyter-widgets/controls": () => controls,
  anywidget: () => loadAnywidget(base),
};

const SILENT_COMM = { comm_id: "", target_name: "", on_close() {}, on_msg() {}, close() {}, send: () => "" };

export class StaticManager extends ManagerBase {
  anywidgetViews = [];

  async loadClass(className, moduleName) {
    const library = await LIBRARIES[moduleName]?.();
    if (!library?.[className]) {
      throw new Error(`The widget ${className} of ${moduleName} is not part of this page's widget runtime.`);
    }
    return library[className];
  }

  /** Every view, nested ones too, is made here; one that fails leaves a readable message in its place. */
  async create_view(model, options) {
    const view = await super.create_view(model, options);
    if (view instanceof base.ErrorWidgetView) {
      showError(view.el, view.model.get("error"));
    } else if (model.get("_view_module") === "anywidget") {
      this.anywidgetViews.push(view);
    }
    return view;
  }

  async _get_comm_info() {
    return {};
  }

  async _create_comm() {
    return SILENT_COMM;
  }
}
