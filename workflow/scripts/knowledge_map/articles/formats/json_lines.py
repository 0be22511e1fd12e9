"""JSON Lines: one object, or one string, a line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from knowledge_map.articles.decompression import read_lines
from knowledge_map.articles.formats.base import COMPRESSED, ArticleFormat, ReadSettings
from knowledge_map.articles.records import InvalidRow, Row
from knowledge_map.common.errors import UserError
from knowledge_map.common.text import shown

JOINED = re.compile(rb"\}(?:\xef\xbb\xbf|\s)*\{")

BETWEEN = re.compile("[\ufeff\\s]*")


def read_rows(path: Path, settings: ReadSettings) -> Iterator[Row | InvalidRow]:
    """Yield the lines of a JSON Lines file; blank ones are no rows.

    Raises UserError if the file is one JSON array, one object spread over lines, or damaged.
    """
    first = True
    for number, line in enumerate(read_lines(path), start=1):
        line = line.strip()
        if not line:
            continue
        if first and line.startswith(b"["):
            raise UserError(f"{path}: a JSON array; write one object a line.")
        if first and line == b"{":
            raise UserError(f"{path}: JSON spread over several lines; write one object a line, as `jq -c` does.")
        first = False
        row = _row(f"line {number}", line)
        if isinstance(row, InvalidRow) and JOINED.search(line):
            # Files without a last line end were joined.
            yield from [Row(row.name, fields) for fields in _joined(line)] or [row]
        else:
            yield row


def _joined(line: bytes) -> list[dict]:
    """Return the objects of a line that is nothing but objects, else an empty list."""
    decoder, objects, at = json.JSONDecoder(), [], 0
    try:
        text = line.decode("utf-8")
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            objects.append(value)
            between = BETWEEN.match(text, at)
            at = between.end() if between else len(text)
    except (ValueError, RecursionError):
        return []
    return objects if all(isinstance(each, dict) for each in objects) else []


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


def _member_opens_like(text: str) -> bool:
    """Return whether a text opens with an object in its first line, which of a long one is not all there."""
    line, end, _ = text.partition("\n")
    if not line.startswith("{") or line.strip() == "{":
        return False
    return not end or isinstance(_row("", line.strip().encode("utf-8", "replace")), Row)


FORMATS = (
    ArticleFormat(
        name="jsonl",
        suffixes=(".jsonl", ".ndjson", ".json"),
        read_rows=read_rows,
        opens_like=lambda text: text.startswith(("{", "[")),
        folder_pattern=re.compile(rf".*\.(jsonl|ndjson){COMPRESSED}", re.IGNORECASE | re.DOTALL),
        folder_names="*.jsonl",
        folder_order=1,
        member_opens_like=_member_opens_like,
    ),
)
