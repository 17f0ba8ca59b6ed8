"""The microscope: its Python side, its gates in JavaScript against torch's, and its view alone in a browser."""

import base64
import itertools
import re
import xml.etree.ElementTree as ET

import pytest
import torch

from lmkit import pretrained
from lmkit.analysis import probing
from lmkit.datasets import human_numbers, shakespeare, stories
from lmkit.models import LSTMLanguageModel
from lmkit.text import UnknownWordError, Vocab
from lmkit.widgets import Microscope
from lmkit.widgets.base.model_options import model_options
from lmkit.widgets.labs.microscope import lab as microscope
from tests.widgets.view_harness import ViewPage

WORDS = ["<eos>", *(f"w{i}" for i in range(36))]
TEXT = "w3 w9 w9 w30 w1 w2 w3"


def own_model() -> tuple[LSTMLanguageModel, Vocab]:
    """Two layers, sizes that no vector instruction likes, and weights large enough to open and close gates."""
    torch.manual_seed(3)
    model = LSTMLanguageModel(len(WORDS), embedding_size=10, hidden_size=22, num_layers=2)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return model.eval(), Vocab(WORDS)


def own(**settings) -> Microscope:
    return Microscope(*own_model(), **{"text": TEXT, "units": [0, 5, 21], **settings})


# --- in Python --------------------------------------------------------------------------------------------


def test_what_python_shows_is_what_torchs_cells_compute():
    model, vocab = own_model()
    look = own(layer=2, units=list(range(6))).look()
    cells = [torch.nn.LSTMCell(10, 22), torch.nn.LSTMCell(22, 22)]
    for d, cell in enumerate(cells):
        weights = zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), model.rnn.layer(d), strict=True)
        cell.load_state_dict(dict(weights))
    states = [(torch.zeros(1, 22), torch.zeros(1, 22)) for _ in cells]
    for t, token in enumerate(look.tokens):
        x = model.embedding(torch.tensor(vocab.ids([token])))
        for d, cell in enumerate(cells):
            states[d] = cell(x, states[d])
            x = states[d][0]
        for name, state in zip("hc", states[1], strict=True):
            torch.testing.assert_close(look.values[name][:, t], state[0, :6])
        logits = model.decoder(model.projection(x))
        torch.testing.assert_close(look.log_probs[t], logits[0].log_softmax(dim=-1))
    v = look.values
    before = torch.cat([torch.zeros(6, 1), v["c"][:, :-1]], dim=1)
    torch.testing.assert_close(v["c"], v["f"] * before + v["i"] * v["g"])
    torch.testing.assert_close(v["h"], v["o"] * v["c"].tanh())


def test_defaults_suit_each_shipped_model():
    assert list(Microscope().controls) == ["model", "text", "quantity", "units", "step"]
    for name in pretrained.names():
        made = Microscope(name)
        assert made.value("step") == len(made.look().tokens) > 10
        assert made.look().units == next(iter(microscope.PRESETS.get(name, {"": [*range(8)]}).values()))
        for text in microscope.TEXTS[name]:
            Microscope(name, text=text)
    assert all(map(stories.is_grammatical, microscope.TEXTS["stories"]))


def test_a_model_of_ones_own_shows_its_first_units_and_its_presets():
    assert Microscope(*own_model(), text="w1").look().units == list(range(8))
    made = own(units=None, presets={"mine": [4, 2]})
    assert made.look().units == [4, 2]
    assert own(units="mine", presets={"mine": [4, 2]}).look().units == [4, 2]
    assert "layer" in made.controls


