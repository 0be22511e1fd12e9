"""Smooth deformations of a whole layout, which leave neighbors neighbors.

One puts items far apart in order. Gradient steps over the nearest articles know nothing of what lies far apart: of three articles
drawn at random, the two that are nearer in meaning are the nearer on the map less often than on UMAP's layout. So the plane as a
whole is bent, by few numbers. The other brings the known items of a map that grows back to where they lay.

Source: the random triplets of Wang, Huang, Rudin, Shaposhnik, "Understanding how dimension reduction tools work" (2021), as a
loss; deformations by cubic B-splines, Lee, Wolberg, Shin, "Scattered data interpolation with multilevel B-splines" (1997), that
fold nothing, Choi & Lee, "Injectivity conditions of 2D and 3D uniform cubic B-spline functions" (2000).
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse
from scipy.optimize import minimize

from knowledge_map.common.progress import log
from knowledge_map.embedding.table import EmbeddingTable

SAMPLE = 10_000
"""Articles among which triplets are drawn, at most."""

TRIPLETS, TRIPLETS_OF_EACH = 100_000, 200
"""Triplets that are drawn, at most, and for each of the articles."""

SQUARES = 4
"""Squares on a side of the layout, each bent by a cubic."""

MOST_SQUARES = 16
"""The same where known items are brought back, of whom there are to be `IN_A_SQUARE` in each on average."""

IN_A_SQUARE = 100

FARTHEST = 0.48
"""A control point may be shifted by this share of a square's side, and the deformation folds nothing."""

STIFFNESS = 0.001
"""Weight of the squared differences between neighboring control points; that of all triplets together is 1."""

RIDGE = 1e-5
"""What a shift costs, squared, beside the mean of the squared distances to where known items are to lie."""

WIDTH = 0.15
"""Of the layout's side: where distances differ by much more than this, a triplet counts as wholly right or wrong."""

ITERATIONS = 30

PART = 16_384
"""Rows whose products are computed at once."""


class Sample(NamedTuple):
    """Articles drawn at random: `rows`, int [n], and their `vectors`, float32 [n, D], of unit length."""

    rows: np.ndarray
    vectors: np.ndarray


def draw_sample(table: EmbeddingTable, seed: int) -> Sample:
    """Draw articles of a table."""
    rows = np.random.default_rng(seed).permutation(table.articles)[:SAMPLE]
    rows.sort()
    return Sample(rows, table.take(rows))


def put_in_order(positions: np.ndarray, sample: Sample, seed: int) -> None:
    """Deform a layout, so that more triplets of articles are in order, in place.

    Parameters
    ----------
    positions : float64 [N, 2].
    sample : the articles that decide; rows are those of `positions`.
    seed : of the triplets.
    """
    if len(sample.rows) < 3 or not (side := float(np.ptp(positions, axis=0).max())):
        return
    low = positions.min(axis=0)
    triplets = _Triplets((positions[sample.rows] - low) / side, sample.vectors, seed)
    points, farthest = _points(SQUARES), FARTHEST / SQUARES
    found = minimize(
        triplets.loss,
        np.zeros(2 * points),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-farthest, farthest)] * (2 * points),
        options={"maxiter": ITERATIONS},
    )
    shifts = found.x.reshape(points, 2)
    before, after = (f"{100 * triplets.in_order(some):.1f} %" for some in (np.zeros_like(shifts), shifts))
    log.info(f"bent as a whole: {after} of {triplets.count:,} random triplets of articles in order, {before} before")
    _shift(positions, low, side, shifts, SQUARES)


def put_back(positions: np.ndarray, rows: np.ndarray, aims: np.ndarray) -> None:
    """Deform a layout, so that known items come near to where they are to lie, in place.

    Parameters
    ----------
    positions : float64 [N, 2].
    rows : of the known items, int [n].
    aims : where these are to lie, float [n, 2].
    """
    if not len(rows) or not (side := float(np.ptp(positions, axis=0).max())):
        return
    low = positions.min(axis=0)
    squares = int(np.clip(np.sqrt(len(rows) / IN_A_SQUARE), SQUARES, MOST_SQUARES))
    farthest = FARTHEST / squares
    weights = _spline_weights((positions[rows] - low) / side, squares)
    products = (weights.T @ weights).toarray() / len(rows) + RIDGE * np.eye(_points(squares))
    shifts = np.linalg.solve(products, weights.T @ ((aims - positions[rows]) / side) / len(rows))
    _shift(positions, low, side, shifts.clip(-farthest, farthest), squares)


