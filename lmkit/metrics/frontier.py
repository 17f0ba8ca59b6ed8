"""A score like MAUVE's, over features of our own: how alike two sets of texts are as wholes.

Each text is a point, of any features. The points of both sets are put into clusters together, and what is compared
are the two histograms p and q over the clusters. A text that people would not write falls where p is small; a kind of
text that a model never writes leaves q small where p is not. Between p and q lie the mixtures r = λp + (1 - λ)q; the
divergences of q and of p from them draw the frontier, from the one error to the other::

    (exp(-c KL(q‖r)), exp(-c KL(p‖r))),   0 < λ < 1

The area under it is the score: 1 for equal histograms, near 0 for sets that share no cluster.

Source: Pillutla et al. (2021), section 3; half a count is added to every cluster, as in Pillutla et al. (2023). Theirs
are features of GPT-2, which know of meaning. Ours may be what n-grams a text has, or the states of a small model: so
scores cannot be compared with published ones, nor across kinds of features.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lmkit.metrics.variety import Text, ngrams

SCALE = 5.0  # c
WEIGHTS = np.linspace(1e-6, 1 - 1e-6, 25)  # λ
KEPT = 0.9  # of the variance, before clusters are made; this and the numbers above are those of the authors' program
STARTS, STEPS = 5, 100  # of k-means
Floats = NDArray[np.float64]


def mauve_like(
    p_features: Any, q_features: Any, num_clusters: int | None = None, scale: float = SCALE, seed: int = 0
) -> float:
    """Return the area under the divergence frontier of two sets of texts, in (0, 1]; higher is more alike.

    Parameters
    ----------
    p_features, q_features : arrays or Tensors of float, shapes (N, F) and (M, F)
        A row for each of people's texts, and of the others: from `ngram_features`, or a model's states. What counts
        is a row's direction, not its length. The score depends on N and M: compare sets of one size, and people's
        texts with people's.
    num_clusters : int ≥ 2, optional
        A tenth of the smaller of N and M by default.
    scale : float > 0
        c: the larger, the lower all scores.
    seed : int
        Of the clusters' beginnings.

    Raises
    ------
    ValueError
        If the features are not two tables of finite numbers of one width, or there are fewer texts than clusters.
    """
    p_features, q_features = _checked("p_features", p_features), _checked("q_features", q_features)
    if p_features.shape[1] != q_features.shape[1]:
        found = f"{p_features.shape[1]} and {q_features.shape[1]}"
        raise ValueError(f"p_features and q_features must be of one kind, but their rows are {found} long")
    k = max(2, round(min(len(p_features), len(q_features)) / 10)) if num_clusters is None else num_clusters
    if not 2 <= k <= len(p_features) + len(q_features):
        raise ValueError(f"num_clusters must be from 2 to the number of texts, but it is {k}; give another number")
    points = np.concatenate([p_features, q_features])
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    labels = _clusters(_projected(points / np.where(lengths > 0, lengths, 1)), k, seed)
    p, q = (np.bincount(each, minlength=k) + 0.5 for each in np.split(labels, [len(p_features)]))
    return frontier_area(p / p.sum(), q / q.sum(), scale)


def frontier_area(p: Any, q: Any, scale: float = SCALE) -> float:
    """Return the area under the divergence frontier of two distributions over the same things, in (0, 1].

    Parameters
    ----------
    p, q : sequences, arrays or Tensors of float ≥ 0, shape (K,), that sum to one
    scale : float > 0
        c.

    Raises
    ------
    ValueError
        If they are not two distributions, or `scale` is not above 0.
    """
    p, q = _array(p), _array(q)
    if p.shape != q.shape or p.ndim != 1 or min(p.min(), q.min()) < 0 or not np.allclose([p.sum(), q.sum()], 1):
        raise ValueError(f"p and q must be distributions over the same things, but they are {p!r:.60} and {q!r:.60}")
    if not scale > 0:
        raise ValueError(f"scale must be above 0, but it is {scale}; the usual one is {SCALE:g}")
    mixtures = WEIGHTS[:, None] * p + (1 - WEIGHTS[:, None]) * q
    x, y = (np.exp(-scale * _kl(each, mixtures)) for each in (q, p))
    x, y = np.concatenate([[1], x, [0]]), np.concatenate([[0], y, [1]])  # from corner to corner
    return float(np.trapezoid(y[::-1], x[::-1]))


def ngram_features(texts: Sequence[Text], n: int = 3, size: int = 512) -> Floats:
    """Return, for every text, how often it has each n-gram, in a table of a fixed width.

    An n-gram's column is a checksum of it, so that no list of n-grams is needed; several share one.

    Parameters
    ----------
    texts : sequence of strings, or of sequences of tokens
        Of strings the n-grams are of characters.
    n : int ≥ 1
    size : int ≥ 1
        F, the number of columns.

    Returns
    -------
    ndarray of float64, shape (N, F)
        Rows of length 1, or 0 for a text shorter than n.

    Source: Weinberger et al. (2009), without their signs.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, but it is {size}; give the number of columns")
    table = np.zeros((len(texts), size))
    for row, text in zip(table, texts, strict=True):
        for gram in ngrams(text, n):
            row[zlib.crc32("\0".join(map(str, gram)).encode()) % size] += 1
    return table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1)  # counts are at least 1


