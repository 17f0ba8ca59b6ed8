"""The parts of training one by one: windows, the cursor, averages, history, callbacks, and talk between processes."""

import io
import math
import os
import socket
import threading
from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist
from torch import nn

from lmkit.models import AWDLSTM, RecurrentLanguageModel
from lmkit.text import windows
from lmkit.training import (
    History,
    TrainConfig,
    Validation,
    WeightAverage,
    loop,
    perplexity,
    repeat_shifted,
    set_seed,
    train,
)
from lmkit.training import parallel as parallel_module
from lmkit.training.callbacks import AverageWeights, Callback, SaveCheckpoints, ShowProgress, Validate
from lmkit.training.checkpoints import RNGState, describe_run
from lmkit.training.cursor import StreamCursor
from lmkit.training.parallel import ProcessGroup, current, distributed, is_main_process
from lmkit.training.state import TrainState
from lmkit.training.windows import BPTTWindows, new_generator, variable_windows

TEXT = torch.arange(4 * 30).view(4, 30) ** 2 % 11


def model_of(seed=0, kind="gru"):
    set_seed(seed)
    return RecurrentLanguageModel(11, 5, 6, cell=kind)


# Windows.


def test_windows_hand_out_logits_targets_lengths_and_states():
    model, state = model_of(), None
    found = list(BPTTWindows(8).predictions(model, TEXT))
    assert [each.length for each in found] == [8, 8, 8, 5]
    for each, (x, y) in zip(found, windows(TEXT, 8), strict=True):
        logits, state = model(x, state)
        assert torch.equal(each.logits, logits.flatten(0, 1)) and torch.equal(each.targets, y.flatten())
        assert torch.equal(each.state, state) and not each.state.requires_grad
        assert each.activations is None
        state = state.detach()


def test_windows_without_a_carried_state_begin_cold_each_time():
    model = model_of()
    for each, (x, _) in zip(BPTTWindows(8, carry_state=False).predictions(model, TEXT), windows(TEXT, 8), strict=True):
        assert each.state is None and torch.equal(each.logits, model(x)[0].flatten(0, 1))


def test_windows_begin_with_the_state_that_is_given():
    model = model_of()
    _, state = model(TEXT[:, :4])
    (first, *_) = BPTTWindows(8).predictions(model, TEXT[:, 4:], state)
    assert torch.equal(first.logits, model(TEXT[:, 4:12], state)[0].flatten(0, 1))


def test_windows_ask_for_activations():
    model = AWDLSTM(11, 6, 6, output_p=0.5)
    torch.manual_seed(1)
    (first, *_) = BPTTWindows(8, activations=True).predictions(model, TEXT)
    torch.manual_seed(1)
    logits, _, (raw, dropped) = model.with_activations(TEXT[:, :8])
    assert torch.equal(first.activations.raw, raw) and torch.equal(first.activations.dropped, dropped)
    assert torch.equal(first.logits, logits.flatten(0, 1)) and not torch.equal(raw, dropped)


@pytest.mark.parametrize("width, whole", [(1, False), (2, True), (9, True)])
def test_rows_of_two_tokens_have_a_window(width, whole):
    assert BPTTWindows(8).has_window(TEXT[:, :width]) is whole


@pytest.mark.parametrize("width, whole", [(8, False), (9, True)])
def test_loss_at_the_last_token_needs_a_whole_window(width, whole):
    assert BPTTWindows(8, "last").has_window(TEXT[:, :width]) is whole


def test_padding_is_not_counted():
    padded = TEXT.clone()
    padded[1, 4:] = -100
    assert [each.num_counted for each in BPTTWindows(16).predictions(model_of(), padded)] == [3 * 16 + 3, 3 * 13]


def test_variable_windows_are_the_draws_written_out():
    generator, twin = (torch.Generator().manual_seed(4) for _ in range(2))
    found = [x.shape[1] for x, _ in variable_windows(torch.zeros(1, 3000), 20, generator)]
    expected = []
    while sum(expected) < 2999:
        base = 10.0 if torch.rand((), generator=twin) < 0.05 else 20
        expected.append(max(5, int(base + 5 * torch.randn((), generator=twin))))
    assert found[:-1] == expected[:-1] and sum(found) == 2999
    assert 5 in found


