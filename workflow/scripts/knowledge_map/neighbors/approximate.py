"""Approximate nearest neighbors by an index of all embeddings, for more items than are soon compared with all others.

The index (faiss, inverted lists of product-quantized vectors) proposes candidates; their distances are exact, from the embedding
table. How many lists are looked through and how many candidates compared is found by a sample whose true neighbors are known.

faiss and torch each bring an OpenMP runtime, and the two do not get along in one process everywhere: nothing here needs torch.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from knowledge_map.common.checksum import append_checksum, verified_length
from knowledge_map.common.errors import UserError, corrupt_file_error
from knowledge_map.common.files import atomic_write, read_record, write_record
from knowledge_map.common.progress import Progress, log
from knowledge_map.neighbors.distances import COLUMNS, Vectors, ranked, slices
from knowledge_map.neighbors.exact import check_k
from knowledge_map.neighbors.graph import without_self

EXACT_UP_TO = 100_000
"""Articles up to which all are compared with all: to there an index saves less than half a minute of processor time."""

FEWEST = 1_000
"""Articles below which there is too little to learn an index from."""

TRAINING = 40
"""Vectors per list that an index is trained on: the least that faiss calls enough."""

ROUNDS = 10
"""Rounds of the k-means that finds the lists; more of them find no more neighbors."""

SAMPLE = 2_000
"""Items whose true neighbors are compared with those that the index finds."""

QUERIES = 1_024
"""Items that are searched for in one go."""


def uses_index(method: str, articles: int) -> bool:
    """Return whether `neighbors.method` means the index for a map of so many articles."""
    return articles >= FEWEST and (method == "index" or (method == "auto" and articles > EXACT_UP_TO))


@dataclass(frozen=True)
class Effort:
    """How hard the index is searched: lists that are looked through for an item, and candidates that they give."""

    lists: int
    candidates: int


# --- building
# faiss is imported where it is used: only the jobs that build or search an index need it.


def build_index(table: Vectors, index_path: str | Path, effort_path: str | Path, k: int, recall: float, seed: int) -> None:
    """Write an index of the table, and with which effort it finds the share `recall` of the k nearest of a sample.

    The vectors lie in about 4 √rows lists, around centroids of a k-means over a random sample of the rows; of each only the
    difference from its centroid is kept, in half a byte for every two numbers. That takes 116 MB for a million vectors of 384
    numbers. One thread does it all, so that no rounding depends on how many there are. Source: Jégou, Douze and Schmid, "Product
    Quantization for Nearest Neighbor Search" (2011); Andre, Kermarrec and Le Scouarnec, "Cache locality is not enough" (2015);
    faiss.

    Raises UserError where the table has not k other rows.
    """
    import faiss

    check_k(k, table.rows)
    faiss.omp_set_num_threads(1)
    lists = max(1, min(round(4 * table.rows**0.5), table.rows // TRAINING))
    numbers_per_code = next(size for size in (2, 3, 1) if table.dimension % size == 0)
    index = faiss.IndexIVFPQFastScan(
        faiss.IndexFlatIP(table.dimension),
        table.dimension,
        lists,
        table.dimension // numbers_per_code,
        4,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.cp.seed, index.cp.niter, index.cp.min_points_per_centroid = seed, ROUNDS, 1
    sample = _rows(table, _sample(table, TRAINING * lists, seed))
    log.info(f"finding {lists:,} lists by {len(sample):,} rows")
    index.train(sample)
    del sample
    progress = Progress(table.rows, "rows")
    for _, block in table.blocks(COLUMNS):
        index.add(np.ascontiguousarray(block))
        progress.advance(len(block))
    effort, found = _sufficient_effort(index, table, k, recall, seed)
    log.info(
        f"{found:.2%} of the {k} nearest of {min(SAMPLE, table.rows):,} items found ({recall:.2%} asked for), by looking through "
        f"{effort.lists:,} of {lists:,} lists and comparing {effort.candidates:,} candidates".replace("%", " %")
    )
    with atomic_write(index_path) as temporary:
        try:
            faiss.write_index(index, str(temporary))
        except RuntimeError as error:  # of which faiss tells the words alone
            raise (OSError(errno.ENOSPC, str(error)) if os.strerror(errno.ENOSPC) in str(error) else error) from None
        append_checksum(temporary)
    write_record(
        effort_path, {"recall": found, "asked": recall, "k": k, "items": min(SAMPLE, table.rows), **asdict(effort), "of": lists}
    )


def _sample(table: Vectors, size: int, seed: int) -> np.ndarray:
    """Return random rows of the table in ascending order, int [<= size]."""
    return np.sort(np.random.default_rng(seed).choice(table.rows, min(size, table.rows), replace=False))


def _rows(table: Vectors, rows: np.ndarray) -> np.ndarray:
    """Return the vectors of ascending rows, float32 [n, dimension]."""
    vectors = np.empty((len(rows), table.dimension), np.float32)
    for first, block in table.blocks(COLUMNS):
        low, high = np.searchsorted(rows, (first, first + len(block)))
        vectors[low:high] = block[rows[low:high] - first]
    return vectors


def _sufficient_effort(index: Any, table: Vectors, k: int, recall: float, seed: int) -> tuple[Effort, float]:
    """Return the effort with which the index finds the share `recall` of a sample's neighbors, and the share that it finds.

    Of more lists and more candidates, that which finds more is doubled, until it suffices: with all of both, all are found.
    """
    own = _sample(table, SAMPLE, seed)
    queries = _rows(table, own)
    true = _true_neighbors(queries, own, table, k)

    def share(effort: Effort) -> float:
        found = sum(
            np.count_nonzero(true[part, :, None] == candidates[:, None])
            for part, candidates in _candidates(index, queries, own, k, effort)
        )
        return found / true.size

    effort = Effort(min(16, index.nlist), min(4 * (k + 1), table.rows))
    found = share(effort)
    while found < recall:
        more_lists = replace(effort, lists=min(2 * effort.lists, index.nlist))
        more_candidates = replace(effort, candidates=min(2 * effort.candidates, table.rows))
        effort, found = max(((each, share(each)) for each in (more_lists, more_candidates)), key=itemgetter(1))
    return effort, found


def _true_neighbors(queries: np.ndarray, own: np.ndarray, table: Vectors, k: int) -> np.ndarray:
    """Return the k nearest rows of the table to each query but its own, int [n, k]."""
    import faiss

    nearest = faiss.ResultHeap(len(queries), k + 1, keep_max=True)
    progress = Progress(len(queries) * table.rows, "products of the sample")
    for first, block in table.blocks(COLUMNS):
        products, rows = faiss.knn(queries, np.ascontiguousarray(block), k + 1, metric=faiss.METRIC_INNER_PRODUCT)
        nearest.add_result(products, rows + first)
        progress.advance(len(queries) * len(block))
    nearest.finalize()
    return without_self(nearest.I, own)


# --- searching


def nearest_by_index(
    index_path: str | Path, effort_path: str | Path, table: Vectors, start: int, stop: int, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return k near rows of each of the rows start to stop, in the form of `nearest`: exact distances, maybe not all nearest.

    One thread; blocks of rows are searched for side by side.
    Raises UserError where the table has not k other rows, or the index is not of this table.
    """
    import faiss

    check_k(k, table.rows)
    faiss.omp_set_num_threads(1)
    index = _open_index(index_path, table)
    record = read_record(effort_path)
    effort = Effort(record["lists"], record["candidates"])
    queries, own = table.vectors(start, stop), np.arange(start, stop)
    candidates = np.empty((len(queries), effort.candidates), np.int32)
    progress = Progress(len(queries), "rows")
    for part, found in _candidates(index, queries, own, k, effort):
        candidates[part] = found
        progress.advance(len(found))
    return ranked(queries, candidates, table, range(table.rows), k)


