"""Placement: the last steps of the refinement, which let every item's nearest articles be the nearest on the map.

Wherever a target, one of an item's nearest articles in embedding space, does not lie nearer to the item than an impostor, by a
margin, the target is pulled towards the item, the impostor is pushed away, and the item moves towards the one and away from the
other. Only what is within reach is moved: no crowd makes way for a target that is still far away. Questions count more than
articles, and the articles around them hold on to their own neighbors more firmly, so that these come along behind them.

Source: the large-margin loss of Weinberger & Saul, "Distance metric learning for large margin nearest neighbor classification"
(2009), on positions rather than on a metric.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from knowledge_map.common.progress import Progress, log

STEP = 0.2
"""Share of the distance to its aim by which a point moves in the first iteration; it shrinks to nothing until the last."""

WATCHED = 20
"""Nearest other articles of an item among which impostors are looked for between two searches among all."""

MOST = 1.0
"""Of the way to where those that pull an item want it together, so much at most in an iteration, or it would overshoot."""

SEARCH_EVERY = 5
"""Iterations between two searches."""

QUESTION_PULL = 12.0
"""How much more strongly than an article a question moves its targets and impostors, at most."""

SURROUNDINGS_PULL = 4.0
"""How much more strongly than other articles the targets of a question move their own targets and impostors, at most."""

OF_SURROUNDINGS = 0.6
"""That is no more than this share of the pull of a question."""

BEARABLE = 3.5
"""What questions weigh, times the share of the articles that they claim, is no more than this: measured at 2,500 questions among
21,500 articles, where more overlap costs many articles their neighbors."""

PART = 16_384
"""Items whose pulls are computed at once."""


@dataclass(frozen=True)
class Margins:
    """When a target counts as out of order.

    Attributes
    ----------
    margin : an impostor is to be farther away than a target by this share of its distance.
    impostors : so many of the nearest are compared with the targets.
    pull_within, push_within : a target is pulled, and an impostor pushed for it, if the target is within so many times the
        impostor's distance.
    """

    margin: float
    impostors: int
    pull_within: float
    push_within: float


ARTICLES = Margins(margin=0.1, impostors=6, pull_within=1.35, push_within=1.35)

QUESTIONS = Margins(margin=0.03, impostors=3, pull_within=3.0, push_within=2.0)


class _Pulls(NamedTuple):
    """How n items would move, float [2, n], and move their targets [2, k, n] and impostors [2, m, n], whose rows are [n, m]."""

    items: np.ndarray
    targets: np.ndarray
    impostors: np.ndarray
    rows: np.ndarray


def place(
    positions: np.ndarray, nearest: np.ndarray, articles: int, heavy_questions: bool, iterations: int, threads: int
) -> None:
    """Let the nearest articles of every item be its nearest on the map, as far as they are within reach, in place.

    Parameters
    ----------
    positions : float64 [N, 2], articles first, then the questions.
    nearest : int [N, k], rows of the articles nearest to each item in embedding space, -1 where there are fewer.
    heavy_questions : whether questions count more than articles.
    iterations : 0 leaves everything where it is.
    threads : CPU threads; they do not change the result.
    """
    if not (iterations and nearest.size and articles > nearest.shape[1] + 1):
        return
    points = np.ascontiguousarray(positions.T)  # x of all, then y: sums then run along memory, which takes a quarter of the time
    strength = np.ones(len(positions))
    if heavy_questions:
        claimed = nearest[articles:][nearest[articles:] >= 0]
        pull = min(QUESTION_PULL, BEARABLE * articles / max(len(claimed), 1))
        strength[np.unique(claimed)] = max(min(SURROUNDINGS_PULL, OF_SURROUNDINGS * pull), 1)
        strength[articles:] = pull
    parts = [(part, ARTICLES) for part in _slices(0, articles)]
    parts += [(part, QUESTIONS if heavy_questions else ARTICLES) for part in _slices(articles, len(positions))]
    numbers = np.empty(articles, np.int32)
    progress = Progress(iterations, "iterations of the placement")
    with ThreadPoolExecutor(threads) as pool:
        for iteration in range(iterations):
            if iteration % SEARCH_EVERY == 0:
                watched = _nearest_others(points, nearest, articles, threads)
            moves, strengths = np.zeros_like(points), np.ones(len(positions))
            # In the order of the parts, whichever thread was first: else sums would be rounded otherwise.
            found = pool.map(partial(_pulls, points, nearest, watched), *zip(*parts, strict=True))  # pyrefly: ignore[unbound-name]
            for (part, margins), pulls in zip(parts, found, strict=True):
                moves[:, part] += pulls.items
                _add(moves, strengths, nearest[part], -pulls.targets, strength[part] / nearest.shape[1], numbers)
                _add(moves, strengths, pulls.rows, pulls.impostors, strength[part] / margins.impostors, numbers)
            step = STEP * (1 - iteration / iterations)
            points += np.minimum(step, MOST / strengths) * moves
            progress.advance()
    moved = np.linalg.norm(points.T - positions, axis=1) > 1e-3 * np.ptp(positions, axis=0).max()
    positions[:] = points.T
    log.info(f"neighbors placed: {int(moved.sum()):,} of {len(positions):,} items moved by more than 0.1 % of the map's side")


def _slices(start: int, stop: int) -> list[slice]:
    return [slice(first, min(first + PART, stop)) for first in range(start, stop, PART)]


def _nearest_others(points: np.ndarray, targets: np.ndarray, articles: int, threads: int) -> np.ndarray:
    """Return the rows of each item's nearest articles that are neither itself nor targets, int32 [N, m], m at most `WATCHED`."""
    k, n = targets.shape[1], points.shape[1]
    tree = cKDTree(points[:, :articles].T, balanced_tree=False, compact_nodes=False)
    others = np.empty((n, min(WATCHED, articles - k - 1)), np.int32)
    # Those that lie together one after the other: what one search has read is then at hand for the next.
    order = np.concatenate([tree.indices, np.arange(articles, n)])
    for rows in np.split(order, range(PART, n, PART)):
        _, nearest = tree.query(points[:, rows].T, k=range(1, k + others.shape[1] + 2), workers=threads)
        known = np.column_stack([targets[rows], rows])
        is_known = (nearest[:, :, None] == known[:, None, :]).any(axis=2)
        first = np.argsort(is_known, axis=1, kind="stable")[:, : others.shape[1]]
        others[rows] = np.take_along_axis(nearest, first, axis=1)
    return others


