"""The articles nearest to the centre of a cell, and how like each of them is to all that lies there."""

import numpy as np
from scipy.sparse import csr_matrix

from knowledge_map.embedding.table import EmbeddingTable

READ, PAIRS = 10_000, 5_000
"""Vectors read at once, and pairs of vectors multiplied at once: each about 40 MB of 1,024 dimensions."""


def sum_vectors(embeddings: EmbeddingTable, weights: csr_matrix) -> np.ndarray:
    """Return weighted sums of the unit vectors of the table, float32 [sums, D], in one pass over it.

    `weights`, float32 [sums, rows], has a column for each of the first rows of the table.
    """
    columns, sums = weights.tocsc(), np.zeros((len(weights.indptr) - 1, embeddings.dimension), np.float32)
    for start, vectors in embeddings.blocks(READ):
        part = columns[:, start : start + len(vectors)]
        if part.nnz:
            sums += part @ unit(vectors[: part.shape[1]])
    return sums


def products(embeddings: EmbeddingTable, rows: np.ndarray, others: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Return the products of the unit vectors of `rows` with `others[which]`, float32 [pairs], in one pass over the table.

    The product with a mean of unit vectors is the mean cosine to what was averaged.

    Parameters
    ----------
    rows, which : int [pairs], rows of the table and of `others`.
    others : float32 [others, D].
    """
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    out = np.empty(len(rows), np.float32)
    for start, vectors in embeddings.blocks(READ):
        vectors = unit(vectors)
        inside = order[np.searchsorted(ordered, start) : np.searchsorted(ordered, start + len(vectors))]
        for part in np.split(inside, range(PAIRS, len(inside), PAIRS)):
            out[part] = np.einsum("pd,pd->p", vectors[rows[part] - start], others[which[part]])
    return out


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors, float [..., D], scaled to unit length; those of no length stay zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
