"""Pickled lists and numpy arrays of articles, read as data (`plain_pickle`).

Articles are handed on while the list that holds them is being filled, so at most those that a pickler appends at once (1,000)
are in memory.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from knowledge_map.articles.decompression import open_bytes
from knowledge_map.articles.formats.base import ArticleFormat, ReadSettings
from knowledge_map.articles.records import InvalidRow, Row
from knowledge_map.common.errors import UserError
from knowledge_map.common.plain_pickle import Array, PlainUnpickler, RefusedName, count_fetches
from knowledge_map.common.text import reason_of

END = object()


def read_rows(path: Path, settings: ReadSettings) -> Iterator[Row | InvalidRow]:
    """Yield the elements of a pickled list or numpy array of articles; an array within counts as its elements.

    Raises UserError if the pickle holds anything but plain data, or is damaged or no pickle.
    """
    with open_bytes(path) as stream:
        fetches = _reported(path, count_fetches, stream)
    with open_bytes(path) as stream:
        articles = _articles(PlainUnpickler(stream, fetches))
        number = 0
        while (fields := _reported(path, next, articles, END)) is not END:
            number += 1
            name = f"row {number}"
            if isinstance(fields, dict | str):
                yield Row(name, fields)
            else:
                yield InvalidRow(name, f"neither a dict nor a string ({_kind(fields)})")
        if stream.read(1):
            raise UserError(f"{path}: holds more than one pickle; save the articles as one list.")


def _reported(path: Path, step: Callable, *arguments: Any) -> Any:
    """Return what a step on foreign data returns, its failures told as the file's."""
    try:
        return step(*arguments)
    except UserError:
        raise
    except RefusedName as error:
        remedy = "nothing in it was run. Save the articles as parquet or JSON Lines."
        raise UserError(f"{path}: holds `{error}`, which is not plain data; {remedy}") from None
    except Exception as error:  # a forged or cut pickle fails in as many ways as Python knows
        raise UserError(f"{path}: damaged, or no pickle of articles ({reason_of(error)}); fetch or make the file anew.") from None


def _articles(unpickler: PlainUnpickler) -> Iterator[Any]:
    """Yield what the outermost list or array of a pickle holds, while it is being filled, arrays taken apart.

    Raises ValueError where the pickle is something else, or makes more of its arrays than there are bytes in it: one can stand
    in several positions, and those in others.
    """
    given = 0
    for opcodes in unpickler.steps():
        if not unpickler.rows:
            continue
        for element in _drained(unpickler.rows):
            given += 1
            if given > opcodes + unpickler.value_bytes:
                raise ValueError("arrays in arrays that hold more articles than there are bytes for")
            yield element
    whole = unpickler.stack[-1]
    if whole is not unpickler.rows and not isinstance(whole, Array):
        raise ValueError(f"it is a {_kind(whole)}, not a list or an array of articles")


def _drained(rows: list[Any]) -> Iterator[Any]:
    """Empty a list and yield what it held, arrays taken apart."""
    held = rows.copy()
    rows.clear()
    for row in held:
        yield from _elements(row)


def _elements(value: Any, depth: int = 2) -> Iterator[Any]:
    """Yield a value, or what an array holds, down to arrays in an array; a forged one could nest for ever."""
    if isinstance(value, Array) and depth:
        for element in value.elements():
            yield from _elements(element, depth - 1)
    else:
        yield value


def _kind(value: Any) -> str:
    return type(value).__name__.strip("_").lower()


FORMATS = (
    ArticleFormat(
        name="pickle",
        suffixes=(".pkl", ".pickle"),
        read_rows=read_rows,
        first_bytes=re.compile(rb"\x80[\x02-\x05]"),
    ),
)
