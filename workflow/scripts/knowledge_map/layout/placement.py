"""Placement: the last steps of the refinement, which bring questions and their nearest articles together."""

import numpy as np
from scipy.spatial import cKDTree  # pyright: ignore[reportAttributeAccessIssue] (compiled)

from knowledge_map.common.progress import log

STEP = 0.1
"""Share of the distance to its aim by which a point moves in an iteration."""

MARGIN = 0.15
"""An impostor is to be farther from a question than its targets by this share of the distance."""

IMPOSTORS = 3
"""Nearest impostors of a question that are compared with its targets."""

WATCHED = 20
"""Nearest other articles of a question among which impostors are looked for between two searches among all."""

SEARCH_EVERY = 5
"""Iterations between two searches."""

REACH = 2.0
"""An impostor is pushed once the target that is to come in is within so many times its distance."""

PUSH = 1.0
"""Strength of that push beside the pull on a question's targets."""


def place_questions(positions: np.ndarray, targets: np.ndarray, iterations: int, threads: int) -> None:
    """Bring every question nearer to its target articles than to any others, in place; no other article moves.

    Parameters
    ----------
    positions : float [N, 2], articles first, then the questions.
    targets : int [questions, k], rows of the articles nearest to each question in embedding space.
    iterations : at most so many; fewer, once all are in order. 0 leaves everything where it is.
    threads : CPU threads of the search; they do not change the result.

    Wherever a target is not nearer to its question than one of the nearest impostors, by a margin, the target is pulled
    towards the question, the impostor is pushed away, and the question moves towards the one and away from the other. Pulls
    are in proportion to the distance of the target, pushes and moves of questions to that of the impostors: so nothing depends
    on the scale of the layout, and a crowd is not moved for a target that is still far away.

    Source: the large-margin loss of Weinberger & Saul, "Distance metric learning for large margin nearest neighbor
    classification" (2009), on positions rather than on a metric.
    """
    articles, questions = positions[: len(positions) - len(targets)], positions[len(positions) - len(targets) :]
    if not (iterations and targets.size and len(articles) > targets.shape[1]):
        return
    before = articles.copy()
    for iteration in range(iterations):
        if iteration % SEARCH_EVERY == 0:
            watched = _nearest_others(articles, questions, targets, threads)
        out_of_order = _step(articles, questions, targets, watched)
        if iteration % SEARCH_EVERY == 0 and not out_of_order:
            break
    moved = int((articles != before).any(axis=1).sum())
    log.info(f"{len(questions):,} questions placed after {iteration + 1} iterations; {moved:,} articles moved")


def _nearest_others(articles: np.ndarray, questions: np.ndarray, targets: np.ndarray, threads: int) -> np.ndarray:
    """Return the rows of each question's nearest articles that are no targets, int [questions, m], m at most `WATCHED`."""
    count = min(WATCHED, len(articles) - targets.shape[1])
    tree = cKDTree(articles, balanced_tree=False, compact_nodes=False)
    _, nearest = tree.query(questions, k=range(1, targets.shape[1] + count + 1), workers=threads)
    is_target = (nearest[:, :, None] == targets[:, None, :]).any(axis=2)
    first = np.argsort(is_target, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(nearest, first, axis=1)


def _step(articles: np.ndarray, questions: np.ndarray, targets: np.ndarray, watched: np.ndarray) -> bool:
    """Move everything once, in place; return whether anything had to move."""
    to_target, target_distance = _directions(questions, articles[targets])
    to_impostor, impostor_distance = _directions(questions, articles[watched])
    nearest = np.argsort(impostor_distance, axis=1, kind="stable")[:, :IMPOSTORS]
    impostors, impostor_distance = (np.take_along_axis(values, nearest, axis=1) for values in (watched, impostor_distance))
    to_impostor = np.take_along_axis(to_impostor, nearest[:, :, None], axis=1)

    out_of_order = target_distance[:, :, None] > (1 - MARGIN) * impostor_distance[:, None, :]
    within_reach = target_distance[:, :, None] < REACH * impostor_distance[:, None, :]
    pull = STEP * out_of_order.mean(axis=2)[:, :, None]
    push = STEP * PUSH * (out_of_order & within_reach).mean(axis=1)[:, :, None]
    scale = impostor_distance.mean(axis=1)[:, None]

    np.add.at(articles, targets, -pull * target_distance[:, :, None] * to_target)
    np.add.at(articles, impostors, push * scale[:, :, None] * to_impostor)
    questions += scale * ((pull * to_target).mean(axis=1) - (push * to_impostor).mean(axis=1))
    return bool(out_of_order.any())


def _directions(origins: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return direction, of unit length, and distance from each origin to each of its ends: [q, m, 2] and [q, m]."""
    offsets = ends - origins[:, None]
    distances = np.linalg.norm(offsets, axis=2)
    return offsets / np.maximum(distances, 1e-12)[:, :, None], distances
