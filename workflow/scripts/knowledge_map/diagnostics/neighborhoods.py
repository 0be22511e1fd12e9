"""Who is near whom: nearest articles and ranks of articles, in embedding space and in the plane, a block at a time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

from knowledge_map.common.errors import corrupt_file_error
from knowledge_map.diagnostics.layouts import Layout
from knowledge_map.embedding.table import ROW_GROUP, EmbeddingTable
from knowledge_map.neighbors.exact import articles_nearest_to
from knowledge_map.neighbors.graph import without_self

ROUNDING = 1e-6
"""More than a cosine similarity in float32 can be off."""

QUERIES = 512
"""Queries that meet a block of articles at once: 20 MB of similarities."""

PAIRS = 8192
"""Pairs of vectors multiplied at once."""

BINS = 4096
"""Bins in which values are counted before they are compared with marks."""

COUNTED = 400_000
"""Values that are counted at once, about; a thread takes 15 MB for it."""

ROUNDED = 1e-12
"""More than a distance in float64 can be off, as a fraction of it."""

COPY_DISTANCE = 1e-4
"""Vectors nearer than this to each other (Euclidean) are the same but for rounding."""

DIRECTIONS = 8
"""Directions in which copies are looked for."""


@dataclass(frozen=True)
class Neighborhoods:
    """The nearest articles of some items, nearest first: int [items, k], in embedding space and by layout."""

    embedding: np.ndarray
    layouts: dict[str, np.ndarray]


def question_neighborhoods(table: EmbeddingTable, layouts: dict[str, Layout], k: int, threads: int) -> Neighborhoods:
    """Return the k nearest articles of every question in embedding space and on every layout."""
    vectors = table.vectors(start=table.articles)
    return Neighborhoods(
        nearest_by_cosine(table, vectors, k, threads),
        {name: nearest_in_plane(layout, layout.questions, k, threads) for name, layout in layouts.items()},
    )


def article_neighborhoods(
    table: EmbeddingTable, layouts: dict[str, Layout], rows: np.ndarray, k: int, threads: int
) -> Neighborhoods:
    """Return the k nearest other articles of the articles `rows`, int [n], in embedding space and on every layout."""
    return Neighborhoods(
        without_self(nearest_by_cosine(table, table.take(rows), k + 1, threads), rows),
        {
            name: without_self(nearest_in_plane(layout, layout.articles[rows], k + 1, threads), rows)
            for name, layout in layouts.items()
        },
    )


def nearest_by_cosine(table: EmbeddingTable, queries: np.ndarray, k: int, threads: int) -> np.ndarray:
    """Return the rows of the k articles (all, where there are fewer) nearest to each query, nearest first, int [q, k]."""
    if not len(queries):
        return np.empty((0, 0), np.int32)
    articles = range(table.articles)
    rows, _ = articles_nearest_to(queries, table, articles, min(k, len(articles)), "cpu", threads)
    return rows


def nearest_in_plane(layout: Layout, points: np.ndarray, k: int, threads: int) -> np.ndarray:
    """Return the rows of the k articles (all, where there are fewer) nearest to each point, nearest first, int [q, k]."""
    if not len(points):
        return np.empty((0, 0), np.int64)
    _, rows = layout.tree.query(points, k=range(1, min(k, len(layout.articles)) + 1), workers=threads)
    return rows


# Ranks: one more than the number of articles that are nearer.


def cosine_ranks(
    table: EmbeddingTable, queries: np.ndarray, rows: np.ndarray, threads: int, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return similarity, float32 [q, m], and rank, int [q, m], of the articles `rows`, int [q, m], for each query.

    Parameters
    ----------
    queries : float32 [q, D], unit length.
    own : int [q], each query's own row where the queries are articles: no article counts as near to itself.

    Nearer is what is more similar by more than float32 can err.
    """
    similarities, ranks = cosine_similarities(table, queries, rows), np.ones(rows.shape, np.int64)

    def count(part: slice) -> None:
        others = queries[part] @ block.T
        if own is not None:
            here = np.flatnonzero((own[part] >= first) & (own[part] < first + len(block)))
            others[here, own[part][here] - first] = -np.inf
        ranks[part] += _above(others, similarities[part] + np.float32(ROUNDING))

    for first, rest in table.blocks(ROW_GROUP) if rows.size else ():
        block = rest[: max(table.articles - first, 0)]
        _in_parts(count, len(queries), QUERIES, threads)
    return similarities, ranks


