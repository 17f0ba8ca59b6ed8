// A server may forbid what the labs need (a content security policy). Then nothing starts and reloading cannot help:
// say so, and what the server must allow.
(() => {
  const NEEDED =
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; " +
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:";
  const say = (tag, ...parts) => {
    const node = document.createElement(tag);
    node.append(...parts);
    return node;
  };
  const tell = ({ effectiveDirective, blockedURI, disposition }) => {
    const article = document.querySelector("article");
    if (disposition !== "enforce" || !article || article.querySelector(".policy-note")) return;
    const title = say("p", "The server forbids this page’s labs and quizzes to start");
    title.className = "admonition-title";
    const blocked = `${effectiveDirective} refuses ${blockedURI === "inline" ? "what is written in the page" : blockedURI}`;
    const note = say(
      "div",
      title,
      say(
        "p",
        `Its content security policy is too strict (${blocked}), and reloading does not help. You can read on, or open the chapter as a notebook.`,
      ),
      say(
        "p",
        "If you publish this book, have the server send a policy that allows at least this: ",
        say("code", NEEDED),
      ),
    );
    note.className = "admonition warning policy-note";
    note.setAttribute("role", "alert");
    article.prepend(note);
  };
  addEventListener("securitypolicyviolation", tell);
  // What stands in the page was refused before anybody listened.
  if (typeof DOCUMENTATION_OPTIONS === "undefined")
    tell({ effectiveDirective: "script-src-elem", blockedURI: "inline", disposition: "enforce" });
})();
