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
from scipy.spatial import cKDTree  # pyright: ignore[reportAttributeAccessIssue] (compiled)

from knowledge_map.common.progress import Progress, log

STEP = 0.2
"""Share of the distance to its aim by which a point moves in the first iteration; it shrinks to nothing until the last."""

WATCHED = 20
"""Nearest other articles of an item among which impostors are looked for between two searches among all."""

SEARCH_EVERY = 5
"""Iterations between two searches."""

QUESTION_PULL = 12.0
"""How much more strongly than an article a question moves its targets and impostors."""

SURROUNDINGS_PULL = 4.0
"""How much more strongly than other articles the targets of a question move their own targets and impostors."""

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
    """How n items would move, float [n, 2], and move their targets [n, k, 2] and impostors [n, m, 2], whose rows are [n, m]."""

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
    before = positions.copy()
    strength = np.ones((len(positions), 1, 1))
    if heavy_questions:
        strength[np.unique(nearest[articles:][nearest[articles:] >= 0])] = SURROUNDINGS_PULL
        strength[articles:] = QUESTION_PULL
    parts = [(part, ARTICLES) for part in _slices(0, articles)]
    parts += [(part, QUESTIONS if heavy_questions else ARTICLES) for part in _slices(articles, len(positions))]
    progress = Progress(iterations, "iterations of the placement")
    with ThreadPoolExecutor(threads) as pool:
        for iteration in range(iterations):
            if iteration % SEARCH_EVERY == 0:
                watched = _nearest_others(positions, nearest, articles, threads)
            found = list(pool.map(partial(_pulls, positions, nearest, watched, articles), *zip(*parts, strict=True)))
            moves = np.zeros_like(positions)
            # In the order of the parts, whichever thread was first: else sums would be rounded otherwise.
            for (part, margins), pulls in zip(parts, found, strict=True):
                moves[part] += pulls.items
                _add(moves, nearest[part], -strength[part] / nearest.shape[1] * pulls.targets, articles)
                _add(moves, pulls.rows, strength[part] / margins.impostors * pulls.impostors, articles)
            positions += STEP * (1 - iteration / iterations) * moves
            progress.advance()
    moved = np.linalg.norm(positions - before, axis=1) > 1e-3 * np.ptp(before, axis=0).max()
    log.info(f"neighbors placed: {int(moved.sum()):,} of {len(positions):,} items moved by more than 0.1 % of the map's side")


def _slices(start: int, stop: int) -> list[slice]:
    return [slice(first, min(first + PART, stop)) for first in range(start, stop, PART)]


def _nearest_others(positions: np.ndarray, targets: np.ndarray, articles: int, threads: int) -> np.ndarray:
    """Return the rows of each item's nearest articles that are neither itself nor targets, int [N, m], m at most `WATCHED`."""
    k = targets.shape[1]
    tree = cKDTree(positions[:articles], balanced_tree=False, compact_nodes=False)
    others = np.empty((len(positions), min(WATCHED, articles - k - 1)), np.int64)
    for part in _slices(0, len(positions)):
        _, nearest = tree.query(positions[part], k=range(1, k + others.shape[1] + 2), workers=threads)
        known = np.column_stack([targets[part], np.arange(part.start, part.stop)])
        is_known = (nearest[:, :, None] == known[:, None, :]).any(axis=2)
        first = np.argsort(is_known, axis=1, kind="stable")[:, : others.shape[1]]
        others[part] = np.take_along_axis(nearest, first, axis=1)
    return others


def _pulls(
    positions: np.ndarray, targets: np.ndarray, watched: np.ndarray, articles: int, part: slice, margins: Margins
) -> _Pulls:
    """Return how the items of a part would move, and move their targets and impostors."""
    items, near = positions[part], positions[:articles]
    to_target = near[targets[part]] - items[:, None]
    target_distance = np.linalg.norm(to_target, axis=2)
    to_other = near[watched[part]] - items[:, None]
    other_distance = np.linalg.norm(to_other, axis=2)
    first = np.argsort(other_distance, axis=1, kind="stable")[:, : margins.impostors]
    rows, distance = (np.take_along_axis(values, first, axis=1) for values in (watched[part], other_distance))
    to_impostor = np.take_along_axis(to_other, first[:, :, None], axis=1) / np.maximum(distance, 1e-12)[:, :, None]

    ratio = target_distance[:, :, None] / np.maximum(distance, 1e-12)[:, None, :]
    out_of_order = (ratio > 1 - margins.margin) & (targets[part] >= 0)[:, :, None]
    pull = (out_of_order & (ratio < margins.pull_within)).mean(axis=2)[:, :, None] * to_target
    push = (out_of_order & (ratio < margins.push_within)).mean(axis=1)[:, :, None]
    push = push * distance.mean(axis=1)[:, None, None] * to_impostor
    return _Pulls(pull.mean(axis=1) - push.mean(axis=1), pull, push, rows)


def _add(moves: np.ndarray, rows: np.ndarray, shifts: np.ndarray, articles: int) -> None:
    """Add shifts [n, m, 2] to the moves of the articles `rows`, int [n, m]; a row of -1 has none."""
    for axis in (0, 1):
        moves[:articles, axis] += np.bincount(np.maximum(rows, 0).ravel(), shifts[:, :, axis].ravel(), articles)
