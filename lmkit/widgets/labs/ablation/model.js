// Combinations of parts: what they are called, and which of those that were run are near. No page here.

/** What a combination is called: "none", "all but TAR", "weight decay + tied weights". */
export function combinationName(bits, parts) {
  const there = labelsOf(bits, parts),
    missing = labelsOf(~bits, parts);
  if (!there.length) return "none";
  if (!missing.length) return "all";
  return missing.length < there.length ? `all but ${missing.join(", ")}` : there.join(" + ");
}

/** The places of those combinations that differ from `bits` by the fewest switches. */
export function nearestCombinations(bits, combinations) {
  const apart = combinations.map((one) => switches(one.bits ^ bits)),
    least = Math.min(...apart);
  return apart.flatMap((count, place) => (count === least ? [place] : []));
}

/** "with AR, without tied weights": what must be switched to get from one combination to another. */
export function stepsBetween(from, to, parts) {
  const group = (word, bits) => (bits ? [`${word} ${labelsOf(bits, parts).join(" and ")}`] : []);
  return [...group("with", to & ~from), ...group("without", from & ~to)].join(", ");
}

/** Places of combinations from the worst to the best. */
export function ranked(values, rising) {
  const sign = rising ? 1 : -1;
  return values.map((_, place) => place).sort((a, b) => sign * (values[a] - values[b]) || a - b);
}

function labelsOf(bits, parts) {
  return parts.flatMap(([, label], place) => (bits & (1 << place) ? [label] : []));
}

function switches(bits) {
  let count = 0;
  for (let rest = bits; rest; rest &= rest - 1) count++;
  return count;
}
