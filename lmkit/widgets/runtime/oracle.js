// The true distribution of the next token: the mirror of lmkit.datasets.stories, over the same stories.json.

/** A probabilistic grammar with registers; a configuration is what is left to write and what is remembered. */
export class Grammar {
  constructor(table) {
    this.registers = table.registers;
    this.end = table.end;
    this.rules = new Map(Object.entries(table.rules).map(([name, alternatives]) => [name, weighted(alternatives)]));
    this.forms = new Map(Object.entries(table.forms).map(([name, values]) => [name, this.formTable(values)]));
    this.symbols = new Map();
    this.choices = new Map();
    this.heads = new Map();
    this.start = { rest: [table.start, table.end], registers: this.registers.map(() => null) };
  }

  /** Every way to write the next word: its probability, the word, and the configuration after it. */
  expand({ rest: [head, ...tail], registers }) {
    return this.expandHead(head, registers).map(({ p, word, rest, registers }) => ({
      p,
      word,
      rest: [...rest, ...tail],
      registers,
    }));
  }

  /** The same for one symbol with nothing behind it; few pairs of symbol and registers occur, so they are kept. */
  expandHead(head, registers) {
    const key = `${head} ${registers.join(" ")}`;
    let known = this.heads.get(key);
    if (!known) {
      if (this.heads.size > 20000) this.heads.clear();
      this.heads.set(key, (known = this.expandAnew(head, registers)));
    }
    return known;
  }

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

  /** The alternatives of a rule and their probabilities, with the banned word left out. */
  without(head, symbol, banned) {
    const key = `${head} ${banned}`;
    if (!this.choices.has(key)) {
      const allowed = ([, symbols]) => !(symbols.length === 1 && symbols[0] === banned);
      const kept = this.rules.get(symbol.name).filter(allowed);
      const total = kept.reduce((sum, [weight]) => sum + weight, 0);
      // What a rule must store or exclude becomes the duty of the one symbol it expands to.
      const dutiful = symbol.store.length > 0 || symbol.exclude !== null;
      const pass = (symbols) => (dutiful ? [head.replace(symbol.name, () => symbols[0])] : symbols);
      this.choices.set(
        key,
        kept.map(([weight, symbols]) => [weight / total, pass(symbols)]),
      );
    }
    return this.choices.get(key);
  }

  wordOf(symbol, registers) {
    if (symbol.kind === "word") return symbol.name;
    const held = registers[this.registers.indexOf(symbol.name)];
    return symbol.form ? this.forms.get(symbol.form).get(held) : held;
  }

  symbol(text) {
    let known = this.symbols.get(text);
    if (!known) this.symbols.set(text, (known = this.parseSymbol(text)));
    return known;
  }

  /** `hero,who=NAME!friend` stores in two registers and excludes a third's word; `$who.she` is a form of a register. */
  parseSymbol(text) {
    // A single character is a punctuation mark, not notation.
    if (text.length === 1) return { kind: "word", name: text, form: "", store: [], exclude: null };
    const equals = text.lastIndexOf("=");
    const store =
      equals < 0
        ? []
        : text
            .slice(0, equals)
            .split(",")
            .filter((name) => name);
    let [name, exclude] = text.slice(equals + 1).split("!");
    let kind = this.rules.has(name) ? "rule" : "word",
      form = "";
    if (name.startsWith("$")) [kind, name, form = ""] = ["register", ...name.slice(1).split(".")];
    const place = (register) => this.registers.indexOf(register);
    return { kind, name, form, store: store.map(place), exclude: exclude ? place(exclude) : null };
  }

  formTable(values) {
    return new Map(Object.entries(values).flatMap(([name, value]) => this.wordsOf(name).map((word) => [word, value])));
  }

  /** The words that a rule made of single words can become; a word stands for itself. */
  wordsOf(name) {
    return this.rules.get(name)?.flatMap(([, symbols]) => this.wordsOf(symbols[0])) ?? [name];
  }
}

function weighted(alternatives) {
  const weights = Array.isArray(alternatives) ? alternatives.map((text) => [text, 1]) : Object.entries(alternatives);
  return weights.map(([text, weight]) => [weight, text.split(" ")]);
}

function remember({ store }, word, registers) {
  return store.length ? registers.map((held, i) => (store.includes(i) ? word : held)) : registers;
}

/** What the grammar knows after a growing beginning of a story. Reading gives a new oracle and leaves the old one. */
export class Oracle {
  constructor(grammar, belief = null) {
    this.grammar = grammar;
    this.belief = belief ?? [{ ...grammar.start, weight: 1 }];
    this.after = new Map();
  }

  /** Every token that can come next with its probability; empty once the story has gone wrong. */
  next() {
    this.distribution ??= this.expansions().reduce(
      (out, { p, word }) => out.set(word, (out.get(word) ?? 0) + p),
      new Map(),
    );
    return this.distribution;
  }

  /** The oracle after one more token, and the token's probability; after the end token a new story begins. */
  read(token) {
    let known = this.after.get(token);
    if (!known) this.after.set(token, (known = this.readAnew(token)));
    return known;
  }

  readAnew(token) {
    const probability = this.next().get(token) ?? 0;
    if (probability && token === this.grammar.end) return { probability, oracle: new Oracle(this.grammar) };
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

  expansions() {
    return this.belief.flatMap((configuration) =>
      configuration.rest.length
        ? this.grammar.expand(configuration).map((way) => ({ ...way, p: way.p * configuration.weight }))
        : [],
    );
  }
}
