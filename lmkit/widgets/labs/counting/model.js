// Counting by search, the mirror of lmkit.analysis.counting: every place where a context occurs, and what comes next there.

/** @typedef {{ word: string, count: number, share: number }} Continuation */
/** @typedef {{ rows: Continuation[], places: number[], total: number, entropy: number }} Continuations Entropy in nats. */

/** A text as ids, and the words that they stand for. */
export class CountedText {
  /**
   * @param {string[]} words
   * @param {Int32Array} ids
   */
  constructor(words, ids) {
    this.words = words;
    this.ids = ids;
    this.idOf = new Map(words.map((word, id) => [word, id]));
  }

  /**
   * What follows a context (ids): each continuation with its count, the most frequent first and equal ones in the order
   * in which the text has them; and the places where a continuation stands.
   * @param {number[]} context
   * @returns {Continuations}
   */
  continuations(context) {
    const { ids } = this;
    const counts = new Map();
    const places = [];
    for (let at = context.length; at < ids.length; at++) {
      if (!this.endsAt(context, at)) continue;
      counts.set(ids[at], (counts.get(ids[at]) ?? 0) + 1);
      places.push(at);
    }
    const rows = Array.from(counts, ([id, count]) => ({ word: this.words[id], count, share: count / places.length }));
    rows.sort((a, b) => b.count - a.count);
    return { rows, places, total: places.length, entropy: entropyOf(rows) };
  }

  /**
   * Whether the context stands right before place `at`; the last tokens differ most often, so they are tried first.
   * @param {number[]} context
   * @param {number} at
   */
  endsAt(context, at) {
    for (let back = 1; back <= context.length; back++) {
      if (this.ids[at - back] !== context[context.length - back]) return false;
    }
    return true;
  }

  /**
   * Whether the text ends with a context: then it occurs once more, and nothing follows.
   * @param {number[]} context
   */
  endsWith(context) {
    return context.length <= this.ids.length && this.endsAt(context, this.ids.length);
  }

  /**
   * The longest end of a context that something follows somewhere in the text.
   * @param {number[]} context
   */
  longestCounted(context) {
    const from = context.findIndex((_, start) => this.continuations(context.slice(start)).total > 0);
    return from < 0 ? [] : context.slice(from);
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  read(from, to) {
    return Array.from(this.ids.subarray(Math.max(0, from), to), (id) => this.words[id]).join(" ");
  }
}

/**
 * Nats.
 * @param {Continuation[]} rows
 */
function entropyOf(rows) {
  return rows.reduce((sum, { share }) => sum + share * Math.log(1 / share), 0);
}

/**
 * Up to `limit` entries of a list, spread evenly from the first to the last.
 * @template T
 * @param {T[]} list
 * @param {number} limit
 * @returns {T[]}
 */
export function spread(list, limit) {
  if (list.length <= limit) return list;
  return Array.from({ length: limit }, (_, i) => list[Math.round((i * (list.length - 1)) / (limit - 1))]);
}

/**
 * Ids from bytes: the numbers take one, two or four bytes, little-endian, whatever the vocabulary needs.
 * @param {Uint8Array} bytes
 * @param {number} vocabSize
 */
export function idsOf(bytes, vocabSize) {
  const width = vocabSize <= 256 ? 1 : vocabSize <= 65536 ? 2 : 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** @type {Record<1 | 2 | 4, (at: number) => number>} */
  const readers = {
    1: (at) => view.getUint8(at),
    2: (at) => view.getUint16(at, true),
    4: (at) => view.getUint32(at, true),
  };
  return Int32Array.from({ length: bytes.byteLength / width }, (_, i) => readers[width](i * width));
}

/**
 * What zlib has compressed, as bytes again.
 * @param {Uint8Array} bytes
 */
export async function inflate(bytes) {
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
