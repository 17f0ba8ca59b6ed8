"""Beam search: several texts side by side, of which the best are kept; in groups, diverse beam search."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lmkit.decoding.constraints import Constraints, EndTokens
from lmkit.decoding.filters import check, check_count, is_number
from lmkit.decoding.prompts import Decoded, StepFn, checked_step, for_batches, read_prompts
from lmkit.decoding.ranking import top_k
from lmkit.decoding.state import select_rows


@dataclass(frozen=True)
class BeamStep:
    """The extensions that beam search looked at in one step, best first; see `beam_search` for how many.

    Attributes
    ----------
    length : int ≥ 1
        How many new tokens the extensions have.
    parents : list of int
        Which running hypothesis of the step before was extended: its place among those that were kept.
    tokens : list of int
    totals : list of float
        Σ log p.
    statuses : list of str
        "kept" (goes on), "ended" (a finished text), or "dropped".
    """

    length: int
    parents: list[int]
    tokens: list[int]
    totals: list[float]
    statuses: list[str]


@for_batches
def beam_search(
    step: StepFn,
    prompt: Sequence[list[int]],
    max_new_tokens: int = 20,
    eos_token_id: EndTokens = None,
    *,
    num_beams: int = 5,
    length_penalty: float = 1.0,
    early_stopping: bool | str = False,
    num_beam_groups: int = 1,
    diversity_penalty: float = 0.0,
    min_new_tokens: int = 0,
    repetition_penalty: float = 1.0,
    no_repeat_ngram_size: int = 0,
    suppress_tokens: Iterable[int] | None = None,
    on_step: Callable[[BeamStep], None] | None = None,
) -> list[list[Decoded]]:
    """Extend the `num_beams` most probable texts side by side, and rank those that end.

    A text that ends, or is cut at `max_new_tokens`, gets the score Σ log p / length^length_penalty, its end token
    counted. At each step the 2 · num_beams best extensions are looked at (with E > 1 end tokens, 1 + E times as many as
    there are beams); of these the end tokens among the first num_beams finish a text, and the best num_beams others go
    on. Of equally good extensions the one of the better hypothesis comes first, then the one with the lower token id.

    Parameters
    ----------
    step, prompt, max_new_tokens, eos_token_id : as for `greedy`
    num_beams : int ≥ 1
        B. One beam is greedy search, unless "never" lets it read on past the end token.
    length_penalty : float
        0 ranks by probability alone, which favours short texts; above 0 favours longer ones.
    early_stopping : True, False or "never"
        When to stop once B texts have ended: at once (True); when the best running text, divided by the length that it
        has now, scores no better than the worst of them (False); when no running text can become better ("never").
    num_beam_groups : int ≥ 1
        Diverse beam search: the beams are divided into so many groups, which search one after the other.
    diversity_penalty : float ≥ 0
        What a token costs, in nats, for each beam of an earlier group that took it in the same step. It decides which
        extensions are kept and never enters a score. (transformers before version 5 let it add up in the scores.)
    min_new_tokens, repetition_penalty, no_repeat_ngram_size, suppress_tokens : as for `greedy`
    on_step : function of a BeamStep, optional
        Called after every step, for a single prompt and a single group.

    Returns
    -------
    list of Decoded, at most B, best score first; for a batch a list of such lists.

    Source: Lowerre (1976); length normalisation: Wu et al. (2016); groups: Vijayakumar et al. (2018), section 4.
    Chapter: Beam search.
    """
    limits = (min_new_tokens, repetition_penalty, no_repeat_ngram_size, suppress_tokens)
    constraints = Constraints(max_new_tokens, eos_token_id, *limits)
    config = _Config(num_beams, length_penalty, early_stopping, num_beam_groups, diversity_penalty, constraints)
    num_beams, num_beam_groups = config.num_beams, config.num_groups
    if on_step and (len(prompt) > 1 or num_beam_groups > 1):
        raise ValueError("on_step must be left out for a batch or several groups; search them one by one to see steps")
    log_probs, state = read_prompts(step, prompt)
    constraints.check_vocab(log_probs)
    searches = [[_GroupSearch(config) for _ in range(num_beam_groups)] for _ in prompt]
    beams = _Beams(log_probs, state, constraints.initial_history(prompt), config)
    _search(step, beams, searches, config, on_step)
    return [_ranked([text for group in groups for text in group.finished], num_beams) for groups in searches]


@dataclass(frozen=True)
class _Config:
    """The arguments of a search, checked."""

    num_beams: int
    length_penalty: float
    early_stopping: bool | str
    num_groups: int
    diversity_penalty: float
    constraints: Constraints

    def __post_init__(self):
        object.__setattr__(self, "num_beams", check_count("num_beams", self.num_beams))
        object.__setattr__(self, "num_groups", check_count("num_beam_groups", self.num_groups))
        check_length_penalty(self.length_penalty, self.constraints.max_new_tokens)
        known = self.early_stopping is True or self.early_stopping is False or self.early_stopping == "never"
        check("early_stopping", self.early_stopping, known, "True, False or 'never'")
        rule = f"a divisor of num_beams, {self.num_beams}"
        check("num_beam_groups", self.num_groups, self.num_beams % self.num_groups == 0, rule)
        penalty = self.diversity_penalty
        holds = is_number(penalty) and 0 <= penalty < math.inf
        check("diversity_penalty", penalty, holds, "a finite number of at least 0")
        useless = penalty > 0 and self.num_groups == 1
        check("diversity_penalty", penalty, not useless, "0 where num_beam_groups is 1, for it acts between groups")

    @property
    def group_size(self) -> int:
        return self.num_beams // self.num_groups

    def score(self, total: float, length: int) -> float:
        return total / length**self.length_penalty


def check_length_penalty(length_penalty: float, max_new_tokens: int) -> None:
    """Raise ValueError unless length^length_penalty is a number above 0 for every length up to the largest."""
    most = 700 / math.log(max(max_new_tokens, 2))
    rule = f"a finite number, from {-most:.0f} to {most:.0f} where max_new_tokens is {max_new_tokens}"
    check("length_penalty", length_penalty, is_number(length_penalty) and abs(length_penalty) <= most, rule)


class _Beams:
    """The running hypotheses of n prompts, as rows: n × groups × size; a row that nothing fills has total -inf."""

    def __init__(self, log_probs: Tensor, state: Any, history: Tensor | None, config: _Config):
        copies = torch.arange(len(log_probs)).repeat_interleave(config.num_beams)
        self.log_probs, self.state, self.history = select_rows((log_probs, state, history), copies)
        shape = (len(log_probs), config.num_groups, config.group_size)
        self.totals = torch.full(shape, -math.inf, dtype=torch.float64)
        self.totals[..., 0] = 0.0

    def extend(self, step: StepFn, tokens: Tensor, parents: Tensor, totals: Tensor, prompts: list[int]) -> None:
        """Go on with the chosen extensions (n, groups, size), of those prompts only that are still searched."""
        n, groups, size = tokens.shape
        offsets = size * torch.arange(n * groups).view(n, groups, 1)
        chosen = torch.tensor(prompts)
        rows, tokens = (parents + offsets)[chosen].flatten(), tokens[chosen].flatten()
        self.totals = totals[chosen]
        if self.history is not None:
            self.history = torch.cat([self.history[rows], tokens[:, None]], dim=1)
        self.log_probs, self.state = checked_step(step, tokens, select_rows(self.state, rows))


@dataclass
class _GroupSearch:
    """The search of one group for one prompt: how its hypotheses came about, and the finished ones."""

    config: _Config
    backpointers: list[tuple[list[int], list[int], list[float]]] = field(default_factory=list)  # parents, tokens, log p
    finished: list[Decoded] = field(default_factory=list)
    is_done: bool = False

    def text(self, parent: int) -> tuple[list[int], list[float]]:
        """Return tokens and log-probabilities of a running hypothesis."""
        tokens, log_probs = [], []
        for parents, all_tokens, all_log_probs in reversed(self.backpointers):
            tokens.append(all_tokens[parent])
            log_probs.append(all_log_probs[parent])
            parent = parents[parent]
        return tokens[::-1], log_probs[::-1]

    def finish(self, parent: int, token: int, log_prob: float, total: float) -> None:
        """Add a text that ends with this token to the finished ones, of which the best are kept."""
        tokens, log_probs = self.text(parent)
        score = self.config.score(total, len(tokens) + 1)
        text = Decoded([*tokens, token], [*log_probs, log_prob], score)
        self.finished = _ranked([*self.finished, text], self.config.group_size)

    def update_is_done(self, best_running: float) -> None:
        """Note whether no running hypothesis will be awaited any more, given the best one's Σ log p."""
        config, length = self.config, len(self.backpointers)
        if best_running == -math.inf:
            self.is_done = True
        elif len(self.finished) == config.group_size:
            # Σ log p can only fall; the length that would flatter it most is the longest or the next one.
            best_case_length = config.constraints.max_new_tokens if config.length_penalty > 0 else length + 1
            length = best_case_length if config.early_stopping == "never" else length
            best_case = config.score(best_running, length)
            self.is_done = config.early_stopping is True or self.finished[-1].score >= best_case