def test_new_generators_depend_on_the_seed_alone():
    set_seed(5)
    first = torch.rand(3, generator=new_generator())
    torch.rand(7)
    assert torch.equal(torch.rand(3, generator=new_generator()), first)
    set_seed(6)
    assert not torch.equal(torch.rand(3, generator=new_generator()), first)


@pytest.mark.parametrize("seed", [0, 123_456_789, 2**63 + 5])
def test_new_generators_draw_what_their_seed_draws(seed):
    torch.manual_seed(seed)
    twin = torch.Generator().manual_seed(seed % 2**63)  # generators take no larger ones
    assert torch.equal(torch.rand(3, generator=new_generator()), torch.rand(3, generator=twin))


def test_shifted_epochs_begin_at_the_tokens_that_are_drawn():
    set_seed(3)
    streams, _ = repeat_shifted(torch.arange(101), 4, epochs=5, window=8)
    places = torch.randint(101, (5,), generator=new_generator()).tolist()
    assert [int(stream[0, 0]) for stream in streams] == places and len(set(places)) == 5


# The cursor.


@pytest.mark.parametrize("variable", [False, True])
@pytest.mark.parametrize("stop", [1, 4, 5, 8, 11])
def test_cursor_goes_on_where_it_stood(variable, stop):
    """After some windows, in the middle of a stream or at its end, another cursor reads what the first would have."""
    streams, model = [TEXT, TEXT.flip(0), TEXT[:, :20]], model_of()

    def fresh():
        set_seed(2)
        return StreamCursor(BPTTWindows(8, generator=new_generator() if variable else None), ProcessGroup())

    whole = list(fresh().predictions(model, streams))
    stop = min(stop, len(whole))
    stopped = fresh()
    for _, _ in zip(range(stop), stopped.predictions(model, streams), strict=False):
        pass
    state = stopped.state_dict()
    assert state["remaining"].untyped_storage().nbytes() == 8 * state["remaining"].numel()  # nothing besides
    resumed = fresh()
    resumed.load_state_dict(state)
    rest = list(resumed.predictions(model, streams))
    assert len(rest) == len(whole) - stop
    for ours, theirs in zip(rest, whole[stop:], strict=True):
        assert torch.equal(ours.logits, theirs.logits) and torch.equal(ours.targets, theirs.targets)


def test_cursor_begins_before_the_first_stream():
    state = StreamCursor(BPTTWindows(8), ProcessGroup()).state_dict()
    assert state == {"streams_begun": 0, "remaining": None, "state": None, "generator": None}


def test_cursor_reads_the_rows_of_its_process():
    found = StreamCursor(BPTTWindows(40), ProcessGroup(1, 2)).predictions(model_of(), [TEXT])
    assert torch.equal(next(found).targets, TEXT[2:, 1:].flatten())


# Averages and history.


def test_average_goes_on_from_its_state():
    layer = nn.Linear(1, 1, bias=False)
    first, second = WeightAverage(layer, 0), WeightAverage(layer, 0)
    first.start_if_non_monotone([1.0, 2.0])
    for value in (3.0, 5.0):
        nn.init.constant_(layer.weight, value)
        first.update()
    second.load_state_dict(first.state_dict())
    assert second.started
    nn.init.constant_(layer.weight, 10.0)
    second.update()
    second.copy_to_model()
    assert layer.weight.item() == pytest.approx(6.0)  # the mean of 3, 5 and 10


def test_average_starts_once_and_only_if_asked_for():
    layer = nn.Linear(1, 1)
    never, once = WeightAverage(layer, None), WeightAverage(layer, 0)
    for average in (never, once):
        assert not average.started
        average.update()
        average.start_if_non_monotone([1.0, 2.0])
    assert once.started and not never.started
    once.update()
    once.start_if_non_monotone([1.0, 2.0])  # would begin anew
    assert once.count == 1 and never.count == 0


def test_average_without_weights_leaves_the_model_alone():
    layer = nn.Linear(1, 1)
    before, average = layer.weight.item(), WeightAverage(layer, 0)
    average.start_if_non_monotone([1.0, 2.0])
    with average.swapped_in():
        assert layer.weight.item() == before
    average.copy_to_model()
    assert layer.weight.item() == before


def test_history_goes_on_from_its_state():
    first, second = History(), History()
    first.record(1.5, 0.5, 10, 0.25)
    first.validation.append(Validation(1, 2.0, 0.5))
    state = first.state_dict()
    assert state["validation"] == [(1, 2.0, 0.5)] and type(state["validation"][0]) is tuple
    second.load_state_dict(state)
    assert second == first and type(second.validation[0]) is Validation
    second.record(1.0, 0.1, 5)
    assert (second.tokens, second.penalties, second.grad_norms) == (15, [0.25, 0.0], [0.5, 0.1])


