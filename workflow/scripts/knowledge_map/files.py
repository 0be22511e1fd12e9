"""Files that appear whole or not at all, and whose damage is noticed: parquet and JSON that carry checksums."""

import errno
import fcntl
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from knowledge_map.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT)

FOOTER_MARK = b"SHA-256 of the footer: "
"""Stands, with the digest, between the last page and the footer of a parquet file, where readers do not look."""

SEAL = b"CRC-32 of the content: "
"""Stands, with the checksum, at the end of a sealed file."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what was written there takes its place at the end, flushed before it is named.

    After an error nothing is left behind, and a former file at `path` stays as it was. What a writer of `path` left behind
    when it was killed is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_behind(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as claim:
            with suppress(OSError):  # not every file system knows locks; on such a one nothing is taken for left behind
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield temporary
            os.fsync(claim.fileno())
            os.replace(temporary, path)
        _flush_folder(path.parent)
    except OSError as error:
        if error.errno in FULL and not error.filename:  # a write that fails does not say where
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _remove_left_behind(path: Path) -> None:
    """Remove the temporary files of `path` that no living process holds a lock on."""
    for left in path.parent.glob(".*.tmp"):
        if left.with_suffix("").stem == f".{path.name}":
            with suppress(OSError), left.open("rb+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()


def _flush_folder(folder: Path) -> None:
    """Flush the names in a folder. Where a file system cannot, a new name may be lost with the power, and the old file stays."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_json(path: str | Path, value: object) -> None:
    """Write `value` as indented UTF-8 JSON; NaN and infinity are refused, since JSON has no word for them."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def write_record(path: str | Path, record: dict) -> None:
    """Write JSON that a later step reads by `read_record`, with a digest of its content."""
    write_json(path, record | {"digest": _digest(record)})


def read_record(path: str | Path) -> dict:
    """Return what `write_record` wrote. Raises UserError, which names the file, where it is damaged."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        digest = record.pop("digest", None)
    except (ValueError, AttributeError, TypeError) as error:
        raise damaged(path, error) from None
    if digest is not None and digest != _digest(record):  # older records have none
        raise damaged(path, "its content does not match its digest")
    return record


def _digest(record: dict) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def seal(path: str | Path) -> None:
    """Put a checksum at the end of a file whose readers stop at an end of their own, as those of pickles and faiss do."""
    with Path(path).open("rb+") as file:
        checksum = _crc32(file, file.seek(0, os.SEEK_END))
        file.write(SEAL + checksum)


def check_seal(path: str | Path) -> int:
    """Return how many bytes a sealed file has before its seal. Raises UserError where it is damaged or has none."""
    with _naming(path), Path(path).open("rb") as file:
        length = file.seek(0, os.SEEK_END) - len(SEAL) - 8
        file.seek(max(0, length))
        sealed = file.read()
        if not sealed.startswith(SEAL) or sealed != SEAL + _crc32(file, length):
            raise damaged(path, "its content does not match its checksum")
    return length


def _crc32(file: BinaryIO, length: int) -> bytes:
    """Return the checksum of a file's first `length` bytes, 8 hexadecimal digits, and leave the file at their end."""
    file.seek(0)
    checksum = 0
    while length:
        piece = file.read(min(length, 1 << 20))
        checksum, length = zlib.crc32(piece, checksum), length - len(piece)
    return f"{checksum:08x}".encode()


@contextmanager
def parquet_writer(path: str | Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """Yield a writer of a parquet file that appears at `path` once it is complete.

    Text is compressed; float lists are not, for embeddings hardly shrink.
    """
    numbers = [field.name for field in schema if pa.types.is_fixed_size_list(field.type)]
    compression = {field.name: "none" if field.name in numbers else "zstd" for field in schema}
    with replacing(path) as temporary:
        with pq.ParquetWriter(
            temporary,
            schema,
            compression=_leaf_compression(schema, compression),
            use_dictionary=[field.name for field in schema if pa.types.is_string(field.type)],
            write_page_checksum=True,
        ) as writer:
            yield writer
        _seal_footer(temporary)


def _seal_footer(path: Path) -> None:
    """Put the digest of a parquet file's footer before it: the format has checksums for pages only."""
    with path.open("rb+") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        start = file.seek(-8 - length, os.SEEK_END)
        footer = file.read()
        file.seek(start)
        file.write(FOOTER_MARK + hashlib.sha256(footer).digest() + footer)


def _check_footer(path: str | Path) -> None:
    """Raise UserError where the footer is not what its digest says; files of other writers have none."""
    with Path(path).open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 8))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, end - 8 - length - len(FOOTER_MARK) - hashlib.sha256().digest_size))
        mark, digest, footer = file.read(len(FOOTER_MARK)), file.read(hashlib.sha256().digest_size), file.read()
    if mark == FOOTER_MARK and hashlib.sha256(footer).digest() != digest:
        raise damaged(path, "its footer does not match its digest")


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


class _WholeFile(pq.ParquetFile):
    """A parquet file whose damage is noticed and named, wherever it is read.

    Its errors are its own: where several files are open, each speaks for itself. Checksums are of a page's content; a
    flipped bit in its header can end the reading early, so the rows are counted too.
    """

    def __init__(self, path: str | Path):
        self._named = partial(_naming, path)
        with self._named():
            _check_footer(path)
            super().__init__(path, page_checksum_verification=True, pre_buffer=False)

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
def _naming(path: str | Path) -> Iterator[None]:
    """Say of which file the errors are that its reading raises."""
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path}: missing; run the workflow again to make it.") from None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise damaged(path, error) from None
    except OSError as error:
        if error.errno:  # the disk's own word, not a damaged page
            raise
        raise damaged(path, error) from None


@contextmanager
def open_parquet(path: str | Path) -> Iterator[pq.ParquetFile]:
    """Yield a parquet file whose footer was verified, and whose page checksums are while it is read.

    Opening and reading raise UserError, which names the file, where it is damaged or is no parquet file at all.
    """
    with _WholeFile(path) as file:
        yield file


def damaged(path: str | Path, reason: object) -> UserError:
    """Return the error that says a file of ours cannot be trusted any more."""
    first_line = str(reason).splitlines()[0] if str(reason) else type(reason).__name__
    return UserError(f"{path}: damaged ({first_line}); delete it and run the workflow again to make it anew.")


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
