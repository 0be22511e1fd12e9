"""Carried columns on the page: each as small numbers, with classes by which the page colours and filters.

A column of numbers or dates has bins for classes, one of texts or tags the texts themselves, commonest first. Everything is
found here once, so that the page only has to look up in which bin a number falls.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
from matplotlib.ticker import MaxNLocator

from knowledge_map.common.arrow import compute as pc
from knowledge_map.views.page.columns import Packed, byte_planes, packed, text_columns

MOST_CATEGORIES = 1_000
"""A column of more different texts than this has no classes; its texts are only read."""

MOST_BINS = 100

CLIPPED = (0.01, 0.99)
"""Quantiles between which the bins lie; what is beyond falls into the first or the last one."""

DECIMALS = (1, 10, 100, 1_000, 10_000)
"""Numbers that are whole after multiplication by one of these are kept exactly."""

DROPPED_BITS = 10
"""Of the 23 bits of a float32's fraction, those that other numbers lose; 13 hold four decimal digits."""

GRAINS = {"s": "second", "m": "minute", "h": "hour", "D": "day", "M": "month"}
"""NumPy's units of time that a bin may span, below years."""

DAY = 86_400
"""Seconds of a day."""

WIDTHS = {1: np.uint8, 2: np.uint16, 4: np.uint32}
"""Types of whole numbers by their bytes."""

YEARS = [step * 10**power for power in range(4) for step in (1, 2, 5)]
"""Numbers of years that a bin may span."""


@dataclass(frozen=True)
class Coding:
    """How the values of a column become small numbers.

    Attributes
    ----------
    head : for JSON; `name`, `kind` ("number", "date", "category", "tags" or "text"), `missing` articles, and what the kind needs.
    names : the texts or tags that the numbers stand for, commonest first; None where they stand for no texts.
    """

    head: dict
    names: pa.ChunkedArray | None = None

    def numbers(self, values: pa.ChunkedArray) -> dict[str, np.ndarray]:
        """Return the numbers of some of the column's values: those under "", and under "-each" how many tags an article has.

        A column of texts that are only read has none.
        """
        match self.head["kind"]:
            case "text":
                return {}
            case "category":
                return {"": _codes(_as_texts(values), self._names(), self._width)}
            case "tags":
                each = (
                    pc.fill_null(pc.list_value_length(values), 0).to_numpy().astype(np.uint8)
                )  # no article carries more than 100
                return {"": _codes(_flat(values), self._names(), self._width), "-each": each}
            case "date":
                return {"": self._distances(_moments(values, "D" if self.head["seconds"] == DAY else "s"))}
            case _:
                numbers = _floats(values)
                return {"": self._distances(np.round(numbers * self.head["scale"])) if self.head["bytes"] else _rounded(numbers)}

    @property
    def _width(self) -> type[np.unsignedinteger]:
        return WIDTHS[self.head["bytes"]]

    def _names(self) -> pa.ChunkedArray:
        return self.names if self.names is not None else pa.chunked_array([], pa.string())

    def _distances(self, numbers: np.ndarray) -> np.ndarray:
        """Return whole numbers, NaN where missing, as distances from the first; the highest that fits where missing."""
        distances = numbers - self.head["first"]
        return np.where(np.isnan(distances), np.iinfo(self._width).max, distances).astype(self._width)


@dataclass(frozen=True)
class CarriedColumn:
    """A column for the page of one file.

    Attributes
    ----------
    head : as `Coding` has it.
    data : names and base64 of what carries the values.
    """

    head: dict
    data: Iterable[Packed]


def carried_column(key: str, name: str, values: pa.ChunkedArray) -> CarriedColumn:
    """Return a column of articles for the page; the names of its data begin with `key`."""
    coding = column_coding(name, values)
    arrays = [(key + ending, packed([byte_planes(numbers)])) for ending, numbers in coding.numbers(values).items()]
    return CarriedColumn(coding.head, chain(arrays, coding_texts(key, coding, values)))


def coding_texts(key: str, coding: Coding, values: pa.ChunkedArray) -> Iterator[Packed]:
    """Yield the texts of a column: its names, or those of every article where they are only read."""
    if coding.names is not None:
        yield from text_columns(f"{key}-names", coding.names)
    elif coding.head["kind"] == "text":
        yield from text_columns(key, values)


def column_coding(name: str, values: pa.ChunkedArray) -> Coding:
    """Return how a column of articles becomes small numbers."""
    head = {"name": name, "missing": values.null_count}
    if pa.types.is_list(values.type):
        names = _commonest_first(_flat(values))
        return Coding(head | {"kind": "tags", "bytes": _bytes_for(max(len(names) - 1, 0))}, names)
    values = _as_texts(values)
    if pa.types.is_string(values.type):
        return _of_texts(head, values)
    return _of_dates(head, values) if pa.types.is_temporal(values.type) else _of_numbers(head, values)


# --- texts and tags


