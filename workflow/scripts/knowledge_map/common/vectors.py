"""Vectors that others have made: read, checked and brought to unit length."""

import json
from typing import Any

import numpy as np

GIVEN = "given"
"""What stands in place of a model for vectors that came with their items."""

LEAST, MOST = 2, 65_536
"""Dimensions of a vector."""

UNIT_TOLERANCE = 1e-3
"""How far from 1 the length of a vector may be that counts as normalized; half precision keeps about three digits."""


def unit_vector(value: Any) -> tuple[np.ndarray, bool]:
    """Return a vector of unit length, float32 [D], and whether it had that length before.

    Parameters
    ----------
    value : numbers as a list or an array, or a JSON array of them as text.

    Raises ValueError, with the reason in words, where there is none.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("no JSON array of numbers") from None
    if value is None:
        raise ValueError("missing")
    try:
        vector = np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("no list of numbers") from None
    if vector.ndim != 1:
        raise ValueError("no list of numbers")
    if not LEAST <= len(vector) <= MOST:
        raise ValueError(f"of {len(vector):,} dimensions; {LEAST} to {MOST:,} are possible")
    largest = np.abs(vector).max()
    if not np.isfinite(largest):
        raise ValueError("not finite")
    if not largest:
        raise ValueError("all zero")
    scaled = vector / largest  # so that no square overflows or vanishes
    length = np.sqrt(scaled @ scaled)
    return (scaled / length).astype(np.float32), bool(abs(length * largest - 1) < UNIT_TOLERANCE)


def normalized(vectors: np.ndarray) -> np.ndarray:
    """Return the rows of `vectors`, float [n, D] and none of them zero, at unit length, float32 [n, D]."""
    vectors = vectors.astype(np.float32)
    return vectors / np.sqrt(np.einsum("nd,nd->n", vectors, vectors))[:, None]
