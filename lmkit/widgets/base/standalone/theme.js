// Light or dark, as the reader's system is, on pages that have no theme of their own.

/** Say it on the page's root, where the colours look for it. */
export function followTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
  };
  dark.addEventListener("change", follow);
  follow();
}
