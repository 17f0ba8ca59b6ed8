"""Saved labs, opened from a disk without a network: they do what Python computes, and ask nobody for anything."""

import re

import pytest
from playwright.sync_api import expect

from lmkit import pretrained
from lmkit.models import LSTMLanguageModel
from lmkit.text import Vocab
from lmkit.widgets import DecodingLab, DropoutLab, Quiz, TrainLab
from lmkit.widgets.labs.train.lab import CONTROLS
from tests.documents import TEACHERS, blocks
from tests.site.lab import Lab
from tests.site.rendering import accessibility_faults
from tests.site.server import serve
from tests.widgets.decoding import driver as decoding
from tests.widgets.dropout import test_page as dropout
from tests.widgets.standalone import saved
from tests.widgets.train import test_page as training
from tests.widgets.train.test_lab import TRAIN, source

pytestmark = pytest.mark.browser
READY = ".lmkit-content:not([hidden])"
FITS = """async () => {
  const frame = document.querySelector("iframe"), inner = frame.contentDocument;
  const heights = [];
  for (let i = 0; i < 3; i++) {
    heights.push(frame.clientHeight);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const body = inner.body.getBoundingClientRect().height;
  return frame.clientHeight > 300 && Math.abs(frame.clientHeight - body) < 2 && new Set(heights).size === 1;
}"""
HOST = '<!doctype html><html lang="en"><title>host</title>'  # and what the page for teachers shows


@pytest.fixture
def file(tmp_path):
    """A function that saves a lab and returns the file."""

    def save(lab, name="lab.html", **options):
        lab.save_html(tmp_path / name, **options)
        return tmp_path / name

    return save


def driven(page, path, driver: type[Lab] = Lab, **more) -> Lab:
    lab = driver(page.locator(".lmkit-lab"), saved.plan_of(path.read_text("utf-8")), **more)
    lab.wait_until_ready()
    return lab


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_decoding_lab_decodes_as_python_does_and_is_accessible(browser, file, scheme):
    path = file(DecodingLab("stories", temperature=0.7, seed=3))
    with saved.opened(browser, path, color_scheme=scheme) as page:
        lab = driven(page, path, decoding.DecodingLab)
        lab.step_through("temperature", [3.0, 0.1])
        lab.step_through("seed", [8])
        assert page.locator("html").get_attribute("data-theme") == scheme
        assert not accessibility_faults(page)


def test_own_model_travels_with_its_lab(browser, file):
    vocab = Vocab([*(f"w{i}" for i in range(30)), "</script><script>globalThis.broken=1</script>"])
    model = LSTMLanguageModel(len(vocab), 8, 8).eval()
    path = file(DecodingLab(model, vocab, prompt="w1 w2"))
    own = pretrained.from_bytes(pretrained.to_bytes(model, vocab, quantise=False)).model.stepper()
    with saved.opened(browser, path) as page:
        lab = driven(page, path, decoding.DecodingLab, own=(own, vocab))
        lab.step_through("seed", [1, 2])
        assert not page.evaluate("Boolean(globalThis.broken)")


def test_lab_without_a_model_shows_what_python_computes(browser, file):
    path = file(DropoutLab(p=0.25))
    with saved.opened(browser, path) as page:
        driven(page, path, dropout.Driver).step_through("p", [0.9, 0.0])
        page.get_by_role("button", name="Save", exact=True).click()
        with page.expect_download() as download:
            page.get_by_role("button", name=re.compile("SVG")).click()
        assert download.value.suggested_filename.endswith(".svg")