def _pulls(points: np.ndarray, targets: np.ndarray, watched: np.ndarray, part: slice, margins: Margins) -> _Pulls:
    """Return how the items of a part would move, and move their targets and impostors; `points` are float64 [2, N]."""
    items, aims, others = points[:, part], targets[part].T, watched[part]
    to_target = np.take(points, aims, axis=1) - items[:, None]
    target_distance = _length(to_target)
    to_other = np.take(points, others, axis=1) - items[:, :, None]
    other_distance = _length(to_other)
    first = np.argsort(other_distance, axis=1, kind="stable")[:, : margins.impostors]
    rows, distance, *to_impostor = (np.take_along_axis(values, first, axis=1) for values in (others, other_distance, *to_other))
    distance = np.ascontiguousarray(distance.T)
    to_impostor = np.stack([coordinate.T for coordinate in to_impostor]) / np.maximum(distance, 1e-12)

    ratio = target_distance[:, None] / np.maximum(distance, 1e-12)
    out_of_order = (ratio > 1 - margins.margin) & (aims >= 0)[:, None]
    pull = (out_of_order & (ratio < margins.pull_within)).mean(axis=1) * to_target
    push = (out_of_order & (ratio < margins.push_within)).mean(axis=0)
    push = push * distance.mean(axis=0) * to_impostor
    return _Pulls(pull.mean(axis=1) - push.mean(axis=1), pull, push, rows)


def _length(shifts: np.ndarray) -> np.ndarray:
    x, y = shifts
    return np.sqrt(x * x + y * y)


def _add(
    moves: np.ndarray, strengths: np.ndarray, rows: np.ndarray, shifts: np.ndarray, strength: np.ndarray, numbers: np.ndarray
) -> None:
    """Add shifts [2, m, n] of a strength [n] to the moves of the articles `rows`, int [n, m]; a row of -1 has none.

    The sums are of these articles only: sums over all articles for each part would let the time grow with the square of the map.
    `numbers`, int32 [articles], is room to number them; what is in it does not matter.
    """
    rows = np.maximum(rows, 0).ravel()
    number = np.arange(len(rows), dtype=np.int32)
    numbers[rows] = number
    one = numbers[rows]  # of the numbers of an article
    first = one == number
    for moved, shift in zip(moves, strength * shifts, strict=True):
        moved[rows[first]] += np.bincount(one, shift.T.ravel(), len(rows))[first]
    strengths[rows[first]] += np.bincount(one, (strength * shifts.any(axis=0)).T.ravel(), len(rows))[first]