def test_history_is_shown_without_its_curves():
    history = History()
    history.record(1.5, 0.5, 10)
    assert repr(history) == "History(tokens=10)"


@pytest.mark.parametrize("nats, finite", [(699.9, True), (700.0, False), (math.nan, False)])
def test_perplexity_is_finite_below_700_nats(nats, finite):
    assert math.isfinite(perplexity(nats)) is finite


# Callbacks.


def state_of(validation=(), losses=(2.0,) * 6, **options):
    """A run of ten steps after some of them."""
    run = TrainState.start(AWDLSTM(11, 6, 6), TrainConfig(**options), steps=10)
    run.history.losses += losses
    run.history.validation += validation
    return run


@pytest.mark.parametrize("every, expected", [(1, True), (3, True), (6, True), (4, False), (7, False)])
def test_validation_and_checkpoints_come_every_so_many_steps(every, expected):
    run, done = state_of(validate_every=every, checkpoint_every=every), []
    validate = Validate(TEXT)
    validate.validate = done.append
    validate.on_step_end(run)
    SaveCheckpoints(SimpleNamespace(write=lambda: done.append(run))).on_step_end(run)
    assert done == [run, run] * expected


@pytest.mark.parametrize("last, expected", [(None, True), (5, True), (6, False)])
def test_validation_at_the_end_is_not_made_twice(last, expected):
    run, done = state_of([] if last is None else [Validation(1, 1, 1), Validation(last, 1.0, 0.5)]), []
    validate = Validate(TEXT)
    validate.validate = done.append
    validate.on_train_end(run)
    assert done == [run] * expected


def test_single_step_is_validated_at_the_end():
    run, done, validate = state_of(losses=(2.0,)), [], Validate(TEXT)
    validate.validate = done.append
    validate.on_train_end(run)
    assert done == [run]


def test_nothing_is_validated_where_nothing_was_trained():
    run, validate = state_of(losses=()), Validate(TEXT)
    validate.validate = None
    validate.on_train_end(run)


@pytest.mark.parametrize("found", [True, False])
def test_checkpoint_of_the_start_is_written_where_there_is_none(found):
    done = []
    checkpoint = SimpleNamespace(read=lambda: found, write=lambda: done.append("written"))
    SaveCheckpoints(checkpoint).on_train_begin(state_of())
    assert done == ["written"] * (not found)
    SaveCheckpoints(checkpoint).on_train_end(state_of())
    assert len(done) == 1 + (not found)


def test_callbacks_do_nothing_at_other_moments():
    run = state_of()
    before = {name: weight.clone() for name, weight in run.model.state_dict().items()}
    for moment in ("on_train_begin", "on_optimizer_step", "on_step_end", "on_train_end"):
        assert getattr(Callback(), moment)(run) is None
    for moment in ("on_train_begin", "on_step_end"):
        getattr(AverageWeights(), moment)(run)
    assert all(torch.equal(weight, before[name]) for name, weight in run.model.state_dict().items())


def test_progress_tells_perplexities_and_steps(capsys):
    run, shown = state_of(losses=(0.0, 1.0), validation=[Validation(2, 2.0, 0.5)]), ShowProgress()
    with shown.around(run):
        shown.on_train_begin(run)
        run.history.losses.append(math.log(3))
        shown.on_step_end(run)
        shown.on_train_end(run)
    out = capsys.readouterr().err
    assert "training" in out and "2/10" in out and "3/10" in out
    assert f"perplexity 3.00, held-out {math.exp(2):.2f}" in out
    run = state_of()
    with pytest.raises(KeyboardInterrupt), shown.around(run):  # an interruption too leaves the bar as it stands
        shown.on_train_begin(run)
        shown.on_step_end(run)
        raise KeyboardInterrupt
    assert "perplexity 7.39]" in capsys.readouterr().err


