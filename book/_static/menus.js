// The header's menus and the button that leads back to the top: what the theme uses Bootstrap's scripts for, without
// their 24 KB. What a button does is said by its own title.
(() => {
  const OPEN = "show"; // the theme's class of a menu that is open
  const menuOf = (button) => button.parentElement.querySelector(".dropdown-menu");
  const entries = (button) => [...menuOf(button).querySelectorAll("a, button")];
  const isOpen = (button) => menuOf(button).classList.contains(OPEN);

  const set = (button, open) => {
    const menu = menuOf(button);
    menu.classList.toggle(OPEN, open);
    button.setAttribute("aria-expanded", open);
    if (!open) return;
    menu.style.top = "100%";
    menu.style.left = "0";
    const beyond = menu.getBoundingClientRect().right + 8 - document.documentElement.clientWidth;
    if (beyond > 0) menu.style.left = `${-beyond}px`;
  };

  const go = (button, key) => {
    const all = entries(button);
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1, Home: 0, End: all.length - 1 }[key];
    all[(next + all.length) % all.length]?.focus();
  };

  const tend = (button) => {
    const place = button.parentElement;
    button.addEventListener("click", () => set(button, !isOpen(button)));
    place.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && isOpen(button)) {
        set(button, false);
        button.focus();
      } else if (["ArrowDown", "ArrowUp", ...(isOpen(button) ? ["Home", "End"] : [])].includes(event.key)) {
        event.preventDefault();
        set(button, true);
        go(button, event.key);
      }
    });
    place.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !place.contains(relatedTarget)) set(button, false);
    });
    document.addEventListener("click", ({ target }) => {
      if (!button.contains(target)) set(button, false);
    });
  };

  const tendTop = (button) => {
    let stood = scrollY;
    button.addEventListener("click", () => scrollTo({ top: 0 }));
    addEventListener(
      "scroll",
      () => {
        button.style.display = scrollY < stood && scrollY > innerHeight / 2 ? "block" : "none";
        stood = scrollY;
      },
      { passive: true },
    );
  };

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll('[data-bs-toggle="dropdown"]').forEach(tend);
    for (const named of document.querySelectorAll("[data-bs-title]")) named.title ||= named.dataset.bsTitle;
    const top = document.querySelector("#pst-back-to-top");
    if (top) tendTop(top);
  });
})();
