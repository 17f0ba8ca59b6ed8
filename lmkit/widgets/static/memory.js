// Texts that were read once are remembered. A slider step mostly decodes the same beginnings again (the same prompt,
// the same first draws, the same hypotheses), and these then cost a look-up instead of a step of the model.

const BUDGET_BYTES = 24e6;

/** Reads texts with a model. A text is a number: 0 is the empty one, `read` gives the number of a longer one. */
export class Memory {
  constructor(model) {
    this.model = model;
    this.states = [null];
    const { V, H, D } = model.size;
    this.limit = Math.max(1000, Math.floor(BUDGET_BYTES / (4 * (V + 2 * D * H))));
    this.forget();
  }

  forget() {
    this.count = 1;
    this.longer = new Map();
  }

  /** To be called between decodings only, for it may renumber the texts. */
  makeRoom(steps) {
    if (this.count + steps > this.limit) this.forget();
  }

  read(text, token) {
    const key = text * this.model.size.V + token;
    const known = this.longer.get(key);
    if (known !== undefined) return known;
    const state = (this.states[this.count] ??= this.model.newState());
    this.model.step(token, this.states[text], state);
    this.longer.set(key, this.count);
    return this.count++;
  }

  readAll(tokens, text = 0) {
    return tokens.reduce((read, token) => this.read(read, token), text);
  }

  logProbs(text) {
    return this.states[text].logProbs;
  }
}