def test_weights_are_averaged_before_they_are_validated_and_saved_before_the_average_is_left(tmp_path):
    """A checkpoint of the end holds the weights of the last step, and the model the mean of all since the trigger."""
    set_seed(0)
    model = AWDLSTM(11, 6, 6)
    seen, update = [], WeightAverage.update

    class Spy(WeightAverage):
        def update(self):
            update(self)
            if self.started:
                seen.append(nn.utils.parameters_to_vector(self.parameters).detach().clone())

    options = {"validation": TEXT, "validate_every": 1, "averaging": 0, "optimizer": "sgd", "schedule": "constant"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lmkit.training.state.WeightAverage", Spy)
        history = train(
            model, [TEXT] * 20, steps=60, window=10, lr=9.0, checkpoint=tmp_path / "run", progress=False, **options
        )
    assert len(seen) > 5
    left = nn.utils.parameters_to_vector(model.parameters())
    torch.testing.assert_close(left, torch.stack(seen).mean(dim=0), rtol=1e-4, atol=1e-5)
    saved = torch.load(open_contents(tmp_path / "run"), weights_only=True)["shared"]["model"]
    vector = torch.cat([saved[name].flatten() for name, _ in model.named_parameters()])
    torch.testing.assert_close(vector, seen[-1])
    assert [each.step for each in history.validation] == list(range(1, 61))


def open_contents(path):
    """What is in a checkpoint behind its first line and digest."""
    return io.BytesIO(path.read_bytes().split(b"\n", 1)[1][32:])


def test_description_of_a_run_leaves_out_what_makes_no_difference():
    described = describe_run({"lr": 0.5, "checkpoint_every": 7, "clip": math.inf, "f": [1]}, nn.Dropout(0.3), text=None)
    assert {"lr": 0.5, "clip": math.inf, "model": "Dropout", "p": 0.3, "text": None}.items() <= described.items()
    assert not {"checkpoint_every", "training", "f"} & described.keys()


def test_random_numbers_go_on_in_torch():
    state = RNGState().state_dict()
    expected = torch.rand(3)
    RNGState().load_state_dict(state)
    assert torch.equal(torch.rand(3), expected)


def test_penalties_ask_for_activations():
    for options, asks in (({}, False), ({"alpha": 1}, True), ({"beta": 1}, True)):
        assert state_of(**options).cursor.windows.activations is asks


def test_variable_windows_ask_for_a_generator():
    assert isinstance(state_of(variable_window=True).cursor.windows.generator, torch.Generator)
    assert state_of().cursor.windows.generator is None


def test_states_hold_all_parts_by_name():
    run = state_of(optimizer="muon")
    expected = {"optimizer 0", "optimizer 1", "scheduler 0", "scheduler 1", "model", "history", "average"}
    assert run.shared().keys() == expected
    assert run.per_rank().keys() == {"cursor", "random numbers"}
    assert run.step == 6 and run.processes == ProcessGroup()


# Processes, of which threads of this one play the part.


def test_shares_of_processes_add_up_to_the_objective_of_one():
    """Losses are summed over all targets that count, which are not equally many in the shares; penalties are means."""
    model, config = AWDLSTM(11, 6, 6).double(), TrainConfig(window=8, alpha=2.0, beta=3.0)
    padded = TEXT.clone()
    padded[1, 4:] = -100

    def objective(rows, tokens, world_size):
        window = next(BPTTWindows(8, activations=True).predictions(model, rows))
        return torch.stack(loop._objective(window, config, tokens, world_size))

    whole = objective(padded, 3 * 8 + 3, 1)
    shares = [objective(ProcessGroup(rank, 2).shard(padded), 3 * 8 + 3, 2) for rank in range(2)]
    torch.testing.assert_close(sum(shares), whole)
    assert whole.min() > 0 and not torch.allclose(shares[0], shares[1])


class Talk:
    """`torch.distributed` between threads: every call waits for the others."""

    def __init__(self, size):
        self.barrier, self.values = threading.Barrier(size), {}

    def exchange(self, rank, value):
        self.values[rank] = value
        self.barrier.wait(10)
        values = [self.values[each] for each in range(self.barrier.parties)]
        self.barrier.wait(10)
        return values


def connect(talk, local, monkeypatch):
    """Let torch's collectives talk between threads, each of which has its rank in `local`."""

    def all_reduce(tensor):
        tensor.copy_(torch.stack([each.clone() for each in talk.exchange(local.rank, tensor.clone())]).sum(dim=0))

    def broadcast_object_list(message, src):
        message[0] = talk.exchange(local.rank, message[0])[src]

    def gather_object(value, values, dst):
        found = talk.exchange(local.rank, value)
        assert (values is None) is (local.rank != dst)
        if values is not None:
            values[:] = found

    for function in (all_reduce, broadcast_object_list, gather_object):
        monkeypatch.setattr(dist, function.__name__, function)


def in_threads(size, job, monkeypatch):
    """The results of job(group) for every rank."""
    talk, local, results, errors = Talk(size), threading.local(), [None] * size, []
    connect(talk, local, monkeypatch)

    def work(rank):
        local.rank = rank
        try:
            results[rank] = job(ProcessGroup(rank, size))
        except BaseException as error:
            errors.append(error)
            talk.barrier.abort()

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if errors:
        raise errors[0]
    return results


def test_processes_sum_broadcast_and_gather(monkeypatch):
    def job(group):
        return group.all_reduce(group.rank, 0.1), group.broadcast(f"from {group.rank}"), group.gather(10 * group.rank)

    found = in_threads(3, job, monkeypatch)
    assert [sums for sums, *_ in found] == [pytest.approx([3.0, 0.3], abs=1e-12)] * 3
    assert [told for _, told, _ in found] == ["from 0"] * 3
    assert [gathered for *_, gathered in found] == [[0, 10, 20], [], []]


def test_gradients_are_summed_over_processes(monkeypatch):
    """The sum of the shares' gradients is the gradient of the whole batch; weights without one are left alone."""

    def model_with_gradients(rows):
        model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2)).double()
        for index, weight in enumerate(model.parameters()):
            nn.init.constant_(weight, 0.1 * (index + 1))
        model[1].bias.requires_grad_(False)
        model(rows).square().sum().backward()
        return model

    rows = torch.arange(12.0, dtype=torch.float64).view(4, 3)

    def job(group):
        model = model_with_gradients(group.shard(rows))
        group.all_reduce_gradients(model)
        return [weight.grad for weight in model.parameters()]

    expected = [weight.grad for weight in model_with_gradients(rows).parameters()]
    for found in in_threads(2, job, monkeypatch):
        assert found[-1] is None and expected[-1] is None
        for ours, whole in zip(found[:-1], expected[:-1], strict=True):
            torch.testing.assert_close(ours, whole)


