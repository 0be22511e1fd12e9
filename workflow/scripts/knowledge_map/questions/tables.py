"""Tables of questions: CSV and TSV with a header, and parquet with columns of lists and structs."""

import ast
import csv
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet_pages import chunks_of, pages_of
from knowledge_map.common.text import reason_of, shown

LONGEST_FIELD = 1 << 20  # characters of a field; a quote that is never closed would take in the rest of the file

MOST_COLUMNS = 1_000

EXPANDED = 1 << 28  # bytes that may come of a parquet file, and characters of its texts

MOST_VALUES = 10_000_000  # in all columns of a parquet file; the lists of forged ones may be longer than any memory

BATCH_ROWS = 100

NUMBERS = ("correctindex", "answer_index", "answer", "difficulty")
"""Columns of a delimited table, in lower case, in which digits are a number."""

LISTS = ("options", "choices", "incorrect_answers", "domain_ids", "concepts_tested", "region")
"""Columns of a delimited table, in lower case, in which a list or an object may be written as JSON or as Python writes it."""


def delimited_records(path: str | Path, text: str, delimiters: str) -> Iterator[tuple[str, dict]]:
    """Yield the rows below the header as records, each with the number of its line; empty cells are left out.

    MMLU's files have no header, but a question, its options and a letter in each row; they are read as the columns `question`,
    `A`, `B`, ..., `answer`.

    Parameters
    ----------
    path : names the file in messages.
    text : its content.
    delimiters : the characters, one of which separates the columns; the one that makes most columns of the first line is taken.

    Raises UserError where a row is broken, or has not as many cells as the header.
    """
    csv.field_size_limit(LONGEST_FIELD)
    first = text.lstrip("\r\n").partition("\n")[0].partition("\r")[0]
    delimiter = max(delimiters, key=lambda each: len(next(csv.reader([first], delimiter=each), [])))
    table = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        line = table.line_num + 1
        try:
            cells = next(table)
        except StopIteration:
            break
        except csv.Error as error:
            raise UserError(f"{path}: line {line}: {reason_of(error)}; correct its quotes.") from None
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = _header(path, cells)
            if header != cells:
                yield f"line {line}", _fields(header, cells)
            continue
        if _has_swallowed(cells, len(header), delimiter):
            raise UserError(
                f"{path}: line {line}: a quote is closed only {table.line_num - line} lines below; correct its quotes."
            )
        if len(cells) != len(header):
            raise UserError(f"{path}: line {line}: {len(cells)} fields where the header has {len(header)}; correct this line.")
        yield f"line {line}", _fields(header, cells)
    if header is None:
        raise UserError(f"{path}: empty; give a file with a header and questions, or take it out of `questions`.")


def _header(path: str | Path, cells: list[str]) -> list[str]:
    """Return the names of the columns, those of MMLU where the first row is a question already."""
    if len(cells) > MOST_COLUMNS:
        raise UserError(f"{path}: {len(cells):,} columns; {MOST_COLUMNS:,} are the most.")
    letters = [chr(ord("A") + number) for number in range(len(cells) - 2)]
    if 2 <= len(letters) <= 10 and cells[-1] in letters and cells[1:-1] != letters:
        return ["question", *letters, "answer"]
    for name in cells:
        if name.strip() and cells.count(name) > 1:
            raise UserError(f"{path}: more than one column `{shown(name)}`; rename or remove the others.")
    return cells


def _has_swallowed(cells: list[str], columns: int, delimiter: str) -> bool:
    """Return whether a cell holds whole lines of a table: a quote that begins a text has then joined rows."""
    inner = (cell.split("\n")[1:-1] for cell in cells if "\n" in cell)
    return columns > 2 and any(lines and all(line.count(delimiter) >= columns - 1 for line in lines) for lines in inner)


def _fields(header: list[str], cells: list[str]) -> dict[str, Any]:
    return {name: _value(name.strip().lower(), cell) for name, cell in zip(header, cells, strict=True) if name and cell.strip()}