def test_repr_names_the_settings():
    assert repr(own(quantity="f", layer=2, step=3)) == (
        f"Microscope('your model', text='{TEXT}', quantity='f', units='0, 5, 21', layer=2, step=3)"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"text": " "}, "prompt must hold at least one word"),
        ({"text": "w1 " * 201}, "text must hold at most 200 words, but it holds 201; shorten it"),
        ({"units": [22]}, "units must be numbers from 0 to 21 or ranges such as 8-11, but one is '22'"),
        ({"units": "some"}, "units must be numbers .* but one is 'some'"),
        ({"units": "-1"}, "units must be numbers .* but one is '-1'"),
        ({"units": ""}, "units must be from 1 to 16 units, but they are 0; give numbers from 0 to 21"),
        ({"units": range(17)}, "units must be from 1 to 16 units, but they are 17"),
        ({"presets": {"far": [22]}}, r"presets must give from 1 to 16 units from 0 to 21, but 'far' is \[22\]"),
        ({"presets": {"none": []}}, r"presets must give from 1 to 16 units .* but 'none' is \[\]"),
        ({"quantity": "q"}, "quantity must be one of .* but it is 'q'"),
        ({"layer": 3}, "layer must be a whole number from 1 to 2, but it is 3"),
        ({"step": 0}, "step must be a whole number from 1 to 8, but it is 0"),
        ({"step": 9}, "step must be a whole number from 1 to 8, but it is 9"),
        ({"controls": ["zoom"]}, "controls must be among .* but 'zoom' is not"),
    ],
)
def test_a_bad_setting_is_named_with_its_rule(settings, message):
    with pytest.raises(ValueError, match=message):
        own(**settings)


def test_an_unknown_word_is_named():
    with pytest.raises(UnknownWordError, match="'dragon', which is not among the 37 words"):
        own(text="w1 dragon")


@pytest.mark.parametrize("quantity", microscope.QUANTITIES)
def test_picture_is_drawn_and_says_the_numbers(quantity):
    made = own(quantity=quantity, step=4)
    svg, words = made.picture()
    shapes = [element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()]
    assert shapes.count("rect") == 1 + 2 * 3 * 8
    assert "After ‘w9’, step 4: unit 0: f " in words
    said = [float(x.replace("−", "-")) for x in re.findall(r"[figoch] (−?\d+\.\d\d)", words)]
    true = [float(made.look().values[name][u, 3]) for u in range(3) for name in "figoch"]
    assert said == pytest.approx(true, abs=0.0051)


# --- what is said of the shipped models' units ---------------------------------------------------------------


def states_before_pronouns(seed: int, count: int = 60):
    """Cell states (N, H) of the model of Stories where a pronoun can follow, and 1 for she, 0 for he."""
    trained = pretrained.load("stories")
    states, classes = [], []
    for text in itertools.islice(stories.stories(seed), count):
        oracle, ids = stories.Oracle(), [trained.eos_token_id, *trained.vocab.ids(text)]
        with torch.no_grad():
            c = trained.model.rnn.trace(trained.model.embedding(torch.tensor([ids])))["c"][0, 0]
        for t, word in enumerate(text):
            possible = {"he", "she"} & set(oracle.next())
            if possible:
                states.append(c[t])
                classes.append(int("she" in possible))
            oracle.read(word)
    return torch.stack(states), torch.tensor(classes)


def test_first_unit_of_the_preset_tells_gender():
    accuracies = probing.unit_accuracies(*states_before_pronouns(1), *states_before_pronouns(2))
    assert accuracies.argmax() == microscope.PRESETS["stories"]["gender"][0]
    assert accuracies.max() > 0.95