def cosine_similarities(table: EmbeddingTable, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the cosine similarity of each query, float32 [q, D] of unit length, and its articles `rows`, int [q, m]."""
    similarities = np.empty(rows.shape, np.float32)
    for first, block in table.blocks(ROW_GROUP) if rows.size else ():
        query, column = np.nonzero((rows >= first) & (rows < first + len(block)))
        for start in range(0, len(query), PAIRS):
            i, j = query[start : start + PAIRS], column[start : start + PAIRS]
            similarities[i, j] = np.einsum("pd,pd->p", queries[i], block[rows[i, j] - first])
    return similarities


def plane_ranks(
    layout: Layout, points: np.ndarray, rows: np.ndarray, threads: int, are_articles: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return distance in the plane, float [q, m], and rank, int [q, m], of the articles `rows`, int [q, m], for each point.

    `points` is float64 [q, 2]; where they are those of articles, none of these counts as near to itself.
    """
    distances = np.linalg.norm(layout.articles[rows] - points[:, None], axis=2)
    ranks = np.ones(rows.shape, np.int64)
    x, y = np.ascontiguousarray(layout.articles.T)

    def count(part: slice) -> None:
        squares = (x - points[part, :1]) ** 2
        squares += (y - points[part, 1:]) ** 2
        nearer = _above(-squares, -((distances[part] * (1 - ROUNDED)) ** 2))
        ranks[part] += np.where(distances[part] > 0, nearer - are_articles, 0)

    if rows.size:
        _in_parts(count, len(points), _rows_at_once(len(x)), threads)
    return distances, ranks


def _above(values: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Return how many of each row of `values`, float [q, n], lie above each mark, float [q, m]: int [q, m]."""
    rows = _rows_at_once(values.shape[1])
    return np.concatenate([_counted(values[at : at + rows], marks[at : at + rows]) for at in range(0, len(values), rows)])


def _rows_at_once(n: int) -> int:
    """Return how many rows of n values are counted at once."""
    return max(COUNTED // max(n, BINS), 1)


def _counted(values: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Count, as `_above` does, all rows at once.

    Most are only counted, in bins between a row's lowest and highest mark; compared are those that share a bin with a mark.
    """
    low = marks.min(axis=1, keepdims=True)
    scale = (BINS / np.maximum(marks.max(axis=1, keepdims=True) - low, 1e-9)).astype(values.dtype)
    # Rounding keeps the order: what is in a higher bin lies above.
    bins, own = (np.clip((each - low) * scale, -1, BINS).astype(np.int32) + 1 for each in (values, marks))
    first = np.arange(len(values), dtype=np.int32)[:, None] * (BINS + 2)  # rows have bins of their own
    bins += first
    counts = np.bincount(bins.ravel(), minlength=len(values) * (BINS + 2)).reshape(len(values), -1)
    marked = np.zeros(counts.shape, bool)
    np.put_along_axis(marked, own, True, axis=1)
    counts[marked] = 0
    above = values.shape[1] - np.take_along_axis(counts.cumsum(axis=1), own, axis=1)
    row, column = np.nonzero(marked.ravel()[bins])
    shared = np.split(values[row, column], np.searchsorted(row, np.arange(1, len(values))))
    for result, mark, beside in zip(above, marks, shared, strict=True):
        result -= np.searchsorted(np.sort(beside), mark, side="right")
    return above


def _in_parts(work: Callable[[slice], None], n: int, size: int, threads: int) -> None:
    """Do the work on n rows, `size` at a time, one part on each thread; the parts do not depend on the threads."""
    parts = [slice(start, min(start + size, n)) for start in range(0, n, size)]
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:  # one thread each for the products
        list(pool.map(work, parts))


# What lies on the same spot


def check_finite(table: EmbeddingTable) -> None:
    """Raise UserError where a number in the embedding table is none: no distance could be told from it."""
    for first, vectors in table.blocks(ROW_GROUP):
        if not (finite := np.isfinite(vectors).all(axis=1)).all():
            raise corrupt_file_error(table.path, f"the vector of row {first + int(finite.argmin())} is not finite")


def copies_in_embedding_space(table: EmbeddingTable, seed: int) -> int:
    """Return the number of pairs of articles with the same vector, but for rounding.

    Copies lie together in every direction. Seen in `DIRECTIONS` random ones, orthogonal so that no distance grows, vectors
    that are no copies lie apart.
    """
    random = np.random.default_rng(seed).normal(size=(table.dimension, min(DIRECTIONS, table.dimension)))
    directions = np.linalg.qr(random)[0]
    shadows = [vectors[: max(table.articles - first, 0)] @ directions for first, vectors in table.blocks(ROW_GROUP)]
    return pairs_within(np.concatenate(shadows), COPY_DISTANCE)


def pairs_within(points: np.ndarray, distance: float) -> int:
    """Return the number of pairs of `points`, float [n, d], that lie no farther apart than `distance`."""
    tree = cKDTree(points)
    return (int(tree.count_neighbors(tree, distance)) - len(points)) // 2
