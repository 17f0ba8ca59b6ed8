"""The training lab: its texts are Python's, its samples are torch's, and its points are what the trainer says."""

import re
import xml.etree.ElementTree as ET
from itertools import islice

import pytest
import torch

from lmkit import pretrained
from lmkit.analysis import counting
from lmkit.datasets import human_numbers, shakespeare, stories
from lmkit.models import LSTMLanguageModel, RecurrentLanguageModel
from lmkit.text import Characters
from lmkit.widgets import TrainLab
from lmkit.widgets.base import assets
from lmkit.widgets.labs.train.texts import bounds_of_stories, held_out_stories, texts

TEXTS = {text.name: text for text in texts()}
SMALL = {"hidden_size": 16, "window": 8, "batch_size": 8, "steps": 60, "optimizer": "adamw", "lr": 0.02, "decay": 0.0}
SMALL |= {"alpha": 0.0, "beta": 0.0}
RACE = {"plain": {"cell": "rnn"}, "gated": {"cell": "lstm", "lr": 0.03}}
VERSE = "Full fathom five thy father lies;\nOf his bones are coral made;\nThose are pearls that were his eyes.\n" * 40


# --- the texts --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def node(scripts):
    return scripts("labs/train/texts.js", "labs/train/human_numbers.js", "labs/train/training.js")


def test_numbers_are_pythons(node):
    found = node.evaluate("() => lmkit.sequentialSplit()")
    assert (found["training"], found["held"]) == human_numbers.sequential_split()


def test_stories_are_those_that_the_grammar_writes_from_the_same_numbers(node):
    found = node.evaluate("(table) => lmkit.storiesOf(table)", assets.grammar())
    told = [token for story in held_out_stories() for token in story]
    assert found["held"] == [stories.load_grammar().end, *told]
    assert len(found["training"]) >= 120_000
    for story in islice(" ".join(found["training"]).split("<eos>"), 1, 40):
        assert stories.is_grammatical(f"{story} <eos>")


def test_bounds_are_those_of_the_held_out_parts():
    _, held = human_numbers.sequential_split()
    scores = [counting.ceiling(held, n) for n in (3, 6)]
    assert [value for value, _ in TEXTS["human_numbers"].loss] == pytest.approx(
        [score.cross_entropy for score in scores], abs=5e-5
    )
    assert [value for value, _ in TEXTS["human_numbers"].accuracy] == pytest.approx(
        [score.accuracy for score in scores], abs=5e-5
    )
    known = TEXTS["stories"].loss[0][0], TEXTS["stories"].accuracy[0][0]
    assert known == pytest.approx(bounds_of_stories(), abs=5e-4)


def test_shipped_plays_are_those_of_the_data_set():
    training, held_out = shakespeare.four_plays()
    plays = shakespeare.plays()
    assert training == "\n".join(plays[name] for name in ("A Midsummer Night's Dream", "Hamlet", "Romeo and Juliet"))
    assert held_out == plays["Macbeth"] and "Macbeth" in shakespeare.HELD_OUT
    assert shakespeare.FOUR_PLAYS.stat().st_size < 520_000


@pytest.mark.parametrize("unit", ["characters", "pieces"])
def test_running_text_is_cut_as_python_cuts_it(node, unit):
    source = {"name": "shakespeare", "unit": unit, "plays": assets.plays(), "pieces": assets.pieces()}
    found = node.evaluate(
        "(source) => { const { training, held } = lmkit.readSource(source); return [training, held] }", source
    )
    training, held_out = shakespeare.four_plays()
    tokenizer = Characters.of(training, unk=True) if unit == "characters" else pretrained.load("shakespeare").vocab
    # The page cuts a long text line by line: only at the seams may pieces differ.
    for ids, text in zip(found, (training, held_out), strict=True):
        assert tokenizer.decode(ids) == text or tokenizer.unk is not None
        own = tokenizer.encode(text)
        assert abs(len(own) - len(ids)) < 10 and ids[:5000] == own[:5000]


# --- samples ----------------------------------------------------------------------------------------------------


