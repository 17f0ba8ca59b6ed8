// Says what is wrong with the storage of a reader's progress, and offers the file in which it can be kept.

import { element, setText } from "../dom.js";

/** @typedef {import("./log.js").CardLog} CardLog */

/**
 * A note that is hidden while all is well; `close` ends its listening.
 *
 * @param {CardLog} log
 */
export function logNotice(log) {
  const words = element("span");
  const save = element("button", { type: "button", class: "lmkit-button" }, "Export my answers");
  const root = element("p", { class: "lmkit-problem lmkit-log-notice", role: "status" }, words, " ", save);
  const show = () => {
    setText(words, log.problem);
    root.hidden = !log.problem;
  };
  save.addEventListener("click", () => saveLog(log));
  const close = log.onChange(show);
  show();
  return { root, close };
}

/**
 * Hand the reader a file with all answers.
 *
 * @param {CardLog} log
 * @param {string} name - Of the reader, where the file is for a teacher.
 */
export function saveLog(log, name = "") {
  const day = new Date().toISOString().slice(0, 10);
  const address = URL.createObjectURL(new Blob([log.exportText(name)], { type: "application/json" }));
  const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const parts = ["memory-and-chance-progress", day, ...words];
  element("a", { href: address, download: `${parts.join("-")}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
