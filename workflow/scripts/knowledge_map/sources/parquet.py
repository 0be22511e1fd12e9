"""Parquet, a small batch of rows at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from knowledge_map.errors import UserError
from knowledge_map.sources.delimited import checked_columns
from knowledge_map.sources.opening import BUFFER, reason_of
from knowledge_map.sources.records import Broken, Row

BATCH_ROWS = 1_000
BATCH_BYTES = 1 << 24


def read_rows(path: Path) -> Iterator[Row | Broken]:
    """Yield the rows of a parquet file.

    Raises UserError if there is no column `text` or `content`, or the file is damaged or no parquet file.
    """
    number = 0
    try:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER, page_checksum_verification=True) as file:
            columns = _needed(checked_columns(path, file.schema_arrow.names))
            for group in range(file.num_row_groups):
                size = _batch_rows(file.metadata.row_group(group))
                for batch in file.iter_batches(size, row_groups=[group], columns=columns, use_threads=False):
                    for fields in _fields(batch):
                        number += 1
                        yield Broken(f"row {number}", fields) if isinstance(fields, str) else Row(f"row {number}", fields)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        raise UserError(f"{path}: cannot be read as parquet ({reason_of(error)}); fetch or make the file anew.") from None


def _needed(columns: list[str]) -> list[str]:
    text = "text" if "text" in columns else "content"
    return [column for column in ("id", "url", "title", text) if column in columns]


def _batch_rows(group: pq.RowGroupMetaData) -> int:
    """Return how many rows of this row group to hold at once: fewer where texts are long."""
    row_bytes = group.total_byte_size // max(1, group.num_rows) + 1
    return max(1, min(BATCH_ROWS, BATCH_BYTES // row_bytes))


def _fields(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | str]:
    """Yield the fields of each row, or the reason why one is broken."""
    try:
        yield from [_decoded(fields) for fields in batch.to_pylist()]
    except UnicodeDecodeError as error:
        if len(batch) > 1:
            for row in range(len(batch)):
                yield from _fields(batch.slice(row, 1))
        else:
            yield f"not UTF-8 ({error.reason} at byte {error.start + 1})"


def _decoded(fields: dict[str, Any]) -> dict[str, Any]:
    # Some writers leave the mark off that makes a byte array a string.
    return {name: value.decode("utf-8") if isinstance(value, bytes) else value for name, value in fields.items()}
