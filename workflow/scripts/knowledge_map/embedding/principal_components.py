"""Principal components of the embedding table: the directions in which its vectors differ most.

No more of the vectors is in memory than a block. One thread, so that no rounding depends on how many there are.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from knowledge_map.embedding.table import ROW_GROUP, EmbeddingTable


@threadpool_limits.wrap(limits=1)
def principal_components(table: EmbeddingTable) -> np.ndarray:
    """Return the first two principal components of all vectors, float32 [rows, 2], in two passes over the table."""
    mean, axes = _mean_and_axes(table)
    components = np.empty((table.rows, 2), np.float32)
    for first, block in table.blocks(ROW_GROUP):
        components[first : first + len(block)] = (block - mean) @ axes[:, :2]
    return components


@threadpool_limits.wrap(limits=1)
def principal_component(table: EmbeddingTable, number: int) -> np.ndarray:
    """Return the coordinate of every item along a principal component of all vectors, scaled to [0, 1], float32 [rows].

    Two passes over the table.

    Parameters
    ----------
    number : which one, from 1; where vectors have fewer dimensions, the last. Its sign makes its largest loading positive.
    """
    direction = _mean_and_axes(table)[1][:, min(number, table.dimension) - 1]
    direction = (direction * np.sign(direction[np.abs(direction).argmax()])).astype(np.float32)
    values = np.concatenate([block @ direction for _, block in table.blocks(ROW_GROUP)])
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.full_like(values, 0.5)


def _mean_and_axes(table: EmbeddingTable) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean vector, float64 [D], and the axes of the components, the first one first, float64 [D, D] by column.

    Source: eigenvectors of the covariance (Jolliffe, *Principal Component Analysis*, 2002, section 3.5), which is summed up a
    block at a time.
    """
    total, products = np.zeros(table.dimension), np.zeros((table.dimension, table.dimension))
    for _, block in table.blocks(ROW_GROUP):
        total += block.sum(axis=0, dtype=np.float64)
        products += block.T @ block
    mean = total / table.rows
    return mean, np.linalg.eigh(products / table.rows - np.outer(mean, mean))[1][:, ::-1]  # they ascend by variance
