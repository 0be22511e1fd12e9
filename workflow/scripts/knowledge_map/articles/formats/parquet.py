"""Parquet, a small batch of rows at a time."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from knowledge_map.articles.columns import ColumnNames, checked_roles
from knowledge_map.articles.decompression import BUFFER, COMPRESSIONS, Expansion
from knowledge_map.articles.formats.base import ArticleFormat, ReadSettings
from knowledge_map.articles.records import InvalidRow, Row
from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet_pages import chunks_of, pages_of
from knowledge_map.common.text import reason_of, shown

BATCH_ROWS = 1_000

BATCH_BYTES = 1 << 26

LARGEST_PAGE = 1 << 28  # bytes; writers make pages of about one MiB, or of one value where it is longer


def read_rows(path: Path, settings: ReadSettings) -> Iterator[Row | InvalidRow]:
    """Yield the rows of a parquet file.

    Raises UserError if there is no column of texts, or the file is damaged or no parquet file.
    """
    _refuse_compressed(path)
    number = 0
    try:
        # An absolute path: at the beginning of others, pyarrow takes `~` for a home and `word:` for a place on the network.
        with pq.ParquetFile(path.absolute(), pre_buffer=False, buffer_size=BUFFER, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            columns, vector = _needed(path, schema, settings.columns), settings.columns.vector
            for group, rows in enumerate(_batch_rows(path, columns, Expansion(path))):
                for batch in file.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False):
                    decoded = (
                        _vectors(batch[name]) if name == vector else _undecoded(batch[name]) for name in batch.schema.names
                    )
                    for values in zip(*decoded, strict=True):
                        number += 1
                        yield _row(f"row {number}", batch.schema.names, values)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        raise UserError(f"{path}: cannot be read as parquet ({reason_of(error)}); {_remedy(error)}.") from None


def _refuse_compressed(path: Path) -> None:
    """Raise UserError where a parquet file was compressed as a whole: it is read from its end."""
    with path.open("rb") as file:
        start = file.read(16)
    if any(first_bytes.match(start) for first_bytes, _ in COMPRESSIONS.values()):
        raise UserError(f"{path}: is parquet that was compressed as a whole; decompress it, parquet is compressed within.")


def _remedy(error: Exception) -> str:
    """Return what helps where a file cannot be read as parquet."""
    if isinstance(error, MemoryError | pa.ArrowMemoryError):
        return "give the job more memory, or write it anew with smaller row groups"
    if isinstance(error, OSError) and error.errno:
        return "see to its permissions and its disk, and run again"
    if isinstance(error, pa.ArrowNotImplementedError):
        return "it was written in a way that Arrow does not read; write it anew with another program"
    return "fetch or make the file anew"


def _needed(path: Path, schema: pa.Schema, chosen: ColumnNames) -> list[str]:
    """Return the columns of an article that are there and of a type that may hold what they are for, and those that go along."""
    roles = checked_roles(path, schema.names, chosen)
    words = {name for name in roles.columns if _is_word(schema.field(name).type)}
    texts = roles.text if roles.joined or words.isdisjoint(roles.text) else ()
    for name in (*texts, *filter(None, (chosen.id, chosen.title, chosen.url))):
        if name not in words:
            raise UserError(f"{path}: the column `{shown(name)}` holds {shown(str(schema.field(name).type))}, no texts.")
    if chosen.vector and not (_is_list(kind := schema.field(chosen.vector).type) or _is_text(kind)):
        raise UserError(f"{path}: the column `{shown(chosen.vector)}` holds {shown(str(kind))}, no vectors.")
    return [name for name in schema.names if name in words | chosen.beside]


def _is_word(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return _is_text(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _is_text(kind: pa.DataType) -> bool:
    tests = ("is_string", "is_large_string", "is_string_view", "is_binary", "is_large_binary")
    return any(getattr(pa.types, test)(kind) for test in tests)


def _is_list(kind: pa.DataType) -> bool:
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests) and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))


def _batch_rows(path: Path, columns: list[str], expansion: Expansion) -> Iterator[int]:
    """Yield for each row group how many of its rows to hold at once: fewer where texts are long.

    Raises UserError where there is a page too large to be one, or the file expands beyond measure.
    """
    nested = tuple(f"{column}." for column in columns)
    with path.open("rb") as content:
        for group in chunks_of(content):
            longest = 1
            read = (chunk for chunk in group if chunk.column in columns or chunk.column.startswith(nested))
            for column, page in ((chunk.column, page) for chunk in read for page in pages_of(content, chunk)):
                expansion.add(page.size)
                if page.size > LARGEST_PAGE:
                    raise UserError(
                        f"{path}: a page of {page.size:,} bytes; {LARGEST_PAGE:,} are the most. Write it anew with smaller ones."
                    )
                # Any row may have the longest text of a dictionary, and all of them the same; a list, a good part of a page.
                longest = max(longest, page.size // (8 if column not in columns else max(1, page.values)))
            yield max(1, min(BATCH_ROWS, BATCH_BYTES // longest))


def _undecoded(column: pa.Array) -> list[Any]:
    """Return the values of a column, texts as bytes."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if _is_text(kind):
        # Some writers leave the mark off that makes a byte array a string, and some write what is no UTF-8: a row's own fault.
        return column.cast(pa.large_binary()).to_pylist()
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", kind.tz), safe=False).to_pylist()  # datetime knows nothing shorter
    return column.to_pylist()


def _vectors(column: pa.Array) -> list[Any]:
    """Return the vectors of a column as arrays, without a Python object for each number; a number that is missing is NaN."""
    if not _is_list(column.type):
        return [value if value is None else value.decode("utf-8", "replace") for value in _undecoded(column)]
    lists = column.cast(pa.large_list(pa.float64()))
    values, bounds = lists.values.to_numpy(zero_copy_only=False), lists.offsets.to_numpy()
    there = lists.is_valid().to_numpy(zero_copy_only=False)
    return [values[bounds[i] : bounds[i + 1]] if there[i] else None for i in range(len(lists))]


def _row(name: str, columns: list[str], values: tuple[Any, ...]) -> Row | InvalidRow:
    try:
        texts = [value.decode("utf-8") if isinstance(value, bytes) else value for value in values]
    except UnicodeDecodeError as error:
        return InvalidRow(name, f"not UTF-8 ({error.reason} at byte {error.start + 1})")
    return Row(name, dict(zip(columns, texts, strict=True)))


FORMATS = (
    ArticleFormat(
        name="parquet",
        suffixes=(".parquet",),
        read_rows=read_rows,
        first_bytes=re.compile(b"PAR1"),
        folder_pattern=re.compile(r".*\.parquet", re.DOTALL),
        folder_names="*.parquet",
    ),
)
