"""A source that is asked by a SQL statement, which DuckDB runs: it reads the source's files and nothing else.

The statement stands in a configuration that others may have written. So it is one SELECT, without access to the network, to other
files or to settings, nothing it names is installed or loaded, and its memory, threads and disk are bounded.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from knowledge_map.articles.arrow_rows import needed_columns, rows_of
from knowledge_map.articles.columns import ColumnNames
from knowledge_map.articles.decompression import COMPRESSIONS, Expansion
from knowledge_map.articles.records import InvalidRow, Row, Source
from knowledge_map.common.errors import UserError
from knowledge_map.common.text import shown

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 1_000

LONGEST_SILENCE = 3_600
"""Seconds without a row after which a statement counts as one that never ends."""

READERS = {
    **dict.fromkeys((".csv", ".tsv"), "read_csv"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "read_json"),
    ".parquet": "read_parquet",
}
"""What reads the files that the statement calls `source`, by the suffix of their names before that of a compression."""

ON_DISK = 10
"""How many times its memory a statement may take on disk."""


@dataclass(frozen=True)
class QueryLimits:
    """What a statement may take.

    Attributes
    ----------
    memory_mb : memory in MB.
    scratch_dir : a folder for what does not fit into it; None lets nothing go to disk.
    """

    memory_mb: int = 1_000
    scratch_dir: Path | None = None


def query_rows(source: Source, files: list[Path], columns: ColumnNames, limits: QueryLimits) -> Iterator[Row | InvalidRow]:
    """Yield the rows of a source's `query`, in its order and as a stream.

    One thread works: with several, the order of what is joined or grouped would differ from run to run, and so would the shards.

    Raises UserError, in DuckDB's own words, where the statement cannot be run or reads what it may not.
    """
    expansion = Expansion(Path(source.path), sum(file.stat().st_size for file in files))
    with _connection(source, files, limits) as connection, _explained(source):
        relation = connection.sql(_checked(connection, source))
        needed = _needed(source, relation, columns)
        number = 1
        with _watched(connection):
            batches = relation.project(", ".join(map(_quoted, needed))).to_arrow_reader(BATCH_ROWS)
        while True:
            with _watched(connection):
                batch = next(batches, None)
            if batch is None:
                return
            expansion.add(batch.nbytes)
            yield from rows_of(batch, number, columns.vector)
            number += batch.num_rows


def check_query(source: Source, files: list[Path], columns: ColumnNames) -> None:
    """Raise UserError where the statement of a source cannot be run or has not the columns that are needed; it is not run."""
    with _connection(source, files, QueryLimits()) as connection, _explained(source):
        _needed(source, connection.sql(_checked(connection, source)), columns)


def _needed(source: Source, relation: "duckdb.DuckDBPyRelation", columns: ColumnNames) -> list[str]:
    """Return the columns of a statement's result that are read."""
    return needed_columns(f"{source.name}: query", relation.limit(0).to_arrow_table().schema, columns)


@contextmanager
def _connection(source: Source, files: list[Path], limits: QueryLimits) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Yield a database in memory that sees the files of a source and no others."""
    import duckdb  # only a statement needs it

    settings: dict[str, bool | float | int | list[str] | str] = {
        "threads": 1,
        "memory_limit": f"{limits.memory_mb}MB",
        "temp_directory": str(limits.scratch_dir or ""),
        "max_temp_directory_size": f"{ON_DISK * limits.memory_mb if limits.scratch_dir else 0}MB",
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
    }
    path = Path(source.path).absolute()
    with duckdb.connect(":memory:", config=settings) as connection:
        place = "allowed_directories" if path.is_dir() else "allowed_paths"
        connection.execute(f"SET {place} = [{_text(f'{path}/' if path.is_dir() else str(path))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        with _explained(source):
            if re.search(r"\bsource\b", source.query or "", re.IGNORECASE):
                connection.execute(f"CREATE VIEW source AS SELECT * FROM {_reader(source, files)}")
        yield connection


def _reader(source: Source, files: list[Path]) -> str:
    """Return what reads all files of a source, in SQL. Raises UserError where they are not of one format that DuckDB reads."""
    suffixes = {_suffix(file) for file in files}
    if len(suffixes) != 1 or (suffix := suffixes.pop()) not in READERS:
        raise UserError(
            f"{source.name}: query: `source` stands for files of one of these formats: {', '.join(READERS)}; name the files "
            f"themselves, such as 'FOLDER/*.csv'. There are: {shown(', '.join(file.name for file in files[:5]))}"
        )
    return f"{READERS[suffix]}([{', '.join(_text(str(file.absolute())) for file in files)}])"


def _suffix(file: Path) -> str:
    name = file.name.lower()
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    return Path(name).suffix


def _checked(connection: "duckdb.DuckDBPyConnection", source: Source) -> str:
    """Return the statement. Raises UserError unless it is one, and one that selects."""
    statements = connection.extract_statements(source.query or "")
    if len(statements) != 1 or statements[0].type.name != "SELECT":
        raise UserError(f"{source.name}: query: one SELECT statement is needed; remove what else there is.")
    return statements[0].query


@contextmanager
def _watched(connection: "duckdb.DuckDBPyConnection") -> Iterator[None]:
    """Interrupt a statement that yields nothing for too long."""
    silent = threading.Timer(LONGEST_SILENCE, connection.interrupt)
    silent.daemon = True
    silent.start()
    try:
        yield
    finally:
        silent.cancel()


@contextmanager
def _explained(source: Source) -> Iterator[None]:
    """Tell DuckDB's errors with the name of the source."""
    import duckdb

    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        words = str(error)
        if isinstance(error, duckdb.InterruptException) or "INTERRUPT" in words:
            words = f"no row within {LONGEST_SILENCE:,} seconds; does it ever end?"
        remedy = "; `source` stands for the files at `path`." if isinstance(error, duckdb.CatalogException) else ""
        raise UserError(f"{source.name}: query: {shown(' '.join(words.split()), 500)}{remedy}") from None


def _text(value: str) -> str:
    """Return a text as SQL."""
    return "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    """Return a column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'