def models() -> dict[str, torch.nn.Module]:
    sizes = {"vocab_size": 11, "embedding_size": 16, "hidden_size": 16, "num_layers": 2}
    cells = {"gru": {"cell": "gru"}, "rnn": {"cell": "rnn"}, "relu": {"cell": "rnn", "nonlinearity": "relu"}}
    others = {
        "projected": LSTMLanguageModel(**sizes | {"embedding_size": 8}),
        "untied": RecurrentLanguageModel(**sizes | {"embedding_size": 8}, cell="gru"),
    }
    tied = {name: RecurrentLanguageModel(**sizes, **more, tied=True) for name, more in cells.items()}
    return {"lstm": LSTMLanguageModel(**sizes)} | others | tied


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn", "relu", "projected", "untied"])
def test_what_writes_samples_is_torchs_model(scripts, name):
    model = models()[name].eval()
    tokens = torch.randint(0, 11, (1, 30))
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight) * 0.4)
        wanted = model(tokens)[0][0]
    weights = {key: value.flatten().tolist() for key, value in model.state_dict().items()}
    if name != "untied":
        del weights["decoder.weight"]  # files hold it once
    cell = {"rnn": "rnn", "relu": "rnn", "projected": "lstm", "untied": "gru"}.get(name, name)
    settings = {"cell": cell, "nonlinearity": "relu" if name == "relu" else "tanh", "num_layers": 2, "hidden_size": 16}
    found = scripts("labs/train/writer.js").evaluate(
        """([weights, settings, tokens]) => {
          const tensor = ([name, values]) => [name, { shape: [], values: Float32Array.from(values) }];
          const writer = new lmkit.Writer(new Map(Object.entries(weights).map(tensor)), settings);
          const memory = writer.begin();
          return tokens.map((token) => writer.read(token, memory));
        }""",
        [weights, settings, tokens[0].tolist()],
    )
    torch.testing.assert_close(torch.tensor(found, dtype=torch.float32), wanted, rtol=1e-4, atol=1e-5)


# --- a run, in Node ---------------------------------------------------------------------------------------------


def run_settings(**changes) -> dict:
    plain = {"cell": "lstm", "num_layers": 1, "clip": 1.0, "dropout": 0.0, "seed": 0}
    return plain | SMALL | changes


TRAIN = """([source, settings]) => {
  const training = new lmkit.Training(source, settings);
  const points = [];
  while (!training.isOver) {
    const point = training.step();
    if (point) points.push(point);
  }
  return { points, facts: training.facts, diverged: training.diverged };
}"""


def source(name: str, **more) -> dict:
    return {"name": name, "unit": "characters", "words": TEXTS[name].words, **more}


def test_the_default_settings_learn_to_count(scripts):
    """Almost all of the held-out numbers, in some seconds: what the Playground promises."""
    view = TrainLab().view
    names = ("hidden_size", "num_layers", "window", "batch_size", "lr", "decay", "clip", "steps", "cell", "optimizer")
    chosen = {name: view.values[name][getattr(view, TrainLab().rows[name].trait_name(name))] for name in names}
    settings = chosen | {name: getattr(view, name) for name in ("dropout", "alpha", "beta", "seed")}
    node = scripts("labs/train/training.js")
    assert node.evaluate(TRAIN, [source("human_numbers"), settings])["points"][-1]["heldAccuracy"] > 0.96


def test_a_clip_mends_what_a_high_rate_breaks(scripts):
    """What the chapter on training says of its lab."""
    node = scripts("labs/train/training.js")
    plain = run_settings(cell="relu", optimizer="sgd", lr=3.0, hidden_size=64, window=16, batch_size=32, steps=600)
    broken, mended = (node.evaluate(TRAIN, [source("human_numbers"), plain | {"clip": clip}]) for clip in (None, 1.0))
    assert 0 < broken["diverged"] < 100 and not mended["diverged"]
    assert mended["points"][-1]["heldAccuracy"] > 0.4