def _value(name: str, cell: str) -> Any:
    text = cell.strip()
    if name in NUMBERS and re.fullmatch(r"[+-]?\d{1,18}(\.\d{1,18})?", text):
        return float(text) if "." in text else int(text)
    if name == "id" and re.fullmatch(r"\d+\.0", text):  # a whole number that was written as a float
        return text.removesuffix(".0")
    if name in LISTS and text[:1] in ("[", "{"):
        for read in (json.loads, ast.literal_eval):
            try:
                value = read(text)
            except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
                continue
            return value if isinstance(value, list | dict) else cell
    return cell


def parquet_records(path: Path) -> Iterator[tuple[str, dict]]:
    """Yield the rows of a parquet file as records that JSON can hold, each with its number; null is left out.

    Raises UserError where the file is damaged, no parquet file, or expands to more than a file of questions does.
    """
    number = characters = 0
    try:
        columns, groups = _checked_columns(path)
        with pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True, read_dictionary=columns) as file:
            names = file.schema_arrow.names
            if len(set(names)) < len(names):
                raise UserError(f"{path}: two of its columns have the same name; rename or remove one.")
            for batch in _batches(file, groups):
                # A text of a dictionary is there once, and counts as often as it is named.
                if sum(_expanded(column) for column in batch.columns) > EXPANDED:
                    raise _too_large(path)
                for row in batch.to_pylist():
                    number += 1
                    record = {name: _plain(value) for name, value in row.items() if value is not None}
                    characters += len(json.dumps(record))
                    if characters > EXPANDED:
                        raise _too_large(path)
                    yield f"row {number}", record
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: row {number + 1} or one after it is not UTF-8 ({error.reason}); save it as UTF-8.") from None
    except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError, MemoryError, RecursionError) as error:
        raise UserError(f"{path}: cannot be read as parquet ({reason_of(error)}); fetch or make the file anew.") from None


def _batches(file: pq.ParquetFile, groups: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows, no batch of which reaches from one row group into the next: each group has dictionaries of its own."""
    for group in range(groups):
        yield from file.iter_batches(BATCH_ROWS, row_groups=[group], use_threads=False)


def _checked_columns(path: Path) -> tuple[list[str], int]:
    """Return the paths of the columns, such as "choices.text.list.element", and the number of row groups.

    Raises UserError where pages are larger, or columns more, than those of questions.
    """
    size = values = 0
    names: dict[str, None] = {}
    with path.open("rb") as content:
        groups = chunks_of(content)
        for group in groups:
            for chunk in group:
                names[chunk.column] = None
                for page in pages_of(content, chunk):
                    size, values = size + page.size, values + page.values
                    if size > EXPANDED or values > MOST_VALUES:
                        raise _too_large(path)
    if len(names) > MOST_COLUMNS:
        raise UserError(f"{path}: {len(names):,} columns; {MOST_COLUMNS:,} are the most.")
    return list(names), len(groups)


def _too_large(path: Path) -> UserError:
    return UserError(f"{path}: expands to more than {EXPANDED:,} bytes; is this a file of questions? Divide it if it is.")


def _expanded(column: pa.Array) -> int:
    """Return at most how many bytes the values of a column take once each stands for itself."""
    if pa.types.is_dictionary(column.type):
        texts = column.dictionary
        longest = max((len(text) for text in texts.cast(pa.large_binary()).to_pylist() if text), default=0)
        return len(column) * (longest + 64)
    if pa.types.is_struct(column.type):
        return sum(_expanded(part) for part in column.flatten())
    if pa.types.is_map(column.type):
        return _expanded(column.keys) + _expanded(column.items) + 64 * len(column)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return _expanded(column.flatten()) + 64 * len(column)
    return column.nbytes + 64 * len(column)


def _plain(value: Any) -> Any:
    """Return a value of a column as JSON has it: bytes as text, and dates and decimals as they are printed."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case bytes():
            return value.decode("utf-8")
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case dict():
            return {str(name): _plain(inner) for name, inner in value.items()}
    return str(value)
