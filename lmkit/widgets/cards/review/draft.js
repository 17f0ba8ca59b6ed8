// The exam that is open, so that a page that is loaded anew has it still: in this tab only, until it is handed in or left.

const KEY = "memory-and-chance:exam";

/** Keep {cards, draw, at, responses}: the ids, what they were drawn by, the place, and each form's response. */
export function keepDraft(draft) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(draft));
  } catch {
    // forbidden, or full: the browser still asks before it leaves
  }
}

/** What was kept; null if there is nothing that can be read. */
export function keptDraft() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function dropDraft() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // nothing was kept
  }
}
