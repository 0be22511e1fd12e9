"""A layout grown from that of a former map: its items begin where they lay, new ones among their nearest, in the old frame."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.errors import UserError, corrupt_file_error
from knowledge_map.common.parquet import open_parquet, read_metadata, read_parquet
from knowledge_map.common.progress import log
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.insertion import best_positions
from knowledge_map.layout.placement import place
from knowledge_map.layout.refinement import Refinement, nearest_of_all, refine, settle
from knowledge_map.neighbors.distances import VectorsInMemory
from knowledge_map.neighbors.exact import articles_nearest_to

MANY = 1 / 6
"""Where a larger share of the items came since all steps were taken, fewer would leave them too far from their neighbors."""


class GrownLayout(NamedTuple):
    """A layout grown from that of a former map.

    Attributes
    ----------
    raw : the first layout, float32 [N, 2].
    positions : those of the map, float32 [N, 2] in [0, 1].
    settled : which share of the items came since all steps of the refinement were taken, summed up over the maps in between.
    """

    raw: np.ndarray
    positions: np.ndarray
    settled: float


class FormerMap:
    """A knowledge map as it was, in memory.

    Attributes
    ----------
    path : where it lies.
    item_ids : Arrow column [n].
    positions, raw_positions : x, y and x_raw, y_raw, float64 [n, 2].
    settled : see `GrownLayout`; 0 of a map that was made from nothing.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        table = read_parquet(path, ["item_id", "kind", "x", "y", "x_raw", "y_raw"])
        with open_parquet(path) as file:
            self.settled: float = read_metadata(file).get("settled", 0.0)
        self.item_ids = table["item_id"]
        self.positions, self.raw_positions = (
            np.column_stack([table[name].to_numpy() for name in pair]).astype(np.float64)
            for pair in (("x", "y"), ("x_raw", "y_raw"))
        )
        if not np.isfinite([self.positions, self.raw_positions]).all():
            raise corrupt_file_error(path, "a position is not a number")

    def rows_of(self, table: EmbeddingTable) -> np.ndarray:
        """Return the row of every item of the table in this map, -1 where it is new: int [N].

        Raises UserError where fewer than two of the articles are known: a frame could not be found again.
        """
        items = table.columns(["item_id", "kind"])
        found = pc.index_in(items["item_id"], self.item_ids.combine_chunks())
        rows = pc.fill_null(found, -1).to_numpy().astype(np.int64)
        known = rows >= 0
        if (articles := int(known[: table.articles].sum())) < 2:
            raise UserError(
                f"layout.start: {self.path}: has {articles} of the {table.articles:,} articles; name an earlier map of these "
                "articles, by the same item_id, or set layout.start to null."
            )
        log.info(
            f"{int(known.sum()):,} items of {self.path} begin where they lay, {int((~known).sum()):,} are new, "
            f"{len(self.item_ids) - int(known.sum()):,} are no more"
        )
        return rows


def grown_layout(
    former: FormerMap, neighbors_path: str | Path, table: EmbeddingTable, settings: Refinement, threads: int
) -> GrownLayout:
    """Return the layout of all items of a table, grown from that of a former map.

    New items begin where `project` would place them. Some t-SNE steps and the placement of neighbors follow; then the map is
    brought back to where its known items lay. Where more than `MANY` came since all steps of the refinement were taken, all are
    taken from these positions: the map is as good as one from nothing, and found again in the large. With the refinement off, no
    known item moves at all. In the first layout, which is not fitted again, known items stay, and new ones are put among their
    nearest as well. Memory holds the vectors of all items, as a fit of UMAP does.
    """
    rows = former.rows_of(table)
    known = rows >= 0
    nearest_known = _nearest_known(table, known, settings.k, threads)
    raw = _inserted(former.raw_positions, rows, table.articles, nearest_known, threads)
    start = _inserted(former.positions, rows, table.articles, nearest_known, threads).clip(0, 1)
    positions, settled = start, former.settled + float(1 - known.mean())
    if settings.enabled:
        settings, nearest = nearest_of_all(neighbors_path, table, settings, threads)
        if settled > MANY:
            log.info(f"{100 * settled:.0f} % of the items came since all steps of the refinement were taken: all are taken again")
            settled = 0.0
            positions = refine(start, nearest, table, settings, threads)
        else:
            positions = settle(start, nearest, table.articles, settings, known, threads)
        place(positions, nearest, table.articles, settings.question_weight > 1, settings.placement_iterations, threads)
        positions = aligned(positions, known, start[known])
    return GrownLayout(raw.astype(np.float32), within_square(positions).astype(np.float32), settled)


def _nearest_known(table: EmbeddingTable, known: np.ndarray, k: int, threads: int) -> np.ndarray:
    """Return for each new item the k nearest known articles, int [new, k], counted among these alone."""
    vectors = table.vectors()
    articles = VectorsInMemory(vectors[: table.articles][known[: table.articles]])
    k = min(k, articles.rows)
    return articles_nearest_to(vectors[~known], articles, range(articles.rows), k, "cpu", threads)[0]


def _inserted(former: np.ndarray, rows: np.ndarray, articles: int, nearest_known: np.ndarray, threads: int) -> np.ndarray:
    """Return the positions of all items, float64 [N, 2]: former ones, and for new items the best among these."""
    known = rows >= 0
    positions = np.empty((len(rows), 2))
    positions[known] = former[rows[known]]
    if len(nearest_known):
        positions[~known] = best_positions(positions[:articles][known[:articles]], nearest_known, threads)
    return positions


def aligned(positions: np.ndarray, known: np.ndarray, former: np.ndarray) -> np.ndarray:
    """Return positions, float64 [N, 2], moved, turned and scaled so that the known ones lie nearest to where they lay.

    Parameters
    ----------
    known : bool [N].
    former : float64 [known, 2].

    There is no mirror image. Source: Procrustes analysis in Umeyama, "Least-squares estimation of transformation parameters
    between two point patterns" (1991).
    """
    center, former_center = positions[known].mean(axis=0), former.mean(axis=0)
    centered = positions[known] - center
    left, singular, right = np.linalg.svd(centered.T @ (former - former_center))
    no_mirror = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    scale = float(singular @ no_mirror) / max(float((centered**2).sum()), 1e-12)
    return scale * (positions - center) @ (left * no_mirror) @ right + former_center


def within_square(positions: np.ndarray) -> np.ndarray:
    """Return positions in [0, 1] x [0, 1], moved and shrunk no more than it takes."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    if low.min() >= 0 and high.max() <= 1:
        return positions
    center = (low + high) / 2
    positions = center + (positions - center) / max(float((high - low).max()), 1.0)
    low, high = positions.min(axis=0), positions.max(axis=0)
    return np.clip(positions - np.minimum(low, 0) - np.maximum(high - 1, 0), 0, 1)
