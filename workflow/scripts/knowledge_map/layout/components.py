"""The principal components of all vectors, which a layout may start from: no more of the vectors is in memory than a block."""

import numpy as np
from threadpoolctl import threadpool_limits

from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.neighbors.distances import COLUMNS


@threadpool_limits.wrap(limits=1)
def principal_components(table: EmbeddingTable) -> np.ndarray:
    """Return the first two principal components of all vectors, float32 [N, 2], in two passes over the table.

    One thread, so that no rounding depends on how many there are.
    """
    total, products = np.zeros(table.dimension), np.zeros((table.dimension, table.dimension))
    for _, block in table.blocks(COLUMNS):
        total += block.sum(axis=0, dtype=np.float64)
        products += block.T @ block
    mean = total / table.rows
    _, axes = np.linalg.eigh(products / table.rows - np.outer(mean, mean))
    components = np.empty((table.rows, 2), np.float32)
    for first, block in table.blocks(COLUMNS):
        components[first : first + len(block)] = (block - mean) @ axes[:, :-3:-1]
    return components
