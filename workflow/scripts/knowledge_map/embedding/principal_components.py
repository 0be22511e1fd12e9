"""Principal components of the embedding table: the directions in which its vectors differ most."""

import numpy as np
from scipy.linalg import eigh

from knowledge_map.embedding.table import ROW_GROUP, EmbeddingTable


def principal_component(table: EmbeddingTable, number: int) -> np.ndarray:
    """Return the coordinate of every item along a principal component of all vectors, scaled to [0, 1], float32 [rows].

    Two passes over the file, and memory for D x D numbers: the covariance is summed up a block at a time (principal component
    analysis by eigenvectors of the covariance; Jolliffe, *Principal Component Analysis*, 2002, section 3.5).

    Parameters
    ----------
    number : which one, from 1; where vectors have fewer dimensions, the last. Its sign makes its largest loading positive.
    """
    total, products = np.zeros(table.dimension), np.zeros((table.dimension, table.dimension))
    for _, vectors in table.blocks(ROW_GROUP):
        total += vectors.sum(axis=0, dtype=np.float64)
        products += vectors.T @ vectors
    mean = total / table.rows
    covariance = products / table.rows - np.outer(mean, mean)
    place = table.dimension - min(number, table.dimension)  # eigenvalues ascend
    direction = eigh(covariance, subset_by_index=[place, place])[1][:, 0]
    direction *= np.sign(direction[np.abs(direction).argmax()])
    values = np.concatenate([vectors @ direction.astype(np.float32) for _, vectors in table.blocks(ROW_GROUP)])
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.full_like(values, 0.5)
