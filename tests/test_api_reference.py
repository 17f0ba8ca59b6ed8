"""What the API page takes from docstrings, and how names in code cells find it."""

import importlib.util
from types import ModuleType, SimpleNamespace

import pytest

from lmkit import decoding, study, widgets
from tests import extensions

pytest.importorskip("sphinx")


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return extensions.load("api_reference")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Half of Σ |q − p|.", r"Half of Σ \|q − p\|."),
        ("`a | b` and ``c | d``, |x|", r"`a | b` and ``c | d``, \|x\|"),
        (":math:`|x|` is |x|", r":math:`|x|` is \|x\|"),
        (".. math:: |x|\n\n   |y|\n\nso |z|", ".. math:: |x|\n\n   |y|\n\nso \\|z\\|"),
        ("As code::\n\n    a | b\n\n    c | d\nand |e|", "As code::\n\n    a | b\n\n    c | d\nand \\|e\\|"),
    ],
)
def test_bars_are_absolute_values_outside_code_and_mathematics(reference, written, read):
    lines = written.split("\n")
    reference.escape_bars(None, "function", "x", None, None, lines)
    assert "\n".join(lines) == read


def test_a_thing_is_known_by_where_it_was_written_and_where_it_is_described(reference):
    objects = {
        "lmkit.decoding": SimpleNamespace(objtype="module"),
        "lmkit.decoding.Decoded": SimpleNamespace(objtype="class"),
        "lmkit.analysis.counting.Score": SimpleNamespace(objtype="class"),
    }
    env = SimpleNamespace(get_domain=lambda name: SimpleNamespace(objects=objects))
    app = SimpleNamespace(config=SimpleNamespace(codeautolink_inventory_map={}))
    reference.map_names(app, env)
    written = f"{decoding.Decoded.__module__}.Decoded"
    assert app.config.codeautolink_inventory_map == {written: "lmkit.decoding.Decoded"}


def test_a_cell_links_once_to_each_place(reference):
    def names(*places):
        return [SimpleNamespace(resolved_location=place, code_str=str(i)) for i, place in enumerate(places)]

    cells = [SimpleNamespace(names=names("a", "b", "a", "a")), SimpleNamespace(names=names("a"))]
    reference.link_once(None, SimpleNamespace(sphinx_codeautolink_transforms={"page": cells}))
    assert [[name.code_str for name in cell.names] for cell in cells] == [["0", "1"], ["0"]]


def test_widgets_show_their_own_arguments_and_cards_none(reference):
    hidden = "(*args: t.Any, **kwargs: t.Any)"
    shown, _ = reference.own_signature(None, "class", "", widgets.CountingLab, None, hidden, None)
    assert shown.replace("~collections.abc.", "").startswith(
        "(tokens: Sequence[str] | None = None, *, context: str | None = None"
    )
    assert reference.own_signature(None, "class", "", study.Flashcard, None, "(*, id: str)", None) == ("", None)
    assert reference.own_signature(None, "function", "", decoding.sample, None, "(step)", None) is None


@pytest.mark.parametrize(
    ("module", "name", "left_out"), [("analysis.counting", "Iterator", True), ("analysis.counting", "Score", None)]
)
def test_only_what_a_room_has_itself_is_described(reference, module, name, left_out):
    room = importlib.import_module(f"lmkit.{module}")
    app = SimpleNamespace(env=SimpleNamespace(temp_data={"autodoc:module": room.__name__}))
    assert reference.is_elsewhere(app, "module", name, getattr(room, name), False, None) is left_out


def test_what_a_room_offers_is_described_wherever_it_was_written(reference):
    app = SimpleNamespace(env=SimpleNamespace(temp_data={"autodoc:module": "lmkit.decoding"}))
    assert reference.is_elsewhere(app, "module", "Decoded", decoding.Decoded, False, None) is None
