"""Approximate nearest neighbors by an index of all embeddings, for more items than can be compared with all others."""

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np

from knowledge_map.common.checksum import append_checksum, verified_length
from knowledge_map.common.errors import UserError, corrupt_file_error
from knowledge_map.common.files import atomic_write
from knowledge_map.common.progress import Progress
from knowledge_map.neighbors.distances import COLUMNS, Vectors, ranked, slices
from knowledge_map.neighbors.exact import check_k, search_exactly

TRAINING = 40  # rows per list that an index is trained on: the least that faiss calls enough


# --- approximate search --------------------------------------------------------------------------------------------------
# faiss is imported where it is used: it brings an OpenMP runtime of its own, which the exact search does not need.


def build_index(table: Vectors, path: str | Path, threads: int, seed: int) -> None:
    """Write an inverted-file index of the table (faiss IVF-flat, inner product) with about 4 √rows lists.

    Its centroids are those of a k-means over a random sample of the rows (Johnson, Douze and Jégou, Billion-scale
    similarity search with GPUs, 2019). While it is built it takes as much memory as all the vectors.
    """
    import faiss

    faiss.omp_set_num_threads(threads)
    lists = max(1, min(round(4 * table.rows**0.5), table.rows // TRAINING))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(table.dimension), table.dimension, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = seed
    index.cp.min_points_per_centroid = 1
    index.train(_sample(table, TRAINING * lists, seed))
    progress = Progress(table.rows, "rows")
    for _, block in table.blocks(COLUMNS):
        index.add(np.ascontiguousarray(block))
        progress.advance(len(block))
    with atomic_write(path) as temporary:
        try:
            faiss.write_index(index, str(temporary))
        except RuntimeError as error:  # of which faiss tells the words alone
            raise (OSError(errno.ENOSPC, str(error)) if os.strerror(errno.ENOSPC) in str(error) else error) from None
        append_checksum(temporary)


def _sample(table: Vectors, size: int, seed: int) -> np.ndarray:
    """Return a random sample of the table's rows in their order, float32 [<= size, dimension]."""
    rows = np.sort(np.random.default_rng(seed).choice(table.rows, min(size, table.rows), replace=False))
    sample = np.empty((len(rows), table.dimension), np.float32)
    for first, block in table.blocks(COLUMNS):
        low, high = np.searchsorted(rows, (first, first + len(block)))
        sample[low:high] = block[rows[low:high] - first]
    return sample


def nearest_by_index(
    index_path: str | Path, table: Vectors, start: int, stop: int, k: int, nprobe: int, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return k near rows of each of the rows start to stop, in the form of `nearest`: exact distances, maybe not all nearest.

    `nprobe` lists of the index are looked through for each row; where they hold fewer than k rows, all the table is.
    Raises UserError where the table has not k other rows, or the index is not of this table.
    """
    import faiss

    check_k(k, table.rows)
    faiss.omp_set_num_threads(threads)
    index: Any = _open_index(index_path, table)
    index.nprobe = nprobe
    queries, own = table.vectors(start, stop), np.arange(start, stop)
    candidates = np.empty((len(queries), k + 1), np.int32)
    progress = Progress(len(queries), "rows")
    for part in slices(len(queries), 1024):
        candidates[part] = index.search(np.ascontiguousarray(queries[part]), k + 1)[1]
        progress.advance(part.stop - part.start)
    candidates[candidates == own[:, None]] = -1
    neighbors, distances = ranked(queries, candidates, table, range(table.rows), k)
    short = np.flatnonzero(neighbors[:, -1] < 0)
    if len(short):
        neighbors[short], distances[short] = search_exactly(
            queries[short], own[short], table, range(table.rows), k, "cpu", threads
        )
    return neighbors, distances


def _open_index(path: str | Path, table: Vectors):
    """Return the index at `path`, its lists left on the disk until they are looked through."""
    import faiss

    verified_length(path)
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
    except RuntimeError as error:
        raise corrupt_file_error(path, error) from None
    if (index.ntotal, index.d) != (table.rows, table.dimension):
        raise UserError(
            f"{path}: an index of {index.ntotal:,} x {index.d} numbers, but the embedding table has "
            f"{table.rows:,} x {table.dimension}; delete it and run the workflow again to make it anew."
        )
    return index
