"""A saved lab in other browsers: its model is in the page, and it decodes what Python does."""

import pytest

from lmkit.widgets import DecodingLab
from tests.site.engines.fixtures import ENGINES
from tests.site.engines.window import Window
from tests.site.server import serve

pytestmark = pytest.mark.browser
# Moves the temperature to its end by keyboard, waits for another text, and returns what is asked of it.
LAB = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const end = performance.now() + 30_000;
  const until = async (read) => {
    while (!read() && performance.now() < end) await frame();
    return read();
  };
  const tokens = () => [...document.querySelectorAll(".lmkit-token .lmkit-word")];
  const words = () => tokens().map((token) => token.textContent).join(" ");
  await until(words);
  const before = words();
  const handle = document.querySelector(".lmkit-temperature .noUi-handle");
  handle.focus();
  handle.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true, cancelable: true }));
  await until(() => words() !== before);
  const failures = document.querySelectorAll(".widget-failure, .lmkit-problem:not([hidden])").length;
  return { before, after: words(), failures };
}"""


@pytest.mark.parametrize("engine", ENGINES)
def test_saved_lab_decodes_as_python_does(engine: str, window: Window, tmp_path):
    lab = DecodingLab("stories", temperature=2.0, seed=4)
    lab.save_html(tmp_path / "lab.html")
    with serve(tmp_path, handler=window.handler) as address:
        window.open(f"{address}/lab.html")
        found = window.run(LAB)
    expected = [new_words(DecodingLab("stories", temperature=temperature, seed=4)) for temperature in (2.0, 0.1)]
    assert found == {"before": expected[0], "after": expected[1], "failures": 0}
    assert not window.faults()


def new_words(lab: DecodingLab) -> str:
    vocab = lab._option.trained.vocab
    return " ".join(vocab.decode([token]) for token in lab.decode()[0].tokens)
