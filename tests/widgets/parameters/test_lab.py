"""The parameter lab counts what the model has: in Python, in the browser, and in its view."""

import itertools
import xml.etree.ElementTree as ET

import ipywidgets
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lmkit.models import RecurrentLanguageModel
from lmkit.rnn import RNN
from lmkit.widgets import ParameterLab
from lmkit.widgets.labs.parameters.lab import CELLS, CONTROLS, VOCAB_SIZES, parameters

CORNERS = [
    dict(vocab_size=V, embedding_size=E, hidden_size=H, num_layers=D, cell=cell, tied=tied)
    for V, E, H, D, cell, tied in itertools.product(
        (VOCAB_SIZES[0], 37, VOCAB_SIZES[-1]), (1, 512), (1, 512), (1, 4), CELLS, (False, True)
    )
    if E == H or not tied
]
SETTINGS = st.fixed_dictionaries(
    {
        "vocab_size": st.integers(1, 60),
        "embedding_size": st.integers(1, 20),
        "hidden_size": st.integers(1, 20),
        "num_layers": st.integers(1, 4),
        "cell": st.sampled_from(list(CELLS)),
        "tied": st.booleans(),
    }
).map(lambda s: s | {"embedding_size": s["hidden_size"]} if s["tied"] else s)


def model_of(settings: dict) -> RecurrentLanguageModel:
    """The model itself; on the meta device it has shapes but no numbers."""
    with torch.device("meta"):
        return RecurrentLanguageModel(**settings)


def of_model(settings: dict) -> tuple[dict[str, tuple[int, ...]], int]:
    """The shapes in a model's state dict, and how many parameters an optimiser would see."""
    model = model_of(settings)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    return shapes, sum(parameter.numel() for parameter in model.parameters())


def check(settings: dict) -> None:
    shapes, count = of_model(settings)
    tensors = parameters(**settings)
    assert {tensor.name: tensor.shape for tensor in tensors} == shapes
    assert [tensor.name for tensor in tensors] == list(shapes)
    assert sum(tensor.num_parameters for tensor in tensors) == count


@pytest.mark.parametrize("settings", CORNERS, ids=str)
def test_the_corners_of_the_grid_are_counted_as_the_model_has_them(settings):
    check(settings)
    lab = ParameterLab(**settings)
    assert lab.count() == of_model(settings)[1]
    assert lab.settings() == settings


@given(SETTINGS)
def test_any_model_is_counted_as_it_is(settings):
    check(settings)


def test_activation_and_longest_text_make_no_difference():
    counts = {
        ParameterLab(nonlinearity=nonlinearity, length=length).count()
        for nonlinearity, length in itertools.product(("tanh", "relu"), (1, 1000))
    }
    assert counts == {13_093}
    assert len({sum(p.numel() for p in RNN(64, 64, 1, name).parameters()) for name in ("tanh", "relu")}) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vocab_size": 0}, "vocab_size must be a whole number of at least 1, but it is 0"),
        ({"embedding_size": 513}, "embedding_size must be a whole number from 1 to 512, but it is 513"),
        ({"hidden_size": 2.5}, "hidden_size must be a whole number from 1 to 512, but it is 2.5"),
        ({"num_layers": 5}, "num_layers must be a whole number from 1 to 4, but it is 5"),
        ({"length": 0}, "length must be a whole number from 1 to 1000, but it is 0"),
        ({"cell": "mlp"}, r"cell must be one of \['rnn', 'gru', 'lstm'\], but it is 'mlp'"),
        ({"nonlinearity": "sin"}, r"nonlinearity must be one of \['tanh', 'relu'\], but it is 'sin'"),
        ({"tied": True, "hidden_size": 32}, "tied must be False where sizes differ, but they are .*; make them equal"),
        ({"controls": ["volume"]}, "controls must be among .* but 'volume' is not"),
    ],
)
def test_a_bad_setting_is_named_with_its_rule(settings, message):
    with pytest.raises(ValueError, match=message):
        ParameterLab(**settings)


