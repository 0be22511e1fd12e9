"""JSON Lines: one object, or one string, a line."""

import json
from collections.abc import Iterator
from pathlib import Path

from knowledge_map.errors import UserError
from knowledge_map.sources.opening import read_lines, shown
from knowledge_map.sources.records import Broken, Row


def read_rows(path: Path) -> Iterator[Row | Broken]:
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


def _row(name: str, line: bytes) -> Row | Broken:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Broken(name, f"not UTF-8 ({error.reason} at byte {error.start + 1})")
    except json.JSONDecodeError as error:
        return Broken(name, f"not JSON ({error.msg} at column {error.colno})")
    except RecursionError:
        return Broken(name, "JSON nested too deeply")
    except ValueError as error:  # a number with thousands of digits
        return Broken(name, shown(str(error)))
    if isinstance(value, dict | str):
        return Row(name, value)
    return Broken(name, f"neither an object nor a string ({type(value).__name__})")
