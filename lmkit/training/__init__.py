"""Training: the loop, its options, loss and penalties, how text and pairs are read, and evaluation."""

from lmkit.training.averaging import WeightAverage, is_non_monotone
from lmkit.training.cache import cache_probabilities, evaluate_with_cache
from lmkit.training.checkpoints import CheckpointError
from lmkit.training.config import TrainConfig
from lmkit.training.evaluation import EvalResult, evaluate
from lmkit.training.history import History, Validation, perplexity
from lmkit.training.loop import set_seed, train
from lmkit.training.muon import Muon
from lmkit.training.pair_training import evaluate_pairs, guidance_loss, train_pairs
from lmkit.training.pairs import Pair, PairBatch, by_length, collate, encode_pairs, fresh_pairs, repeat_pairs
from lmkit.training.parallel import distributed
from lmkit.training.penalties import activation_penalty, temporal_activation_penalty
from lmkit.training.windows import IGNORE_INDEX, detach_state, repeat, repeat_shifted, variable_windows

__all__ = [
    "IGNORE_INDEX",
    "CheckpointError",
    "EvalResult",
    "History",
    "Muon",
    "Pair",
    "PairBatch",
    "TrainConfig",
    "Validation",
    "WeightAverage",
    "activation_penalty",
    "by_length",
    "cache_probabilities",
    "collate",
    "detach_state",
    "distributed",
    "encode_pairs",
    "evaluate",
    "evaluate_pairs",
    "evaluate_with_cache",
    "fresh_pairs",
    "guidance_loss",
    "is_non_monotone",
    "perplexity",
    "repeat",
    "repeat_pairs",
    "repeat_shifted",
    "set_seed",
    "temporal_activation_penalty",
    "train",
    "train_pairs",
    "variable_windows",
]
