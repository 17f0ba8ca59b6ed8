"""Saved labs as files: how large they are, what is in them, and that no text breaks out."""

import base64
import json
import re
from html.parser import HTMLParser

import pytest

from lmkit import pretrained
from lmkit.models import LSTMLanguageModel
from lmkit.text import Vocab
from lmkit.widgets import LABS, DecodingLab, DropoutLab, Quiz, TranslateLab
from lmkit.widgets.base import assets, bundle
from lmkit.widgets.base.standalone import small
from tests.test_escaping import CHARACTERS
from tests.widgets.standalone import saved

MOST = 120_000  # bytes after gzip, besides weights and tables
LARGER = {"TrainLab": 143_000, "TranslateLab": 124_500, "Review": 330_000}  # a trainer, a translator, and all cards
HOSTILE = "</script><script>globalThis.broken = 1</script><!-- <script> --> ' \" & ]]> \u2028 \ud800 \0"


HOSTILE_WORD = "".join(HOSTILE.replace("\ud800", "").split())


def can_be_in_a_model(sign: str) -> bool:
    return not sign.isspace() and not "\ud800" <= sign <= "\udfff"


def html_of(lab, tmp_path, **options) -> str:
    lab.save_html(tmp_path / "lab.html", **options)
    return (tmp_path / "lab.html").read_text("utf-8")


def simple_labs():
    """A lab of each class that needs no arguments, and a quiz."""
    for name, kind in LABS.items():
        try:
            yield name, kind()
        except TypeError:
            continue
    yield "Quiz", Quiz("lstm")


class Elements(HTMLParser):
    """The tags of a page, in order, with their attributes."""

    def __init__(self, html: str):
        super().__init__()
        self.tags = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


@pytest.fixture(scope="module")
def all_html(tmp_path_factory) -> dict[str, str]:
    """The pages of all simple labs, without models, by class."""
    folder = tmp_path_factory.mktemp("labs")
    return {name: html_of(lab, folder, models=False) for name, lab in simple_labs()}


def test_size_is_bounded(all_html):
    sizes = {name: saved.packed(html) for name, html in all_html.items()}
    assert len(sizes) > 15
    assert not {name: size for name, size in sizes.items() if size > LARGER.get(name, MOST)}
    assert all(sizes[name] > MOST for name in LARGER), "then it is no exception any more"


def test_whole_page_refers_to_nothing_outside(all_html):
    for html in all_html.values():
        for tag, attributes in Elements(html).tags:
            for name in ("src", "href", "action", "data"):
                assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
            assert tag not in ("base", "iframe", "object", "embed"), attributes


def test_models_add_their_weights_and_little_more(tmp_path):
    lab = DecodingLab("stories")
    added = saved.packed(html_of(lab, tmp_path)) - saved.packed(html_of(lab, tmp_path, models=False))
    weights = len(assets.model_bytes("stories")) + len(json.dumps(assets.grammar()))
    assert 0 < added < 1.1 * weights


def test_what_a_lab_names_travels_unchanged(tmp_path):
    lab = TranslateLab()
    html = html_of(lab, tmp_path)
    pattern = r'data-lmkit="asset" data-name="([^"]+)" data-version="([^"]+)">(.*?)</script>'
    found = {name: (version, json.loads(text)) for name, version, text in re.findall(pattern, html, re.DOTALL)}
    names = {"translator", "translator_without", assets.GRAMMAR, assets.GERMAN, assets.SAVING}
    assert set(found) == names
    for name in ("translator", "translator_without"):
        version, text = found[name]
        assert base64.b64decode(text) == pretrained.path_of(name).read_bytes()
        assert version == assets.digest(base64.b64decode(text))
    assert found[assets.GRAMMAR] == (assets.grammar_key(), assets.grammar())


def test_same_settings_give_the_same_file(tmp_path):
    first, second, other = (html_of(DropoutLab(p=p), tmp_path) for p in (0.2, 0.2, 0.3))
    assert first == second != other
    ids = [set(json.loads(saved.texts(html, "state")[0])["state"]) for html in (first, other)]
    assert ids[0].isdisjoint(ids[1])


def test_saving_leaves_the_lab_as_it_is(tmp_path):
    lab = DropoutLab()
    toolbar, esm = dict(lab.view.toolbar), lab.view._esm
    html_of(lab, tmp_path)
    assert lab.view.toolbar == toolbar and lab.view._esm == esm


def test_file_has_what_the_controls_say_by_now(tmp_path):
    lab = DropoutLab()
    lab.controls["p"].value = 0.75
    assert saved.plan_of(html_of(lab, tmp_path)).controls["p"].default == 0.75


def test_hostile_texts_stay_texts(tmp_path):
    """In the title, the state, the picture and the weights: the elements are those of a harmless lab."""
    vocab = Vocab(["a", *(f"x{sign}y" for sign in CHARACTERS if can_be_in_a_model(sign)), HOSTILE_WORD])
    model = LSTMLanguageModel(len(vocab), 8, 8)
    for options in ({}, {"fragment": True}):
        titled = options or {"title": HOSTILE}
        harmless = html_of(DecodingLab(model, vocab, prompt="a"), tmp_path, **options)
        html = html_of(DecodingLab(model, vocab, prompt=f"a {vocab.words[-1]}"), tmp_path, **titled)
        tags = [[tag for tag, _ in Elements(text).tags] for text in (harmless, html)]
        assert tags[0] == tags[1]
        (state,) = saved.texts(html, "state")
        view = next(m["state"] for m in json.loads(state)["state"].values() if "models" in m["state"])
        assert "<" not in state and view["prompt"].startswith("a ")


def test_quiz_has_its_explanations(tmp_path):
    html = html_of(Quiz("lstm"), tmp_path)
    (state,) = saved.texts(html, "state")
    assert "explanation" in state or "why" in state


def test_licences_of_others_travel(tmp_path):
    (notices,) = saved.texts(html_of(DropoutLab(), tmp_path), "licences")
    for owner in ("Trevor Manz", "Project Jupyter", "noUiSlider", "Backbone", "Lumino"):
        assert owner.lower() in notices.lower()


def test_scripts_are_shorter_where_the_minifier_is(monkeypatch):
    script = bundle.script(bundle.modules("labs/dropout/view.js"))
    assert len(small.small(script)) < 0.8 * len(script)
    small.small.cache_clear()
    monkeypatch.setattr(small, "minify", None)
    assert small.small(script) == script
    small.small.cache_clear()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": ""}, "path must"),
        ({"path": "nowhere/lab.html"}, "path must name a file in a folder that exists"),
        ({"path": "a\0b"}, "path must have a name without NUL"),
        ({"title": ""}, "title must be a text with words, but it is ''"),
        ({"title": 3}, "title must be a text with words, but it is 3"),
        ({"title": "x", "fragment": True}, "title must be left out of a fragment, which has none, but it is 'x'"),
        ({"fragment": 1}, "fragment must be True or False, but it is 1"),
        ({"models": "no"}, "models must be True or False, but it is 'no'"),
    ],
)
def test_bad_arguments_are_told(tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=re.escape(message)):
        DropoutLab().save_html(**{"path": "lab.html"} | options)
    assert not list(tmp_path.iterdir())
