// The three of Lumino's twenty-odd classes that ipywidgets' controls are made of. Importing the package itself
// would bring dock panels, tabs, menus and a command palette (the build points "@lumino/widgets" here).
export { Widget } from "../node_modules/@lumino/widgets/src/widget.ts";
export { Panel } from "../node_modules/@lumino/widgets/src/panel.ts";
export { PanelLayout } from "../node_modules/@lumino/widgets/src/panellayout.ts";
