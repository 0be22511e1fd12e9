"""Principal components of the embedding table: the directions in which its vectors differ most.

No more of the vectors is in memory than a block. One thread, so that no rounding depends on how many there are.
"""

from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from knowledge_map.embedding.table import ROW_GROUP, EmbeddingTable


class PrincipalAxes(NamedTuple):
    """The directions in which vectors differ, the first component first.

    Attributes
    ----------
    mean : of all vectors, float64 [D].
    directions : float64 [D, D], one a column.
    variances : along them, float64 [D].
    """

    mean: np.ndarray
    directions: np.ndarray
    variances: np.ndarray


@threadpool_limits.wrap(limits=1)
def principal_axes(table: EmbeddingTable) -> PrincipalAxes:
    """Return the axes of all vectors in one pass over the table.

    Source: eigenvectors of the covariance (Jolliffe, *Principal Component Analysis*, 2002, section 3.5), which is summed up a
    block at a time.
    """
    total, products = np.zeros(table.dimension), np.zeros((table.dimension, table.dimension))
    for _, block in table.blocks(ROW_GROUP):
        total += block.sum(axis=0, dtype=np.float64)
        products += block.T @ block
    mean = total / table.rows
    variances, directions = np.linalg.eigh(products / table.rows - np.outer(mean, mean))
    return PrincipalAxes(mean, directions[:, ::-1], variances[::-1])  # they ascend by variance


@threadpool_limits.wrap(limits=1)
def principal_components(table: EmbeddingTable) -> np.ndarray:
    """Return the first two principal components of all vectors, float32 [rows, 2], in two passes over the table."""
    axes = principal_axes(table)
    components = np.empty((table.rows, 2), np.float32)
    for first, block in table.blocks(ROW_GROUP):
        components[first : first + len(block)] = (block - axes.mean) @ axes.directions[:, :2]
    return components


@threadpool_limits.wrap(limits=1)
def principal_component(table: EmbeddingTable, number: int) -> np.ndarray:
    """Return the coordinate of every item along a principal component of all vectors, scaled to [0, 1], float32 [rows].

    Two passes over the table.

    Parameters
    ----------
    number : which one, from 1; where vectors have fewer dimensions, the last. Its sign makes its largest loading positive.
    """
    direction = principal_axes(table).directions[:, min(number, table.dimension) - 1]
    direction = (direction * np.sign(direction[np.abs(direction).argmax()])).astype(np.float32)
    values = np.concatenate([block @ direction for _, block in table.blocks(ROW_GROUP)])
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.full_like(values, 0.5)
