// Texts that were read once are remembered. A slider step mostly decodes the same beginnings again (the same prompt,
// the same first draws, the same hypotheses), and these then cost a look-up instead of a step of the model.

const BUDGET_BYTES = 24e6;
const AT_ONCE = 64; // states that are made together: one block of memory costs less than many

/**
 * Reads texts with a model. A text knows the one that it makes longer, and its `state` while that is remembered: what
 * the model makes of it. Those that were not asked for of late lose their states to new texts; any can be read again.
 */
export class Memory {
  constructor(model) {
    this.model = model;
    this.empty = { parent: null, token: null, id: 0, state: model.newState() };
    this.nextId = 1;
    this.spare = [];
    const { V, H, D } = model.size;
    this.limit = Math.max(1000, Math.floor(BUDGET_BYTES / (4 * (V + 2 * D * H))));
    this.forget();
  }

  forget() {
    this.recent = new Map(); // by the text that they make longer, and the token
    this.older = new Map();
  }

  /** How many texts it remembers. */
  get count() {
    return this.recent.size + this.older.size;
  }

  read(text, token) {
    return this.find(this.keyOf(text, token)) ?? this.readEach([text], [token])[0];
  }

  /** One token after each of many texts; those not read before take one batch of the model. */
  readEach(texts, tokens) {
    const keys = texts.map((text, n) => this.keyOf(text, tokens[n]));
    const unread = new Map();
    const read = keys.map((key, n) => {
      const known = this.find(key) ?? unread.get(key);
      if (known) return known;
      const text = { parent: texts[n], token: tokens[n], id: this.nextId++, state: null };
      unread.set(key, text);
      return text;
    });
    this.fill([...unread.values()]);
    for (const [key, text] of unread) this.remember(key, text);
    return read;
  }

  readAll(tokens, text = this.empty) {
    return tokens.reduce((read, token) => this.read(read, token), text);
  }

  logProbs(text) {
    if (!text.state) this.fill([text]);
    return text.state.logProbs;
  }

  keyOf(text, token) {
    return text.id * this.model.size.V + token;
  }

  find(key) {
    const recent = this.recent.get(key);
    if (recent) return recent;
    const older = this.older.get(key);
    if (older) {
      this.older.delete(key);
      this.remember(key, older);
    }
    return older;
  }

  remember(key, text) {
    if (this.recent.size >= this.limit / 2) {
      for (const { state } of this.older.values()) this.spare.push(state);
      for (const forgotten of this.older.values()) forgotten.state = null;
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(key, text);
  }

  /** Give texts their states; that of a parent may have been forgotten too. */
  fill(texts) {
    if (!texts.length) return;
    for (const { parent } of texts) if (!parent.state) this.fill([parent]);
    const states = texts.map(() => this.newState());
    this.model.stepEach(
      texts.map(({ token }) => token),
      texts.map(({ parent }) => parent.state),
      states,
    );
    texts.forEach((text, n) => (text.state = states[n]));
  }

  newState() {
    if (!this.spare.length) this.spare = this.model.newStates(AT_ONCE);
    return this.spare.pop();
  }
}
