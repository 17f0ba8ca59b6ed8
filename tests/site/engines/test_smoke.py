"""Pages in Firefox, and labs in WebKit: all is there, comes alive, answers a hand, and says what Python computes.

In Chromium everything is tried; here, with each page loaded once, what another browser may do otherwise.
"""

import itertools
import re
from pathlib import Path

import pytest
from selenium.webdriver import Keys

from tests.colour import contrast
from tests.site import book
from tests.site.engines.fixtures import ENGINES
from tests.site.engines.window import PATIENCE, Window
from tests.site.lab import plans
from tests.site.rendering import SIZES
from tests.site.server import serve
from tests.widgets.decoding.driver import SNAPSHOT, DecodingLab

pytestmark = pytest.mark.site

SMOKE = Path(__file__).with_name("smoke.js").read_text(encoding="utf-8")
MS, TRY = 1000 * PATIENCE, 500  # ms after which something has not happened, and after which the next way is tried
SLOW_START = re.compile("Failed to initialize model")  # of a busy machine: see third_party/widgets/src/errors.js
REACH = "(i, n, kind) => smoke.reach(i, kind, n)"
LEGIBLE = 4.5  # contrast of text and what is behind it; WCAG 2.2, level AA
LAB_PAGES = [f"{document}.html" for document in book.notebooks() if book.shown_labs(document)]
VISITS = [(engine, path) for engine in ENGINES for path in (book.pages() if engine == "firefox" else LAB_PAGES)]


@pytest.mark.parametrize(("engine", "path"), VISITS)
def test_page_works_in_another_browser(window, sites, path):
    open_page(window, f"{sites(window)}/{path}")
    document = path.removesuffix(".html")
    labs = plans(*book.built_widgets(document)) if document in book.notebooks() else []
    assert window.run("(patience) => smoke.settle(patience)", MS) == len(labs)
    assert window.run("() => smoke.faults()") == []
    for place, plan in enumerate(labs):
        if plan.kind == "DecodingView":
            assert decoded(window, place) == expected(plan)
    for place, plan in enumerate(labs):
        (move_controls if plan.controls else press_a_button)(window, place)
    assert window.run("() => smoke.faults()") == []
    assert overflow_when_narrow(window) <= 0
    assert window.run("() => smoke.crowded()") == []
    assert faint_in_the_dark(window) == []
    assert [fault for fault in window.faults() if not SLOW_START.search(fault)] == []


def open_page(window: Window, address: str) -> None:
    """Open a page as wide as on a desk, with `smoke` in it."""
    window.resize(**SIZES["1280"])
    window.open(address)
    window.run(f"() => {{ {SMOKE} }}")


def decoded(window: Window, place: int) -> dict:
    """What a decoding lab shows, apart from numbers that are rounded."""
    return window.run(f"(i) => ({SNAPSHOT})(document.querySelectorAll('.lmkit-lab')[i])", place)


def expected(plan) -> dict:
    """What it shows if its text, to the last token, is the one that Python decodes."""
    return {name: value for name, value in DecodingLab(None, plan).expected().items() if name != "numbers"}


def move_controls(window: Window, place: int) -> None:
    """Move the first control of each kind: each time the view changes and a screen reader hears of it.

    What changes nothing at first is moved again when all sliders are at their ends: where there is more, more differs.
    """
    kinds = window.run("(i) => smoke.kinds(i)", place)
    assert kinds
    for kind in kinds:
        if not changes(window, place, REACH, kind, patience=4 * TRY):
            for slider in itertools.count():
                if not press(window, "(i, n) => smoke.reachSlider(i, n)", place, slider):
                    break
            assert changes(window, place, REACH, kind), f"lab {place + 1}: {kind}"
        assert window.run("(i, patience) => smoke.says(i, patience)", place, MS), f"lab {place + 1}: {kind}"


def press_a_button(window: Window, place: int) -> None:
    """Press one button after the other, until the view changes."""
    assert changes(window, place, "(i, n) => smoke.reachButton(i, n)"), f"lab {place + 1}"


def changes(window: Window, place: int, reach: str, *of: str, patience: int = MS) -> bool:
    """Press the keys that `reach` returns for 0, 1, 2 … and tell whether the view of a lab changes then."""
    window.run("(i) => smoke.note(i)", place)
    attempt = 0
    while press(window, reach, place, attempt, *of):
        if window.run("(i, patience) => smoke.changes(i, patience)", place, TRY):
            return True
        attempt += 1
    return window.run("(i, patience) => smoke.changes(i, patience)", place, patience)


def press(window: Window, reach: str, *arguments) -> bool:
    """Give something the focus and press the keys for it; tell whether there is such a thing."""
    keys = window.run(reach, *arguments)
    window.press(*(getattr(Keys, key, key) for key in keys or ()))
    return keys is not None


def overflow_when_narrow(window: Window) -> int:
    window.resize(**SIZES["390"])
    window.run("async () => { for (let n = 0; n < 3; n++) await smoke.frame(); }")
    return window.run("() => smoke.overflow()")


def faint_in_the_dark(window: Window) -> list[str]:
    """Darken the page and return what can hardly be read then."""
    assert window.run("() => smoke.darken()") == "dark"
    inks = window.run("() => smoke.inks()")
    assert inks
    return [f"{word} ({ink} on {paper})" for word, ink, paper in inks if contrast(ink, paper) < LEGIBLE]


# A page for each fault that may be there, and how the browser tells of it.
SPOILT = {
    "an error in the console": ("<script>console.error('oh')</script>", "oh"),
    "a warning": ("<script>console.warn('mind')</script>", "mind"),
    "an error that nobody caught": ("<script>throw new Error('lost')</script>", "lost"),
    "a promise that nobody kept": ("<script>Promise.reject(new Error('broken'))</script>", "broken"),
    "a script that is not there": ("<script src='absent.js'></script>", "absent.js"),
    "a picture that is not there": ("<img src='absent.png' alt=''>", "absent.png"),
    "a request that is refused": ("<script>fetch('absent.json')</script>", "absent.json"),
    "another host": ("<img src='http://another.invalid/a.png' alt=''>", "another.invalid"),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_faults_of_a_page_are_noticed(window, tmp_path):
    """Each in turn; and a sound page has none."""
    for place, (html, _) in enumerate([("", ""), *SPOILT.values()]):
        (tmp_path / f"{place}.html").write_text(f"<!doctype html><head><title>spoilt</title></head>{html}")
    with serve(tmp_path, handler=window.handler) as address:
        window.open(f"{address}/0.html")
        assert [fault for fault in window.faults() if "favicon" not in fault] == []
        for place, (name, (_, words)) in enumerate(SPOILT.items(), 1):
            window.open(f"{address}/{place}.html")
            window.run("() => new Promise((done) => setTimeout(done, 50))")
            assert re.search(re.escape(words), "\n".join(window.faults())), name
