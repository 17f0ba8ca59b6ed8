"""What labs load travels in the state of their widgets, once for all of them."""

import base64
import json

import ipywidgets
import pytest
from ipywidgets.embed import dependency_state

from lmkit import pretrained
from lmkit.models import LSTMLanguageModel
from lmkit.text import Vocab
from lmkit.widgets import DecodingLab, DropoutLab, Quiz, TrainLab, TranslateLab
from lmkit.widgets.base import assets, bundle, travelling


def files_of(*labs) -> dict[str, bytes]:
    """The files in the state of labs, by name; each must be there once."""
    models = [model for model in dependency_state(labs).values() if "lmkit_asset" in model["state"]]
    found = {model["state"]["lmkit_asset"]: base64.b64decode(model["buffers"][0]["data"]) for model in models}
    assert len(found) == len(models)
    return found


@pytest.mark.parametrize(
    ("make", "models", "tables"),
    [
        (lambda: DecodingLab("stories"), ["stories"], [assets.GRAMMAR]),
        (lambda: DecodingLab(["stories", "shakespeare"]), ["stories", "shakespeare"], [assets.GRAMMAR]),
        (lambda: TranslateLab(), ["translator"], [assets.GRAMMAR, assets.GERMAN]),
        (lambda: DropoutLab(), [], []),
    ],
)
def test_a_lab_brings_what_it_names_and_what_saves_it(make, models, tables):
    found = files_of(make())
    assert set(models) <= set(found) and set(tables) <= set(found)
    assert set(found) <= {*pretrained.names(), *pretrained.translator_names(), *assets.TABLES, assets.SAVING}
    for name in models:
        assert found[name] == pretrained.path_of(name).read_bytes()
    for name in tables:
        assert json.loads(found[name]) == assets.content(name)
    assert found[assets.SAVING].decode() == assets.saving()


def test_a_lab_without_controls_or_files_brings_none():
    assert files_of(Quiz("lstm")) == {}


def test_training_brings_its_texts():
    assert {assets.PLAYS, assets.PIECES} <= set(files_of(TrainLab()))


def test_labs_share_files_and_closed_ones_are_made_anew():
    first, second = DecodingLab("stories"), DecodingLab("stories", seed=2)
    assert first.view.assets == second.view.assets
    assert set(files_of(first, second)) == set(files_of(first))
    old = first.view.assets["stories"]
    old.close()
    assert DecodingLab("stories").view.assets["stories"] is not old
    assert files_of(DecodingLab("stories"))["stories"] == pretrained.path_of("stories").read_bytes()


def test_own_models_travel_in_the_view_itself():
    vocab = Vocab(["a", "b", "."])
    lab = DecodingLab(LSTMLanguageModel(3, 4, 4).eval(), vocab, prompt="a")
    assert set(files_of(lab)) == {assets.SAVING}


def test_names_are_found_wherever_a_state_has_them():
    state = {
        "list": [
            {"name": "stories", "key": "1"},
            {"name": "stories", "key": "2", "own": True},
            {"name": "x", "key": "3"},
        ],
        "deep": {"tables": {assets.GRAMMAR: "4", "other": "5"}, "model": {"name": "human_numbers", "key": "6"}},
    }
    assert list(assets.named(state)) == [("stories", "1"), (assets.GRAMMAR, "4"), ("human_numbers", "6")]


def test_state_holds_a_views_code_whoever_asks():
    """What ipywidgets takes for a default, no page knows."""
    lab = DropoutLab()
    models = dependency_state([lab], drop_defaults=True).values()
    (view,) = (model["state"] for model in models if "_esm" in model["state"])
    assert view["_esm"].endswith(bundle.start("labs/dropout/view.js")) and ".lmkit-dropout" in view["_css"]


def test_files_are_widgets_that_every_manager_has():
    widget = travelling.asset(assets.GRAMMAR, assets.grammar_key())
    assert (widget._model_module, widget._model_name) == ("@jupyter-widgets/base", "WidgetModel")
    assert not isinstance(widget, ipywidgets.DOMWidget)
