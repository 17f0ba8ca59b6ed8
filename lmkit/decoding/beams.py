"""Beam search: several texts side by side, of which the best are kept; in groups, diverse beam search."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lmkit.decoding.checks import check, check_count
from lmkit.decoding.prompts import Prompt, Step, checked_step, for_batches, pick_rows, read_prompts
from lmkit.decoding.rules import Rules
from lmkit.decoding.texts import Decoded


@dataclass(frozen=True)
class BeamStep:
    """What beam search looked at in one step: at most 2 · num_beams extensions, best first.

    Attributes
    ----------
    length : int ≥ 1
        How many new tokens the extensions have.
    parents : list of int
        Which running hypothesis of the step before was extended: its place among those that were kept.
    tokens : list of int
    totals : list of float
        Σ log p.
    fates : list of str
        "kept" (goes on), "ended" (a finished text), or "dropped".
    """

    length: int
    parents: list[int]
    tokens: list[int]
    totals: list[float]
    fates: list[str]


@for_batches
def beam_search(
    step: Step,
    prompt: Prompt | Sequence[Prompt],
    max_new_tokens: int = 20,
    eos_token_id: int | None = None,
    *,
    num_beams: int = 5,
    length_penalty: float = 1.0,
    early_stopping: bool | str = False,
    num_beam_groups: int = 1,
    diversity_penalty: float = 0.0,
    min_new_tokens: int = 0,
    repetition_penalty: float = 1.0,
    no_repeat_ngram_size: int = 0,
    watch: Callable[[BeamStep], None] | None = None,
) -> list[Decoded] | list[list[Decoded]]:
    """Extend the `num_beams` most probable texts side by side, and rank those that end.

    A text that ends, or is cut at `max_new_tokens`, gets the score Σ log p / length^length_penalty, its end token
    counted. At each step the 2 · num_beams best extensions are looked at; of these the end tokens among the first
    num_beams finish a text, and the best num_beams others go on.

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
    min_new_tokens, repetition_penalty, no_repeat_ngram_size : as for `greedy`
    watch : function of a BeamStep, optional
        Called after every step, for a single prompt and a single group.

    Returns
    -------
    list of Decoded, at most B, best score first; for a batch a list of such lists.

    Source: Lowerre (1976); length normalisation: Wu et al. (2016); groups: Vijayakumar et al. (2018), section 4.
    Chapter: Beam search.
    """
    rules = Rules(max_new_tokens, eos_token_id, min_new_tokens, repetition_penalty, no_repeat_ngram_size)
    plan = _Plan(num_beams, length_penalty, early_stopping, num_beam_groups, diversity_penalty, rules)
    if watch and (len(prompt) > 1 or num_beam_groups > 1):
        raise ValueError("watch must be left out for a batch or several groups; search them one by one to watch")
    log_probs, state = read_prompts(step, prompt)
    searches = [[_Search(plan) for _ in range(num_beam_groups)] for _ in prompt]
    _search(step, _Beams(log_probs, state, rules.first_texts(prompt), plan), searches, plan, watch)
    return [_ranked([text for search in groups for text in search.done], num_beams) for groups in searches]


@dataclass(frozen=True)
class _Plan:
    """The arguments of a search, checked."""

    num_beams: int
    length_penalty: float
    early_stopping: bool | str
    groups: int
    diversity_penalty: float
    rules: Rules

    def __post_init__(self):
        check_count("num_beams", self.num_beams)
        check("length_penalty", self.length_penalty, math.isfinite(self.length_penalty), "a finite number")
        among = self.early_stopping is True or self.early_stopping is False or self.early_stopping == "never"
        check("early_stopping", self.early_stopping, among, "True, False or 'never'")
        check_count("num_beam_groups", self.groups)
        rule = f"a divisor of num_beams, {self.num_beams}"
        check("num_beam_groups", self.groups, self.num_beams % self.groups == 0, rule)
        penalty = self.diversity_penalty
        check("diversity_penalty", penalty, 0 <= penalty < math.inf, "a finite number of at least 0")
        alone = penalty > 0 and self.groups == 1
        check("diversity_penalty", penalty, not alone, "0 where num_beam_groups is 1, for it acts between groups")

    @property
    def width(self) -> int:
        """Beams in a group."""
        return self.num_beams // self.groups

    def score(self, total: float, length: int) -> float:
        return total / length**self.length_penalty


class _Beams:
    """The running hypotheses of n prompts, as rows: n × groups × width; a row that nothing can be has total -inf."""

    def __init__(self, log_probs: Tensor, state, texts: Tensor | None, plan: _Plan):
        copies = torch.arange(len(log_probs)).repeat_interleave(plan.num_beams)
        self.log_probs, self.state = log_probs[copies], pick_rows(state, copies)
        self.texts = None if texts is None else texts[copies]
        self.totals = torch.full((len(log_probs), plan.groups, plan.width), -math.inf, dtype=torch.float64)
        self.totals[..., 0] = 0.0

    def extended(self, step: Step, tokens: Tensor, parents: Tensor, totals: Tensor, prompts: list[int]) -> None:
        """Go on with the chosen extensions (n, groups, width), of those prompts only that are still searched."""
        n, groups, width = tokens.shape
        offsets = width * torch.arange(n * groups).view(n, groups, 1)
        chosen = torch.tensor(prompts) if len(prompts) < n else slice(None)
        rows, tokens = (parents + offsets)[chosen].flatten(), tokens[chosen].flatten()
        self.totals = totals[chosen]
        if self.texts is not None:
            self.texts = torch.cat([self.texts[rows], tokens[:, None]], dim=1)
        self.log_probs, self.state = checked_step(step, tokens, pick_rows(self.state, rows))


@dataclass
class _Search:
    """The search of one group for one prompt: how its hypotheses came about, and the finished ones."""

    plan: _Plan
    trail: list[tuple[list[int], list[int], list[float]]] = field(default_factory=list)  # parents, tokens, log p
    done: list[Decoded] = field(default_factory=list)
    settled: bool = False

    def text(self, parent: int) -> tuple[list[int], list[float]]:
        """Tokens and log-probabilities of a running hypothesis."""
        tokens, log_probs = [], []
        for parents, all_tokens, all_log_probs in reversed(self.trail):
            tokens.append(all_tokens[parent])
            log_probs.append(all_log_probs[parent])
            parent = parents[parent]
        return tokens[::-1], log_probs[::-1]

    def finish(self, parent: int, token: int, log_prob: float, total: float) -> None:
        """Add a text that ends with this token to the finished ones, of which the best are kept."""
        tokens, log_probs = self.text(parent)
        score = self.plan.score(total, len(tokens) + 1)
        self.done = _ranked([*self.done, Decoded([*tokens, token], [*log_probs, log_prob], score)], self.plan.width)

    def settle(self, best_running: float) -> None:
        """Note whether no running hypothesis will be awaited any more, given the best one's Σ log p."""
        plan, length = self.plan, len(self.trail)
        if best_running == -math.inf:
            self.settled = True
            if not self.done:
                raise plan.rules.stuck(length - 1)
        elif len(self.done) == plan.width:
            # Σ log p can only fall; the length that would flatter it most is the longest or the next one.
            kindest = plan.rules.max_new_tokens if plan.length_penalty > 0 else length + 1
            length = kindest if plan.early_stopping == "never" else length
            self.settled = plan.early_stopping is True or self.done[-1].score >= plan.score(best_running, length)