def test_controls_are_linked_and_agree_with_the_view():
    made = ParameterLab(41, 12, 12, 3, "gru", True, nonlinearity="relu", length=77)
    assert list(made.controls) == list(CONTROLS)
    links = [w for w in ipywidgets.widgets.widget._instances.values() if hasattr(w, "target") and hasattr(w, "source")]
    linked = {(w.source[1], w.target[1]) for w in links if w.target[0] is made.view}
    assert {
        ("index", "vocab_size_index"),
        ("index", "cell_index"),
        ("value", "hidden_size"),
        ("value", "tied"),
    } <= linked
    assert made.controls["vocab_size"].label == "41" and made.controls["cell"].label == "GRU"
    assert made.controls["nonlinearity"].label == "relu" and made.controls["length"].value == 77
    assert repr(made) == (
        "ParameterLab(vocab_size=41, embedding_size=12, hidden_size=12, num_layers=3, cell='gru', tied=True)"
    )


def test_the_picture_has_every_tensor():
    drawing, words = ParameterLab(30, 32, 64, cell="lstm").picture()
    shown = [node.text for node in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]
    for tensor in parameters(30, 32, 64, cell="lstm"):
        assert (
            tensor.name in shown
            and f"{tensor.name} {' × '.join(map(str, tensor.shape))}: {tensor.num_parameters:,}" in words
        )
    assert words.startswith("LSTM, vocabulary 30, embedding 32, hidden 64, layers 1: 27,998 parameters.")


# --- the browser ------------------------------------------------------------------------------------------------


def test_scripts_count_as_python_does(scripts):
    counted = scripts("labs/parameters/model.js").evaluate(
        "(cases) => cases.map((settings) => lmkit.parametersOf(settings))", CORNERS
    )
    for settings, tensors in zip(CORNERS, counted, strict=True):
        found = [(tensor["name"], tuple(tensor["shape"]), tensor["count"]) for tensor in tensors]
        assert found == [tuple(tensor) for tensor in parameters(**settings)]


def shown(page) -> tuple[str, list[list[str]]]:
    """The headline and the cells of the table of tensors: torch's name, shape, count."""
    rows = page.locator(".lmkit-parameters tbody:first-of-type tr").all()
    cells = [[row.locator("code").inner_text(), *row.locator("td").all_inner_texts()[:2]] for row in rows]
    return page.locator(".lmkit-parameters .lmkit-title").inner_text(), cells


def expected(settings: dict) -> tuple[str, list[list[str]]]:
    tensors = parameters(**settings)
    shapes = ["\u202f×\u202f".join(f"{size:,}" for size in tensor.shape) for tensor in tensors]
    counts = [f"{tensor.num_parameters:,}" if tensor.num_parameters else "0, shared" for tensor in tensors]
    rows = [[tensor.name, shape, count] for tensor, shape, count in zip(tensors, shapes, counts, strict=True)]
    return f"{sum(tensor.num_parameters for tensor in tensors):,} parameters", rows


@pytest.mark.parametrize("settings", CORNERS[::7], ids=str)
def test_view_shows_every_tensor(view, settings):
    assert shown(view.put(ParameterLab(**settings))) == expected(settings)


def test_view_says_that_activation_and_length_cost_nothing(view):
    page = view.put(ParameterLab())
    total, free = shown(page), page.locator(".lmkit-parameters-free")
    view.set(nonlinearity_index=1, length=1000)
    assert shown(page) == total
    lines = [row.locator("th, td").all_inner_texts()[:3] for row in free.locator("tr").all()]
    assert lines == [
        ["Activation function", "relu", "0"],
        ["Longest text", "1,000 tokens", "0"],
        ["Word frequency counts", "none are kept", "0"],
    ]
    view.set(length=1)
    assert free.get_by_text("1 token", exact=True).count() == 1


def test_tied_sizes_follow_each_other(view):
    page = view.put(ParameterLab(37, 32, 64))
    view.set(tied=True)
    assert (view.get("embedding_size"), view.get("hidden_size")) == (64, 64)
    view.set(embedding_size=20)
    assert (view.get("embedding_size"), view.get("hidden_size")) == (20, 20)
    view.set(hidden_size=48)
    assert (view.get("embedding_size"), view.get("hidden_size")) == (48, 48)
    assert shown(page) == expected(ParameterLab(37, 48, 48, tied=True).settings())
    view.set(tied=False)
    view.set(hidden_size=50)
    assert (view.get("embedding_size"), view.get("hidden_size")) == (48, 50)


def test_view_stops_listening_when_it_is_closed(view):
    page = view.put(ParameterLab())
    page.evaluate("stop()")
    assert page.evaluate("model.handlers.length") == 0
