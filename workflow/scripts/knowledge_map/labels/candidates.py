"""Candidates: names that a cell may have, and how well each fits."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_matrix

from knowledge_map.embedding.table import EmbeddingTable

WORDS, TITLE, LAST = range(3)
"""Ranks of names: words that most titles around share, titles, and titles that say little."""

READ, PAIRS = 10_000, 5_000
"""Vectors read at once, and pairs of vectors multiplied at once: each about 40 MB of 1,024 dimensions."""


@dataclass(frozen=True)
class Candidates:
    """Names that cells may have, parallel arrays [candidates].

    Attributes
    ----------
    cell, name : int, the cell and the name.
    article : int, the article that stands for the name there.
    rank : int, the class of the name: `WORDS`, `TITLE` or `LAST`.
    similarity : float32, mean cosine of the article to those around the cell.
    score : float, how well the name fits; higher is better.
    """

    cell: np.ndarray
    name: np.ndarray
    article: np.ndarray
    rank: np.ndarray
    similarity: np.ndarray
    score: np.ndarray

    def take(self, index: np.ndarray) -> "Candidates":
        """Return the candidates at `index`, int or bool."""
        return Candidates(*(values[index] for values in vars(self).values()))

    def join(self, others: "Candidates") -> "Candidates":
        """Return these candidates and then the others."""
        return Candidates(*(np.concatenate(pair) for pair in zip(vars(self).values(), vars(others).values(), strict=True)))


def vote_weights(distances: np.ndarray, reach: float) -> np.ndarray:
    """Return the weights of each cell's nearest articles, float32 [cells, k], summing to 1 in a cell.

    Inverse distance weighting (Shepard 1968) with the power 4: what lies within `reach`, half a cell's side, counts fully,
    what lies in the next cell hardly. `distances`, float [cells, k], are those from the centre.
    """
    weights = np.maximum(distances / reach, 1.0) ** -4
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def mean_vectors(embeddings: EmbeddingTable, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return weighted means of unit vectors, float32 [cells, D], in one pass over the table.

    `rows`, int [cells, k], are rows of the table, `weights`, float32 [cells, k], their weights.
    """
    cells, k = rows.shape
    matrix = csc_matrix((weights.ravel(), (np.repeat(np.arange(cells), k), rows.ravel())), (cells, embeddings.rows))
    means = np.zeros((cells, embeddings.dimension), np.float32)
    for start, vectors in embeddings.blocks(READ):
        part = matrix[:, start : start + len(vectors)]
        if part.nnz:
            means += part @ unit(vectors)
    return means


def similarities(embeddings: EmbeddingTable, rows: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the products of the unit vectors of `rows`, int [cells, k], with their cell's `means`, float32 [cells, k].

    The product with a mean of unit vectors is the mean cosine to what was averaged. One pass over the table.
    """
    cell = np.repeat(np.arange(len(rows)), rows.shape[1])
    order = np.argsort(rows.ravel(), kind="stable")
    ordered = rows.ravel()[order]
    out = np.empty(rows.size, np.float32)
    for start, vectors in embeddings.blocks(READ):
        vectors = unit(vectors)
        inside = order[np.searchsorted(ordered, start) : np.searchsorted(ordered, start + len(vectors))]
        for part in np.split(inside, range(PAIRS, len(inside), PAIRS)):
            out[part] = np.einsum("pd,pd->p", vectors[rows.ravel()[part] - start], means[cell[part]])
    return out.reshape(rows.shape)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors, float [..., D], scaled to unit length; those of no length stay zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
