"""The neighbor graph on disk: the nearest rows of every row and their distances, written by blocks and gathered."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.common.errors import UserError, corrupt_file_error
from knowledge_map.common.parquet import open_parquet, parquet_writer, write_parquet

SCHEMA = pa.schema({"row": pa.int32(), "neighbors": pa.list_(pa.int32()), "distances": pa.list_(pa.float32())})


def write_neighbors(path: str | Path, start: int, neighbors: np.ndarray, distances: np.ndarray) -> None:
    """Write the neighbors of the rows from `start` on, int32 and float32 [n, k], as parquet: row, neighbors, distances."""
    rows = np.arange(start, start + len(neighbors), dtype=np.int32)
    columns = [pa.array(rows), _lists(neighbors.astype(np.int32)), _lists(distances.astype(np.float32))]
    write_parquet(path, pa.Table.from_arrays(columns, schema=SCHEMA))


def _lists(values: np.ndarray) -> pa.ListArray:
    n, k = values.shape
    return pa.ListArray.from_arrays(pa.array(np.arange(0, n * k + 1, k, dtype=np.int32)), pa.array(values.ravel()))


def gather_neighbors(paths: Iterable[str | Path], out: str | Path) -> None:
    """Write the files of several blocks, given in the order of their rows, as one neighbor graph.

    Raises UserError where a row is missing, out of order, or has another number of neighbors than the first, and where a
    neighbor is no row of the graph, as when the last blocks are missing.
    """
    rows, highest, k = 0, -1, None
    with parquet_writer(out, SCHEMA) as writer:
        for path in paths:
            for batch in _batches(path):
                row, neighbors, _ = _arrays(path, batch, k)
                if not np.array_equal(row, np.arange(rows, rows + len(row))):
                    raise corrupt_file_error(path, f"row {rows} should come next, but rows {row[0]} to {row[-1]} do")
                writer.write_batch(batch)
                rows, k = rows + len(row), neighbors.shape[1]
                highest = max(highest, int(neighbors.max()))
        if highest >= rows:
            raise UserError(f"{out}: row {highest} is a neighbor, but the blocks end before row {rows}; make the missing ones.")


def read_neighbors(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the neighbor graph at `path`: rows int32 [N, k] and cosine distances float32 [N, k]."""
    if not (pieces := list(_pieces(path))):
        raise corrupt_file_error(path, "it has no rows")
    neighbors, distances = map(np.concatenate, zip(*pieces, strict=True))
    return neighbors, distances


def neighbor_blocks(path: str | Path) -> Iterator[np.ndarray]:
    """Yield the rows of the neighbor graph at `path` a block at a time, int32 [n, k]."""
    yield from (neighbors for neighbors, _ in _pieces(path))


def _pieces(path: str | Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield rows and distances of the neighbors, [n, k], a block at a time."""
    k = None
    for batch in _batches(path):
        _, neighbors, distances = _arrays(path, batch, k)
        k = neighbors.shape[1]
        yield neighbors, distances


def nearest_articles(neighbors: np.ndarray, articles: int, k: int) -> np.ndarray:
    """Return the first k articles of each row of the neighbor graph, int32 [N, k], -1 where a row has fewer."""
    is_article = neighbors < articles
    first = np.argsort(~is_article, axis=1, kind="stable")[:, :k]
    return np.where(np.take_along_axis(is_article, first, 1), np.take_along_axis(neighbors, first, 1), -1).astype(np.int32)


def without_self(neighbors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return `neighbors`, int [n, k + 1], of the items `rows`, int [n], without themselves: int [n, k].

    Where more than k others lie on the very same spot, the item itself may be missing; then the last one goes.
    """
    others = neighbors != rows[:, None]
    others[others.all(axis=1), -1] = False
    return neighbors[others].reshape(len(neighbors), -1)


def _batches(path: str | Path) -> Iterator[pa.RecordBatch]:
    with open_parquet(path) as file:
        if not file.schema_arrow.equals(SCHEMA):
            raise corrupt_file_error(path, "it has other columns than a neighbor graph")
        yield from (batch for batch in file.iter_batches(10_000) if len(batch))


def _arrays(path: str | Path, batch: pa.RecordBatch, k: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return row [n], neighbors [n, k] and distances [n, k] of a batch, no Python object per row."""
    lists = batch.column("neighbors"), batch.column("distances")
    k = k or len(lists[0].flatten()) // len(batch)
    if any(not (np.diff(column.offsets.to_numpy()) == k).all() for column in lists):
        raise corrupt_file_error(path, f"a row has not {k} neighbors")
    return batch.column("row").to_numpy(), *(column.flatten().to_numpy().reshape(-1, k) for column in lists)
