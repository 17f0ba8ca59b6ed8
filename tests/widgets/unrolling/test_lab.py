"""The unrolling lab: the browser's network computes what Python's does, and the view shows it."""

import base64
import random
import xml.etree.ElementTree as ET

import pytest
import torch
from playwright.sync_api import expect

from lmkit.models import RecurrentLanguageModel
from lmkit.rnn import RNN
from lmkit.text import UnknownWordError, Vocab
from lmkit.widgets import UnrollLab
from lmkit.widgets.labs.unrolling.lab import MOST_WORDS, weights

WORDS = [f"w{i}" for i in range(11)]
TEXT = "w3 w1 w3 w9"
READ = """([config, words, weights, text]) => {
  const network = new lmkit.PlainRNN(config, words, Uint8Array.from(atob(weights), (c) => c.charCodeAt(0)));
  const plain = (vector) => Array.from(vector);
  return network.read(text).map(({ token, h, probs }) => ({ token, h: h.map(plain), probs: plain(probs) }));
}"""
MESSAGE = """([config, words, weights, text]) => {
  try { new lmkit.PlainRNN(config, words, Uint8Array.from(atob(weights), (c) => c.charCodeAt(0))).read(text); }
  catch (error) { return `${error.name}: ${error.message}`; }
}"""


def network(num_layers=1, nonlinearity="tanh", tied=False, hidden_size=7) -> RecurrentLanguageModel:
    """A model with weights that are large enough for clear preferences."""
    torch.manual_seed(4)
    model = RecurrentLanguageModel(11, hidden_size if tied else 5, hidden_size, num_layers, tied=tied)
    model.rnn = RNN(model.embedding_size, hidden_size, num_layers, nonlinearity, batch_first=True)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.6 if nonlinearity == "tanh" else 0.3)  # relu's states may grow for ever
    return model


def lab(model=None, **settings) -> UnrollLab:
    return UnrollLab(network() if model is None else model, Vocab(WORDS), **({"text": TEXT} | settings))


def sent(made: UnrollLab, text: str) -> list:
    return [made.view.config, made.view.words, base64.b64encode(made.view.weights).decode(), text]


MODELS = [
    dict(),
    dict(nonlinearity="relu"),
    dict(num_layers=2),
    dict(num_layers=3, nonlinearity="relu"),
    dict(tied=True),
]


@pytest.fixture(scope="module")
def model_script(scripts):
    """The browser's network in Node."""
    return scripts("labs/unrolling/model.js")


@pytest.mark.parametrize("which", MODELS, ids=str)
def test_browser_reads_as_python_does(model_script, which):
    model = network(**which)
    randoms = random.Random(3)
    for length in (1, 2, 9, MOST_WORDS):
        text = " ".join(randoms.choices(WORDS, k=length))
        made = lab(model, text=text)
        read = model_script.evaluate(READ, sent(made, text))
        assert len(read) == length
        for step, reading in zip(read, made.readings(), strict=True):
            assert WORDS[step["token"]] == reading.token
            torch.testing.assert_close(torch.tensor(step["h"]).float(), reading.h, atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(torch.tensor(step["probs"]).float(), reading.probs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("which", MODELS, ids=str)
def test_readings_are_what_the_model_computes(which):
    """The oracle is one forward pass over the whole text."""
    model = network(**which)
    tokens = torch.tensor([Vocab(WORDS).encode(TEXT)])
    with torch.no_grad():
        output, _ = model.rnn(model.embedding(tokens))
        probs = model(tokens)[0].softmax(dim=-1)
    readings = lab(model).readings()
    assert all(reading.h.shape == (model.num_layers, 7) for reading in readings)
    torch.testing.assert_close(torch.stack([reading.h[-1] for reading in readings]), output[0])
    torch.testing.assert_close(torch.stack([reading.probs for reading in readings]), probs[0])


def test_ties_are_told_apart_by_place_and_distances_are_euclidean(model_script):
    assert model_script.evaluate("lmkit.mostProbable([0.2, 0.4, 0.2, 0.2], 3)") == [1, 0, 2]
    assert model_script.evaluate("lmkit.distance(new Float32Array([1, 2, 2]), new Float32Array([1, -1, 6]))") == 5


BAD_TEXTS = [
    ("w3 dragon", "which is not among the 11 words"),
    ("  ", "text must hold at least one word, but it is empty"),
    ("w1 " * 41, "text must hold at most 40 words, but it holds 41; shorten it"),
]


@pytest.mark.parametrize(("text", "message"), BAD_TEXTS)
def test_a_text_that_cannot_be_read_says_why_in_both(model_script, text, message):
    with pytest.raises(ValueError, match=message):
        lab(text=text)
    said = model_script.evaluate(MESSAGE, sent(lab(), text))
    assert said.startswith("LabError: ") and message in said


def test_weights_that_do_not_fit_are_refused(model_script):
    made = lab()
    made.view.weights = made.view.weights + bytes(4)
    assert "weights do not fit the model's sizes" in model_script.evaluate(MESSAGE, sent(made, TEXT))


def test_all_weights_travel_once():
    model = network(num_layers=2)
    doubled = 7 * 2  # torch's two biases of a layer travel as their sum
    assert len(weights(model)) == 4 * (sum(p.numel() for p in model.parameters()) - doubled)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((RecurrentLanguageModel(11, 4, 4, cell="lstm"), Vocab(WORDS)), "with cell='rnn', but .* with cell='lstm'"),
        ((torch.nn.RNN(2, 2), Vocab(WORDS)), "model must be a shipped model's name, .* but it is of class RNN"),
        ((network(), Vocab(WORDS[1:])), "vocab must hold the model's 11 words, but it holds 10"),
        ((network(), WORDS), "vocab must be the Vocab or other Tokenizer that the model was trained with"),
    ],
)
def test_a_model_that_cannot_be_shown_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        UnrollLab(*arguments)


