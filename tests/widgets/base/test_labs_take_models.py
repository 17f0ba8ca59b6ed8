"""Every lab that runs a model takes it in the same way; the labs are found, and the table of the API says the same."""

import inspect
import re
from pathlib import Path

import pytest
import torch
from playwright.sync_api import expect

from lmkit import pretrained
from lmkit.datasets import stories
from lmkit.models import LSTMLanguageModel, RecurrentLanguageModel
from lmkit.pretrained import ModelFileError, Pretrained
from lmkit.text import Vocab
from lmkit.widgets import LABS
from lmkit.widgets.base.model_options import KINDS
from lmkit.widgets.base.translator_options import KINDS as KINDS_OF_TRANSLATORS
from tests.small_translators import random_translator
from tests.widgets.comparison.test_lab import POINTS, PROMPTS, TRUTH
from tests.widgets.view_harness import shipped

API = Path(__file__).parents[3] / "book" / "api.md"
ARGUMENTS = {"ComparisonLab": dict(points=POINTS, truth=TRUTH, prompts=PROMPTS)}  # what a lab cannot do without
WORDS = stories.vocab()


def parameters(lab: str) -> dict[str, inspect.Parameter]:
    return dict(list(inspect.signature(LABS[lab].__init__).parameters.items())[1:])


def taking(annotation: str) -> dict[str, list[str]]:
    """The labs with an argument of that kind, and their names for it."""
    found = {lab: [n for n, p in parameters(lab).items() if re.search(annotation, str(p.annotation))] for lab in LABS}
    return {lab: names for lab, names in found.items() if names}


WITH_MODEL, WITH_TRANSLATOR = taking(r"\b(Model|Module|Pretrained|LanguageModel)\b"), taking(r"\bTranslator\b")
WITH_SEVERAL = [lab for lab in WITH_MODEL if "Sequence" in str(parameters(lab)["model"].annotation)]
every_lab = pytest.mark.parametrize("lab", WITH_MODEL)
every_lab_that_decodes = pytest.mark.parametrize("lab", [lab for lab in WITH_MODEL if lab != "UnrollLab"])


READ = {"prompt": "one morning anna", "text": "one morning anna", "units": [0, 7]}


def made(lab: str, *arguments, **settings):
    return LABS[lab](*arguments, **ARGUMENTS.get(lab, {}), **settings)


def model_for(lab: str) -> LSTMLanguageModel | RecurrentLanguageModel:
    """A model with clear preferences, so that rounding decides nothing."""
    torch.manual_seed(4)
    kind = RecurrentLanguageModel if lab == "UnrollLab" else LSTMLanguageModel
    model = kind(len(WORDS), 12, 12)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return model


def shown(lab) -> tuple:
    """What a reader sees of a lab, but for the name of the model."""
    name = re.search(r"'([^']*)'", repr(lab))[1]
    picture, words = lab.picture()
    return picture.replace(name, "it"), words.replace(name, "it").casefold()


def test_labs_with_models_are_found():
    assert {"DecodingLab", "UnrollLab"} <= WITH_MODEL.keys() and "TranslateLab" in WITH_TRANSLATOR


@every_lab
def test_model_and_vocab_come_first_and_all_else_by_name(lab):
    names = list(parameters(lab))
    kinds = [parameters(lab)[name].kind for name in names]
    assert names[:2] == ["model", "vocab"] and WITH_MODEL[lab] == ["model"]
    assert (
        set(kinds[2:]) <= {inspect.Parameter.KEYWORD_ONLY}
        and kinds[:2] == [inspect.Parameter.POSITIONAL_OR_KEYWORD] * 2
    )


@every_lab
def test_docstrings_describe_both_in_the_same_words(lab):
    said = " ".join(inspect.getdoc(LABS[lab]).split())
    what = (
        "A shipped model's name, the path of a model file, what `lmkit.pretrained.load` gives, or a model together with"
    )
    optional = "" if parameters(lab)["model"].default is inspect.Parameter.empty else ", optional"
    assert (
        f"Parameters ---------- model : str, path, Pretrained or language model{optional} {what} its `vocab`. " in said
    )
    assert "vocab : Tokenizer, optional What the model was trained with, where `model` is a model alone. " in said


@every_lab
def test_one_model_given_in_any_way_is_the_same_lab(lab, tmp_path):
    model, path = model_for(lab), tmp_path / "mine.safetensors"
    pretrained.save(path, model, WORDS, quantise=False)
    first = made(lab, model, WORDS)
    for arguments in ([Pretrained(model, WORDS, {})], [pretrained.load(path)], [path], [str(path)]):
        other = made(lab, *arguments)
        assert shown(other) == shown(first) and len(other.view.weights) == len(first.view.weights)
    assert repr(first).startswith(f"{lab}('your model', ") and repr(made(lab, path)).startswith(f"{lab}('mine', ")


