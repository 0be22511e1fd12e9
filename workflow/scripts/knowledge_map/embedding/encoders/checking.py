"""Vectors checked as they come: a few texts of every block are made again by the reference."""

import numpy as np

from knowledge_map.embedding.encoders.tokenization import Tokenized
from knowledge_map.embedding.encoders.trial import LEAST_COSINE, Reference

SHARE = 0.01
"""Of the time that a job embeds, how much its checks may take."""

TEXTS = 4
"""Texts of a block that are made again, if the time allows."""

SAME = 0.9999
"""A cosine above which vectors of unlike texts are suspicious, if those of many are so."""


class VectorCheck:
    """Makes texts of every block again by the reference, and tells whether its vectors can be trusted.

    Of the first block, and of one after a block that was off, it is one text at least; else as many as `SHARE` of the time pays
    for. Besides, a text whose vector is suspicious is always made again: vectors that are the same for different texts, or
    nearly so for many.

    Attributes
    ----------
    texts : made again so far.
    seconds : that embedding and checking have taken so far.
    """

    def __init__(self, reference: Reference):
        self._reference = reference
        self._in_doubt = True
        self.texts = 0
        self.embedding = self.checking = 0.0

    def off(self, vectors: np.ndarray, tokenized: Tokenized, precision: str, seconds: float) -> tuple[int, float] | None:
        """Return the row that is farthest off and its cosine to the reference, None if all that were made again agree.

        Parameters
        ----------
        vectors : of a block, float32 [n, D], of unit length.
        tokenized : its texts.
        precision : the number type they were made in.
        seconds : that they took.
        """
        self.embedding += seconds
        rows = np.union1d(self._sample(len(vectors)), suspicious_rows(vectors, tokenized))
        if not len(rows):
            return None
        before = self._reference.seconds
        expected = self._reference.vectors([str(tokenized.texts[row]) for row in rows])
        self.checking += self._reference.seconds - before
        self.texts += len(rows)
        cosines = np.nan_to_num(np.einsum("nd,nd->n", vectors[rows], expected), nan=1.0)  # nothing to compare with
        worst = int(cosines.argmin())
        self._in_doubt = bool(cosines[worst] < LEAST_COSINE[precision])
        if not self._in_doubt:
            return None
        return int(rows[worst]), float(cosines[worst])

    def _sample(self, count: int) -> np.ndarray:
        """Return the rows of a block of so many that are made again, drawn by how many were before."""
        each = self._reference.seconds / max(self._reference.texts, 1)
        affordable = int((SHARE * self.embedding - self.checking) / max(each, 1e-9))
        number = int(np.clip(affordable, int(self._in_doubt), min(TEXTS, count)))
        return np.random.default_rng(self.texts).choice(count, number, replace=False)


def suspicious_rows(vectors: np.ndarray, tokenized: Tokenized) -> np.ndarray:
    """Return at most two rows of `vectors`, float32 [n, D], whose like is among those of other texts, int64."""
    found = []
    _, first, group = np.unique(vectors.view(f"V{vectors.strides[0]}").ravel(), return_index=True, return_inverse=True)
    twins = np.flatnonzero(first[group] != np.arange(len(vectors)))
    found += [row for row in twins.tolist() if _unlike(tokenized, row, int(first[group[row]]))][:1]
    half = len(vectors) // 2
    alike = np.flatnonzero(np.einsum("nd,nd->n", vectors[:half], vectors[half : 2 * half]) > SAME)
    unlike = [row for row in alike.tolist() if _unlike(tokenized, row, row + half)]
    found += unlike[:1] if 10 * len(unlike) > half else []
    return np.array(found, np.int64)


def _unlike(tokenized: Tokenized, one: int, other: int) -> bool:
    """Return whether two texts have different tokens."""
    starts, ids = tokenized.starts, tokenized.ids
    return not np.array_equal(ids[starts[one] : starts[one + 1]], ids[starts[other] : starts[other + 1]])