def _ranked(texts: list[Decoded], most: int) -> list[Decoded]:
    """Return the best texts, best first; of equally good ones those that were found first."""
    return sorted(texts, key=lambda text: -text.score)[:most]


def _search(
    step: StepFn,
    beams: _Beams,
    searches: list[list[_GroupSearch]],
    config: _Config,
    on_step: Callable[[BeamStep], None] | None,
) -> None:
    """Extend all beams until every search is done or the texts are as long as they may be."""
    running = list(range(len(searches)))
    for length in range(1, config.constraints.max_new_tokens + 1):
        allowed = config.constraints.apply(beams.log_probs, beams.history, length - 1)
        last = length == config.constraints.max_new_tokens
        chosen = _extend(allowed, beams, [searches[prompt] for prompt in running], config, last, on_step)
        _check_alive(beams, [searches[prompt] for prompt in running], config.constraints, length - 1)
        kept = [i for i, prompt in enumerate(running) if not all(search.is_done for search in searches[prompt])]
        if last or not kept:
            return
        running = [running[i] for i in kept]
        beams.extend(step, *chosen, kept)


def _check_alive(beams: _Beams, searches: list[list[_GroupSearch]], constraints: Constraints, length: int) -> None:
    """Raise ValueError if a search has come to its end without a text."""
    for n, groups in enumerate(searches):
        for group, search in enumerate(groups):
            if search.is_done and not search.finished:
                alive = torch.zeros_like(beams.totals, dtype=torch.bool)
                alive[n, group] = beams.totals[n, group] > -math.inf
                rows = alive.flatten().nonzero()[:, 0]
                log_probs, history = select_rows((beams.log_probs, beams.history), rows)
                raise constraints.no_token_left(log_probs, history, length)