@pytest.mark.parametrize("rank", ["0", "1", None])
def test_main_process_is_known_before_processes_are_joined(rank, monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("RANK", rank)
    assert is_main_process() is (rank != "1")


@pytest.mark.parametrize("local, interface", [("2", "lo"), ("1", None)])
def test_processes_join_and_part_over_the_loopback_of_one_machine(local, interface, monkeypatch):
    calls = []
    monkeypatch.setattr(dist, "init_process_group", lambda backend: calls.append(backend))
    monkeypatch.setattr(dist, "destroy_process_group", lambda: calls.append("parted"))
    monkeypatch.setattr(parallel_module, "_loopback", lambda: "lo")
    for name, value in {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": local}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)
    with pytest.raises(RuntimeError, match="inside"), distributed():
        assert calls == ["gloo"]
        assert os.environ.get("GLOO_SOCKET_IFNAME") == interface
        raise RuntimeError("inside")
    assert calls == ["gloo", "parted"]
    assert "GLOO_SOCKET_IFNAME" not in os.environ  # as it was before
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)


@pytest.mark.parametrize("names, expected", [(["eth0", "lo"], "lo"), (["lo0", "en0"], "lo0"), (["eth0"], None)])
def test_loopback_is_found_by_its_name(names, expected, monkeypatch):
    monkeypatch.setattr(socket, "if_nameindex", lambda: list(enumerate(names)))
    assert parallel_module._loopback() == expected


def test_joined_processes_are_known(monkeypatch):
    for name, value in {"is_initialized": True, "get_rank": 1, "get_world_size": 3}.items():
        monkeypatch.setattr(dist, name, lambda value=value: value)
    assert current() == ProcessGroup(1, 3) and not current().is_main


def test_masks_of_processes_are_apart_by_more_than_seeds_of_runs():
    """Rank 1 of seed 0 must not draw what rank 0 of seed 1 draws, or rank 2 of another nearby seed."""
    drawn = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProcessGroup, "broadcast", lambda self, value: value)
        for seed in range(60):
            for rank in range(4):
                torch.manual_seed(seed)
                with ProcessGroup(rank, 4).per_rank_rng():
                    drawn.add(float(torch.rand((), dtype=torch.float64)))
    assert len(drawn) == 240
