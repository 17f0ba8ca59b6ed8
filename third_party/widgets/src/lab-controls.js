// The controls that lmkit's labs are made of, for labs that are saved as a file: every byte of it travels with each of
// them. The build takes other classes out of these modules (`LEFT_OUT` in build.js).
export * from "@jupyter-widgets/controls/lib/widget_link";
export * from "@jupyter-widgets/controls/lib/widget_bool";
export * from "@jupyter-widgets/controls/lib/widget_box";
export * from "@jupyter-widgets/controls/lib/widget_int";
export * from "@jupyter-widgets/controls/lib/widget_float";
export * from "@jupyter-widgets/controls/lib/widget_selection";
export * from "@jupyter-widgets/controls/lib/widget_string";
export * from "@jupyter-widgets/controls/lib/widget_description";