def _kl(p: Floats, mixtures: Floats) -> Floats:
    """Return KL(p‖r) for every row r; a part of p that is 0 adds nothing."""
    there = p > 0
    return (p[there] * np.log(p[there] / mixtures[:, there])).sum(axis=1)


def _array(values: Any) -> Floats:
    on_cpu = values.detach().to("cpu", torch.float64) if isinstance(values, torch.Tensor) else values
    return np.asarray(on_cpu, dtype=float)


def _checked(name: str, features: Any) -> Floats:
    table = _array(features)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        rule = f"{name} must be a table of finite numbers, a row for each text"
        raise ValueError(f"{rule}, but its shape is {table.shape}; see ngram_features")
    return table


def _projected(points: Floats) -> Floats:
    """Return points by their main axes, those of `KEPT` of the variance (principal components)."""
    centred = points - points.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    share = np.cumsum(s**2) / max(float((s**2).sum()), 1e-300)
    kept = int(np.searchsorted(share, KEPT)) + 1
    return u[:, :kept] * s[:kept]


def _clusters(points: Floats, k: int, seed: int) -> NDArray[np.int64]:
    """Return the cluster of every point, by k-means: the best of several starts (Arthur & Vassilvitskii 2007)."""
    rng = np.random.default_rng(seed)
    found = [_k_means(points, _spread(points, k, rng)) for _ in range(STARTS)]
    return min(found, key=lambda each: each[1])[0]


def _spread(points: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Draw k points, each the likelier the farther, squared, it is from those before."""
    centres = [points[rng.integers(len(points))]]
    far = ((points - centres[0]) ** 2).sum(axis=1)
    for _ in range(k - 1):
        weights = far / far.sum() if far.sum() > 0 else None
        centres.append(points[rng.choice(len(points), p=weights)])
        far = np.minimum(far, ((points - centres[-1]) ** 2).sum(axis=1))
    return np.array(centres)


def _k_means(points: Floats, centres: Floats) -> tuple[NDArray[np.int64], float]:
    """Return the cluster of every point, and the sum of the squared distances to their centres."""
    labels = np.full(len(points), -1)
    for _ in range(STEPS):
        squares = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
        nearest = squares.argmin(axis=1)
        if (nearest == labels).all():
            break
        labels = nearest
        for j in np.unique(labels):
            centres[j] = points[labels == j].mean(axis=0)
    return labels, float(((points - centres[labels]) ** 2).sum())
