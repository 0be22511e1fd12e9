"""Parquet, a small batch of rows at a time."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from knowledge_map.articles.arrow_rows import needed_columns, rows_of
from knowledge_map.articles.decompression import BUFFER, COMPRESSIONS, Expansion
from knowledge_map.articles.formats.base import ArticleFormat, ReadSettings
from knowledge_map.articles.records import InvalidRow, Row
from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet_pages import chunks_of, pages_of
from knowledge_map.common.text import reason_of

BATCH_ROWS = 1_000

BATCH_BYTES = 1 << 26

LARGEST_PAGE = 1 << 28  # bytes; writers make pages of about one MiB, or of one value where it is longer


def read_rows(path: Path, settings: ReadSettings) -> Iterator[Row | InvalidRow]:
    """Yield the rows of a parquet file.

    Raises UserError if there is no column of texts, or the file is damaged or no parquet file.
    """
    _refuse_compressed(path)
    number = 1
    try:
        # An absolute path: at the beginning of others, pyarrow takes `~` for a home and `word:` for a place on the network.
        with pq.ParquetFile(path.absolute(), pre_buffer=False, buffer_size=BUFFER, page_checksum_verification=True) as file:
            columns = needed_columns(path, file.schema_arrow, settings.columns)
            for group, rows in enumerate(_batch_rows(path, columns, Expansion(path))):
                for batch in file.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False):
                    yield from rows_of(batch, number, settings.columns.vector)
                    number += batch.num_rows
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
