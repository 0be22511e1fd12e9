"""CSV and TSV with a header line."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from knowledge_map.articles.columns import TEXTS, ColumnNames, checked_roles, other_spellings, roles_of
from knowledge_map.articles.decompression import read_lines
from knowledge_map.articles.formats.base import COMPRESSED, ArticleFormat, ReadSettings
from knowledge_map.articles.formats.delimited_rows import DelimitedRows
from knowledge_map.articles.records import InvalidRow, Row, SkippedRow
from knowledge_map.common.errors import UserError

LONGEST_FIELD = 1 << 25  # characters; a quote that is never closed would take in the rest of the file

LONGEST_ROW = 1 << 26  # bytes; quotes that are closed and opened again in every line would, too

DELIMITERS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "vertical bars"}

SEPARATOR = re.compile(r'"?sep=([^"\r\n])"?\s*', re.IGNORECASE)
"""The first line by which Excel is told the delimiter."""

FLOAT_ID = re.compile(r"\d+\.0")

BLANK_ROW = "a row of empty fields"

SECOND_HEADER = "a header within the table"


def read_rows(path: Path, settings: ReadSettings, delimiter: str) -> Iterator[Row | InvalidRow | SkippedRow]:
    """Yield the rows below the header; blank lines are no rows.

    A header again is left out, as files have it that were joined, and so is a row of empty fields.
    Raises UserError if there is no column of texts, or the file is damaged.
    """
    rows = DelimitedRows(read_lines(path), delimiter, settings.tell, LONGEST_FIELD, LONGEST_ROW)
    columns = _header(path, rows, settings)
    if columns is None:
        return
    roles = checked_roles(path, columns, settings.columns)
    longest, width = max(map(len, columns)), len(columns)
    place = columns.index(roles.text[0])
    for number, values, problem in rows.below(width):
        name = f"line {number}"
        if problem:
            yield InvalidRow(name, problem)
        # A header holds the name of a column where others hold a text.
        elif len(values[place]) <= longest and values[place] and _spelled(values) == _spelled(columns):
            columns, roles = values, roles_of(values, settings.columns)
            place = columns.index(roles.text[0])
            yield SkippedRow(name, SECOND_HEADER)
        elif width > 1 and not any(values):
            yield SkippedRow(name, BLANK_ROW)
        else:
            fields = dict(zip(columns, values, strict=True))
            if roles.id and FLOAT_ID.fullmatch(fields[roles.id]):  # a whole number that was written as a float
                fields[roles.id] = fields[roles.id].removesuffix(".0")
            yield Row(name, fields)


def _spelled(names: list[str]) -> set[str]:
    """Return the columns of a header in whatever order, known names as they are known."""
    other = other_spellings(names)
    return {other.get(name, name) for name in names}


def _header(path: Path, rows: DelimitedRows, settings: ReadSettings) -> list[str] | None:
    """Return the columns of a table, with the delimiter that its header has; None if the file is blank."""
    for line in rows.header():
        if match := SEPARATOR.fullmatch(line[1]):
            rows.delimiter = match[1]
            settings.tell(f"delimited by {DELIMITERS.get(match[1], match[1])}, as its first line says")
            continue
        for delimiter in DELIMITERS:
            _, columns, _ = rows.split(line, delimiter)
            if delimiter == rows.delimiter or not _has_texts(columns, settings.columns) or len(columns) < 2:
                continue
            if not _has_texts(rows.split(line, rows.delimiter)[1], settings.columns):
                settings.tell(f"delimited by {DELIMITERS[delimiter]}, and read so")
                rows.delimiter = delimiter
                break
        number, columns, problem = rows.split(line)
        if problem:
            raise UserError(f"{path}: line {number}, the header, cannot be read ({problem}).")
        if any(column.strip() for column in columns):
            return columns
    return None


def _has_texts(columns: list[str], chosen: ColumnNames) -> bool:
    texts = roles_of(columns, chosen).text
    return bool(texts) and set(texts) <= set(columns)


def _opens_like(text: str, delimiters: str) -> bool:
    """Return whether a text opens with a header that has a column `text` or `content`; other names stand in prose, too."""
    header = re.split(r"[\r\n]+", text, maxsplit=2)
    line = header[1] if len(header) > 1 and SEPARATOR.fullmatch(header[0]) else header[0]
    headers = ([column.strip('" ') for column in line.split(delimiter)] for delimiter in delimiters)
    return any(not _spelled(header).isdisjoint(TEXTS) for header in headers)


FORMATS = tuple(
    ArticleFormat(
        name=name,
        suffixes=(f".{name}",),
        read_rows=partial(read_rows, delimiter=delimiters[0]),
        opens_like=partial(_opens_like, delimiters=delimiters),
        folder_pattern=re.compile(rf".*\.{name}{COMPRESSED}", re.IGNORECASE | re.DOTALL),
        folder_names=f"*.{name}",
        folder_order=1,
        member_opens_like=partial(_opens_like, delimiters=delimiters),
    )
    for name, delimiters in (("tsv", "\t"), ("csv", ",;|"))
)
