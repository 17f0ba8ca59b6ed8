"""What a trainer tells beside its weights, and what it refuses."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from lmkit.text import batchify, to_tensor
from lmkit.text import windows as windows_of
from lmkit.training import evaluate, repeat_shifted, set_seed
from lmkit.training.penalties import activation_penalty, temporal_activation_penalty
from tests.widgets.node import ScriptError, Scripts
from tests.widgets.runtime.training import driver

SETTINGS = {"cell": "lstm", "vocab_size": 13, "hidden_size": 10, "embedding_size": 10, "num_layers": 2, "tied": True}
SETTINGS |= {"batch_size": 3, "window": 6, "steps": 20}
SCRIPTS = (*driver.MODULES, "runtime/training/batches.js")
TRACE = """({ settings, windows, traced }) => {
  const trainer = new lmkit.Trainer(settings);
  const all = windows.map(({ inputs, targets }) => {
    const before = trainer.weights();
    const step = (traced ? trainer.trace : trainer.step).bind(trainer);
    return { before, result: step(Int32Array.from(inputs), Int32Array.from(targets)) };
  });
  const after = trainer.weights();
  trainer.close();
  return { all, after };
}"""


@pytest.fixture(scope="module")
def page(scripts):
    return scripts(*SCRIPTS)


# --- one step from inside ---------------------------------------------------------------------------------


def arriving(settings, weights, window, state):
    """Return torch's losses at each position and, for each layer, the gradients that arrive at the states."""
    model = driver.model_of(settings, weights)
    shape = (settings["batch_size"], -1)
    x, y = (torch.tensor(window[name]).view(shape) for name in ("inputs", "targets"))
    features, kept = model.embedding(x).transpose(0, 1), []
    for d in range(settings["num_layers"]):
        weight_ih, bias, step = model.rnn.recurrence(d)
        now = [part[d].clone().requires_grad_() for part in state]
        states = [now]
        for projected in features @ weight_ih.T + bias:
            now = step(projected, *now)
            for part in now:
                part.retain_grad()
            states.append(now)
        features = torch.stack([now[0] for now in states[1:]])
        kept.append(states)
    output = features.transpose(0, 1)
    logits = model.decoder(model.projection(output) if hasattr(model, "projection") else output)
    losses = cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
    counted = (y.flatten() >= 0).sum()
    penalty = activation_penalty(output, settings.get("alpha", 0))
    penalty = penalty + temporal_activation_penalty(output, settings.get("beta", 0))
    (losses.sum() / counted + penalty).backward()
    norms = [[[part.grad.norm().item() for part in now] for now in states] for states in kept]
    after = [torch.stack([states[-1][k].detach() for states in kept]) for k in range(len(state))]
    return losses, norms, after


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("last_only", [False, True], ids=["every target", "last target"])
def test_trace_tells_what_arrives_at_each_step(page, cell, last_only):
    """Also where the second window begins: what truncation cuts off."""
    run = {**SETTINGS, "cell": cell, "alpha": 0.5, "beta": 0.5} if not last_only else {**SETTINGS, "cell": cell}
    given = driver.windows(run, 2, seed=3)
    if last_only:
        for window in given:
            window["targets"] = [y if place % 6 == 5 else -100 for place, y in enumerate(window["targets"])]
    answer = page.evaluate(TRACE, {"settings": run, "windows": given, "traced": True})
    state = [torch.zeros(2, 3, 10).double()] * (2 if cell == "lstm" else 1)
    for window, step in zip(given, answer["all"], strict=True):
        losses, norms, state = arriving(run, driver.tensors(step["before"]), window, state)
        result = step["result"]
        assert result["losses"] == pytest.approx(losses.tolist(), abs=1e-5)
        wanted = [0 if y < 0 else math.exp(-nats) for y, nats in zip(window["targets"], losses.tolist(), strict=True)]
        assert result["probs"] == pytest.approx(wanted, abs=1e-6)
        for told, states in zip(result["layers"], norms, strict=True):
            assert told["h"] == pytest.approx([now[0] for now in states], rel=1e-4)
            assert (told["c"] is None) == (cell != "lstm")
            if told["c"]:
                assert told["c"] == pytest.approx([now[1] for now in states], rel=1e-4)