def test_link_opens_a_saved_lab_as_it_stood(browser, file):
    path = file(DropoutLab(p=0.25))
    with saved.opened(browser, path, permissions=["clipboard-read", "clipboard-write"]) as page:
        lab = driven(page, path, dropout.Driver)
        lab.set("p", 0.9)
        page.get_by_role("button", name="Copy link").click()
        expect(page.get_by_text("Link copied.")).to_be_visible()
        link = page.evaluate("navigator.clipboard.readText()")
        assert link.startswith(path.as_uri())
        lab.set("p", 0.0)
        page.evaluate("(link) => { location.href = link; }", link)
        expect(page.get_by_text("Set as in the link.")).to_be_visible()
        lab.values["p"] = 0.9
        lab.check()


def test_training_lab_trains_what_node_does(browser, file, scripts):
    path = file(TrainLab(controls=list(CONTROLS), cell="gru", hidden_size=16, window=4, batch_size=4, steps=100))
    with saved.opened(browser, path) as page:
        lab = driven(page, path, training.Driver)
        lab.press("Train")
        said = lab.finish(100)
        last = scripts("labs/train/training.js").evaluate(TRAIN, [source("human_numbers"), lab.settings])["points"][-1]
        assert f"held out {last['heldLoss']:.2f} nats" in said


def test_quiz_is_asked(browser, file):
    path = file(Quiz("lstm"))
    with saved.opened(browser, path) as page:
        expect(page.locator(".lmkit-lab")).to_contain_text("Question 1 of")
        assert not accessibility_faults(page)


def test_picture_stands_in_where_no_script_runs(browser, file):
    lab = DecodingLab("stories")
    with saved.opened(browser, file(lab), wait=False, java_script_enabled=False) as page:
        picture = page.locator("img.lmkit-picture")
        expect(picture).to_be_visible()
        assert picture.bounding_box()["height"] > 100
        assert picture.get_attribute("alt") == lab.picture()[1]


def test_lab_saved_without_its_model_says_so_at_once(browser, file):
    path = file(DecodingLab("stories"), models=False)
    with saved.opened(browser, path) as page:
        says = 'this page was saved without ‘stories’; save the lab again in Python, with lab.save_html("lab.html")'
        expect(page.get_by_role("alert")).to_have_text(re.compile(re.escape(says), re.IGNORECASE))


def test_fragments_share_a_model_on_a_page_of_somebody_else(browser, file, tmp_path):
    """The second brings none; both answer to their own controls, and other widgets of the page are left alone."""
    first = file(DecodingLab("stories", seed=1), "first.html", fragment=True)
    second = file(DecodingLab("stories", seed=2), "second.html", fragment=True, models=False)
    foreign = '<script type="application/vnd.jupyter.widget-view+json">{"model_id": "theirs"}</script>'
    parts = [first.read_text("utf-8"), foreign, second.read_text("utf-8")]
    page_file = tmp_path / "page.html"
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Mine</title><h1>Mine</h1>'
    page_file.write_text(head + "".join(parts), "utf-8")
    with saved.opened(browser, page_file) as page:
        for place, path in enumerate([first, second]):
            root = page.locator(".lmkit-lab").nth(place)
            lab = decoding.DecodingLab(root, saved.plan_of(path.read_text("utf-8")))
            lab.wait_until_ready()
            lab.step_through("temperature", [0.1])
        expect(page.locator(".lmkit-lab")).to_have_count(2)
        expect(page.locator(".widget-failure")).to_have_count(0)


def test_frame_is_as_high_as_its_lab(browser, file, tmp_path):
    """Nothing in it is scrolled, wide and narrow, and it comes to rest."""
    file(DropoutLab(), "lab.html")
    (code,) = [block.code for block in blocks(TEACHERS) if block.language == "html"]
    (tmp_path / "host.html").write_text(f"{HOST}{code}")
    with serve(tmp_path) as address:
        page = browser.new_page(viewport={"width": 1100, "height": 700})
        page.goto(f"{address}/host.html")
        frame = page.frame(url=re.compile("lab.html"))
        for width in (1100, 420):
            page.set_viewport_size({"width": width, "height": 700})
            frame.locator(READY).first.wait_for()
            page.wait_for_function(FITS, arg=None)
        page.close()
