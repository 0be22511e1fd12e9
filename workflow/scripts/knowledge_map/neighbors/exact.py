"""The neighbor graph: for each row of the embedding table its k nearest other rows by cosine.

The answer is that of the distances in float64 alone: it does not depend on device, precision, threads or block size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from knowledge_map.common.errors import UserError
from knowledge_map.neighbors.distances import Vectors, ranked

if TYPE_CHECKING:
    from knowledge_map.neighbors.tiles import Tile

FEW_PAIRS = 2**20
"""So many pairs of vectors are compared one by one before torch, which searches faster, would have been loaded."""


def nearest(
    table: Vectors,
    start: int,
    stop: int,
    k: int,
    device: str,
    threads: int,
    half: bool | None = None,
    tile: Tile | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest rows of each of the rows start to stop, among all rows of the table but the row itself.

    Parameters
    ----------
    table : unit vectors, float32.
    device : "auto", "cpu", "cuda", "cuda:N" or "mps".
    half : find candidates in half precision; by default where that pays. The answer is the same.
    tile : how much is multiplied at once; by default what fits the device. The answer is the same.

    Returns
    -------
    int32 [stop - start, k], rows from the nearest to the farthest, the lower row first at equal distance.
    float32 [stop - start, k], their cosine distances: one minus the float64 dot product, not below zero.

    Raises UserError where the table has not k other rows.
    """
    check_k(k, table.rows)
    own = np.arange(start, stop)
    return search_exactly(table.vectors(start, stop), own, table, range(table.rows), k, device, threads, half, tile)


def articles_nearest_to(
    queries: np.ndarray,
    table: Vectors,
    articles: range,
    k: int,
    device: str,
    threads: int,
    half: bool | None = None,
    tile: Tile | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest of the table's rows `articles` to vectors that need not be in the table.

    `queries` is float32 [q, dimension], unit length; the answer has the form of `nearest`, int32 and float32 [q, k].
    Raises UserError where there are fewer than k articles.
    """
    if k > len(articles):
        raise UserError(f"{k} nearest articles are asked for, but there are only {len(articles)}; add articles or lower k.")
    own = np.full(len(queries), -1)
    return search_exactly(queries, own, table, articles, k, device, threads, half, tile)


def check_k(k: int, rows: int) -> None:
    """Raise UserError where a table of so many rows has not k others for each."""
    if k >= rows:
        raise UserError(
            f"neighbors.k is {k}, but the embedding table has only {rows} items; "
            f"set neighbors.k to at most {rows - 1} (and umap.n_neighbors to at most {rows})."
        )


def search_exactly(
    queries: np.ndarray,
    own: np.ndarray,
    table: Vectors,
    columns: range,
    k: int,
    device: str,
    threads: int,
    half: bool | None = None,
    tile: Tile | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest rows among `columns` to each query, but never its `own` row (-1: it has none)."""
    if half is None and tile is None and len(queries) * len(columns) <= FEW_PAIRS:
        rows = np.arange(columns.start, columns.stop, dtype=np.int32)
        return ranked(queries, np.where(rows == own[:, None], np.int32(-1), rows), table, columns, k)
    from knowledge_map.common.device import choose_device
    from knowledge_map.neighbors.tiles import search_in_tiles

    return search_in_tiles(queries, own, table, columns, k, choose_device(device), threads, half, tile)