def test_gradients_that_vanish_are_told_and_not_lost(page):
    """A plain network whose weights are small forgets: after 40 steps squares are too small for a float."""
    run = {**SETTINGS, "cell": "rnn", "num_layers": 1, "window": 40, "batch_size": 1, "seed": 3}
    window = driver.windows(run, 1, seed=1)
    window[0]["targets"][:-1] = [-100] * 39
    step = """({ settings, windows: [{ inputs, targets }] }) => {
      const trainer = new lmkit.Trainer(settings);
      const weights = trainer.weights();
      for (const [name, { values }] of weights) {
        if (name.includes("_hh")) values.forEach((value, place) => { values[place] = value / 5; });
      }
      trainer.load(weights);
      const { layers } = trainer.trace(Int32Array.from(inputs), Int32Array.from(targets));
      trainer.close();
      return layers[0].h;
    }"""
    norms = np.array(page.evaluate(step, {"settings": run, "windows": window}))
    assert (norms > 0).all() and norms[0] < 1e-19 < 1e-3 < norms[-1]
    assert (np.diff(norms) > 0).all()


def test_trace_is_the_same_step(page):
    run = {**SETTINGS, **dict.fromkeys(driver.DROPOUTS, 0.3), "clip": 0.1, "optimizer": "muon"}
    given = driver.windows(run, 4, seed=4)
    plain = page.evaluate(TRACE, {"settings": run, "windows": given, "traced": False})
    traced = page.evaluate(TRACE, {"settings": run, "windows": given, "traced": True})
    assert plain["after"] == traced["after"]
    for one, other in zip(plain["all"], traced["all"], strict=True):
        assert one["result"] == {name: other["result"][name] for name in one["result"]}


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_trace_tells_of_clip_and_update(page, optimizer):
    run = {**SETTINGS, "clip": 0.05, "optimizer": optimizer}
    answer = page.evaluate(TRACE, {"settings": run, "windows": driver.windows(run, 2, seed=5), "traced": True})
    first, second = answer["all"]
    result = first["result"]
    assert result["clipped"] and result["gradNorm"] > 0.05
    assert result["clippedNorm"] == pytest.approx(0.05, rel=1e-4)
    before, after = driver.tensors(first["before"]), driver.tensors(second["before"])
    for told in result["tensors"]:
        old, new = before[told["name"]], after[told["name"]]
        assert told["updateNorm"] == pytest.approx((new - old).norm().item(), rel=1e-5)
        assert told["weightNorm"] == pytest.approx(new.norm().item(), rel=1e-5)
    squares = sum(told["gradNorm"] ** 2 for told in result["tensors"])
    assert squares == pytest.approx(result["clippedNorm"] ** 2, rel=1e-5)


# --- held-out text ----------------------------------------------------------------------------------------

EVALUATE = """({ settings, windows, tokens, rows, twice }) => {
  const trainer = new lmkit.Trainer(settings);
  const steps = () => windows.map(({ inputs, targets }, k) => {
    if (twice && k === 2) trainer.evaluate(Int32Array.from(tokens), Int32Array.from(tokens), rows);
    return trainer.step(Int32Array.from(inputs), Int32Array.from(targets));
  });
  const results = steps(), text = lmkit.heldOut(Int32Array.from(tokens), rows);
  const answer = { results, weights: trainer.weights(), ...trainer.evaluate(text.inputs, text.targets, text.rows) };
  trainer.close();
  return answer;
}"""


@pytest.mark.parametrize("rows", [1, 3, 7])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_held_out_text_is_evaluated_as_lmkit_does(page, cell, rows):
    """In more rows or fewer than a window of training has, and without dropout."""
    run = {**SETTINGS, "cell": cell, **dict.fromkeys(driver.DROPOUTS, 0.4), "vocab_size": 5}
    tokens = np.random.default_rng(1).integers(0, 5, 200).tolist()
    asked = {"settings": run, "windows": driver.windows(run, 5, seed=6), "tokens": tokens, "rows": rows}
    answer = page.evaluate(EVALUATE, asked)
    known = evaluate(
        driver.model_of(run, driver.tensors(answer["weights"])), batchify(to_tensor(tokens), rows), run["window"]
    )
    assert answer["loss"] == pytest.approx(known.cross_entropy, abs=1e-5)
    assert (answer["accuracy"], answer["count"]) == (pytest.approx(known.accuracy), known.tokens)