def test_points_are_means_of_what_the_trainer_says(scripts):
    """By hand: the same windows to a trainer of its own, and means over the steps between two points."""
    node = scripts("labs/train/training.js", "runtime/training/trainer.js", "runtime/training/batches.js")
    settings = run_settings(steps=300)
    found = node.evaluate(TRAIN, [source("human_numbers"), settings])
    by_hand = node.evaluate(
        """([source, settings]) => {
          const { training } = new lmkit.Training(source, settings).text;
          const trainer = new lmkit.Trainer(lmkit.trainerSettings(settings, 30));
          const { batch_size, window, seed } = settings;
          const windows = lmkit.epochs(training, { batch_size, window, seed, epochs: Infinity });
          const results = [];
          for (const { inputs, targets, first } of windows) {
            if (first) trainer.resetState();
            results.push(trainer.step(inputs, targets));
            if (results.length === settings.steps) return results;
          }
        }""",
        [source("human_numbers"), settings],
    )
    steps = [point["step"] for point in found["points"]]
    assert steps[:5] == [1, 2, 5, 10, 15] and steps[-1] == 300
    for before, point in zip([0, *steps], found["points"], strict=False):
        between = by_hand[before : point["step"]]
        for mine, theirs in {"loss": "loss", "accuracy": "accuracy", "clipped": "clipped"}.items():
            assert point[mine] == pytest.approx(sum(result[theirs] for result in between) / len(between), abs=1e-12)
        assert point["norm"] == max(result["gradNorm"] for result in between)
    assert found["points"][-1]["heldLoss"] < found["points"][0]["heldLoss"] - 1


def test_a_step_from_inside_is_the_same_step(node):
    found = node.evaluate(
        """([source, settings]) => {
          const [plain, traced] = [0, 1].map(() => new lmkit.Training(source, settings));
          const points = [[], []];
          for (let n = 0; n < 20; n++) {
            points[0].push(plain.step());
            points[1].push(traced.trace().point);
          }
          return points;
        }""",
        [source("human_numbers"), run_settings()],
    )
    assert found[0] == found[1] and any(found[0])


def test_a_run_that_diverges_says_at_which_step(node):
    wild = run_settings(cell="relu", optimizer="sgd", lr=1000.0, clip=None, steps=300)
    found = node.evaluate(TRAIN, [source("human_numbers"), wild])
    assert 1 < found["diverged"] < 300
    assert all(point["step"] < found["diverged"] for point in found["points"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": "short"}, "the text must have at least 500 characters, but it has 5"),
        ({"text": "a" * 600}, "must hold different characters"),
        ({"text": "word " * 120, "batch_size": 400}, "tokens must be at least 2 for each of 400 rows"),
        ({"text": VERSE, "hidden_size": 1024, "batch_size": 1024, "window": 4096, "num_layers": 4}, "fits into .* MB"),
    ],
)
def test_what_cannot_be_trained_is_explained(node, changes, message):
    text = changes.pop("text")
    told = node.evaluate(
        """([source, settings]) => {
          try { new lmkit.Training(source, settings); } catch (error) { return `${error.name}: ${error.message}`; }
          return "";
        }""",
        [source("own", text=text), run_settings(**changes)],
    )
    assert told.startswith("LabError: ") and re.search(message, told), told


def test_an_engine_without_vector_instructions_makes_the_same_points(scripts):
    node = scripts("labs/train/training.js", "runtime/training/wasm.js")
    given = [source("human_numbers"), run_settings()]
    wanted = node.evaluate(TRAIN, given)["points"]
    without = f"""([source, settings, scalar]) => {{
      const {{ Module }} = WebAssembly, size = atob(lmkit.TRAINING).length;
      WebAssembly.Module = function (bytes) {{
        if (bytes.length === size) throw new WebAssembly.CompileError("SIMD unsupported");
        return new Module(bytes);
      }};
      const {{ Training }} = lmkit;
      const lmkitThen = {{ Training: class extends Training {{
        constructor(source, settings) {{ super(source, settings, {{ simd: false, scalar }}); }}
      }} }};
      return (({TRAIN.replace("lmkit.", "lmkitThen.")}))([source, settings]);
    }}"""
    found = node.evaluate(without, [*given, assets.scalar()["wasm"]])
    assert found["points"] == wanted and found["facts"]["kind"] == "scalar" and not found["facts"]["bytes"]


