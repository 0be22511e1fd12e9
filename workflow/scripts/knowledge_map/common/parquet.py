"""Parquet files that appear whole or not at all, and whose corruption is noticed wherever they are read."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from knowledge_map.common.checksum import content_digest
from knowledge_map.common.errors import corrupt_file_error, missing_file_error
from knowledge_map.common.files import atomic_write

FOOTER_MARK = b"SHA-256 of the footer: "
"""Stands, with the digest, between the last page and the footer of a parquet file, where readers do not look."""

FOOTER_DIGEST = 32
"""Bytes of that digest."""


@contextmanager
def parquet_writer(path: str | Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """Yield a writer of a parquet file that appears at `path` once it is complete.

    Text is compressed; float lists are not, for embeddings hardly shrink.
    """
    numbers = [field.name for field in schema if pa.types.is_fixed_size_list(field.type)]
    compression = {field.name: "none" if field.name in numbers else "zstd" for field in schema}
    with atomic_write(path) as temporary:
        by_column: dict[str, Any] = {
            "compression": _leaf_compression(schema, compression),
            "use_dictionary": [field.name for field in schema if pa.types.is_string(field.type)],
        }
        with pq.ParquetWriter(temporary.absolute(), schema, **by_column, write_page_checksum=True) as writer:
            yield writer
        _append_footer_digest(temporary)


def _append_footer_digest(path: Path) -> None:
    """Put the digest of a parquet file's footer before it: the format has checksums for pages only."""
    with path.open("rb+") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        start = file.seek(-8 - length, os.SEEK_END)
        footer = file.read()
        file.seek(start)
        file.write(FOOTER_MARK + _footer_digest(footer) + footer)


def _footer_digest(footer: bytes) -> bytes:
    return bytes.fromhex(content_digest([footer]))


def _check_footer(path: str | Path) -> None:
    """Raise UserError where the footer is not what its digest says; files of other writers have none."""
    with Path(path).open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 8))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, end - 8 - length - len(FOOTER_MARK) - FOOTER_DIGEST))
        mark, digest, footer = file.read(len(FOOTER_MARK)), file.read(FOOTER_DIGEST), file.read()
    if mark == FOOTER_MARK and _footer_digest(footer) != digest:
        raise corrupt_file_error(path, "its footer does not match its digest")


def _leaf_compression(schema: pa.Schema, compression: dict[str, str]) -> dict[str, str]:
    """Return compression by parquet leaf path, which for a list is not its column's name."""
    empty = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), empty)
    leaves = pq.ParquetFile(pa.BufferReader(empty.getvalue())).schema
    return {(leaf := leaves.column(i).path): compression[leaf.split(".")[0]] for i in range(len(leaves))}


def write_parquet(path: str | Path, table: pa.Table, row_group_size: int = 10_000) -> None:
    """Write one table held in memory, in row groups of `row_group_size` rows."""
    with parquet_writer(path, table.schema) as writer:
        writer.write_table(table, row_group_size=row_group_size)


class _VerifiedFile(pq.ParquetFile):
    """A parquet file whose damage is noticed and named, wherever it is read.

    Its errors are its own: where several files are open, each speaks for itself. Checksums are of a page's content; a
    flipped bit in its header can end the reading early, so the rows are counted too.
    """

    def __init__(self, path: str | Path):
        self._named = partial(_naming_file, path)
        with self._named():
            _check_footer(path)
            # An absolute path: pyarrow takes `~` at the beginning of others for a home, and `word:` for a place on the network.
            super().__init__(Path(path).absolute(), page_checksum_verification=True, pre_buffer=False)

    def read(self, *args, **settings) -> pa.Table:
        with self._named():
            table = super().read(*args, **settings)
            _check_rows(table.num_rows, self.metadata.num_rows)
        return table

    def read_row_group(self, i: int, *args, **settings) -> pa.Table:
        with self._named():
            table = super().read_row_group(i, *args, **settings)
            _check_rows(table.num_rows, self.metadata.row_group(i).num_rows)
        return table

    def iter_batches(self, *args, **settings) -> Iterator[pa.RecordBatch]:
        rows = 0
        with self._named():
            for batch in super().iter_batches(*args, **settings):
                rows += batch.num_rows
                yield batch
            _check_rows(rows, self.metadata.num_rows)


def _check_rows(read: int, rows: int) -> None:
    if read != rows:
        raise pa.ArrowInvalid(f"{read:,} of {rows:,} rows can be read")


@contextmanager
def _naming_file(path: str | Path) -> Iterator[None]:
    """Say of which file the errors are that its reading raises."""
    try:
        yield
    except FileNotFoundError:
        raise missing_file_error(path) from None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise corrupt_file_error(path, error) from None
    except OSError as error:
        if error.errno:  # the disk's own word, not a damaged page
            raise
        raise corrupt_file_error(path, error) from None


@contextmanager
def open_parquet(path: str | Path) -> Iterator[pq.ParquetFile]:
    """Yield a parquet file whose footer was verified, and whose page checksums are while it is read.

    Opening and reading raise UserError, which names the file, where it is damaged or is no parquet file at all.
    """
    with _VerifiedFile(path) as file:
        yield file


def read_parquet(path: str | Path, columns: list[str] | None = None) -> pa.Table:
    """Read a whole parquet file (or some of its columns) into memory, checksums verified."""
    with open_parquet(path) as file:
        return file.read(columns=columns)


def batches(file: pq.ParquetFile, columns: list[str], size: int) -> Iterator[pa.Table]:
    """Yield tables of exactly `size` rows (the last may be shorter), whatever the file's row groups."""
    pending = None
    for batch in file.iter_batches(size, columns=columns):
        piece = pa.Table.from_batches([batch])
        pending = piece if pending is None else pa.concat_tables([pending, piece])
        while pending.num_rows >= size:
            yield pending.slice(0, size).combine_chunks()
            pending = pending.slice(size)
    if pending is not None and pending.num_rows:
        yield pending.combine_chunks()


def as_column(vectors: np.ndarray) -> pa.FixedSizeListArray:
    """Return float32 or float16 [n, D] as an Arrow column, without copying."""
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])


def as_metadata(notes: dict) -> dict[str, str]:
    """Return notes in the form in which a parquet schema carries them; `read_metadata` reads them back."""
    return {"knowledge_map": json.dumps(notes, ensure_ascii=False)}


def read_metadata(file: pq.ParquetFile) -> dict:
    """Return what the writer of one of our parquet files noted in its schema."""
    return json.loads((file.schema_arrow.metadata or {}).get(b"knowledge_map", b"{}"))


def as_matrix(column: pa.ChunkedArray) -> np.ndarray:
    """Return a fixed-size list column as a matrix, [rows, D] of its number type, without going through Python objects."""
    array = column.combine_chunks()
    return array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), column.type.list_size)
