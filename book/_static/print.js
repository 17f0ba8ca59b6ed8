// Paper is light: print the light theme whatever the screen shows. And paper has no buttons: what is folded stays folded,
// unless a teacher asks for the answers. Then they stand at the end, in the order of their questions.
(() => {
  const page = document.documentElement.dataset;
  let onScreen;
  let withAnswers = false;

  addEventListener("beforeprint", () => {
    onScreen = page.theme;
    page.theme = "light";
    if (withAnswers) document.querySelector(".bd-article").append(answers());
  });

  addEventListener("afterprint", () => {
    page.theme = onScreen;
    withAnswers = false;
    document.querySelector(".print-answers")?.remove();
  });

  globalThis.printWithAnswers = () => {
    withAnswers = true;
    print();
  };

  /** All that the page folds away, as a section: of cards as readers without scripts have it, and of exercises. */
  function answers() {
    const section = element("section", "print-answers");
    section.append(element("h2", "", "Answers"));
    for (const place of document.querySelectorAll(".bd-article :is(noscript, .admonition.dropdown)")) {
      const found = place.matches("noscript") ? answersOfCards(place.textContent) : answersOfExercises(place);
      if (found) section.append(...found);
    }
    for (const named of section.querySelectorAll("[id]")) named.removeAttribute("id");
    return section;
  }

  /** @param {string} html */
  function answersOfCards(html) {
    const cards = new DOMParser().parseFromString(html, "text/html").querySelector(".lmkit-cards");
    const questions = cards?.querySelectorAll(":scope > ol > li");
    if (!questions?.length) return null;
    const list = element("ol");
    for (const question of questions) {
      const answer = element("li");
      for (const folded of question.querySelectorAll(":scope > details")) {
        folded.querySelector("summary")?.remove();
        answer.append(...folded.childNodes);
      }
      list.append(answer);
    }
    return [title(cards.firstElementChild.textContent.split(":")[0]), list];
  }

  /** @param {Element} folded */
  function answersOfExercises(folded) {
    const copy = folded.cloneNode(true);
    const heading = copy.querySelector(".admonition-title");
    const said = heading.textContent.trim();
    for (const part of [heading, ...copy.querySelectorAll("button")]) part.remove();
    const body = element("div");
    body.append(...copy.childNodes);
    return [title(said === "Answers" ? "Exercises" : said), body];
  }

  function title(text) {
    return element("p", "print-answers-of", text);
  }

  function element(tag, name = "", text = "") {
    return Object.assign(document.createElement(tag), { className: name, textContent: text });
  }
})();
