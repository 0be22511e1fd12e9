"""Carried columns on the page: each as small numbers, with classes by which the page colours and filters.

A column of numbers or dates has bins for classes, one of texts or tags the texts themselves, commonest first. Everything is
found here once, so that the page only has to look up in which bin a number falls.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
from matplotlib.ticker import MaxNLocator

from knowledge_map.common.arrow import compute as pc
from knowledge_map.views.page.columns import Packed, packed, text_columns

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

YEARS = [step * 10**power for power in range(4) for step in (1, 2, 5)]
"""Numbers of years that a bin may span."""


@dataclass(frozen=True)
class CarriedColumn:
    """A column for the page.

    Attributes
    ----------
    head : for JSON; `name`, `kind` ("number", "date", "category", "tags" or "text"), `missing` articles, and what the kind needs.
    data : names and base64 of what carries the values.
    """

    head: dict
    data: Iterable[Packed]


def carried_column(key: str, name: str, values: pa.ChunkedArray) -> CarriedColumn:
    """Return a column of articles for the page; the names of its data begin with `key`."""
    head = {"name": name, "missing": values.null_count}
    if pa.types.is_list(values.type):
        return _tags(key, head, values)
    if pa.types.is_boolean(values.type):
        values = pc.if_else(values, "yes", "no")
    if pa.types.is_string(values.type):
        return _texts(key, head, values)
    if pa.types.is_temporal(values.type):
        return _dates(key, head, values)
    return _numbers(key, head, values)


# --- texts and tags


def _texts(key: str, head: dict, values: pa.ChunkedArray) -> CarriedColumn:
    names = _commonest_first(values)
    if len(names) > MOST_CATEGORIES or 2 * len(names) > len(values):
        return CarriedColumn(head | {"kind": "text"}, text_columns(key, values))
    codes = _codes(values, names, spare=1)
    return CarriedColumn(
        head | {"kind": "category", "bytes": codes.itemsize}, chain([_array(key, codes)], text_columns(f"{key}-names", names))
    )


def _tags(key: str, head: dict, values: pa.ChunkedArray) -> CarriedColumn:
    tags = pa.chunked_array([pc.list_flatten(chunk) for chunk in values.chunks], pa.string())
    names = _commonest_first(tags)
    codes = _codes(tags, names)
    each = pc.fill_null(pc.list_value_length(values), 0).to_numpy().astype(np.uint8)  # no article carries more than 100
    return CarriedColumn(
        head | {"kind": "tags", "bytes": codes.itemsize},
        chain([_array(key, codes), _array(f"{key}-each", each)], text_columns(f"{key}-names", names)),
    )


def _commonest_first(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the different texts, those that are equally common by the alphabet."""
    counts = pc.value_counts(pc.drop_null(values))
    table = pa.table({"text": counts.field("values"), "count": counts.field("counts")})
    return table.sort_by([("count", "descending"), ("text", "ascending")])["text"]


def _codes(values: pa.ChunkedArray, names: pa.ChunkedArray, spare: int = 0) -> np.ndarray:
    """Return the number of each text among the names; where it is missing the highest that fits, which `spare` keeps free."""
    codes = pc.index_in(values, names.combine_chunks(), skip_nulls=True)
    width = _width(max(len(names) - 1, 0) + spare)
    return pc.fill_null(codes.cast(pa.int64()), int(np.iinfo(width).max)).to_numpy().astype(width)


# --- numbers and dates


def _numbers(key: str, head: dict, values: pa.ChunkedArray) -> CarriedColumn:
    numbers = values.cast(pa.float64(), safe=False).to_numpy()  # missing ones are not a number
    present = numbers[~np.isnan(numbers)]
    whole = bool((present == np.round(present)).all())
    head |= {"kind": "number", "edges": _edges(present, whole).tolist(), "whole": whole}
    for scale in DECIMALS:
        scaled = np.round(present * scale)
        if (scaled / scale == present).all() and (np.ptp(scaled) if len(scaled) else 0) < np.iinfo(np.uint32).max:
            return _steps(key, head | {"scale": scale}, np.round(numbers * scale))
    return CarriedColumn(head | {"bytes": 0}, [_array(key, _rounded(numbers))])


def _dates(key: str, head: dict, values: pa.ChunkedArray) -> CarriedColumn:
    moments = values.cast(pa.timestamp("s"), safe=False).to_numpy()
    unit = "D" if (moments.astype("M8[D]") == moments)[~np.isnat(moments)].all() else "s"
    moments = moments.astype(f"M8[{unit}]")
    edges, grain = _date_edges(moments[~np.isnat(moments)], unit)
    head |= {"kind": "date", "seconds": 86_400 if unit == "D" else 1, "scale": 1, "grain": grain, "edges": edges.tolist()}
    return _steps(key, head, np.where(np.isnat(moments), np.nan, moments.astype(np.int64)))


def _steps(key: str, head: dict, numbers: np.ndarray) -> CarriedColumn:
    """Return whole numbers, NaN where missing, as distances from the least; the highest that fits where missing."""
    first = float(np.nanmin(numbers)) if not np.isnan(numbers).all() else 0.0
    distances = numbers - first
    width = _width(1 + (int(np.nanmax(distances)) if not np.isnan(numbers).all() else 0))
    codes = np.where(np.isnan(distances), np.iinfo(width).max, distances).astype(width)
    return CarriedColumn(head | {"first": int(first), "bytes": codes.itemsize}, [_array(key, codes)])


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


def _width(highest: int) -> type[np.unsignedinteger]:
    """Return the smallest of the types that hold whole numbers up to `highest`."""
    return next(width for width in (np.uint8, np.uint16, np.uint32) if highest <= np.iinfo(width).max)


def _array(key: str, values: np.ndarray) -> Packed:
    """Return numbers as data: all first bytes, then all second ones, and so on, which compresses better."""
    little = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<")))
    return key, packed([little.view(np.uint8).reshape(-1, values.itemsize).T.tobytes()])
