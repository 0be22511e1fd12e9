"""Measures of a layout, as functions of arrays; a mean is reported with what chance alone would give and an interval."""

import numpy as np
import pandas as pd

PART = 8192
"""Pairs of vectors multiplied at once."""


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return which share of each row of `first` is in the same row of `second`, int [n, k] and [n, m]: float [n], 0 to 1.

    Between k neighbors in embedding space and k on the map this is neighbor overlap@k, also known as kNN preservation or
    recall@k. Lists of no length share nothing that could be counted: float [0]. Source: Lee & Verleysen, "Quality assessment
    of dimensionality reduction: Rank-based criteria" (2009).
    """
    if not first.size:
        return np.empty(0)
    shared = np.zeros(len(first))
    for column in range(first.shape[1]):  # one column at a time, so that memory grows with n times m only
        shared += (first[:, [column]] == second).any(axis=1)
    return shared / first.shape[1]


def overlap_by_chance(k: int, articles: int) -> float:
    """Return what is shared with k articles drawn at random out of `articles`."""
    return min(k / articles, 1.0) if articles else 0.0


def rank_fidelity(ranks: np.ndarray, n: int) -> np.ndarray:
    """Return 1 for each item whose k neighbors in one space are its k nearest in the other, less the more they are not.

    `ranks`, int [items, k], are those that the neighbors in one space have in the other, among the n - 1 other items. With
    neighbors from the layout and ranks from embedding space, the mean is *trustworthiness*; the other way round it is
    *continuity*. Source: Venna & Kaski, "Local multidimensional scaling" (2006); scikit-learn's `trustworthiness` is the same.
    Defined for k below n / 2, else float [0].
    """
    k = ranks.shape[1]
    if not ranks.size or 2 * k >= n:
        return np.empty(0)
    return 1 - 2 / (k * (2 * n - 3 * k - 1)) * np.maximum(ranks - k, 0).sum(axis=1)


def rank_fidelity_by_chance(k: int, n: int) -> float | None:
    """Return the mean of `rank_fidelity` where all ranks are equally likely; None where it is not defined."""
    if not k or 2 * k >= n:
        return None
    return 1 - (n - 1 - k) * (n - k) / ((n - 1) * (2 * n - 3 * k - 1))


def random_triplets(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` triplets of distinct indices below n, int [count, 3]; none where n is below 3."""
    return _distinct(n, 3, count, rng)


def random_pairs(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` pairs of distinct indices below n, int [count, 2]; none where n is below 2."""
    return _distinct(n, 2, count, rng)


def _distinct(n: int, length: int, count: int, rng: np.random.Generator) -> np.ndarray:
    if n < length:
        return np.empty((0, length), np.int64)
    # Later indices skip those drawn before, so all are equally likely.
    drawn = np.empty((count, 0), np.int64)
    for taken in range(length):
        index = rng.integers(n - taken, size=count)
        for before in np.sort(drawn, axis=1).T:
            index += index >= before
        drawn = np.column_stack([drawn, index])
    return drawn


def triplets_kept(vectors: np.ndarray, positions: np.ndarray, triplets: np.ndarray) -> np.ndarray:
    """Return whether the nearer of two others, by cosine among `vectors`, is the nearer in the plane too: bool [triplets].

    Source: random triplet accuracy in Wang, Huang, Rudin, Shaposhnik, "Understanding how dimension reduction tools work"
    (2021). Chance alone gives one half.
    """
    anchor, one, other = triplets.T
    nearer = cosines(vectors, anchor, one) > cosines(vectors, anchor, other)
    distances = (np.hypot(*(positions[anchor] - positions[end]).T) for end in (one, other))
    return nearer == np.less(*distances)


def cosines(vectors: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the cosine of the pairs one[i], other[i] of `vectors`, float32 [n, D] of unit length, a part at a time."""
    parts = (slice(start, start + PART) for start in range(0, len(one), PART))
    return np.concatenate([np.empty(0), *(np.einsum("nd,nd->n", vectors[one[part]], vectors[other[part]]) for part in parts)])


def distance_ranks(vectors: np.ndarray, positions: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the ranks of the distances of `pairs`, int [n, 2], by cosine and in the plane: float [n, 2]."""
    one, other = pairs.T
    distances = 1 - cosines(vectors, one, other), np.hypot(*(positions[one] - positions[other]).T)
    return pd.DataFrame(np.transpose(distances)).rank().to_numpy()


def moments(ranks: np.ndarray) -> np.ndarray:
    """Return columns whose means tell the correlation of the two columns of `ranks`, float [n, 2]: float [n, 5]."""
    x, y = ((column - column.mean()) / (column.std() or 1.0) for column in ranks.T)
    return np.column_stack([x, y, x * x, y * y, x * y])


def correlation(means: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation, of ranks Spearman's, by the means of `moments`, float [m, 5]: float [m].

    NaN where one of the two does not vary.
    """
    x, y, xx, yy, xy = means.T
    with np.errstate(invalid="ignore", divide="ignore"):
        return (xy - x * y) / np.sqrt((xx - x * x) * (yy - y * y))


def resampled_means(columns: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return the means of `columns`, float [n, m], when n rows are drawn with replacement: float [resamples, m].

    Source: the bootstrap in Efron, "Bootstrap methods: another look at the jackknife" (1979).
    """
    n = len(columns)
    return np.array([np.bincount(rng.integers(n, size=n), minlength=n) @ columns / n for _ in range(resamples)])


def interval(resampled: np.ndarray) -> tuple[float, float] | None:
    """Return the 95 % percentile interval of resampled values, float [resamples]; None of none."""
    resampled = resampled[np.isfinite(resampled)]
    return tuple(np.quantile(resampled, [0.025, 0.975]).tolist()) if len(resampled) else None
