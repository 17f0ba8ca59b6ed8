// Stands in for jQuery, of which ipywidgets and anywidget use this much: a wrapper of one element that can be emptied.
// Events and attributes go through ipywidgets' own NativeView.
export default function wrap(element) {
  if (!(this instanceof wrap)) return new wrap(element);
  this[0] = element;
  this.length = 1;
}

wrap.prototype.empty = function () {
  this[0].replaceChildren();
  return this;
};
