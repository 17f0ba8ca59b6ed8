"""Numbers about generated text: how varied it is, whether it is right, and how far its source lies from the truth.

`variety` needs texts only. `truth` asks the grammar of Stories, `numerals` checks Human Numbers. `distances` compares
distributions: of the next token, and of whole texts. `translations` compares translations with references, and
attention with alignments. Where nobody knows the truth, `texts` compares with people's texts, and `frontier` sets of
texts as wholes.
"""

from lmkit.metrics.distances import (
    DISTANCES,
    Estimate,
    false_mass,
    jensen_shannon,
    kl_divergence,
    missed_mass,
    step_distances,
    text_kl_divergence,
    text_log_probs,
    text_total_variation,
    total_variation,
)
from lmkit.metrics.frontier import frontier_area, mauve_like, ngram_features
from lmkit.metrics.numerals import correct_successors, valid_numerals
from lmkit.metrics.texts import (
    Judge,
    bits_per_character,
    ngram_divergence,
    spelling,
    surprisal_excess,
    words,
    zipf,
)
from lmkit.metrics.translations import alignment_error_rate, bleu, chrf, exact_match, hard_alignment
from lmkit.metrics.truth import grammatical_share, log_prob_per_token, true_distributions, true_log_probs
from lmkit.metrics.variety import distinct_n, mean_length, ngrams, repetition, self_bleu

__all__ = [
    "DISTANCES",
    "Estimate",
    "Judge",
    "alignment_error_rate",
    "bits_per_character",
    "bleu",
    "chrf",
    "correct_successors",
    "distinct_n",
    "exact_match",
    "false_mass",
    "frontier_area",
    "grammatical_share",
    "hard_alignment",
    "jensen_shannon",
    "kl_divergence",
    "log_prob_per_token",
    "mauve_like",
    "mean_length",
    "missed_mass",
    "ngram_divergence",
    "ngram_features",
    "ngrams",
    "repetition",
    "self_bleu",
    "spelling",
    "step_distances",
    "surprisal_excess",
    "text_kl_divergence",
    "text_log_probs",
    "text_total_variation",
    "total_variation",
    "true_distributions",
    "true_log_probs",
    "valid_numerals",
    "words",
    "zipf",
]
