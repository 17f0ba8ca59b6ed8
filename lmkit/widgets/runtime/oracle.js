// The true distribution of the next token: the mirror of lmkit.datasets.stories, over the same stories.json.

/** @typedef {string | null} Held What a register holds. */
/** @typedef {{ rest: string[], registers: Held[] }} Configuration What is left to write, and what is remembered. */
/** @typedef {Configuration & { p: number, word: string }} Way A next word, and what is left after it. */

/**
 * A symbol of a rule, read from its notation; `store` and `exclude` are places of registers.
 *
 * @typedef {object} GrammarSymbol
 * @property {"word" | "rule" | "register"} kind
 * @property {string} name
 * @property {string} form
 * @property {number[]} store
 * @property {number | null} exclude
 */

/**
 * The file stories.json.
 *
 * @typedef {object} GrammarTable
 * @property {string[]} registers
 * @property {string} start
 * @property {string} end
 * @property {Record<string, Alternatives>} rules
 * @property {Record<string, Record<string, string>>} forms
 */

/** @typedef {string[] | Record<string, number>} Alternatives Alike, or with their weights. */
/** @typedef {[number, string[]]} Weighted */

/** A probabilistic grammar with registers; a configuration is what is left to write and what is remembered. */
export class Grammar {
  /** @param {GrammarTable} table */
  constructor(table) {
    this.registers = table.registers;
    this.end = table.end;
    /** @type {Map<string, Weighted[]>} */
    this.rules = new Map(Object.entries(table.rules).map(([name, alternatives]) => [name, weighted(alternatives)]));
    /** @type {Map<string, Map<string, string>>} */
    this.forms = new Map(Object.entries(table.forms).map(([name, values]) => [name, this.formTable(values)]));
    /** @type {Map<string, GrammarSymbol>} */
    this.symbols = new Map();
    /** @type {Map<string, Weighted[]>} */
    this.choices = new Map();
    /** @type {Map<string, Way[]>} */
    this.heads = new Map();
    /** @type {Configuration} */
    this.start = { rest: [table.start, table.end], registers: this.registers.map(() => null) };
  }

  /**
   * Every way to write the next word: its probability, the word, and the configuration after it.
   *
   * @param {Configuration} configuration
   * @returns {Way[]}
   */
  expand({ rest: [head, ...tail], registers }) {
    return this.expandHead(head, registers).map(({ p, word, rest, registers }) => ({
      p,
      word,
      rest: [...rest, ...tail],
      registers,
    }));
  }

  /**
   * The same for one symbol with nothing behind it; few pairs of symbol and registers occur, so they are kept.
   *
   * @param {string} head
   * @param {Held[]} registers
   * @returns {Way[]}
   */
  expandHead(head, registers) {
    const key = `${head} ${registers.join(" ")}`;
    let known = this.heads.get(key);
    if (!known) {
      if (this.heads.size > 20000) this.heads.clear();
      known = this.expandAnew(head, registers);
      this.heads.set(key, known);
    }
    return known;
  }

  /**
   * @param {string} head
   * @param {Held[]} registers
   * @returns {Way[]}
   */
  expandAnew(head, registers) {
    const symbol = this.symbol(head);
    if (symbol.kind !== "rule") {
      const word = this.wordOf(symbol, registers);
      return [{ p: 1, word, rest: [], registers: remember(symbol, word, registers) }];
    }
    const banned = symbol.exclude === null ? null : registers[symbol.exclude];
    return this.without(head, symbol, banned).flatMap(([p, symbols]) =>
      this.expand({ rest: symbols, registers }).map((way) => ({ ...way, p: p * way.p })),
    );
  }

  /**
   * The alternatives of a rule and their probabilities, with the banned word left out.
   *
   * @param {string} head
   * @param {GrammarSymbol} symbol
   * @param {Held} banned
   * @returns {Weighted[]}
   */
  without(head, symbol, banned) {
    const key = `${head} ${banned}`;
    let known = this.choices.get(key);
    if (!known) {
      known = this.choose(head, symbol, banned);
      this.choices.set(key, known);
    }
    return known;
  }

  /**
   * @param {string} head
   * @param {GrammarSymbol} symbol
   * @param {Held} banned
   * @returns {Weighted[]}
   */
  choose(head, symbol, banned) {
    const alternatives = this.rules.get(symbol.name) ?? [];
    const kept = alternatives.filter(([, symbols]) => !(symbols.length === 1 && symbols[0] === banned));
    const total = kept.reduce((sum, [weight]) => sum + weight, 0);
    // What a rule must store or exclude becomes the duty of the one symbol it expands to.
    const dutiful = symbol.store.length > 0 || symbol.exclude !== null;
    return kept.map(([weight, symbols]) => [
      weight / total,
      dutiful ? [head.replace(symbol.name, () => symbols[0])] : symbols,
    ]);
  }

  /**
   * @param {GrammarSymbol} symbol
   * @param {Held[]} registers
   * @returns {string}
   */
  wordOf(symbol, registers) {
    if (symbol.kind === "word") return symbol.name;
    const held = registers[this.registers.indexOf(symbol.name)];
    const word = symbol.form && held !== null ? this.forms.get(symbol.form)?.get(held) : held;
    if (typeof word !== "string")
      throw new Error(`the grammar has no word for ${JSON.stringify(symbol)} where the register holds ${held}`);
    return word;
  }

