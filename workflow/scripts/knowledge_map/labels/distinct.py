"""Distinct values and pairs among millions, in linear time; numpy's own `unique` sorts."""

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix


def number_distinct(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct of `values`, int [n], ascending, and which of them each is, int32 [n]."""
    encoded = pa.array(values).dictionary_encode()
    distinct = encoded.dictionary.to_numpy()
    order = np.argsort(distinct)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    return distinct[order], rank[encoded.indices.to_numpy()]


def sum_pairs(rows: np.ndarray, columns: np.ndarray, values: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    """Return the sum of the `values` of each pair of a row and a column, float32; pairs whose sum is 0 stay entries."""
    return csr_matrix((values.astype(np.float32, copy=False), (rows, columns)), shape)
