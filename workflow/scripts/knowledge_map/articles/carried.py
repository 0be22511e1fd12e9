"""Carried columns: what goes along with an article to the map, and does not enter its embedding.

A value is taken as it stands in its source, as plain JSON. The type of a column shows once all its values have been seen; then
they are written into a table beside the shards, in the order of the articles.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from knowledge_map.common.checksum import content_digest
from knowledge_map.common.parquet import parquet_writer
from knowledge_map.common.text import shown, valid_unicode

LONGEST_TEXT = 1_000
"""Characters of a carried text; the page and the map hold those of all articles at once."""

MOST_TAGS = 100

AUTO = "auto"

BATCH = 10_000
"""Rows in memory at once."""

CODE = re.compile(r"[+-]?0\d")
"""How a text begins that is no number though it has digits only, such as 007 or a postal code."""

INTEGER = re.compile(r"[+-]?\d{1,19}")

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")

DIGITS = re.compile(r"[+-]?\d+")

MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?")
"""A date of ISO 8601 without a day, or without a month."""

ISO_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")

ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:?\d{2}.{0,24}")

INT64 = 1 << 63

EXACT = 1 << 53
"""Up to here every whole number is a float64, too."""

EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class CarriedColumn:
    """A column of a source that goes along.

    Attributes
    ----------
    column : its name in the source.
    name : its name on the map.
    type : one of `TYPES`, or "auto".
    separator : what is between the tags of a text.
    """

    column: str
    name: str
    type: str = AUTO
    separator: str = ","

    @classmethod
    def of(cls, setting: str | Mapping[str, Any]) -> "CarriedColumn":
        """Return the column of an entry under `carry`, which is a name, or an object with `column`, `as` and `type`."""
        if isinstance(setting, str):
            return cls(setting, setting)
        column = setting["column"]
        given = {name: setting[name] for name in ("type", "separator") if setting.get(name) is not None}
        return cls(column, setting.get("as") or column, **given)

    def read(self, value: Any, type: str) -> Any:
        """Return a plain value as one of `type`, None where it is missing. Raises ValueError where it cannot be read so."""
        if value is None:
            return None
        value = READERS[self.type](value, self) if self.type != AUTO else value
        return value if type == TYPES.get(self.type, self.type) else READERS[type](value, self)


# --- plain values: what JSON has


def carried_values(fields: Mapping[str, Any], columns: Sequence[CarriedColumn]) -> tuple[str, list[str]]:
    """Return a row's carried columns as a JSON list of plain values, "" where nothing is carried, and what was cut in them."""
    cut = []
    for each in columns:
        value = fields.get(each.column)
        if isinstance(value, str) and len(value.strip()) > LONGEST_TEXT:
            cut.append(f"`{each.name}` cut at {LONGEST_TEXT:,} characters")
        elif isinstance(value, list) and len(value) > MOST_TAGS:
            cut.append(f"`{each.name}` cut at {MOST_TAGS} values")
    values = [plain(fields.get(each.column)) for each in columns]
    return json.dumps(values, ensure_ascii=False) if columns else "", cut


def plain(value: Any) -> Any:
    """Return a value as JSON has it, None where it is missing: blank, empty or no number.

    Dates become texts of ISO 8601, objects JSON texts. Texts are cut at `LONGEST_TEXT` characters, lists at `MOST_TAGS` values.
    """
    if not isinstance(value, list | tuple | set):
        return _plain_scalar(value)
    values = (_plain_scalar(each) for each in islice(value, MOST_TAGS))
    return list(dict.fromkeys(_as_text(each) for each in values if each is not None)) or None


def _plain_scalar(value: Any) -> bool | int | float | str | None:
    if isinstance(value, str):
        return valid_unicode(value.strip()[:LONGEST_TEXT]) or None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -INT64 <= value < INT64 else str(value)[:LONGEST_TEXT]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return _plain_scalar(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping | list | tuple | set):
        return _plain_scalar(json.dumps(value, ensure_ascii=False, default=str)) if value else None
    return _plain_scalar(float(value)) if isinstance(value, Decimal) else _plain_scalar(str(value))


