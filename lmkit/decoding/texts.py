"""What decoders return."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Decoded:
    """Text that a decoder wrote after a prompt.

    Attributes
    ----------
    tokens : list of int
        The new tokens, without the prompt; the last is the end token if the decoder reached it.
    log_probs : list of float
        The model's own log-probability (nats, before any filter or penalty) of each new token.
    score : float
        Σ log p; for beam search of the penalised log-probabilities, divided by length^length_penalty.
    """

    tokens: list[int]
    log_probs: list[float] = field(repr=False)
    score: float

    @property
    def log_prob(self) -> float:
        """The model's log-probability of all new tokens together."""
        return sum(self.log_probs)