  /**
   * One story, token by token, the end token included.
   *
   * @param {() => number} random - Numbers in [0, 1).
   * @returns {Generator<string, void, void>}
   */
  *sample(random) {
    const rest = [...this.start.rest].reverse();
    let { registers } = this.start;
    for (let head = rest.pop(); head !== undefined; head = rest.pop()) {
      const symbol = this.symbol(head);
      if (symbol.kind === "rule") {
        const banned = symbol.exclude === null ? null : registers[symbol.exclude];
        rest.push(...drawn(this.without(head, symbol, banned), random()).reverse());
      } else {
        const word = this.wordOf(symbol, registers);
        registers = remember(symbol, word, registers);
        yield word;
      }
    }
  }

  /** @param {string} text */
  symbol(text) {
    let known = this.symbols.get(text);
    if (!known) {
      known = this.parseSymbol(text);
      this.symbols.set(text, known);
    }
    return known;
  }

  /**
   * `hero,who=NAME!friend` stores in two registers and excludes a third's word; `$who.she` is a form of a register.
   *
   * @param {string} text
   * @returns {GrammarSymbol}
   */
  parseSymbol(text) {
    // A single character is a punctuation mark, not notation.
    if (text.length === 1) return { kind: "word", name: text, form: "", store: [], exclude: null };
    const equals = text.lastIndexOf("=");
    const stored = equals < 0 ? [] : text.slice(0, equals).split(",");
    const [name, excluded] = text.slice(equals + 1).split("!");
    /** @param {string} register */
    const place = (register) => this.registers.indexOf(register);
    const store = stored.filter((register) => register).map(place);
    const exclude = excluded ? place(excluded) : null;
    if (name.startsWith("$")) {
      const [register, form = ""] = name.slice(1).split(".");
      return { kind: "register", name: register, form, store, exclude };
    }
    return { kind: this.rules.has(name) ? "rule" : "word", name, form: "", store, exclude };
  }

  /**
   * @param {Record<string, string>} values
   * @returns {Map<string, string>}
   */
  formTable(values) {
    const found = new Map();
    for (const [name, value] of Object.entries(values)) for (const word of this.wordsOf(name)) found.set(word, value);
    return found;
  }

  /**
   * The words that a rule made of single words can become; a word stands for itself.
   *
   * @param {string} name
   * @returns {string[]}
   */
  wordsOf(name) {
    return this.rules.get(name)?.flatMap(([, symbols]) => this.wordsOf(symbols[0])) ?? [name];
  }
}

/**
 * The alternative under which u in [0, 1) falls, as a list of its own.
 *
 * @param {Weighted[]} choices
 * @param {number} u
 * @returns {string[]}
 */
function drawn(choices, u) {
  let left = u;
  const found = choices.find(([p]) => {
    left -= p;
    return left < 0;
  });
  return [...(found ?? choices[choices.length - 1])[1]];
}

/**
 * @param {Alternatives} alternatives
 * @returns {Weighted[]}
 */
function weighted(alternatives) {
  return Array.isArray(alternatives)
    ? alternatives.map((text) => [1, text.split(" ")])
    : Object.entries(alternatives).map(([text, weight]) => [weight, text.split(" ")]);
}

/**
 * @param {GrammarSymbol} symbol
 * @param {string} word
 * @param {Held[]} registers
 * @returns {Held[]}
 */
function remember({ store }, word, registers) {
  return store.length ? registers.map((held, i) => (store.includes(i) ? word : held)) : registers;
}

/** @typedef {Configuration & { weight: number }} Belief A configuration and its probability. */
/** @typedef {{ probability: number, oracle: Oracle }} Step */

/** What the grammar knows after a growing beginning of a story. Reading gives a new oracle and leaves the old one. */
export class Oracle {
  /**
   * @param {Grammar} grammar
   * @param {Belief[] | null} [belief] - Null: at the start of a story.
   */
  constructor(grammar, belief = null) {
    this.grammar = grammar;
    this.belief = belief ?? [{ ...grammar.start, weight: 1 }];
    /** @type {Map<string, Step>} */
    this.after = new Map();
    /** @type {Map<string, number> | null} */
    this.distribution = null;
  }

  /**
   * Every token that can come next with its probability; empty once the story has gone wrong.
   *
   * @returns {Map<string, number>}
   */
  next() {
    if (!this.distribution) {
      this.distribution = new Map();
      for (const { p, word } of this.expansions()) this.distribution.set(word, (this.distribution.get(word) ?? 0) + p);
    }
    return this.distribution;
  }

  /**
   * The oracle after one more token, and the token's probability; after the end token a new story begins.
   *
   * @param {string} token
   * @returns {Step}
   */
  read(token) {
    let known = this.after.get(token);
    if (!known) {
      known = this.readAnew(token);
      this.after.set(token, known);
    }
    return known;
  }

  /**
   * @param {string} token
   * @returns {Step}
   */
  readAnew(token) {
    const probability = this.next().get(token) ?? 0;
    if (probability && token === this.grammar.end) return { probability, oracle: new Oracle(this.grammar) };
    /** @type {Map<string, Belief>} */
    const belief = new Map();
    for (const { p, word, rest, registers } of this.expansions()) {
      if (word !== token) continue;
      const key = `${rest.join(" ")}|${registers.join(" ")}`;
      const same = belief.get(key);
      if (same) same.weight += p / probability;
      else belief.set(key, { rest, registers, weight: p / probability });
    }
    return { probability, oracle: new Oracle(this.grammar, [...belief.values()]) };
  }

  /** @returns {Way[]} */
  expansions() {
    return this.belief.flatMap((configuration) =>
      configuration.rest.length
        ? this.grammar.expand(configuration).map((way) => ({ ...way, p: way.p * configuration.weight }))
        : [],
    );
  }
}
