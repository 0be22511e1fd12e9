"""Where a new item goes among articles that have their positions: around it, most of its nearest articles are the nearest."""

import numpy as np
from scipy.spatial import cKDTree

SPOTS = 320
"""Places tried for an item."""

COMPARED = 20_000_000
"""Most pairs of neighbors compared at once, one byte each."""


def best_positions(articles: np.ndarray, neighbors: np.ndarray, threads: int) -> np.ndarray:
    """Return for each item the position around which most of its nearest articles are the nearest on the map, float32 [n, 2].

    Parameters
    ----------
    articles : float32 [articles, 2], their positions.
    neighbors : int [n, k], rows of the articles nearest to each item in embedding space.

    Tried are the positions of the k articles and, around each of them, spots on a disc as wide as twice k articles take up;
    among equals that with the smallest distances to all k is taken. The mean of their positions would lie between them, near
    none. Source of the pattern on the disc: Vogel, "A better way to construct the sunflower head" (1979).
    """
    tree = cKDTree(articles)
    n, k = neighbors.shape
    number = np.arange(max(SPOTS // k, 1))
    angle = number * np.pi * (3 - np.sqrt(5))
    disc = np.sqrt(number / len(number))[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])

    positions = np.empty((n, 2), np.float32)
    size = max(COMPARED // (len(number) * k**3), 1)
    for start in range(0, n, size):
        targets = neighbors[start : start + size]
        near = articles[targets].astype(np.float64)
        radius = tree.query(near, k=[min(2 * k, tree.n)], workers=threads)[0]
        spots = (near[:, :, None] + radius[:, :, :, None] * disc).reshape(len(targets), -1, 2)
        _, around = tree.query(spots, k=range(1, k + 1), workers=threads)
        kept = (around[:, :, :, None] == targets[:, None, None, :]).any(axis=3).sum(axis=2)
        away = np.linalg.norm(spots[:, :, None] - near[:, None], axis=3).sum(axis=2)
        best = np.lexsort((away, -kept), axis=1)[:, 0]
        positions[start : start + size] = spots[np.arange(len(targets)), best]
    return positions
