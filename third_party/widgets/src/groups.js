// A page's widgets come to life one after the other: each view with the models that it needs, the first lab before all.

const REFERENCE = /^IPY_MODEL_(.+)$/;

/** The ids of the models that a model's state names, at any depth. */
function named(value) {
  if (typeof value === "string") return value.match(REFERENCE)?.slice(1) ?? [];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(named);
}

/** The model of a view with all that it is made of. */
function partsOf(id, state) {
  const parts = new Set();
  const collect = (one) => {
    if (parts.has(one) || !(one in state)) return;
    parts.add(one);
    named(state[one].state).forEach(collect);
  };
  collect(id);
  return parts;
}

/**
 * The states of the models that views need, in the order of the views; what was in an earlier one is left out. A model that
 * no view is made of, such as a link, comes with the last of those that it names.
 */
export function groupsOf(ids, state) {
  const taken = new Set();
  const take = (all) => {
    const own = [...all].filter((id) => !taken.has(id));
    for (const id of own) taken.add(id);
    return own;
  };
  const groups = ids.map((id) => take(partsOf(id, state)));
  const views = new Set(groups.flat());
  const there = new Set();
  const loose = Object.keys(state).filter((id) => !views.has(id));
  for (const group of groups) {
    for (const id of group) there.add(id);
    group.push(...take(loose.filter((id) => named(state[id].state).every((other) => there.has(other) || !views.has(other)))));
  }
  return groups.map((group) => Object.fromEntries(group.map((id) => [id, state[id]])));
}

/** The place, among the views, of the one that a model is a part of; the first if there is none. */
export function placeOf(id, ids, state) {
  return Math.max(0, ids.findIndex((view) => partsOf(view, state).has(id)));
}