def _candidates(index: Any, queries: np.ndarray, own: np.ndarray, k: int, effort: Effort) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield some queries, and candidates for the nearest of each, rows int [n, candidates]: -1 for its own row and for none.

    Where the lists that are looked through give fewer than k, twice as many are, until there are k.
    """
    for part in slices(len(queries), QUERIES):
        candidates = _search(index, queries[part], own[part], effort)
        lists = effort.lists
        while len(short := np.flatnonzero((candidates >= 0).sum(axis=1) < k)):
            lists *= 2
            candidates[short] = _search(index, queries[part][short], own[part][short], replace(effort, lists=lists))
        yield part, candidates


def _search(index: Any, queries: np.ndarray, own: np.ndarray, effort: Effort) -> np.ndarray:
    index.nprobe = min(effort.lists, index.nlist)
    _, rows = index.search(np.ascontiguousarray(queries), effort.candidates)
    return np.where(rows == own[:, None], -1, rows)


def _open_index(path: str | Path, table: Vectors) -> Any:
    """Return the index at `path`. Raises UserError where it is damaged or not of this table."""
    import faiss

    verified_length(path)
    try:
        index = faiss.read_index(str(path))
    except RuntimeError as error:
        raise corrupt_file_error(path, error) from None
    if (index.ntotal, index.d) != (table.rows, table.dimension):
        raise UserError(
            f"{path}: an index of {index.ntotal:,} x {index.d} numbers, but the embedding table has "
            f"{table.rows:,} x {table.dimension}; delete it and run the workflow again to make it anew."
        )
    return index
