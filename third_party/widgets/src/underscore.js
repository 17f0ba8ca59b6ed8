// The part of Underscore that Backbone and ipywidgets call (the build points "underscore" here): Backbone takes the
// package as a whole, so nothing of it would fall away by itself.
export { default as clone } from "underscore/modules/clone.js";
export { default as create } from "underscore/modules/create.js";
export { default as defaults } from "underscore/modules/defaults.js";
export { default as defer } from "underscore/modules/defer.js";
export { default as each } from "underscore/modules/each.js";
export { default as escape } from "underscore/modules/escape.js";
export { default as extend } from "underscore/modules/extend.js";
export { default as has } from "underscore/modules/has.js";
export { default as isArray } from "underscore/modules/isArray.js";
export { default as isEmpty } from "underscore/modules/isEmpty.js";
export { default as isEqual } from "underscore/modules/isEqual.js";
export { default as isFunction } from "underscore/modules/isFunction.js";
export { default as isObject } from "underscore/modules/isObject.js";
export { default as isRegExp } from "underscore/modules/isRegExp.js";
export { default as isString } from "underscore/modules/isString.js";
export { default as keys } from "underscore/modules/keys.js";
export { default as map } from "underscore/modules/map.js";
export { default as matches } from "underscore/modules/matcher.js";
export { default as once } from "underscore/modules/once.js";
export { default as pick } from "underscore/modules/pick.js";
export { default as reduce } from "underscore/modules/reduce.js";
export { default as result } from "underscore/modules/result.js";
export { default as some } from "underscore/modules/some.js";
export { default as uniqueId } from "underscore/modules/uniqueId.js";
export { default as values } from "underscore/modules/values.js";
