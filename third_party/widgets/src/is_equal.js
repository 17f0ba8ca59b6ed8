// Underscore's comparison in the place of lodash's, which ipywidgets asks whether a trait has changed: one of them is enough.
export { default } from "underscore/modules/isEqual.js";
