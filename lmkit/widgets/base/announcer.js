// Has a screen reader say what a move of the reader's has changed: once the hand rests, in few words, and only if
// something has changed. The bound on what is said stands in news.js.

import { element } from "./dom.js";
import { news, pieceNews, sentencesOf, told } from "./news.js";

const NAMES = / (?:(?:id|class|tabindex)="[^"]*"|[\w-]+="url\([^"]*")/g; // attributes that may be new in the same picture

/** @typedef {import("./news.js").Fact} Fact */
/** @typedef {{ texts: string[], picture: string, width: number }} Shown - What a view showed when it was last told of. */

export const REST_MS = 900; // a slider that moves is not read out at every step

const UNSAID = "[hidden], [aria-hidden=true], details:not([open]) > :not(summary)";
const PIECES = "p, li, tr, button, label, legend, summary, [role=img], [role=radio]"; // what is heard in one go

export class Announcer {
  /** @param {HTMLElement} content - What the view shows. */
  constructor(content) {
    this.content = content;
    this.live = element("p", { class: "lmkit-unseen", "aria-live": "polite" });
    /** @type {Fact[] | null} */
    this.facts = null; // what there was to say last; null where nothing has been shown yet
    /** @type {Shown} */
    this.shown = { texts: [], picture: "", width: 0 };
    /** @type {number | undefined} */
    this.waiting = undefined;
  }

  /**
   * Tell of the view as it stands: what is new since it was last told, or else since the page was opened.
   *
   * @param {() => Fact[]} facts - The most important first.
   */
  announce(facts) {
    const isFirst = !this.facts;
    if (isFirst) this.take(facts());
    this.when(() => {
      const { facts: before, shown } = this;
      const now = facts();
      this.take(now);
      if (!isFirst) this.say(news(before ?? [], now) || newsOfShown(shown, this.shown));
    });
  }

  /**
   * Tell of something that has happened.
   *
   * @param {string} text - Its first sentences are said.
   */
  report(text) {
    this.when(() => this.say(told(sentencesOf(text))));
  }

  /** Say nothing of what was to be told. */
  drop() {
    clearTimeout(this.waiting);
  }

  /** @param {() => void} run */
  when(run) {
    this.drop();
    this.waiting = setTimeout(run, REST_MS);
  }

  /** @param {Fact[]} facts */
  take(facts) {
    const { innerHTML, clientWidth: width } = this.content;
    this.facts = facts;
    this.shown = { texts: textsOf(this.content), picture: innerHTML.replaceAll(NAMES, ""), width };
  }

  /**
   * A new node, even of the same words: what has happened twice is said twice.
   *
   * @param {string} text
   */
  say(text) {
    if (text) this.live.replaceChildren(text);
  }
}

/**
 * What has changed that no fact tells. A page that is turned has its pictures drawn anew, which is no news.
 *
 * @param {Shown} before
 * @param {Shown} now
 */
function newsOfShown(before, now) {
  const isSame = before.picture === now.picture || before.width !== now.width;
  return pieceNews(before.texts, now.texts) || (isSame ? "" : "The picture has changed.");
}

/**
 * What a screen reader finds in an element, piece by piece.
 *
 * @param {Element} root
 * @returns {string[]}
 */
function textsOf(root) {
  return [...root.children].flatMap((child) => {
    if (child.matches(UNSAID)) return [];
    if (child.matches(PIECES) || !child.childElementCount) {
      const text = child.getAttribute("aria-label") ?? wordsOf(child);
      return text ? [text] : [];
    }
    return textsOf(child);
  });
}

/** @param {Element} node */
function wordsOf(node) {
  const cells = node instanceof HTMLTableRowElement ? [...node.cells] : [node];
  return cells
    .map(({ textContent }) => textContent.trim().replaceAll(/\s+/g, " "))
    .filter(Boolean)
    .join(" ");
}
