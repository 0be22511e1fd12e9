"""The distance between rows of the embedding table, and the nearest of some candidates by it."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

COLUMNS = 16_384
"""Rows of the table that are in memory at once."""

PAIRS = 256
"""Vectors whose distances are computed in one go: few, so that they stay in the cache."""


class Vectors(Protocol):
    """Rows of float32 vectors that are read piece by piece: an embedding table."""

    rows: int
    dimension: int

    def vectors(self, start: int, stop: int) -> np.ndarray:
        """Return rows start to stop, float32 [stop - start, dimension]."""
        ...

    def blocks(self, size: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (first row, float32 [at most `size`, dimension]) in the order of the rows."""
        ...


class VectorsInMemory:
    """Vectors in memory, float32 [rows, dimension], with the face of an embedding table."""

    def __init__(self, vectors: np.ndarray):
        self.rows, self.dimension = vectors.shape
        self._vectors = vectors

    def vectors(self, start: int, stop: int) -> np.ndarray:
        """Return rows start to stop, float32 [stop - start, dimension]."""
        return self._vectors[start:stop]

    def blocks(self, size: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (first row, float32 [at most `size`, dimension]) in the order of the rows."""
        for start in range(0, self.rows, size):
            yield start, self._vectors[start : start + size]


def ranked(queries: np.ndarray, candidates: np.ndarray, table: Vectors, columns: range, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest of each query's candidates, int32 and float32 [n, k], by distance, then by row."""
    distances = np.full(candidates.shape, np.inf, np.float32)
    for first, block in blocks_within(table, columns, COLUMNS):
        query, slot = np.nonzero((candidates >= first) & (candidates < first + len(block)))
        distances[query, slot] = distances_of(queries, query, block, candidates[query, slot] - first)
    order = np.lexsort((candidates, distances), axis=1)[:, :k]
    return np.take_along_axis(candidates, order, 1), np.take_along_axis(distances, order, 1)


def distances_of(x: np.ndarray, i: np.ndarray, y: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Return the cosine distances of the pairs x[i], y[j], float32 [pairs]: the one place where a distance is defined."""
    distances = np.empty(len(i), np.float32)
    for part in slices(len(i), PAIRS):
        products = np.einsum("pd,pd->p", x[i[part]].astype(np.float64), y[j[part]].astype(np.float64))
        distances[part] = np.maximum(1 - products, 0)
    return distances


def blocks_within(table: Vectors, columns: range, size: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (first row, float32 [m, dimension]) of the table's rows within `columns`."""
    for first, block in table.blocks(size):
        low, high = max(first, columns.start), min(first + len(block), columns.stop)
        if low < high:
            yield low, block[low - first : high - first]


def slices(n: int, size: int) -> Iterator[slice]:
    """Yield slices of at most `size` that together cover the first n."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
