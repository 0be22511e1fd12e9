"""Files of questions and of domains as records: JSON, JSON Lines, CSV, TSV and parquet."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from knowledge_map.common.errors import UserError
from knowledge_map.questions.tables import delimited_records, parquet_records

LARGEST_FILE = 1 << 25  # bytes; it is read whole

TABLES = {".csv": ",;\t", ".tsv": "\t"}
"""The delimiters that a table may have, by the suffix of its name."""

BLANK = re.compile("[ \t\r\n\ufeff]*")
"""What may stand between two JSON values: a byte order mark as well, where files were joined."""


def records_of(path: str | Path, kind: str = "question") -> Iterator[tuple[str, object]]:
    """Yield the records of a file in its order, each with the name of its place, such as "line 3".

    The place of an object that is a whole JSON file is "". What a record must be is not asked here; `kind` is what messages
    call it, and in the plural the setting that names the file.

    Raises UserError where the file cannot be read, is too large, or is in none of the formats.
    """
    content = _content(Path(path), kind)
    suffix = Path(path).suffix.lower()
    if content.startswith(b"PAR1") or suffix == ".parquet":
        yield from parquet_records(Path(path))
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8.") from None
    if suffix in TABLES:
        yield from delimited_records(path, text, TABLES[suffix])
    else:
        yield from _json_records(path, text, kind)


def _content(path: Path, kind: str) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UserError(f"{path}: cannot be read (it is no plain file); fix `{kind}s` in the configuration.")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; fix `{kind}s` in the configuration.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); fix `{kind}s` in the configuration.") from None
    if len(content) > LARGEST_FILE:
        raise UserError(f"{path}: more than {LARGEST_FILE:,} bytes; is this a file of {kind}s? Divide it if it is.")
    return content


def _json_records(path: str | Path, text: str, kind: str) -> Iterator[tuple[str, object]]:
    """Yield the items of a JSON list, or the JSON values that stand one behind the other, as the lines of JSON Lines do."""
    values = _json_values(path, text)
    if len(values) > 1:
        for line, value in values:
            items = value if isinstance(value, list) else [value]
            for number, item in enumerate(items, start=1):
                yield (f"line {line}, {kind} {number}" if isinstance(value, list) else f"line {line}"), item
        return
    ((_, value),) = values
    if isinstance(value, list):
        yield from ((f"{kind} {number}", item) for number, item in enumerate(value, start=1))
    elif isinstance(value, dict):
        yield "", value
    else:
        raise UserError(f"{path}: holds a JSON {type(value).__name__}; a list of {kind}s is needed.")


def _json_values(path: str | Path, text: str) -> list[tuple[int, object]]:
    """Return the JSON values of a text, at least one, each with the number of the line in which it begins."""
    decoder, values, line, counted = json.JSONDecoder(), [], 1, 0
    position = _after_blank(text, 0)
    while position < len(text) or not values:
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise UserError(f"{path}: line {error.lineno}, column {error.colno}: not JSON ({error.msg}).") from None
        except (RecursionError, ValueError) as error:
            raise UserError(f"{path}: not readable as JSON ({error}).") from None
        values.append((line, value))
        position = _after_blank(text, position)
    return values


def _after_blank(text: str, position: int) -> int:
    found = BLANK.match(text, position)
    return found.end() if found else position