def test_evaluation_changes_nothing_of_the_training(page):
    run = {**SETTINGS, **dict.fromkeys(driver.DROPOUTS, 0.4)}
    tokens = np.random.default_rng(1).integers(0, 13, 200).tolist()
    asked = {"settings": run, "windows": driver.windows(run, 5, seed=6), "tokens": tokens, "rows": 2}
    assert page.evaluate(EVALUATE, asked) == page.evaluate(EVALUATE, {**asked, "twice": True})


# --- state, weights, memory -------------------------------------------------------------------------------


def test_state_is_carried_until_it_is_reset(page):
    run = {**SETTINGS, "lr": 1e-30}
    window = driver.windows(run, 1, seed=7)[0]
    answer = page.evaluate(driver.RUN, {"settings": run, "windows": [window, window, {**window, "first": True}]})
    first, carried, reset = (step["result"]["loss"] for step in answer["steps"])
    assert first == reset != carried


def test_loading_weights_begins_anew(page):
    """Moments, masks, state, rate and count: what follows is what a new trainer with these weights does."""
    source = """({ settings, windows }) => {
      const step = (trainer) => windows.map(({ inputs, targets }) =>
        trainer.step(Int32Array.from(inputs), Int32Array.from(targets)));
      const trainer = new lmkit.Trainer(settings), start = trainer.weights();
      const first = step(trainer), made = trainer.steps;
      trainer.load(start);
      const second = step(trainer);
      trainer.close();
      return { first, second, made };
    }"""
    run = {**SETTINGS, **dict.fromkeys(driver.DROPOUTS, 0.3), "optimizer": "muon"}
    answer = page.evaluate(source, {"settings": run, "windows": driver.windows(run, 4, seed=8)})
    assert answer["first"] == answer["second"] and answer["made"] == 4


def test_rows_may_be_shorter_than_the_window(page):
    """And what a longer window before them has left in memory makes no difference."""
    run = {**SETTINGS, "num_layers": 1}
    long, short = driver.windows(run, 1, seed=9), driver.windows(run, 1, seed=10, steps=2)
    both = page.evaluate(driver.RUN, {"settings": run, "windows": [*long, *short]})
    state = None
    for window, step in zip([*long, *short], both["steps"], strict=True):
        loss, _, state = driver.objective(driver.model_of(run, driver.tensors(step["before"])), window, run, state)
        assert step["result"]["loss"] == pytest.approx(loss.item(), abs=1e-5)


def test_memory_is_flat_over_ten_runs(page):
    """Each trainer is given back and its memory taken again, by larger and smaller ones, and once left open."""
    source = """({ settings, windows: [{ inputs, targets }] }) => {
      const sizes = [], open = new lmkit.Trainer(settings);
      for (let run = 0; run < 10; run++) {
        const trainer = new lmkit.Trainer({ ...settings, hidden_size: 8 + 8 * (run % 3), seed: run });
        const start = new lmkit.Trainer({ ...settings, seed: 1 });
        start.close();
        for (let k = 0; k < 3; k++) trainer.step(Int32Array.from(inputs), Int32Array.from(targets));
        sizes.push(trainer.kernel.operations.memory.buffer.byteLength);
        trainer.close();
      }
      open.close();
      return sizes;
    }"""
    run = {"vocab_size": 13, "hidden_size": 24, "batch_size": 3, "window": 6}
    sizes = page.evaluate(source, {"settings": run, "windows": driver.windows(run, 1, seed=1)})
    needed = page.evaluate("(settings) => lmkit.Trainer.memoryOf(settings)", run)
    assert max(sizes[3:]) == max(sizes) <= needed + 2 * 65536