def _as_text(value: Any) -> str:
    """Return a value of any type as a text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(value)[:LONGEST_TEXT]
    return value.isoformat() if isinstance(value, date) else str(value)


# --- which type a value seems to be of


def seeming_type(value: Any) -> str:
    """Return the narrowest type of a plain value that is not missing."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "integer" if value.is_integer() and abs(value) < EXACT else "number"
    if isinstance(value, list):
        return "tags"
    if value.lower() in ("true", "false"):
        return "boolean"
    if CODE.match(value):
        return "text"
    for pattern, type in ((DIGITS, "integer"), (NUMBER, "number"), (ISO_DATE, "date"), (ISO_TIME, "datetime")):
        if pattern.fullmatch(value):
            return type if _is_readable(value, type) else "text"
    return "text"


def _is_readable(value: str, type: str) -> bool:
    try:
        READERS[type](value, CarriedColumn("", ""))
    except ValueError:
        return False
    return True


def common_type(one: str | None, other: str | None) -> str | None:
    """Return the narrowest type as which values of two types can be read; None is that of no value at all."""
    if one == other or other is None:
        return one
    if one is None:
        return other
    pair = {one, other}
    for wider, narrower in (("number", "integer"), ("datetime", "date")):
        if pair == {wider, narrower}:
            return wider
    return "tags" if "tags" in pair else "text"


# --- reading values as a type


def _read_text(value: Any, column: CarriedColumn) -> str:
    return value if isinstance(value, str) else _as_text(value)


def _read_integer(value: Any, column: CarriedColumn) -> int:
    number = int(value) if isinstance(value, int) or INTEGER.fullmatch(str(value)) else _read_number(value, column)
    if number != int(number) or not -INT64 <= number < INT64:
        raise ValueError
    return int(number)


def _read_number(value: Any, column: CarriedColumn) -> float:
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        raise ValueError
    if not isinstance(value, str | int | float) or not math.isfinite(number := float(value)):
        raise ValueError
    return number


def _read_boolean(value: Any, column: CarriedColumn) -> bool:
    word = _as_text(value).lower()
    if word in ("true", "yes", "1", "t", "y"):
        return True
    if word in ("false", "no", "0", "f", "n"):
        return False
    raise ValueError


def _read_datetime(value: Any, column: CarriedColumn) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    text = _as_text(value)
    if month := MONTH.fullmatch(text):
        return datetime(int(month[1]), int(month[2] or 1), 1)
    moment = datetime.fromisoformat(text)
    try:
        # What names no time zone is taken for UTC.
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        raise ValueError from None


def _read_date(value: Any, column: CarriedColumn) -> date:
    return _read_datetime(value, column).date()


def _since_1970(unit: timedelta) -> Callable[[Any, CarriedColumn], datetime]:
    def read(value: Any, column: CarriedColumn) -> datetime:
        try:
            return EPOCH + _read_number(value, column) * unit
        except OverflowError:
            raise ValueError from None

    return read


def _read_tags(value: Any, column: CarriedColumn) -> list[str]:
    if isinstance(value, str) and value.startswith("["):
        with suppress(ValueError, RecursionError):
            value = plain(json.loads(value))
    if isinstance(value, str):
        value = plain([each.strip() for each in value.split(column.separator)]) or []
    return value if isinstance(value, list) else [_as_text(value)]


READERS: dict[str, Callable[[Any, CarriedColumn], Any]] = {
    "text": _read_text,
    "integer": _read_integer,
    "number": _read_number,
    "boolean": _read_boolean,
    "date": _read_date,
    "datetime": _read_datetime,
    "unix": _since_1970(timedelta(seconds=1)),
    "unix_ms": _since_1970(timedelta(milliseconds=1)),
    "tags": _read_tags,
}
"""How a plain value is read as each type that a setting may name."""

TYPES = {name: name for name in READERS} | {"unix": "datetime", "unix_ms": "datetime"}
"""What a value is once it was read as one of them."""

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "tags": pa.list_(pa.string()),
}


# --- the table


@dataclass
class Unread:
    """Values of a column that could not be read as its type and are missing on the map: how many, and the first."""

    type: str
    count: int = 0
    first: str = ""

    def told(self, name: str) -> str:
        """Return what is told of the values of the column `name`."""
        return f"{self.count:,} missing in the carried column `{shown(name)}`: no {self.type} ({self.first})"