def test_a_model_that_has_diverged_is_refused():
    model = network()
    torch.nn.init.constant_(model.decoder.bias, float("nan"))
    with pytest.raises(ValueError, match=r"model must have finite weights, but decoder\.bias has not"):
        lab(model)


def test_settings_are_checked():
    with pytest.raises(ValueError, match="step must be a whole number from 0 to 4, but it is 5"):
        lab(step=5)
    with pytest.raises(UnknownWordError, match="dragon"):
        lab(suggestions=["dragon"])
    with pytest.raises(ValueError, match="controls must be among"):
        lab(controls=["volume"])


def test_controls_agree_with_the_view():
    made = lab(step=2, suggestions=["w1 w1", TEXT])
    assert made.controls["step"].max == made.view.steps == 4 and made.controls["step"].value == made.view.step == 2
    assert list(made.controls["text"].options) == ["w1 w1", TEXT]
    assert repr(made) == "UnrollLab('your model', text='w3 w1 w3 w9', step=2)"
    assert lab().view.step == 4 and UnrollLab(network(), Vocab(WORDS)).view.text == "w0 w1 w2 w3"


@pytest.mark.parametrize("step", [0, 1, 4])
def test_the_picture_shows_what_was_read(step):
    model = network()
    made = UnrollLab(model, Vocab(["<b>", "&", *WORDS[2:]]), text="<b> & <b> w3", step=step)
    drawing, words = made.picture()
    shown = [node.text for node in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]
    assert all(word in shown for word in "<b> & <b> w3".split()[:step])
    assert ("It has just read" in words) == (step > 0) and f"after step {step} of 4" in words


# --- the view ---------------------------------------------------------------------------------------------------


def percentage(text: str) -> float:
    return float(text.replace("<", "").replace("\u202f%", ""))


def check(view, made: UnrollLab, step: int) -> None:
    """What the view shows at a step is what Python computes for it."""
    page, readings = view.page, made.readings()
    rows = [row.locator("th, td").all_inner_texts() for row in page.locator(".lmkit-unroll-next tbody tr").all()]
    probs = readings[step - 1].probs
    order = probs.sort(descending=True, stable=True).indices[:6].tolist()
    assert [row[0] for row in rows] == [WORDS[token] for token in order]
    for row, token in zip(rows, order, strict=True):
        assert percentage(row[-1]) == pytest.approx(100 * float(probs[token]), abs=0.51)
    numbers = page.locator(".lmkit-unroll-numbers td").all_text_contents()
    hidden = [float(number.replace("−", "-")) for number in numbers]
    assert hidden == pytest.approx(readings[step - 1].h.flatten().tolist(), abs=0.0051)


@pytest.mark.parametrize("which", MODELS, ids=str)
def test_view_shows_what_python_computes(view, which):
    made = lab(network(**which, **({} if which.get("tied") else {"hidden_size": 10})), step=1)
    page = view.put(made)
    page.locator(".lmkit-unroll-numbers summary").click()
    for step in (1, 4, 2):
        view.set(step=step)
        check(view, made, step)
        assert page.locator(".lmkit-unroll-box-embedding").count() == step
        assert page.locator(".lmkit-unroll-box-hidden").count() == step * which.get("num_layers", 1)


