"""The last touch of the refinement: questions and their nearest articles come together, whoever lies between makes room."""

import numpy as np
from scipy.spatial import cKDTree

from knowledge_map.progress import log

STEP = 0.1
"""Share of its way that a point moves in an iteration."""
MARGIN = 0.15
"""A stranger is to be farther from a question than its own articles by this share of the distance."""
STRANGERS = 3
"""Nearest strangers of a question that are compared with its articles."""
WATCHED = 20
"""Nearest articles of a question that are looked at between two searches among all."""
SEARCH_EVERY = 5
"""Iterations between two searches."""
NEAR = 2.0
"""A stranger makes room once the article that is to come in is within so many times its distance."""
PUSH = 1.0
"""Strength of that push beside the pull on a question's own articles."""


def settle(places: np.ndarray, own: np.ndarray, iterations: int, threads: int) -> None:
    """Bring every question nearer to its own articles than to strangers, in place; no other article moves.

    Parameters
    ----------
    places : float [N, 2], articles first, then the questions.
    own : int [questions, k], rows of the articles nearest to each question in embedding space.
    iterations : at most so many; fewer, once all are in order. 0 leaves everything where it is.
    threads : CPU threads of the search; they do not change the result.

    Wherever one of a question's own articles is not nearer than one of the nearest strangers, by a margin, the article is
    pulled towards the question, the stranger pushed out, and the question moves towards the one and away from the other.
    Pulls are in proportion to the way, pushes and moves of questions to the distance of the strangers: so nothing depends on
    the scale of the layout, and a crowd is not moved for an article that is still far away.

    Source: the large-margin loss of Weinberger & Saul, "Distance metric learning for large margin nearest neighbor
    classification" (2009), with a question's own articles as targets and strangers as impostors, on places rather than on
    a metric.
    """
    articles, questions = places[: len(places) - len(own)], places[len(places) - len(own) :]
    if not (iterations and own.size and len(articles) > own.shape[1]):
        return
    before = articles.copy()
    for iteration in range(iterations):
        if iteration % SEARCH_EVERY == 0:
            watched = _strangers(articles, questions, own, threads)
        out_of_order = _step(articles, questions, own, watched)
        if iteration % SEARCH_EVERY == 0 and not out_of_order:
            break
    moved = int((articles != before).any(axis=1).sum())
    log.info(f"{len(questions):,} questions settled after {iteration + 1} iterations; {moved:,} articles moved")


def _strangers(articles: np.ndarray, questions: np.ndarray, own: np.ndarray, threads: int) -> np.ndarray:
    """Return the rows of the nearest articles of each question that are not its own, int [questions, m], m at most WATCHED."""
    count = min(WATCHED, len(articles) - own.shape[1])
    tree = cKDTree(articles, balanced_tree=False, compact_nodes=False)
    _, nearest = tree.query(questions, k=range(1, own.shape[1] + count + 1), workers=threads)
    is_own = (nearest[:, :, None] == own[:, None, :]).any(axis=2)
    first = np.argsort(is_own, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(nearest, first, axis=1)


def _step(articles: np.ndarray, questions: np.ndarray, own: np.ndarray, watched: np.ndarray) -> bool:
    """Move everything once, in place; return whether anything had to."""
    to_own, own_distance = _ways(questions, articles[own])
    to_strangers, stranger_distance = _ways(questions, articles[watched])
    nearest = np.argsort(stranger_distance, axis=1, kind="stable")[:, :STRANGERS]
    watched, stranger_distance = (np.take_along_axis(values, nearest, axis=1) for values in (watched, stranger_distance))
    to_strangers = np.take_along_axis(to_strangers, nearest[:, :, None], axis=1)

    out_of_order = own_distance[:, :, None] > (1 - MARGIN) * stranger_distance[:, None, :]
    within_reach = own_distance[:, :, None] < NEAR * stranger_distance[:, None, :]
    pull = STEP * out_of_order.mean(axis=2)[:, :, None]
    push = STEP * PUSH * (out_of_order & within_reach).mean(axis=1)[:, :, None]
    scale = stranger_distance.mean(axis=1)[:, None]

    np.add.at(articles, own, -pull * own_distance[:, :, None] * to_own)
    np.add.at(articles, watched, push * scale[:, :, None] * to_strangers)
    questions += scale * ((pull * to_own).mean(axis=1) - (push * to_strangers).mean(axis=1))
    return bool(out_of_order.any())


def _ways(questions: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return direction, of unit length, and distance from each question to each of its targets: [q, m, 2] and [q, m]."""
    ways = targets - questions[:, None]
    distances = np.linalg.norm(ways, axis=2)
    return ways / np.maximum(distances, 1e-12)[:, :, None], distances