class CarriedTable:
    """The carried columns of all articles while these are read, in a scratch file: memory holds none of them.

    Attributes
    ----------
    unread : by source and column, the values that could not be read, once the table was written.
    """

    def __init__(self, scratch: Path):
        self._scratch, self._file = scratch, scratch.open("w", encoding="utf-8")
        self._runs: list[tuple[str, Sequence[CarriedColumn], int]] = []
        self._types: dict[str, str | None] = {}
        self.unread: dict[str, dict[str, Unread]] = {}

    def add(self, source: str, columns: Sequence[CarriedColumn], articles: Sequence[tuple[str, str]]) -> None:
        """Take the columns of articles of one source: of each its id, and what `carried_values` returned."""
        for item_id, values in articles:
            self._file.write(f"[{json.dumps(item_id)}, {values or '[]'}]\n")
            for column, value in zip(columns, json.loads(values or "[]"), strict=True):
                self._take_type(column, value)
        self._runs.append((source, columns, len(articles)))

    def _take_type(self, column: CarriedColumn, value: Any) -> None:
        known = self._types.setdefault(column.name, None)
        if column.type != AUTO:
            self._types[column.name] = common_type(known, TYPES[column.type])
        elif value is not None and known != "text":
            self._types[column.name] = common_type(known, seeming_type(value))

    @property
    def types(self) -> dict[str, str]:
        """The type of every column by its name on the map; one without any value is of texts."""
        return {name: type or "text" for name, type in self._types.items()}

    def write(self, folder: Path) -> str:
        """Write item_id and the columns of all articles to `folder`, and return the table's name, a digest of its content."""
        self._file.close()
        described = json.dumps([self.types, [[*map(asdict, columns), rows] for _, columns, rows in self._runs]])
        with self._scratch.open("rb") as lines:
            name = f"carried-{content_digest(chain([described.encode()], lines))[:16]}"
        with self._scratch.open(encoding="utf-8") as lines:
            with parquet_writer(folder / f"{name}.parquet", carried_schema(self.types)) as writer:
                for source, columns, rows in self._runs:
                    unread = self.unread.setdefault(source, {})
                    for start in range(0, rows, BATCH):
                        batch = [json.loads(line) for line in islice(lines, min(BATCH, rows - start))]
                        writer.write_table(typed_table(batch, columns, self.types, unread))
        return name


def carried_schema(types: Mapping[str, str]) -> pa.Schema:
    """Return the columns of the table, and on the map those behind ours."""
    return pa.schema([("item_id", pa.string()), *((name, ARROW_TYPES[type]) for name, type in types.items())])


def types_of(fields: Iterable[pa.Field]) -> dict[str, str]:
    """Return the types of carried columns by their names."""
    return {field.name: next(name for name, type in ARROW_TYPES.items() if type == field.type) for field in fields}


def typed_table(
    rows: Sequence[tuple[str, list]], columns: Sequence[CarriedColumn], types: Mapping[str, str], unread: dict[str, Unread]
) -> pa.Table:
    """Return articles' carried columns by their types, and count in `unread` what cannot be read so.

    Parameters
    ----------
    rows : of each article its id and the plain values of `columns`; a column that is not among these is missing in all rows.
    """
    item_ids = [item_id for item_id, _ in rows]
    arrays = {"item_id": pa.array(item_ids, pa.string())} | {
        name: pa.nulls(len(rows), ARROW_TYPES[type]) for name, type in types.items()
    }
    for position, column in enumerate(columns):
        type = types[column.name]
        values = []
        for item_id, plain_values in rows:
            try:
                values.append(column.read(plain_values[position], type))
            except ValueError:
                values.append(None)
                each = unread.setdefault(column.name, Unread(column.type if column.type != AUTO else type))
                each.count += 1
                each.first = each.first or f"{item_id}: {shown(str(plain_values[position]), 80)}"
        arrays[column.name] = pa.array(values, ARROW_TYPES[type])
    return pa.table(arrays, schema=carried_schema(types))
