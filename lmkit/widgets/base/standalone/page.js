// The page around a lab that Python saved as a file: light or dark, and within a frame of another page as high as it is.

import { followTheme } from "./theme.js";

const SEEN = 0.85; // of a screen: a lab in a frame takes no more, so that controls and what they change are seen together

/** Tell the page around a frame how high this one is, whenever that changes; the pages may come from different places. */
function reportHeight() {
  const root = document.documentElement;
  root.classList.add("lmkit-framed");
  root.style.setProperty("--lmkit-frame", `${Math.round(SEEN * screen.availHeight)}px`);
  let told = 0;
  const tell = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height === told) return;
    told = height;
    parent.postMessage({ type: "lmkit-height", height }, "*");
  };
  new ResizeObserver(tell).observe(document.body);
}

export default {
  /** Begin while the head is read, so that nothing is shown in the wrong colours. */
  start() {
    followTheme();
    if (parent !== window) addEventListener("DOMContentLoaded", reportHeight);
  },
};