@every_lab_that_decodes
def test_a_shipped_model_does_not_travel_however_it_is_given(lab):
    trained = pretrained.load("stories")
    named = made(lab, "stories")
    for arguments in ([trained], [trained.model, trained.vocab], [pretrained.path_of("stories")]):
        other = made(lab, *arguments)
        assert repr(other) == repr(named) and other.fallback() == named.fallback()
        assert other.view.weights == named.view.weights == {}


@every_lab_that_decodes
def test_a_file_travels_as_it_is(lab, tmp_path):
    path = tmp_path / "small.safetensors"
    pretrained.save(path, model_for(lab), WORDS)
    made_of_it = made(lab, path)
    assert list(made_of_it.view.weights.values()) == [path.read_bytes()]
    loaded = shown(made(lab, pretrained.load(path)))
    assert shown(made_of_it) == loaded  # which travels as float32: the same numbers


@every_lab_that_decodes
def test_a_copy_that_learned_more_is_one_s_own(lab):
    trained = pretrained.load("stories")
    with torch.no_grad():
        trained.model.decoder.bias += torch.linspace(0, 1e-4, len(trained.vocab))
    assert len(made(lab, trained).view.weights) == 1


@every_lab
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([3], f"model must be {KINDS}, but it is 3"),
        ([torch.nn.RNN(2, 2), WORDS], f"model must be {KINDS}, but it is of class RNN"),
        (["goethe"], f"model must be one of {pretrained.names()}, which are shipped, or the path of a file, but it is"),
        (["translator"], f"model must be one of {pretrained.names()}, which are shipped, or the path of a file, but"),
        (["no/such.safetensors"], "or the path of a file, but it is 'no/such.safetensors' (No such file or directory)"),
        (
            ["stories", WORDS],
            "vocab goes with a model of your own, but model is 'stories', which has one; leave it out",
        ),
        ([model_for("DecodingLab")], "vocab must be the Vocab or other Tokenizer that the model was trained with"),
        ([model_for("UnrollLab"), Vocab(["a"])], f"vocab must hold the model's {len(WORDS)} words, but it holds 1;"),
        (
            [Pretrained(model_for("UnrollLab"), Vocab(["a"]), {})],
            f"vocab must hold the model's {len(WORDS)} words, but",
        ),
        ([[]], f"model must be {KINDS}, but it is []"),
        ([["stories", 3]], f"model must be {KINDS}, but it is "),
        ([None, WORDS], "vocab must come with a model, but model is None; give both or neither"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_the_same_words(lab, arguments, message):
    with pytest.raises(ValueError) as caught:
        made(lab, *arguments)
    assert message in str(caught.value)


@every_lab
def test_a_file_that_is_damaged_or_of_another_kind_is_told(lab, tmp_path):
    path = tmp_path / "half.safetensors"
    path.write_bytes(pretrained.to_bytes(model_for(lab), WORDS)[:-9])
    with pytest.raises(ModelFileError, match=r"model: .*half\.safetensors cannot be read as a model file"):
        made(lab, path)
    pretrained.save_translator(path, random_translator())
    with pytest.raises(ModelFileError, match="model: .* open it with pretrained.load_translator"):
        made(lab, path)


@every_lab
def test_a_model_without_weights_is_refused(lab):
    with pytest.raises(ValueError, match="^model must have weights, but .* is on the device 'meta'"):
        made(lab, model_for(lab).to("meta"), WORDS)


@pytest.mark.parametrize("lab", WITH_SEVERAL)
def test_several_models_of_any_kind_are_on_option(lab, tmp_path):
    path = tmp_path / "mine.safetensors"
    first, second = model_for(lab), LSTMLanguageModel(len(WORDS), 8, 8)
    pretrained.save(path, first, WORDS)
    settings = {name: value for name, value in READ.items() if name in parameters(lab)}
    models = ["stories", Pretrained(first, WORDS, {}), Pretrained(second, WORDS, {}), path, "stories"]
    several = made(lab, models, **settings)
    names = ["stories", "your model", "your model 2", "mine"]
    assert [option["name"] for option in several.view.models] == names
    assert [option["title"] for option in several.view.models] == ["Stories", *names[1:]]
    own = [option["key"] for option in several.view.models if option["own"]]
    assert sorted(several.view.weights) == sorted(own) and len(own) == 3
    several.controls["model"].index = 1
    first_of_all = made(lab, [Pretrained(first, WORDS, {}), "stories"], **settings)
    assert several.picture()[0] == first_of_all.picture()[0]
    with pytest.raises(ValueError, match="vocab goes with one model, but model is a list; give pretrained.Pretrained"):
        made(lab, ["stories"], WORDS)


def test_texts_of_a_namesake_are_not_offered(tmp_path):
    """A file may have the name of a shipped model, and other words."""
    path, words = tmp_path / "stories.safetensors", Vocab(["a", "b", "c"])
    pretrained.save(path, LSTMLanguageModel(3, 4, 4), words)
    for lab in ("DecodingLab", "Microscope", "RibbonLab", "StoryLab", "BeamTreeLab"):
        assert repr(made(lab, path)).startswith(f"{lab}('your stories', ")


# --- translators ----------------------------------------------------------------------------------------------------


SHIPPED = {"TranslateLab": ["translator", "translator_without"], "PaddingLab": ["padding_masked", "padding_read"]}


@pytest.mark.parametrize("lab", WITH_TRANSLATOR)
def test_translators_given_in_any_way_are_the_same_lab(lab, tmp_path):
    names, given = WITH_TRANSLATOR[lab], list(map(pretrained.load_translator, SHIPPED[lab]))
    assert names == list(parameters(lab))[:2]
    first = LABS[lab](*given)
    paths = [tmp_path / f"{name}.safetensors" for name in names]
    for path, translator in zip(paths, given, strict=True):
        pretrained.save_translator(path, translator, quantise=False)
    assert not files(first)
    for arguments in (paths, list(map(str, paths)), SHIPPED[lab]):
        other = LABS[lab](*arguments)
        assert other.fallback() == first.fallback() and not files(other)


@pytest.mark.parametrize("lab", WITH_TRANSLATOR)
def test_a_copy_of_a_translator_that_learned_more_is_one_s_own(lab):
    given = list(map(pretrained.load_translator, SHIPPED[lab]))
    with torch.no_grad():
        given[0].model.decoder.output.bias[1] += 1e-4
    assert len(files(LABS[lab](*given))) == 1


def files(lab) -> list[bytes]:
    return [value for name, value in lab.view.trait_values().items() if name.startswith("own_") and value]


@pytest.mark.parametrize("lab", WITH_TRANSLATOR)
@pytest.mark.parametrize(
    ("translator", "message"),
    [
        (3, "must be {kinds}, but it is 3"),
        ("goethe", "must be one of {names}, which are shipped, or the path of a file, but it is 'goethe'; correct it"),
        (
            "stories",
            "must be one of {names}, which are shipped, or the path of a file, but it is 'stories'; correct it",
        ),
        ("no/such.bin", "or the path of a file, but it is 'no/such.bin' (No such file or directory); correct it"),
    ],
)
def test_what_is_no_translator_is_refused_in_the_same_words(lab, translator, message):
    for place, name in enumerate(WITH_TRANSLATOR[lab]):
        given: list = [*SHIPPED[lab]]
        given[place] = translator
        with pytest.raises(ValueError) as caught:
            LABS[lab](*given)
        wanted = message.format(kinds=KINDS_OF_TRANSLATORS, names=pretrained.translator_names())
        assert str(caught.value).startswith(f"{name} must be ") and wanted in str(caught.value)


# --- in the browser -------------------------------------------------------------------------------------------------


def test_page_decodes_with_the_model_that_is_chosen_of_several(view):
    mine = Pretrained(model_for("DecodingLab"), WORDS, {})
    lab = made("DecodingLab", ["stories", mine], method="greedy", max_new_tokens=9, prompt=READ["prompt"])
    page = view.put(lab, shipped("stories"))
    for place in (0, 1, 0):
        view.set(model_index=place)
        lab.controls["model"].index = place
        expect(page.locator(".lmkit-token").first).to_be_visible()
        assert words_of(page) == lab.decoded()


def words_of(page) -> str:
    return " ".join(page.locator(".lmkit-word").all_inner_texts())


def test_page_compares_texts_of_one_s_own_model(view):
    lab = made("ComparisonLab", model_for("ComparisonLab"), WORDS, strategy="top_k", value=5)
    page = view.put(lab, shipped())
    lines = page.locator(".lmkit-comparison-text > p:first-child")
    expect(lines).to_have_count(3)
    assert ["".join(line.split()) for line in lines.all_inner_texts()] == [
        text.replace(" ", "") for text in lab.texts()
    ]


# --- the table ------------------------------------------------------------------------------------------------------


def test_table_of_the_api_has_every_lab_that_takes_a_model_and_no_other():
    rows = re.findall(r"^\| \{py:class\}`(\w+).*?` \| (.*?) \| (.*?) \| (.*?) \|$", API.read_text("utf-8"), re.M)
    table = {name: (re.findall(r"`(\w+)`", arguments), runs, default) for name, arguments, runs, default in rows}
    assert table.keys() == WITH_MODEL.keys() | WITH_TRANSLATOR.keys() and len(table) == len(rows)
    for lab, (names, runs, default) in table.items():
        assert names == (["model", "vocab"] if lab in WITH_MODEL else WITH_TRANSLATOR[lab]), lab
        assert ("list" in runs) == (lab in WITH_SEVERAL), lab
        if parameters(lab)[names[0]].default is inspect.Parameter.empty:
            assert default == "it must be given"
        elif lab in WITH_MODEL:
            told = [found["title"] for found in offered(made(lab))]
            assert default == (", ".join(told) if lab != "BeamTreeLab" else "tables of next words, and Stories"), lab


def offered(lab) -> list[dict]:
    """The models that a lab has on option when none is given, as they travel."""
    view = lab.view
    single = [getattr(view, name) for name in ("option", "model") if view.has_trait(name)]
    return view.models if view.has_trait("models") else single or [view.languages[-1]["model"]]