def test_memory_is_used_again_by_the_next_run(scripts):
    sizes = scripts("labs/train/server.js").evaluate(
        """async ([source, settings]) => {
          const memories = [], { Instance } = WebAssembly;
          WebAssembly.Instance = function (...parts) {
            const made = new Instance(...parts);
            if (made.exports.memory) memories.push(made.exports.memory);
            return made;
          };
          const server = new lmkit.Server(() => {}, 1e9), sizes = [];
          for (let run = 1; run <= 10; run++) {
            server.receive({ do: "begin", run, source, settings, engine: {} });
            server.receive({ do: "run" });
            while (!server.training.isOver) await new Promise((resolve) => setTimeout(resolve, 5));
            sizes.push(memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0));
          }
          return sizes;
        }""",
        [source("human_numbers"), run_settings()],
    )
    assert len(sizes) == 10 and sizes[0] > 0
    assert sizes[-1] == sizes[1]


# --- Python -----------------------------------------------------------------------------------------------------


def test_settings_are_those_that_were_given():
    given = {"cell": "gru", "hidden_size": 40, "window": 12, "lr": 0.007, "clip": None, "steps": 77, "dropout": 0.35}
    lab = TrainLab("stories", **given)
    assert lab.settings() | given == lab.settings()
    assert repr(lab).startswith("TrainLab('stories', cell='gru', hidden_size=40, window=12, lr=0.007")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"text": "bible"}, "text must be one of ['human_numbers', 'stories', 'shakespeare', 'recall', 'own']"),
        ({"unit": "words"}, "unit must be one of"),
        ({"cell": "transformer"}, "cell must be one of"),
        ({"hidden_size": 20}, "hidden_size must be a multiple of 8, but it is 20; take 16"),
        ({"hidden_size": 4096}, "hidden_size must be a whole number from 8 to 512"),
        ({"num_layers": 3}, "num_layers must be one of (1, 2)"),
        ({"window": 1}, "window must be a whole number from 2 to 256"),
        ({"batch_size": 6}, "batch_size must be a multiple of 4"),
        ({"lr": 0}, "lr must be a number from 1e-06 to 100"),
        ({"optimizer": "adam"}, "optimizer must be one of"),
        ({"dropout": 0.9}, "dropout must be a number from 0.0 to 0.8"),
        ({"decay": -1}, "decay must be a number from 0 to 10"),
        ({"clip": 0}, "clip must be a number from 1e-06 to 1000"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"steps": 0}, "steps must be a whole number from 1 to 100000"),
        ({"distance": 0}, "distance must be a whole number from 1 to 60, but it is 0"),
        ({"distance": 61}, "distance must be a whole number from 1 to 60"),
        ({"controls": ["rate"]}, "controls"),
        ({"presets": {"A": {"cell": "rnn"}}}, "presets must be two to four settings with names"),
        (
            {"presets": {"A": {}, "B": {"lr": 0.1}}},
            "presets: a preset must name the settings in which it differs, but 'A'",
        ),
        ({"presets": {"A": {"rate": 1}, "B": {"lr": 0.1}}}, "presets: a setting must be one of"),
        ({"presets": {"A": {"text": "own"}, "B": {"lr": 0.1}}}, "presets: a setting must be one of"),
        ({"presets": {"A": {"cell": "cnn"}, "B": {"lr": 0.1}}}, "presets: cell must be one of"),
        ({"presets": {"A": {"lr": 0}, "B": {"lr": 0.1}}}, "presets: lr must be a number from 1e-06 to 100"),
        ({"predict": [("Which?", ["A", "B"], "lowest_loss")]}, "predict: measure must be one of ['lowest_at',"),
        ({"predict": [("Which?", ["A", "B"], "second_beside_first")], "presets": RACE}, "predict: choices must be 3"),
        ({"predict": [("Which?", ["A"] * 5, "lowest_at")]}, "predict: choices must be at least two different texts"),
        ({"predict": [("Bits?", ["few", "many"], "bits_per_character")]}, "predict: bounds must be 1 rising numbers"),
    ],
)
def test_a_bad_setting_is_named_with_its_rule(settings, message):
    with pytest.raises(ValueError) as caught:
        TrainLab(**settings)
    assert message.replace("(1, 2)", "[1, 2]") in str(caught.value)


def test_the_picture_says_what_the_lab_is_and_how_it_is_set():
    drawing, words = TrainLab("stories", lr=0.03).picture()
    shown = [node.text for node in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]
    assert "Stories" in shown and "0.03" in shown and "Tokens" not in shown
    assert words.startswith("Train a small language model in your browser.") and "Learning rate 0.03" in words
    assert "Tokens characters" in TrainLab("shakespeare").picture()[1]