def _ranked(texts: list[Decoded], most: int) -> list[Decoded]:
    return sorted(texts, key=lambda text: -text.score)[:most]


def _search(step: Step, beams: _Beams, searches: list[list[_Search]], plan: _Plan, watch) -> None:
    """Extend all beams until every search has settled or the texts are as long as they may be."""
    running = list(range(len(searches)))
    for length in range(1, plan.rules.max_new_tokens + 1):
        allowed = plan.rules.apply(beams.log_probs, beams.texts, length - 1)
        last = length == plan.rules.max_new_tokens
        chosen = _extend(allowed, beams, [searches[prompt] for prompt in running], plan, last, watch)
        going = [i for i, prompt in enumerate(running) if not all(search.settled for search in searches[prompt])]
        if last or not going:
            return
        running = [running[i] for i in going]
        beams.extended(step, *chosen, going)


def _extend(allowed: Tensor, beams: _Beams, searches: list[list[_Search]], plan: _Plan, last: bool, watch):
    """One step, group by group: the extensions that go on, as tokens, parents and totals (n, groups, width)."""
    shape = (len(searches), plan.groups, plan.width, allowed.shape[-1])
    allowed, own = allowed.view(shape), beams.log_probs.view(shape)
    chosen = []
    for group in range(plan.groups):
        totals = beams.totals[:, group, :, None] + allowed[:, group]
        looked = _look(totals, own[:, group], _cost(chosen, plan, shape[-1]), plan)
        chosen.append(going := looked.going_on(plan))
        _note(looked, going, [groups[group] for groups in searches], last)
        if watch:
            watch(looked.as_step(len(searches[0][0].trail), plan))
    return tuple(torch.stack([getattr(c, part) for c in chosen], dim=1) for part in ("tokens", "parents", "totals"))