def _extend(
    allowed: Tensor,
    beams: _Beams,
    searches: list[list[_GroupSearch]],
    config: _Config,
    last: bool,
    on_step: Callable[[BeamStep], None] | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Take one step, group by group; return tokens, parents and totals (n, groups, size) of what goes on."""
    shape = (len(searches), config.num_groups, config.group_size, allowed.shape[-1])
    allowed, model_log_probs = allowed.view(shape), beams.log_probs.view(shape)
    chosen = []
    for group in range(config.num_groups):
        totals = beams.totals[:, group, :, None] + allowed[:, group]
        cost = _diversity_cost(chosen, config, shape[-1])
        candidates = _best_extensions(totals, model_log_probs[:, group], cost, config)
        chosen.append(kept := candidates.kept(config))
        _record(candidates, kept, [groups[group] for groups in searches], last)
        if on_step:
            on_step(candidates.as_step(len(searches[0][0].backpointers), config))
    tokens, parents = [kept.tokens for kept in chosen], [kept.parents for kept in chosen]
    return torch.stack(tokens, 1), torch.stack(parents, 1), torch.stack([kept.totals for kept in chosen], 1)


def _diversity_cost(chosen: list[_Extensions], config: _Config, vocab_size: int) -> Tensor | float:
    """Return what each token costs (n, 1, V) because earlier groups have taken it in this step."""
    if not chosen:
        return 0.0
    tokens = torch.cat([kept.tokens for kept in chosen], dim=1)
    alive = torch.cat([kept.totals > -math.inf for kept in chosen], dim=1)
    taken = torch.zeros(len(tokens), vocab_size, dtype=torch.float64).scatter_add_(1, tokens, alive.double())
    return config.diversity_penalty * taken[:, None]


@dataclass(frozen=True)
class _Extensions:
    """Extensions of one group's hypotheses for n prompts, best first; all tensors are (n, count)."""

    parents: Tensor
    tokens: Tensor
    totals: Tensor
    log_probs: Tensor
    ends: Tensor  # whether the token is the end token

    def kept(self, config: _Config) -> _Extensions:
        """Return the best that do not end, as many as a group has; places that nothing fills have total -inf."""
        order = self.ends.sort(dim=1, stable=True).indices[:, : config.group_size]
        parts = (self.parents, self.tokens, self.totals, self.log_probs, self.ends)
        parents, tokens, totals, log_probs, ends = (part.gather(1, order) for part in parts)
        return _Extensions(parents, tokens, totals.masked_fill(ends, -math.inf), log_probs, ends)

    def as_step(self, length: int, config: _Config) -> BeamStep:
        """Return the first prompt's extensions, and what becomes of each."""
        statuses, kept = [], 0
        for rank, (ends, total) in enumerate(zip(self.ends[0].tolist(), self.totals[0].tolist(), strict=True)):
            keep = not ends and kept < config.group_size and total > -math.inf
            kept += keep
            statuses.append("kept" if keep else "ended" if ends and rank < config.group_size else "dropped")
        real = int((self.totals[0] > -math.inf).sum())
        parents, tokens, totals = (column[0, :real].tolist() for column in (self.parents, self.tokens, self.totals))
        return BeamStep(length, parents, tokens, totals, statuses[:real])


def _best_extensions(totals: Tensor, log_probs: Tensor, cost: Tensor | float, config: _Config) -> _Extensions:
    """Return the best extensions of all (n, size, V), by their totals less a cost: enough for a group that goes on."""
    vocab_size, constraints = totals.shape[-1], config.constraints
    _, index = top_k((totals - cost).flatten(1), max(2, 1 + len(constraints.ends)) * config.group_size)
    tokens, totals = index % vocab_size, totals.flatten(1).gather(1, index)
    ends = constraints.is_end(tokens) & (totals > -math.inf)
    return _Extensions(index // vocab_size, tokens, totals, log_probs.flatten(1).gather(1, index), ends)


def _record(candidates: _Extensions, kept: _Extensions, searches: list[_GroupSearch], last: bool) -> None:
    """Tell each prompt's search what has ended, and what goes on; at the last step, what goes on has ended too."""
    _finish(candidates, candidates.ends[:, : kept.tokens.shape[1]], searches)
    if last:
        _finish(kept, kept.totals > -math.inf, searches)
    columns = (kept.parents.tolist(), kept.tokens.tolist(), kept.log_probs.tolist(), kept.totals.tolist())
    for search, parents, tokens, log_probs, totals in zip(searches, *columns, strict=True):
        search.backpointers.append((parents, tokens, log_probs))
        if not search.is_done:
            search.update_is_done(max(totals))


def _finish(extensions: _Extensions, which: Tensor, searches: list[_GroupSearch]) -> None:
    """Hand some of the extensions, those where `which` (n, count) is true, to their searches as whole texts."""
    parts = (extensions.parents, extensions.tokens, extensions.log_probs, extensions.totals)
    for row, place in which.nonzero().tolist():
        if not searches[row].is_done:
            searches[row].finish(*(part[row, place].item() for part in parts))
