// All translations of one derivation of a story: the mirror of lmkit.datasets.translation.network.

import { alternativeOf, sectionOf, wordingOf } from "./translation_wording.js";

/** @typedef {import("./translation_source.js").StoryPart} StoryPart */
/** @typedef {import("./translation_table.js").Table} Table */
/** @typedef {import("./translation_table.js").Piece} Piece */
/** @typedef {import("./translation_wording.js").Call} Call */
/** @typedef {import("./translation_wording.js").Wording} Wording */
/** @typedef {import("./translation_wording.js").Written} Written */
/** @typedef {{ written: Written } | { call: Call } | { wording: Wording } | { forget: number }} Content */
/** @typedef {Content & { key: string }} Item Equal items have equal keys. */
/** @typedef {{ id: number, head: Item, tail: Rest } | null} Rest What is still to be written; equal rests are one. */
/** @typedef {[number, number][]} Choices Positions in the story, in order, and which word of its entry each became. */
/** @typedef {{ rest: Rest, choices: Choices, key: string }} State */
/** @typedef {{ p: number, written: Written, state: State }} Transition */

/** The states of one derivation, of which only those are made that are asked for. */
export class Network {
  /**
   * @param {Table} table
   * @param {StoryPart} tree
   * @param {Written} end - The end token.
   */
  constructor(table, tree, end) {
    this.table = table;
    /** @type {Map<string, NonNullable<Rest>>} */
    this.rests = new Map();
    /** @type {Map<StoryPart | Wording, number>} */
    this.numbers = new Map();
    /** @type {Map<string, [number, Item[]][]>} */
    this.orders = new Map();
    /** @type {Map<string, Transition[]>} */
    this.known = new Map();
    const call = this.item({ call: { part: tree, section: "", links: [] } });
    this.start = stateOf(this.push([call, this.item({ written: end })], null), []);
  }

  /**
   * Every way to write the next word; none after the end.
   *
   * @param {State} state
   */
  transitions(state) {
    let known = this.known.get(state.key);
    if (!known) {
      known = this.expand(state.rest, state.choices);
      this.known.set(state.key, known);
    }
    return known;
  }

  /**
   * @param {Rest} rest
   * @param {Choices} choices
   * @returns {Transition[]}
   */
  expand(rest, choices) {
    if (!rest) return [];
    const { head, tail } = rest;
    if ("written" in head) return [{ p: 1, written: head.written, state: forgetting(tail, choices) }];
    if ("forget" in head) {
      const state = forgetting(rest, choices);
      return this.expand(state.rest, state.choices);
    }
    if ("call" in head) {
      return this.ordersOf(head.call, head.key).flatMap(([p, items]) =>
        scaled(p, this.expand(this.push(items, tail), choices)),
      );
    }
    const { wording } = head;
    return chosenFor(wording, choices).flatMap(([p, chosen]) => {
      const variants = new Map(
        chosen.flatMap(([position, i]) => {
          const entry = wording.needs.get(position);
          return entry ? [[position, entry[i][1]]] : [];
        }),
      );
      const items = wording.write(variants).map((written) => this.item({ written }));
      return scaled(p, this.expand(this.push(items, tail), chosen));
    });
  }

  /**
   * @param {Item[]} items
   * @param {Rest} tail
   * @returns {Rest}
   */
  push(items, tail) {
    return items.reduceRight((/** @type {Rest} */ below, head) => {
      const key = `${below?.id} ${head.key}`;
      const rest = this.rests.get(key) ?? { id: this.rests.size, head, tail: below };
      this.rests.set(key, rest);
      return rest;
    }, tail);
  }

  /**
   * What a part of the story becomes: orders and their probabilities.
   *
   * @param {Call} call
   * @param {string} key
   */
  ordersOf({ part, section: name, links }, key) {
    let known = this.orders.get(key);
    if (!known) {
      const [section, star] = sectionOf(this.table, part.rule, name);
      /** @type {[number, Piece[]][]} */
      const orders = alternativeOf(this.table, part).sections.get(section) ?? [[1, []]];
      known = orders.map(([p, pieces]) => [p, this.items(pieces, part, star, links)]);
      this.orders.set(key, known);
    }
    return known;
  }

  /**
   * The items of an order. A choice is forgotten after the last of them, unless a register keeps it.
   *
   * @param {Piece[]} pieces
   * @param {StoryPart} part
   * @param {string} star
   * @param {number[]} links
   * @returns {Item[]}
   */
  items(pieces, part, star, links) {
    const items = pieces.flatMap((piece) => {
      const found = wordingOf(this.table, piece, part, star, links);
      return "words" in found ? found.words.map((written) => this.item({ written })) : [this.item(found)];
    });
    const last = new Map(
      items.flatMap((item, i) => ("wording" in item ? [...item.wording.needs.keys()].map((at) => [at, i]) : [])),
    );
    for (const held of part.registers) if (held) last.delete(held.position);
    return items.flatMap((item, i) => [
      item,
      ...[...last].flatMap(([position, j]) => (i === j ? [this.item({ forget: position })] : [])),
    ]);
  }

  /**
   * @param {Content} content
   * @returns {Item}
   */
  item(content) {
    if ("written" in content) return { ...content, key: `${content.written.word} ${content.written.links}` };
    if ("forget" in content) return { ...content, key: `#${content.forget}` };
    if ("wording" in content) return { ...content, key: `#w${this.number(content.wording)}` };
    const { part, section, links } = content.call;
    return { ...content, key: `#c${this.number(part)} ${section} ${links}` };
  }

  /** @param {StoryPart | Wording} thing */
  number(thing) {
    const number = this.numbers.get(thing) ?? this.numbers.size;
    this.numbers.set(thing, number);
    return number;
  }
}

/**
 * @param {number} p
 * @param {Transition[]} transitions
 */
function scaled(p, transitions) {
  return transitions.map((way) => ({ ...way, p: way.p * p }));
}

/**
 * Every way to choose what a wording needs and what is open still, with its probability.
 *
 * @param {Wording} wording
 * @param {Choices} choices
 * @returns {[number, Choices][]}
 */
function chosenFor(wording, choices) {
  const made = new Set(choices.map(([position]) => position));
  const open = [...wording.needs].find(([position]) => !made.has(position));
  if (!open) return [[1, choices]];
  const [position, entry] = open;
  return entry.flatMap(([p], i) => {
    /** @type {Choices} */
    const more = [...choices, [position, i]];
    more.sort(([a], [b]) => a - b);
    return chosenFor(wording, more).map(([q, chosen]) => {
      /** @type {[number, Choices]} */
      const way = [p * q, chosen];
      return way;
    });
  });
}

/**
 * The state in which choices that no longer matter are forgotten.
 *
 * @param {Rest} rest
 * @param {Choices} choices
 * @returns {State}
 */
function forgetting(rest, choices) {
  if (!rest || !("forget" in rest.head)) return stateOf(rest, choices);
  const { forget } = rest.head;
  return forgetting(
    rest.tail,
    choices.filter(([position]) => position !== forget),
  );
}

/**
 * @param {Rest} rest
 * @param {Choices} choices
 * @returns {State}
 */
function stateOf(rest, choices) {
  return { rest, choices, key: `${rest?.id} ${choices.join(" ")}` };
}
