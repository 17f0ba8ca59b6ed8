// Texts that were read once are remembered. A slider step mostly decodes the same beginnings again (the same prompt,
// the same first draws, the same hypotheses), and these then cost a look-up instead of a step of the model.

const BUDGET_BYTES = 24e6;
const CHUNK_SIZE = 64; // states that are made together: one block of memory costs less than many

/**
 * What a model remembers after a text, and the log-probabilities of what follows; of a translator the number of the
 * source, too.
 *
 * @typedef {{ h: Float32Array, c: Float32Array, logProbs: Float32Array, source?: number }} State
 */

/**
 * What a cache wants of a model: one step for each of many texts, and room for their states.
 *
 * @typedef {object} StepModel
 * @property {{ V: number, H: number, D: number }} size
 * @property {() => State} newState
 * @property {(count: number) => State[]} newStates
 * @property {(tokens: number[], from: (State | null)[], to: State[]) => void} stepEach
 */

/**
 * A text that was read. `id` tells it from others; the empty one has no `parent` and no token.
 *
 * @typedef {{ parent: Text | null, token: number, id: number, state: State | null }} Text
 */

/**
 * Reads texts with a model. A text knows the one that it makes longer, and its `state` while that is remembered: what
 * the model makes of it. Those that were not asked for of late lose their states to new texts; any can be read again.
 */
export class StateCache {
  /** @param {StepModel} model */
  constructor(model) {
    this.model = model;
    /** @type {Text} */
    this.empty = { parent: null, token: -1, id: 0, state: model.newState() };
    this.nextId = 1;
    /** @type {State[]} */
    this.spare = [];
    const { V, H, D } = model.size;
    this.limit = Math.max(1000, Math.floor(BUDGET_BYTES / (4 * (V + 2 * D * H))));
    /** @type {Map<number, Text>} By the text that they make longer, and the token. */
    this.recent = new Map();
    /** @type {Map<number, Text>} */
    this.older = new Map();
  }

  forget() {
    this.recent.clear();
    this.older.clear();
  }

  /** How many texts it remembers. */
  get count() {
    return this.recent.size + this.older.size;
  }

  /**
   * @param {Text} text
   * @param {number} token
   * @returns {Text}
   */
  read(text, token) {
    return this.find(this.keyOf(text, token)) ?? this.readEach([text], [token])[0];
  }

  /**
   * One token after each of many texts; those not read before take one batch of the model.
   *
   * @param {Text[]} texts
   * @param {number[]} tokens
   * @returns {Text[]}
   */
  readEach(texts, tokens) {
    const keys = texts.map((text, n) => this.keyOf(text, tokens[n]));
    /** @type {Map<number, Text>} */
    const unread = new Map();
    const read = keys.map((key, n) => {
      const known = this.find(key) ?? unread.get(key);
      if (known) return known;
      /** @type {Text} */
      const text = { parent: texts[n], token: tokens[n], id: this.nextId++, state: null };
      unread.set(key, text);
      return text;
    });
    this.fill([...unread.values()]);
    for (const [key, text] of unread) this.remember(key, text);
    return read;
  }

  /**
   * @param {number[]} tokens
   * @param {Text} [text] - That they make longer.
   * @returns {Text}
   */
  readAll(tokens, text = this.empty) {
    return tokens.reduce((read, token) => this.read(read, token), text);
  }

  /**
   * @param {Text} text
   * @returns {Float32Array}
   */
  logProbs(text) {
    return this.stateOf(text).logProbs;
  }

  /**
   * @param {Text} text
   * @returns {State} Made again where it was forgotten.
   */
  stateOf(text) {
    if (!text.state) this.fill([text]);
    return /** @type {State} */ (text.state);
  }

  /**
   * @param {Text} text
   * @param {number} token
   */
  keyOf(text, token) {
    return text.id * this.model.size.V + token;
  }

  /** @param {number} key */
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

  /**
   * @param {number} key
   * @param {Text} text
   */
  remember(key, text) {
    if (this.recent.size >= this.limit / 2) {
      for (const forgotten of this.older.values()) {
        if (forgotten.state) this.spare.push(forgotten.state);
        forgotten.state = null;
      }
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(key, text);
  }

  /**
   * Give texts their states; that of a parent may have been forgotten too.
   *
   * @param {Text[]} texts - Not the empty one, whose state is always there.
   */
  fill(texts) {
    if (!texts.length) return;
    const before = texts.map(({ parent }) => this.stateOf(parent ?? this.empty));
    const states = texts.map(() => this.newState());
    this.model.stepEach(
      texts.map(({ token }) => token),
      before,
      states,
    );
    for (const [n, text] of texts.entries()) text.state = states[n];
  }

  /** @returns {State} */
  newState() {
    if (!this.spare.length) this.spare = this.model.newStates(CHUNK_SIZE);
    return /** @type {State} */ (this.spare.pop());
  }
}
