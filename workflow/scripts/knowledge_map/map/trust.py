"""How far the surroundings of every item on the map can be trusted: what of its neighbors in embedding space lies around it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from knowledge_map.neighbors.graph import nearest_articles, without_self

TRUSTED = 15
"""Nearest articles of an item, in embedding space and on the map, that `trust` compares."""

STRETCHED = 5
"""Nearest articles of an item in embedding space whose distances on the map `stretch` is about."""

BLOCK = 10_000
"""Items compared at once."""


@dataclass(frozen=True)
class Trust:
    """What is said of n items, NaN where no article is known to be near.

    Attributes
    ----------
    trust : float32 [n], which share of the `TRUSTED` articles nearest in embedding space are among as many nearest on the map,
        0 to 1.
    distance : float32 [n], the mean distance on the map, in its units, to the `STRETCHED` articles nearest in embedding space.
    """

    trust: np.ndarray
    distance: np.ndarray


class ArticlesOnMap:
    """The positions of the map's articles, float [articles, 2], ready to be asked for neighbors."""

    def __init__(self, positions: np.ndarray):
        self.positions = positions.astype(np.float64)
        self.tree = cKDTree(self.positions)

    def trust(self, points: np.ndarray, nearest: np.ndarray, rows: np.ndarray | None = None) -> Trust:
        """Return how far the surroundings of items at `points`, float [n, 2], can be trusted.

        Parameters
        ----------
        nearest : int [n, k], rows of the articles nearest to each item in embedding space, nearest first, -1 behind them where
            there are fewer. No more are compared than are known.
        rows : int [n], each item's own row where the items may be articles of the map, which are no neighbors of themselves.

        Source of `trust`, as a mean over all items: neighbor overlap@k in Lee & Verleysen, "Quality assessment of
        dimensionality reduction: Rank-based criteria" (2009).
        """
        nearest = nearest[:, :TRUSTED]
        known = nearest >= 0
        counts = known.sum(axis=1)
        more = nearest.shape[1] + (rows is not None)
        around = self.tree.query(points, k=range(1, min(more, self.tree.n) + 1))[1]
        if rows is not None:
            around = without_self(around, rows)
        compared = np.arange(around.shape[1]) < counts[:, None]
        shared = ((nearest[:, :, None] == around[:, None, :]) & compared[:, None, :]).any(axis=2) & known
        away = np.linalg.norm(self.positions[nearest[:, :STRETCHED]] - points[:, None], axis=2)
        with np.errstate(invalid="ignore"):  # of none there is no mean
            distance = (away * known[:, :STRETCHED]).sum(axis=1) / np.minimum(counts, STRETCHED)
            return Trust((shared.sum(axis=1) / counts).astype(np.float32), distance.astype(np.float32))


def trust_of_map(positions: np.ndarray, articles: int, neighbors: Iterable[np.ndarray]) -> Trust:
    """Return how far the surroundings of every item of the map can be trusted.

    Parameters
    ----------
    positions : float [N, 2], articles first.
    articles : how many of the rows are articles.
    neighbors : blocks of the neighbor graph in the order of the rows, int [n, k]: the rows of the items nearest to each.
    """
    on_map, start, blocks = ArticlesOnMap(positions[:articles]), 0, []
    for block in neighbors:
        rows = np.arange(start, start + len(block))
        nearest = nearest_articles(block, articles, min(block.shape[1], TRUSTED))
        blocks.append(on_map.trust(positions[rows].astype(np.float64), nearest, rows))
        start += len(block)
    return Trust(*(np.concatenate([getattr(block, name) for block in blocks]) for name in ("trust", "distance")))


def typical_distance(distances: np.ndarray) -> float | None:
    """Return the median of the known `distances` of articles, float [articles]; None where it is 0 or none is known."""
    known = distances[np.isfinite(distances)]
    return float(np.median(known)) or None if len(known) else None


def stretch_of(distances: np.ndarray, typical: float | None) -> np.ndarray:
    """Return `distances`, float [n], as multiples of the typical one, float32 [n]; NaN where there is none."""
    return (distances / (typical or np.nan)).astype(np.float32)