def _as_texts(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return booleans as texts, and all else as it is."""
    return pc.if_else(values, "yes", "no") if pa.types.is_boolean(values.type) else values


def _flat(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the tags of all articles, one after another."""
    return pa.chunked_array([pc.list_flatten(chunk) for chunk in values.chunks], pa.string())


def _of_texts(head: dict, values: pa.ChunkedArray) -> Coding:
    names = _commonest_first(values)
    if len(names) > MOST_CATEGORIES or 2 * len(names) > len(values):
        return Coding(head | {"kind": "text"})
    return Coding(head | {"kind": "category", "bytes": _bytes_for(max(len(names) - 1, 0) + 1)}, names)  # one is for no value


def _commonest_first(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the different texts, those that are equally common by the alphabet."""
    counts = pc.value_counts(pc.drop_null(values))
    table = pa.table({"text": counts.field("values"), "count": counts.field("counts")})
    return table.sort_by([("count", "descending"), ("text", "ascending")])["text"]


def _codes(values: pa.ChunkedArray, names: pa.ChunkedArray, width: type[np.unsignedinteger]) -> np.ndarray:
    """Return the number of each text among the names; the highest that fits where it is missing."""
    codes = pc.index_in(values, names.combine_chunks(), skip_nulls=True)
    return pc.fill_null(codes.cast(pa.int64()), int(np.iinfo(width).max)).to_numpy().astype(width)


# --- numbers and dates


def _floats(values: pa.ChunkedArray) -> np.ndarray:
    """Return numbers as float64, NaN where missing."""
    return values.cast(pa.float64(), safe=False).to_numpy()


def _of_numbers(head: dict, values: pa.ChunkedArray) -> Coding:
    numbers = _floats(values)
    present = numbers[~np.isnan(numbers)]
    whole = bool((present == np.round(present)).all())
    head |= {"kind": "number", "edges": _edges(present, whole).tolist(), "whole": whole}
    for scale in DECIMALS:
        scaled = np.round(present * scale)
        if (scaled / scale == present).all() and (np.ptp(scaled) if len(scaled) else 0) < np.iinfo(np.uint32).max:
            return Coding(head | {"scale": scale} | _range(scaled))
    return Coding(head | {"bytes": 0})


def _moments(values: pa.ChunkedArray, unit: str) -> np.ndarray:
    """Return dates in whole units since 1970 as float64, NaN where missing."""
    moments = values.cast(pa.timestamp("s"), safe=False).to_numpy().astype(f"M8[{unit}]")
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64))


def _of_dates(head: dict, values: pa.ChunkedArray) -> Coding:
    moments = values.cast(pa.timestamp("s"), safe=False).to_numpy()
    moments = moments[~np.isnat(moments)]
    unit = "D" if (moments.astype("M8[D]") == moments).all() else "s"
    moments = moments.astype(f"M8[{unit}]")
    edges, grain = _date_edges(moments, unit)
    head |= {"kind": "date", "seconds": DAY if unit == "D" else 1, "scale": 1, "grain": grain, "edges": edges.tolist()}
    return Coding(head | _range(moments.astype(np.int64)))


def _range(present: np.ndarray) -> dict:
    """Return `first`, the least of some whole numbers, and the `bytes` of distances from it, and of one more for no value."""
    first, last = (int(present.min()), int(present.max())) if len(present) else (0, 0)
    return {"first": first, "bytes": _bytes_for(last - first + 1)}


def _rounded(numbers: np.ndarray) -> np.ndarray:
    """Return numbers as float32 without the last `DROPPED_BITS` of their fractions, which would not compress."""
    largest = np.finfo(np.float32).max / 2
    bits = numbers.clip(-largest, largest).astype("<f4").view("<u4")
    bits = (bits + (1 << DROPPED_BITS - 1)) >> DROPPED_BITS << DROPPED_BITS
    return np.where(np.isnan(numbers), np.float32(np.nan), bits.view("<f4"))


def _edges(numbers: np.ndarray, whole: bool) -> np.ndarray:
    """Return the edges of bins over numbers: one for each whole number where these are few, or else at round numbers."""
    if not len(numbers):
        return np.array([0, 1])
    least, most = numbers.min(), numbers.max()
    if whole and most - least < MOST_BINS:
        return np.arange(least, most + 2)
    low, high = np.quantile(numbers, CLIPPED)
    low, high = (low, high) if low < high else (least, most)
    if low == high:
        return np.array([low, low + 1])
    return np.asarray(MaxNLocator(MOST_BINS, steps=[1, 2, 5, 10], integer=whole).tick_values(low, high))


def _date_edges(moments: np.ndarray, unit: str) -> tuple[np.ndarray, str]:
    """Return the edges of bins over dates, in whole units since 1970, and what a bin spans at least, such as "month"."""
    if not len(moments):
        return np.array([0, 1]), "day"
    ends = np.array([moments.min(), moments.max()])
    inner = np.quantile(moments.astype(np.int64), CLIPPED).astype(np.int64).astype(f"M8[{unit}]")
    for grain in list(GRAINS)[list(GRAINS).index(unit) :]:
        if (first_last := _spanned(ends, inner, grain, 1)) is not None:
            return np.arange(*first_last).astype(f"M8[{grain}]").astype(f"M8[{unit}]").astype(np.int64), GRAINS[grain]
    years = next(years for years in YEARS if _spanned(ends, inner, "Y", years) is not None)
    first, last = _spanned(ends, inner, "Y", years) or (0, 1)
    return (np.arange(first, last) * years - 1970).astype("M8[Y]").astype(f"M8[{unit}]").astype(np.int64), "year"


def _spanned(ends: np.ndarray, inner: np.ndarray, grain: str, size: int) -> tuple[int, int] | None:
    """Return the first edge and the one behind the last, counted in bins of `size` grains; None where that is too many bins.

    The bins reach over all dates if they are few enough, or else between the quantiles.
    """
    for pair in (ends, inner):
        grains = pair.astype(f"M8[{grain}]").astype(np.int64) + (1970 if grain == "Y" else 0)
        first, last = (int(each) // size for each in grains)
        if last - first < MOST_BINS:
            return first, last + 2
    return None


# --- bytes


def _bytes_for(highest: int) -> int:
    """Return how many bytes a whole number up to `highest` takes."""
    return next(width for width, type in WIDTHS.items() if highest <= np.iinfo(type).max)
