"""What all articles are about: the mean of their vectors, how these spread, and what terms mean beside it."""

from dataclasses import dataclass

import numpy as np

from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.labels.nearest import READ, sum_vectors, unit
from knowledge_map.labels.terms import Terms

SHORT = 64
"""Dimensions of the vectors by which forms of words are compared."""


@dataclass(frozen=True)
class Corpus:
    """The vectors of all articles as a distribution.

    Attributes
    ----------
    mean : float32 [D], the mean unit vector.
    covariance : float32 [D, D].
    short : float32 [articles, 64], what each is about beside the mean: a random projection (Johnson and Lindenstrauss 1984).
    """

    mean: np.ndarray
    covariance: np.ndarray
    short: np.ndarray

    @classmethod
    def of(cls, embeddings: EmbeddingTable, rows: np.ndarray) -> "Corpus":
        """Return what the articles at `rows`, ascending, are about, in one pass over the table."""
        dimension = embeddings.dimension
        projection = np.random.default_rng(0).normal(scale=SHORT**-0.5, size=(dimension, SHORT)).astype(np.float32)
        total, products = np.zeros(dimension), np.zeros((dimension, dimension))
        short = np.empty((len(rows), SHORT), np.float32)
        for start, vectors in embeddings.blocks(READ):
            first, end = np.searchsorted(rows, [start, start + len(vectors)])
            some = unit(vectors[rows[first:end] - start])
            total += some.sum(axis=0)
            products += some.T @ some
            short[first:end] = some @ projection
        mean = total / len(rows)
        covariance = products / len(rows) - np.outer(mean, mean)
        return cls(mean.astype(np.float32), covariance.astype(np.float32), short - mean.astype(np.float32) @ projection)

    def offsets(self, embeddings: EmbeddingTable, terms: Terms) -> np.ndarray:
        """Return where the mean of the articles of each term lies, from the mean of all: float32 [terms, D]."""
        count = np.maximum(np.asarray(terms.has.sum(axis=0)).ravel(), 1)
        return sum_vectors(embeddings, terms.has.T.tocsr()) / count[:, None].astype(np.float32) - self.mean
