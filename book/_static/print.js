// Paper is light: print the light theme whatever the screen shows. And paper has no buttons: what is folded is shown, but
// not answers, unless a teacher asks for them. Then they stand at the end, in the order of their questions.
(() => {
  const page = document.documentElement.dataset;
  let onScreen;
  let withAnswers = false;
  let unfolded = [];

  addEventListener("beforeprint", () => {
    onScreen = page.theme;
    page.theme = "light";
    unfolded = [...document.querySelectorAll(".admonition.toggle-hidden")].filter((part) => !holdsAnswers(part));
    for (const part of unfolded) part.classList.remove("toggle-hidden");
    if (withAnswers) document.querySelector(".bd-article").append(answers());
  });

  addEventListener("afterprint", () => {
    page.theme = onScreen;
    withAnswers = false;
    for (const part of unfolded) part.classList.add("toggle-hidden");
    document.querySelector(".print-answers")?.remove();
  });

  globalThis.printWithAnswers = () => {
    withAnswers = true;
    print();
  };

  /** @param {Element} folded */
  function holdsAnswers(folded) {
    return folded.querySelector(".admonition-title").textContent.trim() === "Answers";
  }

  /** All answers, as a section: of cards as readers without scripts have it, and of exercises. */
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
    if (!holdsAnswers(folded)) return null;
    const copy = folded.cloneNode(true);
    for (const part of copy.querySelectorAll(".admonition-title, button")) part.remove();
    const body = element("div");
    body.append(...copy.childNodes);
    return [title("Exercises"), body];
  }

  function title(text) {
    return element("p", "print-answers-of", text);
  }

  function element(tag, name = "", text = "") {
    return Object.assign(document.createElement(tag), { className: name, textContent: text });
  }
})();