def test_memory_is_told_before_it_is_taken(page):
    source = """(settings) => {
      const told = lmkit.Trainer.memoryOf(settings), trainer = new lmkit.Trainer(settings);
      const taken = trainer.kernel.operations.memory.buffer.byteLength;
      return { told, taken };
    }"""
    answer = page.evaluate(source, {"vocab_size": 3000, "hidden_size": 200, "window": 60})
    assert answer["told"] <= answer["taken"] < answer["told"] + 65536
    assert answer["told"] > 4 * (
        32 * 60 * 3000 + 4 * 3000 * 200
    )  # logits, and the embedding with all that belongs to it


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"vocab_size": 65536, "hidden_size": 64, "batch_size": 128, "window": 64}, "vocab_size"),
        ({"vocab_size": 10, "hidden_size": 1024, "num_layers": 4, "window": 64, "optimizer": "muon"}, "hidden_size"),
        ({"vocab_size": 500, "hidden_size": 64, "batch_size": 1024, "window": 1024}, "batch_size"),
        ({"vocab_size": 500, "hidden_size": 64, "batch_size": 1, "window": 4096, "num_layers": 4}, None),
        ({"vocab_size": 65536, "hidden_size": 1024, "batch_size": 1024, "window": 4096, "num_layers": 4}, "batch_size"),
    ],
)
def test_too_large_a_trainer_names_the_size_to_lower(page, settings, name):
    """The one whose half saves most; sizes whose bytes are more than 32 bits can count are told, too."""
    told = page.evaluate("(settings) => lmkit.Trainer.memoryOf(settings)", settings)
    assert (told > 2**30) == (name is not None)
    if name is not None:
        rule = rf"{name} must be so low that a trainer fits into 1024 MB"
        words = rf"{rule}, but with \d+ {-(-told // 2**20):.0f} MB are needed"
        with pytest.raises(ScriptError, match=words):
            page.evaluate("(settings) => new lmkit.Trainer(settings)", settings)


def test_a_browser_that_gives_no_memory_is_told_of(page):
    source = """(settings) => {
      const { grow } = WebAssembly.Memory.prototype;
      WebAssembly.Memory.prototype.grow = () => { throw new RangeError("none left"); };
      try { return new lmkit.Trainer(settings); } finally { WebAssembly.Memory.prototype.grow = grow; }
    }"""
    with pytest.raises(ScriptError, match=r"_size must be so low that .* what the browser gives \(none left\)"):
        page.evaluate(source, {"vocab_size": 5000, "hidden_size": 333})


KINDS = [("lstm", "tanh"), ("gru", "tanh"), ("rnn", "tanh"), ("rnn", "relu")]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "muon"])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_every_cell_learns_what_can_be_known(page, cell, nonlinearity, optimizer):
    """A text in which the last two tokens say the next one, but the last one alone does not."""
    source = """({ settings, pattern }) => {
      const tokens = Int32Array.from({ length: 2000 }, (_, place) => pattern[place % pattern.length]);
      const { batch_size, window, steps } = settings;
      const trainer = new lmkit.Trainer(settings), options = { batch_size, window, epochs: Infinity, seed: 1 };
      for (const { inputs, targets, first } of lmkit.epochs(tokens, options)) {
        if (first) trainer.resetState();
        trainer.step(inputs, targets);
        if (trainer.steps === steps) break;
      }
      const { inputs, targets, rows } = lmkit.heldOut(tokens.subarray(0, 400), 4);
      const answer = trainer.evaluate(inputs, targets, rows);
      trainer.close();
      return answer;
    }"""
    run = {"vocab_size": 4, "hidden_size": 16, "cell": cell, "nonlinearity": nonlinearity, "optimizer": optimizer}
    run |= {"batch_size": 8, "window": 10, "steps": 300, "lr": 2 if optimizer == "sgd" else 0.02, "weight_decay": 0}
    answer = page.evaluate(source, {"settings": run, "pattern": [0, 1, 0, 2, 1, 3, 2, 3]})
    assert answer["accuracy"] > 0.95 and answer["loss"] < 0.15


