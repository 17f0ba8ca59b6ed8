"""Training: the loop, its loss and penalties, how text is read, and what is measured on the way."""

from lmkit.training.averaging import Averaging, is_non_monotone
from lmkit.training.cache import cache_probabilities, measure_with_cache
from lmkit.training.checkpoints import CheckpointError
from lmkit.training.history import History, Measures, Validation, perplexity
from lmkit.training.loop import set_seed, train
from lmkit.training.measuring import evaluate, measure
from lmkit.training.optimizers import OPTIMIZERS
from lmkit.training.parallel import joined
from lmkit.training.penalties import activation_penalty, temporal_activation_penalty
from lmkit.training.reading import IGNORED, detached, repeat, repeat_shifted, variable_windows

__all__ = [
    "IGNORED",
    "OPTIMIZERS",
    "Averaging",
    "CheckpointError",
    "History",
    "Measures",
    "Validation",
    "activation_penalty",
    "cache_probabilities",
    "detached",
    "evaluate",
    "is_non_monotone",
    "joined",
    "measure",
    "measure_with_cache",
    "perplexity",
    "repeat",
    "repeat_shifted",
    "set_seed",
    "temporal_activation_penalty",
    "train",
    "variable_windows",
]
