"""CSV and TSV with a header line."""

import csv
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from knowledge_map.articles.columns import checked_columns
from knowledge_map.articles.decompression import read_lines
from knowledge_map.articles.formats.base import ArticleFormat, ReadSettings
from knowledge_map.articles.records import InvalidRow, Row
from knowledge_map.common.errors import UserError
from knowledge_map.common.text import reason_of

LONGEST_FIELD = 1 << 25  # characters; a quote that is never closed would take in the rest of the file

LONGEST_ROW = 1 << 26  # bytes; quotes that are closed and opened again in every line would, too


def read_rows(path: Path, settings: ReadSettings, delimiter: str) -> Iterator[Row | InvalidRow]:
    """Yield the rows below the header; blank lines are no rows.

    Raises UserError if there is no column `text` or `content`, or the file is damaged.
    """
    csv.field_size_limit(LONGEST_FIELD)
    lines = _Lines(path)
    table = csv.reader(lines, delimiter=delimiter, strict=True)
    header = None
    while True:
        name = f"line {table.line_num + 1}"
        lines.row_bytes = 0
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            if header is None:
                raise UserError(f"{path}: {name}, the header, cannot be read ({reason_of(error)}).") from None
            yield InvalidRow(name, reason_of(error))
            continue
        if not cells:
            continue
        if header is None:
            header = checked_columns(path, cells)
        else:
            yield _row(name, header, cells)


class _Lines:
    """The lines of a table as text; the row being read may have `LONGEST_ROW` bytes in all its lines."""

    def __init__(self, path: Path):
        self._lines = read_lines(path)
        self.row_bytes = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.row_bytes += len(line)
        if self.row_bytes > LONGEST_ROW:
            raise csv.Error(f"a row of more than {LONGEST_ROW:,} bytes")
        return line.decode("utf-8", "surrogateescape")


def _row(name: str, header: list[str], cells: list[str]) -> Row | InvalidRow:
    if len(cells) != len(header):
        return InvalidRow(name, f"{len(cells)} fields where the header has {len(header)}")
    fields = dict(zip(header, cells, strict=True))
    if re.search("[\udc80-\udcff]", "".join(cells)):  # what surrogateescape made of the bytes it could not decode
        return InvalidRow(name, "not UTF-8")
    if re.fullmatch(r"\d+\.0", fields.get("id", "")):  # a whole number that was written as a float
        fields["id"] = fields["id"].removesuffix(".0")
    return Row(name, fields)


def _opens_like(text: str, delimiter: str) -> bool:
    """Return whether a text opens with a header that has a column of texts."""
    header = text.partition("\n")[0]
    return bool({"text", "content"} & {column.strip('\r" ') for column in header.split(delimiter)})


FORMATS = tuple(
    ArticleFormat(
        name=name,
        suffixes=(f".{name}",),
        read_rows=partial(read_rows, delimiter=delimiter),
        opens_like=partial(_opens_like, delimiter=delimiter),
    )
    for name, delimiter in (("tsv", "\t"), ("csv", ","))
)