def test_view_says_that_the_embedding_is_the_same_and_the_hidden_state_is_not(view):
    made = lab(step=3)
    page = view.put(made)
    apart = torch.dist(made.readings()[2].h[-1], made.readings()[0].h[-1])
    assert page.locator(".lmkit-unroll-same").inner_text() == (
        f"‘w3’ was also read at step 1. Distance between its two embeddings: 0.00; "
        f"between the two hidden states: {apart:.2f}."
    )
    view.set(step=4)
    assert page.locator(".lmkit-unroll-same").inner_text() == "‘w9’ is read for the first time."


def test_step_zero_is_the_network_rolled_up(view):
    made = lab(step=0)
    page = view.put(made)
    assert page.get_by_role("img", name="A recurrent network rolled up").count() == 1
    assert page.locator(".lmkit-unroll-box-hidden").count() == 1
    with torch.no_grad():
        first = WORDS[int(made.model.decoder.bias.argmax())]
    assert page.locator(".lmkit-unroll-next tbody th").first.inner_text() == first


def test_buttons_go_back_and_forward_and_stop_at_the_ends(view):
    page = view.put(lab(step=3))
    back, forward = page.get_by_role("button", name="Back"), page.get_by_role("button", name="Forward")
    for button, step in ((forward, 4), (forward, 4), (back, 3), (back, 2), (back, 1), (back, 0), (back, 0)):
        button.focus()
        page.keyboard.press("Enter")
        assert view.get("step") == step
        assert button.evaluate("(node) => node === document.activeElement")
        assert (forward.get_attribute("aria-disabled") == "true") == (step == 4)
        assert (back.get_attribute("aria-disabled") == "true") == (step == 0)


def test_a_shorter_text_ends_the_walk_until_it_grows_again(view):
    page = view.put(lab(step=4))
    view.set(text="w1 w2")
    assert (view.get("steps"), view.get("step")) == (2, 2)
    assert page.locator(".lmkit-unroll-walk .lmkit-title").inner_text() == "Step 2 of 2: after reading ‘w2’"
    view.set(text="w1 w2 w3")
    assert (view.get("steps"), view.get("step")) == (3, 3)
    view.set(step=1)
    view.set(text=TEXT)
    assert (view.get("steps"), view.get("step")) == (4, 1)


def test_view_says_what_is_wrong_and_goes_on_when_it_is_mended(view):
    page = view.put(lab())
    before = page.locator(".lmkit-content").inner_text()
    for text, message in [*BAD_TEXTS, ("<img src=x onerror=alert(1)>", "Text holds ‘<img’")]:
        view.set(text=text)
        alert = page.get_by_role("alert")
        alert.wait_for()
        assert message.lower() in alert.inner_text().lower()
        assert page.locator("img").count() == 0
        view.set(text=TEXT)
        alert.wait_for(state="hidden")
        assert page.locator(".lmkit-content").inner_text() == before


def test_the_diagram_folds_earlier_steps_where_there_is_no_room(view):
    view.page.set_viewport_size({"width": 360, "height": 800})
    page = view.put(lab(text="w1 w2 w3 w4 w5 w6 w7 w8", step=8))
    shown = page.locator(".lmkit-unroll-box-embedding").count()
    assert 3 <= shown < 8
    assert f"step {9 - shown} reads w{9 - shown}" in page.get_by_role("img").get_attribute("aria-label")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1920, "height": 1000})
    expect(page.locator(".lmkit-unroll-box-embedding")).to_have_count(8)


def test_steps_can_be_read_as_a_table(view):
    made = lab(step=1)
    page = view.put(made)
    page.locator(".lmkit-unroll-steps summary").click()
    expect(page.locator(".lmkit-unroll-steps tbody tr")).to_have_count(4)
    rows = [row.locator("th, td").all_inner_texts() for row in page.locator(".lmkit-unroll-steps tbody tr").all()]
    before = torch.zeros(7)
    for (step, token, expected, moved), (t, reading) in zip(rows, enumerate(made.readings()), strict=True):
        assert (step, token) == (str(t + 1), reading.token)
        assert expected.split(",")[0] == WORDS[int(reading.probs.argmax())]
        assert float(moved) == pytest.approx(float(torch.dist(reading.h[-1], before)), abs=0.0051)
        before = reading.h[-1]


def test_view_stops_listening_when_it_is_closed(view):
    page = view.put(lab())
    page.evaluate("stop()")
    page.set_viewport_size({"width": 400, "height": 400})
    page.wait_for_function("innerWidth === 400")
    view.settle()
    assert page.evaluate("model.handlers.length") == 0