def _cost(chosen: list[_Extensions], plan: _Plan, vocab_size: int) -> Tensor | float:
    """What each token costs (n, 1, V) because earlier groups have taken it in this step."""
    if not chosen:
        return 0.0
    tokens = torch.cat([going.tokens for going in chosen], dim=1)
    alive = torch.cat([going.totals > -math.inf for going in chosen], dim=1)
    taken = torch.zeros(len(tokens), vocab_size, dtype=torch.float64).scatter_add_(1, tokens, alive.double())
    return plan.diversity_penalty * taken[:, None]


@dataclass(frozen=True)
class _Extensions:
    """Extensions of one group's hypotheses for n prompts, best first; all tensors are (n, count)."""

    parents: Tensor
    tokens: Tensor
    totals: Tensor
    log_probs: Tensor
    ends: Tensor  # whether the token is the end token

    def going_on(self, plan: _Plan) -> _Extensions:
        """The best that do not end, `width` of them; places that nothing fills have total -inf."""
        order = self.ends.sort(dim=1, stable=True).indices[:, : plan.width]
        parts = (self.parents, self.tokens, self.totals, self.log_probs, self.ends)
        parents, tokens, totals, log_probs, ends = (part.gather(1, order) for part in parts)
        return _Extensions(parents, tokens, totals.masked_fill(ends, -math.inf), log_probs, ends)

    def as_step(self, length: int, plan: _Plan) -> BeamStep:
        """The first prompt's extensions, and what becomes of each."""
        fates, kept = [], 0
        for rank, (ends, total) in enumerate(zip(self.ends[0].tolist(), self.totals[0].tolist(), strict=True)):
            keep = not ends and kept < plan.width and total > -math.inf
            kept += keep
            fates.append("kept" if keep else "ended" if ends and rank < plan.width else "dropped")
        real = int((self.totals[0] > -math.inf).sum())
        columns = (self.parents, self.tokens, self.totals)
        return BeamStep(length, *(column[0, :real].tolist() for column in columns), fates[:real])


def _look(totals: Tensor, own: Tensor, cost: Tensor | float, plan: _Plan) -> _Extensions:
    """The best 2 · width of all extensions (n, width, V), by their totals less a cost."""
    vocab_size = totals.shape[-1]
    ranks, totals = (totals - cost).flatten(1), totals.flatten(1)
    index = ranks.topk(min(2 * plan.width, ranks.shape[1])).indices
    tokens, totals = index % vocab_size, totals.gather(1, index)
    end = plan.rules.eos_token_id
    ends = torch.zeros_like(tokens, dtype=torch.bool) if end is None else (tokens == end) & (totals > -math.inf)
    return _Extensions(index // vocab_size, tokens, totals, own.flatten(1).gather(1, index), ends)


def _note(looked: _Extensions, going: _Extensions, searches: list[_Search], last: bool) -> None:
    """Tell each prompt's search what has ended, and what goes on; at the last step, what goes on has ended too."""
    _finish(looked, looked.ends[:, : going.tokens.shape[1]], searches)
    if last:
        _finish(going, going.totals > -math.inf, searches)
    columns = (going.parents.tolist(), going.tokens.tolist(), going.log_probs.tolist(), going.totals.tolist())
    for search, parents, tokens, log_probs, totals in zip(searches, *columns, strict=True):
        search.trail.append((parents, tokens, log_probs))
        if not search.settled:
            search.settle(max(totals))


def _finish(extensions: _Extensions, which: Tensor, searches: list[_Search]) -> None:
    """Hand some of the extensions, those where `which` (n, count) is true, to their searches as whole texts."""
    parts = (extensions.parents, extensions.tokens, extensions.log_probs, extensions.totals)
    for row, place in which.nonzero().tolist():
        if not searches[row].settled:
            searches[row].finish(*(part[row, place].item() for part in parts))
