"""Rows of Arrow batches, as formats and queries have them: texts are decoded, and vectors stay arrays."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from knowledge_map.articles.columns import ColumnNames, checked_roles
from knowledge_map.articles.records import InvalidRow, Row
from knowledge_map.common.errors import UserError
from knowledge_map.common.text import shown


def needed_columns(place: object, schema: pa.Schema, chosen: ColumnNames) -> list[str]:
    """Return the columns of an article that are there and of a type that may hold what they are for, and those that go along.

    Raises UserError, which begins with `place`, where one is missing or of another type.
    """
    roles = checked_roles(place, schema.names, chosen)
    words = {name for name in roles.columns if _is_word(schema.field(name).type)}
    texts = roles.text if roles.joined or words.isdisjoint(roles.text) else ()
    for name in (*texts, *filter(None, (chosen.id, chosen.title, chosen.url))):
        if name not in words:
            raise UserError(f"{place}: the column `{shown(name)}` holds {shown(str(schema.field(name).type))}, no texts.")
    if chosen.vector and not (_is_list(kind := schema.field(chosen.vector).type) or _is_text(kind)):
        raise UserError(f"{place}: the column `{shown(chosen.vector)}` holds {shown(str(kind))}, no vectors.")
    return [name for name in schema.names if name in words | chosen.beside]


def _is_word(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return _is_text(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _is_text(kind: pa.DataType) -> bool:
    tests = ("is_string", "is_large_string", "is_string_view", "is_binary", "is_large_binary")
    return any(getattr(pa.types, test)(kind) for test in tests)


def _is_list(kind: pa.DataType) -> bool:
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests) and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))


def rows_of(batch: pa.RecordBatch, first: int, vector: str | None) -> Iterator[Row | InvalidRow]:
    """Yield the rows of a batch, numbered from `first`; `vector` is the column that has vectors, if any."""
    names = batch.schema.names
    columns = (_vectors(batch[name]) if name == vector else _undecoded(batch[name]) for name in names)
    for number, values in enumerate(zip(*columns, strict=True), start=first):
        yield _row(f"row {number}", names, values)


def _undecoded(column: pa.Array) -> list[Any]:
    """Return the values of a column, texts as bytes."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if _is_text(kind):
        # Some writers leave the mark off that makes a byte array a string, and some write what is no UTF-8: a row's own fault.
        return column.cast(pa.large_binary()).to_pylist()
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", kind.tz), safe=False).to_pylist()  # datetime knows nothing shorter
    return column.to_pylist()


def _vectors(column: pa.Array) -> list[Any]:
    """Return the vectors of a column as arrays, without a Python object for each number; a number that is missing is NaN."""
    if not _is_list(column.type):
        return [value if value is None else value.decode("utf-8", "replace") for value in _undecoded(column)]
    lists = column.cast(pa.large_list(pa.float64()))
    values, bounds = lists.values.to_numpy(zero_copy_only=False), lists.offsets.to_numpy()
    there = lists.is_valid().to_numpy(zero_copy_only=False)
    return [values[bounds[i] : bounds[i + 1]] if there[i] else None for i in range(len(lists))]


def _row(name: str, columns: list[str], values: tuple[Any, ...]) -> Row | InvalidRow:
    try:
        texts = [value.decode("utf-8") if isinstance(value, bytes) else value for value in values]
    except UnicodeDecodeError as error:
        return InvalidRow(name, f"not UTF-8 ({error.reason} at byte {error.start + 1})")
    return Row(name, dict(zip(columns, texts, strict=True)))