def _points(squares: int) -> int:
    """Return the number of control points of so many squares a side."""
    return (squares + 3) ** 2


def _shift(positions: np.ndarray, low: np.ndarray, side: float, shifts: np.ndarray, squares: int) -> None:
    """Deform a layout that begins at `low`, with the control points shifted, float [points, 2], in place."""
    for start in range(0, len(positions), PART):
        part = positions[start : start + PART]
        part += side * (_spline_weights((part - low) / side, squares) @ shifts)


class _Triplets:
    """Triplets of sampled articles, and how far a deformation puts them in order.

    `places`, float [n, 2], are those of the articles on a layout within the unit square.
    """

    def __init__(self, places: np.ndarray, vectors: np.ndarray, seed: int):
        self.places, self.weights = places, _spline_weights(places, SQUARES)
        self.count = min(TRIPLETS, TRIPLETS_OF_EACH * len(places))
        self.anchor, self.one, self.other = np.random.default_rng(seed).integers(len(places), size=(3, self.count))
        parts = [slice(start, start + PART) for start in range(0, self.count, PART)]
        differences = (vectors[self.one[part]] - vectors[self.other[part]] for part in parts)
        anchors = (vectors[self.anchor[part]] for part in parts)
        nearer = np.concatenate([np.einsum("nd,nd->n", *pair) for pair in zip(anchors, differences, strict=True)])
        self.sign = np.sign(nearer)  # 1 where the one is nearer in meaning

    def _to_ends(self, shifts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        moved = self.places + self.weights @ shifts
        return moved[self.anchor] - moved[self.one], moved[self.anchor] - moved[self.other]

    def in_order(self, shifts: np.ndarray) -> float:
        """Return the share of the triplets that are in order, with the control points shifted, float [points, 2]."""
        one, other = (np.hypot(*to_end.T) for to_end in self._to_ends(shifts))
        return float(np.mean((other > one) == (self.sign > 0)))

    def loss(self, flat: np.ndarray) -> tuple[float, np.ndarray]:
        """Return a smooth share of the triplets out of order, plus the stiffness, and its gradient, float [2 points]."""
        shifts = flat.reshape(-1, 2)
        to_one, to_other = self._to_ends(shifts)
        one, other = (np.hypot(*to_end.T) + 1e-9 for to_end in (to_one, to_other))
        wrong = 1 / (1 + np.exp(np.clip((other - one) * self.sign / WIDTH, -30, 30)))
        slope = wrong * (1 - wrong) * self.sign / WIDTH / self.count
        pull_one, pull_other = (slope / one)[:, None] * to_one, (-slope / other)[:, None] * to_other
        on_places = np.zeros_like(self.places)
        for axis in (0, 1):
            for rows, pull in ((self.anchor, pull_one + pull_other), (self.one, -pull_one), (self.other, -pull_other)):
                on_places[:, axis] += np.bincount(rows, pull[:, axis], len(self.places))
        bending, on_bending = _bending(shifts)
        gradient = self.weights.T @ on_places + STIFFNESS * on_bending
        return float(wrong[self.sign != 0].sum() / self.count + STIFFNESS * bending), gradient.ravel()


def _bending(shifts: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the sum of squared differences between neighboring control points, and its gradient, float [points, 2]."""
    grid = shifts.reshape(SQUARES + 3, SQUARES + 3, 2)
    gradient, total = np.zeros_like(grid), 0.0
    for axis in (0, 1):
        steps = np.diff(grid, axis=axis)
        total += float((steps**2).sum())
        ends = [(0, 0)] * 3
        ends[axis] = (1, 1)
        gradient -= 2 * np.diff(np.pad(steps, ends), axis=axis)
    return total, gradient.reshape(-1, 2)


def _spline_weights(places: np.ndarray, squares: int) -> scipy.sparse.csr_matrix:
    """Return by how much each control point moves each of n places in the unit square, [n, points]."""
    square = np.clip(np.floor(places * squares), 0, squares - 1).astype(int)
    t = places * squares - square
    cubics = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=-1) / 6
    near = square[:, :, None] + np.arange(4)
    columns = near[:, 0, :, None] * (squares + 3) + near[:, 1, None, :]
    weights = cubics[:, 0, :, None] * cubics[:, 1, None, :]
    rows = np.arange(0, 16 * len(places) + 1, 16)
    return scipy.sparse.csr_matrix((weights.ravel(), columns.ravel(), rows), shape=(len(places), _points(squares)))