# --- what goes wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon"])
def test_divergence_is_told_and_leaves_the_weights_finite(page, optimizer):
    """A relu network with a rate that is far too high: its loss is soon no number. Loading weights begins anew."""
    source = """({ settings, windows }) => {
      const trainer = new lmkit.Trainer(settings), start = trainer.weights(), results = [];
      const step = ({ inputs, targets }) => trainer.step(Int32Array.from(inputs), Int32Array.from(targets));
      for (const window of windows) {
        results.push(step(window));
        if (results.at(-1).diverged) break;
      }
      const left = trainer.weights(), { steps } = trainer;
      trainer.load(start);
      const again = step(windows[0]);
      trainer.close();
      return { results, left, again, steps };
    }"""
    run = {**SETTINGS, "cell": "rnn", "nonlinearity": "relu", "optimizer": optimizer, "schedule": "constant"}
    run |= {"lr": 1e6, "clip": float("inf"), "window": 12}
    answer = page.evaluate(source, {"settings": run, "windows": driver.windows(run, 60, seed=11)})
    *before, last = answer["results"]
    assert last["diverged"] and not any(result["diverged"] for result in before)
    assert last["step"] == len(before) + 1 and answer["steps"] == len(before)
    assert all(weight.isfinite().all() for weight in driver.tensors(answer["left"]).values())
    assert answer["again"] == answer["results"][0]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"vocab_size": 1}, "vocab_size must be a whole number from 2 to 65536, but it is 1; give one in this range"),
        ({"hidden_size": 1.5}, "hidden_size must be a whole number from 1 to 1024, but it is 1.5"),
        ({"embedding_size": 0}, "embedding_size must be a whole number from 1 to 1024, but it is 0"),
        ({"cell": "transformer"}, "cell must be 'rnn' or 'lstm' or 'gru', but it is transformer"),
        ({"nonlinearity": "relu"}, "nonlinearity must be 'tanh' where cell is 'lstm', but it is 'relu'; leave it out"),
        ({"cell": "gru", "embedding_size": 3}, "tied must be false where cell is 'gru' and sizes differ"),
        ({"tied": 1}, "tied must be true or false, but it is 1"),
        ({"lr": 0}, "lr must be above 0, but it is 0; 0.01 is a good start"),
        ({"lr": float("nan")}, "lr must be above 0, but it is NaN"),
        ({"clip": 0}, "clip must be above 0, but it is 0; Infinity sets no limit"),
        ({"warmup": 1}, "warmup must be above 0 and below 1, but it is 1"),
        ({"output_p": 1}, "output_p must be at least 0 and below 1, but it is 1; 0 drops nothing"),
        ({"alpha": -1}, "alpha must be at least 0, but it is -1"),
        ({"seed": 2**32}, "seed must be a whole number from 0 to 4294967295"),
        ({"lr": "0.1"}, "lr must be above 0, but it is 0.1"),
        ({"learning_rate": 1}, "settings must be among vocab_size, .*seed, but one is learning_rate"),
    ],
)
def test_bad_settings_are_refused(page, settings, words):
    with pytest.raises(ScriptError, match=words):
        page.evaluate("(settings) => new lmkit.Trainer(settings)", {"vocab_size": 5, "hidden_size": 4, **settings})
    with pytest.raises(ScriptError, match=words):
        page.evaluate("(settings) => lmkit.Trainer.memoryOf(settings)", {"vocab_size": 5, "hidden_size": 4, **settings})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("trainer.step(i32(7), i32(7))", "inputs must be 2 rows of 1 to 3 tokens, but they are 7 tokens"),
        ("trainer.step(i32(8), i32(8))", "inputs must be 2 rows of 1 to 3 tokens, but they are 8 tokens"),
        ("trainer.step(i32(6), i32(4))", "targets must be as many as inputs, 6, but they are 4"),
        ("trainer.step(i32(6, 5), i32(6))", "inputs must be ids from 0 to 4, but one is 5; use the model's vocabulary"),
        ("trainer.step(i32(6), i32(6, -1))", "targets must be ids from 0 to 4, but one is -1"),
        ("trainer.trace(i32(6), i32(6, -100))", "targets must hold one that counts, but all are -100"),
        ("trainer.evaluate(i32(6), i32(6), 4)", "inputs must be 4 rows of at least 1 token, but they are 6 tokens"),
        ("trainer.evaluate(i32(6, -100), i32(6))", "inputs must be ids from 0 to 4, but one is -100"),
        ("trainer.load(new Map())", r"weights must hold embedding.weight of shape \(5,4\), but it is missing"),
        ("trainer.close() ?? trainer.step(i32(6), i32(6))", "trainer must be open, but it was closed; make another"),
        ("trainer.close() ?? trainer.close() ?? trainer.weights()", "trainer must be open"),
        ("lmkit.heldOut(i32(3), 2)", "tokens must be at least 2 for each of 2 rows, .* but they are 3"),
    ],
)
def test_bad_calls_are_refused(page, call, words):
    source = f"""() => {{
      const i32 = (size, value = 1) => new Int32Array(size).fill(value);
      const trainer = new lmkit.Trainer({{ vocab_size: 5, hidden_size: 4, batch_size: 2, window: 3 }});
      return {call};
    }}"""
    with pytest.raises(ScriptError, match=words):
        page.evaluate(source)


