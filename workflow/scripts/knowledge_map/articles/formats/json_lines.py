"""JSON Lines: one object, or one string, a line."""

import json
from collections.abc import Iterator
from pathlib import Path

from knowledge_map.articles.decompression import read_lines
from knowledge_map.articles.formats.base import ArticleFormat, ReadSettings
from knowledge_map.articles.records import InvalidRow, Row
from knowledge_map.common.errors import UserError
from knowledge_map.common.text import shown


def read_rows(path: Path, settings: ReadSettings) -> Iterator[Row | InvalidRow]:
    """Yield the lines of a JSON Lines file; blank ones are no rows.

    Raises UserError if the file is one JSON array, or damaged.
    """
    first = True
    for number, line in enumerate(read_lines(path), start=1):
        line = line.strip()
        if not line:
            continue
        if first and line.startswith(b"["):
            raise UserError(f"{path}: a JSON array; write one object a line.")
        first = False
        yield _row(f"line {number}", line)


def _row(name: str, line: bytes) -> Row | InvalidRow:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return InvalidRow(name, f"not UTF-8 ({error.reason} at byte {error.start + 1})")
    except json.JSONDecodeError as error:
        return InvalidRow(name, f"not JSON ({error.msg} at column {error.colno})")
    except RecursionError:
        return InvalidRow(name, "JSON nested too deeply")
    except ValueError as error:  # a number with thousands of digits
        return InvalidRow(name, shown(str(error)))
    if isinstance(value, dict | str):
        return Row(name, value)
    return InvalidRow(name, f"neither an object nor a string ({type(value).__name__})")


FORMATS = (
    ArticleFormat(
        name="jsonl",
        suffixes=(".jsonl", ".ndjson", ".json"),
        read_rows=read_rows,
        opens_like=lambda text: text.startswith(("{", "[")),
    ),
)
