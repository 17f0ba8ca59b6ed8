// The controls that a page without a kernel can use: all of ipywidgets' but tabs, accordions, file upload, media,
// gamepads, and the pickers of dates, times, colours and tags: no page of the book has any of them. A page that uses one of those shows an error in its place.
export * from "@jupyter-widgets/controls/lib/widget_link";
export * from "@jupyter-widgets/controls/lib/widget_bool";
export * from "@jupyter-widgets/controls/lib/widget_button";
export * from "@jupyter-widgets/controls/lib/widget_box";
export * from "@jupyter-widgets/controls/lib/widget_int";
export * from "@jupyter-widgets/controls/lib/widget_float";
export * from "@jupyter-widgets/controls/lib/widget_selection";
export * from "@jupyter-widgets/controls/lib/widget_string";
export * from "@jupyter-widgets/controls/lib/widget_description";