@pytest.mark.parametrize(
    ("has_simd", "has_scalar", "kind"), [(1, 1, "vector"), (1, 0, "vector"), (0, 1, "scalar"), (0, 0, "")]
)
def test_trainer_makes_do_with_what_the_engine_has(has_simd, has_scalar, kind):
    """An engine without SIMD refuses the module that needs it, which is the shorter one."""
    source = """({ has_simd, has_scalar }) => {
      const { Module } = WebAssembly, scalar = lmkit.TRAINING_SCALAR;
      WebAssembly.Module = class {
        constructor(bytes) {
          const refused = !has_simd && bytes.length < atob(scalar).length;
          if (refused) throw new WebAssembly.CompileError("unknown instruction");
          return new Module(bytes);
        }
      };
      return new lmkit.Trainer({ vocab_size: 5, hidden_size: 4 }, has_scalar ? { scalar } : {}).kind;
    }"""
    page = Scripts(*SCRIPTS)  # which has compiled nothing yet
    try:
        if kind:
            assert page.evaluate(source, {"has_simd": has_simd, "has_scalar": has_scalar}) == kind
        else:
            with pytest.raises(
                ScriptError, match="this browser must know WebAssembly with SIMD .* unknown instruction"
            ):
                page.evaluate(source, {"has_simd": has_simd, "has_scalar": has_scalar})
    finally:
        page.close()


# --- windows of a text ------------------------------------------------------------------------------------

CUT = """({ tokens, batch_size, window, epochs, seed }) => {
  const text = Int32Array.from(tokens), plain = [...lmkit.batches(text, batch_size, window)];
  const moved = Array.from({ length: epochs }, (_, epoch) => lmkit.shifted(text, epoch, seed));
  return { plain, moved, epochs: [...lmkit.epochs(text, { batch_size, window, epochs, seed })],
    steps: lmkit.stepsOf(tokens.length, batch_size, window) };
}"""


@pytest.mark.parametrize(("count", "batch_size", "window"), [(50, 3, 4), (51, 1, 100), (64, 32, 1), (97, 4, 23)])
def test_text_is_cut_as_lmkit_cuts_it(page, count, batch_size, window):
    tokens = np.random.default_rng(count).permutation(count).tolist()
    asked = {"tokens": tokens, "batch_size": batch_size, "window": window, "epochs": 3, "seed": 9}
    answer = page.evaluate(CUT, asked)
    known = list(windows_of(batchify(to_tensor(tokens), batch_size), window))
    assert answer["steps"] == len(known)
    assert [(each["inputs"], each["targets"]) for each in answer["plain"]] == [
        (x.flatten().tolist(), y.flatten().tolist()) for x, y in known
    ]
    assert [each["first"] for each in answer["plain"]] == [place == 0 for place in range(len(known))]
    set_seed(0)
    _, steps = repeat_shifted(to_tensor(tokens), batch_size, 3, window)
    assert len(answer["epochs"]) == steps


def test_every_epoch_begins_elsewhere_and_reads_the_whole_text(page):
    tokens = list(range(60))
    answer = page.evaluate(CUT, {"tokens": tokens, "batch_size": 2, "window": 5, "epochs": 8, "seed": 4})
    starts = [moved[0] for moved in answer["moved"]]
    assert len(set(starts)) > 5
    for start, moved in zip(starts, answer["moved"], strict=True):
        assert moved == tokens[start:] + tokens[:start]
    assert [each["inputs"][0] for each in answer["epochs"] if each["first"]] == starts
    assert [each["epoch"] for each in answer["epochs"] if each["first"]] == list(range(8))
    other = page.evaluate(CUT, {"tokens": tokens, "batch_size": 2, "window": 5, "epochs": 8, "seed": 5})
    assert starts != [moved[0] for moved in other["moved"]]