def test_preset_of_human_numbers_tells_the_thousands_digit():
    """Nearest of nine patterns of signs, each from one number, on others."""
    trained, units = pretrained.load("human_numbers"), microscope.PRESETS["human_numbers"]["thousands digit"]

    def signs(number: int):
        ids = trained.vocab.ids([".", *human_numbers.tokens(range(number - 3, number + 1))])
        with torch.no_grad():
            c = trained.model.rnn.trace(trained.model.embedding(torch.tensor([ids])))["c"][0, 0, -1, units]
        return tuple((c > 0).tolist())

    code = {signs(1000 * digit + 555): digit for digit in range(1, 10)}
    assert len(code) == 9
    tested = range(1103, 9999, 211)
    assert sum(code.get(signs(n)) == n // 1000 for n in tested) > 0.9 * len(tested)


def test_presets_of_shakespeare_tell_columns_and_names():
    """Each unit goes with what its preset is named for, in a play that had no part in its choice."""
    trained, text = pretrained.load("shakespeare"), shakespeare.plays()["King John"][:20_000]
    ids = trained.vocab.encode(text)
    with torch.no_grad():
        c = trained.model.rnn.trace(trained.model.embedding(torch.tensor([ids])))["c"][0, 0]
    ends = list(itertools.accumulate(len(trained.vocab.decode([token])) for token in ids))
    columns = [end - text.rfind("\n", 0, end) - 1 for end in ends]
    names = {place for name in re.finditer(r"(?<=\n\n)[^\n:]+(?=:\n)", text) for place in range(*name.span())}
    in_name = torch.tensor([float(end - 1 in names) for end in ends])
    column, name = microscope.PRESETS["shakespeare"].values()
    verse = in_name == 0
    assert min(correlations(c[verse], torch.tensor(columns)[verse].float())[column].abs()) > 0.5
    assert min(correlations(c, in_name)[name].abs()) > 0.5


def correlations(states, values):
    """Correlation (H,) of each unit of states (N, H) with values (N,)."""
    return torch.corrcoef(torch.cat([values[None], states.T]))[0, 1:]


# --- in JavaScript ----------------------------------------------------------------------------------------

TRACE = """({ data, simd, tokens }) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const model = new lmkit.LanguageModel(lmkit.parseModel(bytes, "data"), { simd });
  const { D, H } = model.size, tracer = new lmkit.Tracer(model);
  tracer.read(tokens.slice(0, 3).concat(tokens[0])); // what it shares with the next text is not read again
  const steps = tracer.read(tokens);
  const traced = Object.fromEntries([..."ifgoch"].map((name) => [name, Array.from({ length: D }, (_, d) =>
    steps.map((_, t) => Array.from({ length: H }, (_, u) => tracer.value(name, d, u, t))))]));
  return { kind: model.kernel.kind, traced, logProbs: steps.map(({ state }) => Array.from(state.logProbs)) };
}"""


@pytest.fixture(scope="module")
def runtime(scripts):
    """The modules under the view in Node."""
    return scripts("runtime/safetensors.js", "runtime/lstm.js", "labs/microscope/model.js")


@pytest.mark.parametrize("simd", [True, False])
@pytest.mark.parametrize("name", ["own", *pretrained.names()])
def test_every_gate_in_the_browser_is_torchs(runtime, name, simd):
    if name == "own":
        (model, vocab), text = own_model(), TEXT
        data = pretrained.to_bytes(model, vocab, quantise=False)
    else:
        data, text = pretrained.path_of(name).read_bytes(), microscope.TEXTS[name][0]
        model, vocab = pretrained.load(name).model, pretrained.load(name).vocab
    ids = pretrained.prompt_ids(vocab, text)
    got = runtime.evaluate(TRACE, {"data": base64.b64encode(data).decode(), "simd": simd, "tokens": ids})
    assert got["kind"] == ("vector" if simd else "plain")
    with torch.no_grad():
        expected = model.rnn.trace(model.embedding(torch.tensor([ids])))
        log_probs = model(torch.tensor([ids]))[0][0].log_softmax(dim=-1)
    for key, values in expected.items():
        torch.testing.assert_close(torch.tensor(got["traced"][key]), values[:, 0], rtol=1e-4, atol=2e-5)
    torch.testing.assert_close(torch.tensor(got["logProbs"]), log_probs, rtol=1e-4, atol=1e-4)


def test_a_step_that_is_looked_at_is_the_same_step(runtime):
    model, vocab = own_model()
    same = runtime.evaluate(
        """(data) => {
          const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
          const model = new lmkit.LanguageModel(lmkit.parseModel(bytes, "data"));
          const [first, plain, traced] = [0, 1, 2].map(() => model.newState());
          model.step(4, null, first);
          model.step(7, first, plain);
          model.step(7, first, traced, model.newGates());
          return ["h", "c", "logProbs"].every((name) => plain[name].every((x, i) => x === traced[name][i]));
        }""",
        base64.b64encode(pretrained.to_bytes(model, vocab)).decode(),
    )
    assert same


@pytest.mark.parametrize(
    "text",
    [
        "5",
        " 0,21 ",
        "3 4,5",
        "8-11",
        "8–11",
        "8-11, 9, 2",
        "mine",
        " mine ",
        "0-15",
        "0-16",
        "22",
        "21-22",
        "5-3",
        "-1",
        "1-",
        "a",
        "",
        " , ",
        "mine, 5",
        "１",
        "1.0",
        "0-99999999999",
    ],
)
def test_units_are_read_alike(runtime, text):
    presets = [["mine", [4, 2]]]
    got = runtime.evaluate(
        """([text, presets]) => {
          try { return lmkit.unitsOf(text, presets, 22); } catch (error) { return error.name; }
        }""",
        [text, presets],
    )
    try:
        expected = microscope.units_of(text, presets, 22)
    except ValueError:
        expected = "LabError"
    assert got == expected


def test_most_probable_tokens_are_torchs_top(runtime):
    log_probs = torch.randn(300, generator=torch.Generator().manual_seed(1)).log_softmax(dim=0)
    log_probs[[7, 9]] = log_probs.max() + 1  # a tie: the lower id is first
    got = runtime.evaluate("(values) => lmkit.mostProbable(Float32Array.from(values), 8)", log_probs.tolist())
    order = log_probs.sort(descending=True, stable=True).indices[:8]
    assert [row["id"] for row in got] == order.tolist()
    assert [row["p"] for row in got] == pytest.approx(log_probs[order].exp().tolist(), rel=1e-5)


# --- the view in a browser --------------------------------------------------------------------------------


@pytest.fixture
def view(view):
    """A function that puts a microscope's view on a page of its own."""

    def put(made: Microscope) -> ViewPage:
        view.put(made)
        return view

    return put


def rows_of(shown: ViewPage, part: str) -> list[list[str]]:
    """The texts of a table's body, row by row."""
    rows = shown.page.locator(f".lmkit-microscope-{part} tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def numbers_of(cells: list[str]) -> list[float]:
    return [float(cell.replace("−", "-")) for cell in cells]


def check(shown: ViewPage, made: Microscope, step: int) -> None:
    """What the view shows is what torch computes."""
    look = made.look()
    map_rows, number_rows = rows_of(shown, "map"), rows_of(shown, "numbers")
    assert [int(row[0]) for row in map_rows] == [int(row[0]) for row in number_rows] == look.units
    for u, (heat, numbers) in enumerate(zip(map_rows, number_rows, strict=True)):
        assert numbers_of(heat[1:]) == pytest.approx(look.values[made.quantity][u].tolist(), abs=0.0051)
        before = float(look.values["c"][u, step - 2]) if step > 1 else 0.0
        expected = [before, *(float(look.values[name][u, step - 1]) for name in "figcoh")]
        assert numbers_of(numbers[1:]) == pytest.approx(expected, abs=0.0051)
    tokens = shown.page.locator(".lmkit-microscope-token")
    assert tokens.all_inner_texts() == look.tokens
    assert [t.get_attribute("aria-pressed") for t in tokens.all()].index("true") == step - 1
    top = look.log_probs[step - 1].sort(descending=True, stable=True).indices[:8].tolist()
    likely = rows_of(shown, "likely")
    assert [row[0] for row in likely] == [WORDS[i] for i in top]
    follows = look.tokens[step] if step < len(look.tokens) else None
    assert [row[-1] == "◂" for row in likely] == [WORDS[i] == follows for i in top]
    legend = shown.page.locator(".lmkit-microscope-likely .lmkit-footnote").inner_text()
    if follows is None:
        assert legend == "The text ends here."
    else:
        chance = 100 * float(look.log_probs[step - 1, WORDS.index(follows)].exp())
        name, percent = re.fullmatch(r"◂ what the text has: ‘(.+)’, (.+)\u202f%", legend).groups()
        assert name == follows
        assert chance < 0.1 if "<" in percent else abs(float(percent) - chance) <= 0.51


def test_view_shows_what_torch_computes(view):
    made = own(layer=2, step=3, quantity="g")
    check(view(made), made, 3)


def test_view_follows_every_setting(view):
    shown = view(own(step=3))
    changed = {"quantity": "f", "units": "1-3, 20", "layer": 2, "text": "w3 w9 w2 w5", "step": 5}
    traits = {**changed, "quantity_index": list(microscope.QUANTITIES).index(changed["quantity"])}
    del traits["quantity"]
    so_far = {"step": 3}
    for name, value in traits.items():
        before = shown.page.locator(".lmkit-content").inner_text()
        shown.set(**{name: value})
        assert shown.page.locator(".lmkit-content").inner_text() != before, name
        key = "quantity" if name == "quantity_index" else name
        so_far[key] = changed[key]
        check(shown, own(**so_far), so_far["step"])


def test_step_stays_within_the_text_and_at_its_end(view):
    shown = view(own(step=4))
    for text, last, step in [("w1 w2", 3, 3), ("w1 w2 w3 w4", 5, 5), ("w1", 2, 2)]:
        shown.set(text=text)
        assert (shown.get("last"), shown.get("step")) == (last, step)
    shown.set(text="w1 w2 w3 w4", step=1)
    shown.set(text="w1 w2 w3 w4 w5 w6")
    assert (shown.get("last"), shown.get("step")) == (7, 1)


def test_steps_are_chosen_by_pointer_and_keys(view):
    shown = view(own(step=2))
    tokens = shown.page.locator(".lmkit-microscope-token")
    tokens.nth(4).click()
    assert shown.get("step") == 5
    right, left = "ArrowRight", "ArrowLeft"
    for key, step in [(right, 6), (left, 5), ("End", 8), (right, 8), ("Home", 1), (left, 1)]:
        shown.page.keyboard.press(key)
        assert shown.get("step") == step
        assert [t for t in range(8) if tokens.nth(t).get_attribute("tabindex") == "0"] == [step - 1]
        assert shown.page.locator(".lmkit-microscope-now").count() == 4  # the token and a cell for each unit
        title = shown.page.locator(".lmkit-microscope-numbers .lmkit-title")
        assert title.inner_text().startswith(f"Step {step} of 8")


@pytest.mark.parametrize(
    ("traits", "message"),
    [
        ({"text": "w1 dragon"}, "Text holds ‘dragon’, which is not among the 37 words"),
        ({"text": ""}, "Prompt must hold at least one word, but it is empty"),
        ({"text": "w1 " * 201}, "Text must hold at most 200 words, but it holds 201; shorten it."),
        ({"text": "<img src=x onerror=alert(1)>"}, "Text holds ‘<img’, which"),
        ({"units": "5, 22"}, "Units must be numbers from 0 to 21 or ranges such as 8-11, but one is ‘22’."),
        ({"units": " "}, "Units must name at least one unit, but they name none; give numbers from 0 to 21"),
        ({"units": "0-16"}, "Units must be at most 16, but they are 17; give numbers from 0 to 21"),
    ],
)
def test_view_says_what_is_wrong_and_goes_on_when_it_is_mended(view, traits, message):
    made = own(step=3)
    shown = view(made)
    before = {name: shown.get(name) for name in traits}
    shown.set(**traits)
    alert = shown.page.get_by_role("alert")
    alert.wait_for()
    assert alert.inner_text().startswith(message)
    assert shown.page.locator("img").count() == 0
    shown.set(**before)
    alert.wait_for(state="hidden")
    check(shown, made, 3)


def test_chosen_step_is_scrolled_into_sight_and_the_page_is_not(view):
    made = Microscope(*own_model(), text=" ".join(f"w{i}" for i in range(36)), units="0-3", step=37)
    shown = view(made)
    for step in (37, 1, 20):
        shown.set(step=step)
        inside = shown.page.evaluate(
            """() => {
              const pane = document.querySelector(".lmkit-microscope-scroll").getBoundingClientRect();
              const cell = document.querySelector("th.lmkit-microscope-now").getBoundingClientRect();
              return cell.left >= pane.left && cell.right <= pane.right + 1;
            }"""
        )
        assert inside, step
    assert shown.page.evaluate("scrollX") == 0


def test_negative_cells_are_marked_and_lines_grow_with_the_number(view):
    made = own(quantity="g", step=1)
    shown = view(made)
    cells = shown.page.locator("td.lmkit-microscope-cell")
    marked = cells.evaluate_all("(cells) => cells.map((c) => c.classList.contains('lmkit-microscope-negative'))")
    parts = cells.evaluate_all("(cells) => cells.map((c) => Number(c.style.getPropertyValue('--lmkit-part')))")
    true = made.look().values["g"].flatten().tolist()
    assert marked == [value < 0 for value in true]
    assert parts == pytest.approx([abs(value) for value in true], abs=0.002)


def test_view_stops_when_it_is_closed(view):
    shown = view(own(step=3))
    before = rows_of(shown, "numbers")
    shown.page.evaluate("stop()")
    shown.set(step=5)
    assert rows_of(shown, "numbers") == before
    assert shown.page.evaluate("model.handlers.length") == 0


def test_offers_carry_presets_for_every_model():
    for offer in model_options(None, None):
        entry = microscope._entry(offer, {})
        assert entry["presets"] and entry["prompts"] == microscope.TEXTS[offer.name]
