"""Carried columns reach the page as small numbers, from which every value can be read again."""

import base64
import zlib
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from knowledge_map.views.page.carried import MOST_BINS, carried_column

NUMBERS = {0: "<f4", 1: np.uint8, 2: "<u2", 4: "<u4"}


def unpacked(values, kind=None):
    """Return the head of a column and its data by name, as the page gets them."""
    column = carried_column("c", "Name", pa.chunked_array([pa.array(values, kind)]))
    return column.head, {name: zlib.decompress(base64.b64decode("".join(pieces))) for name, pieces in column.data}


def numbers(data, width):
    """Return the numbers of bytes that lie first bytes first."""
    itemsize = np.dtype(NUMBERS[width]).itemsize
    return np.frombuffer(data, np.uint8).reshape(itemsize, -1).T.copy().view(NUMBERS[width]).ravel()


def texts(data, name):
    ends = np.cumsum(np.frombuffer(data[f"{name}-lengths"], "<u4"))
    return [data[name][start:end].decode() for start, end in zip([0, *ends[:-1]], ends, strict=True)]


@pytest.mark.parametrize(
    "values, width",
    [
        ([3, None, 7, 257], 1),  # 254 apart, and one more for what is missing
        ([-5, 300, None], 2),
        ([1_700_000_000, 1_700_000_001, 0], 4),
        ([0.5, 0.25, None, 12.125], 2),
        ([19.99, 0.01, None], 2),
    ],
)
def test_whole_numbers_and_short_decimals_are_kept_exactly_in_as_few_bytes_as_do(values, width):
    head, data = unpacked(values)
    assert (head["kind"], head["bytes"], head["missing"]) == ("number", width, values.count(None))
    codes = numbers(data["c"], width).astype(np.int64)
    missing = np.iinfo(NUMBERS[width]).max
    assert [None if code == missing else (head["first"] + code) / head["scale"] for code in codes.tolist()] == values


def test_other_numbers_keep_four_digits():
    values = [1 / 3, -1e-9 / 7, 1e20 / 3, None, 4e38]
    head, data = unpacked(values)
    assert head["bytes"] == 0
    kept = numbers(data["c"], 0)
    assert np.isnan(kept[3]) and kept[:3] == pytest.approx(values[:3], rel=7e-5) and np.isfinite(kept[4])


@pytest.mark.parametrize(
    "values, seconds, grain, first, last",
    [
        ([date(1990, 5, 7), date(2019, 1, 1), None], 86_400, "year", date(1990, 1, 1), date(2020, 1, 1)),
        ([date(2020, 2, 7), date(2022, 3, 1)], 86_400, "month", date(2020, 2, 1), date(2022, 4, 1)),
        ([date(2020, 2, 7), date(2020, 3, 1)], 86_400, "day", date(2020, 2, 7), date(2020, 3, 2)),
        ([date(600, 1, 1), date(2020, 3, 1)], 86_400, "year", date(600, 1, 1), date(2040, 1, 1)),
        ([datetime(2020, 2, 7, 1, 30), datetime(2020, 2, 7, 9)], 1, "hour", datetime(2020, 2, 7, 1), datetime(2020, 2, 7, 10)),
        ([datetime(2020, 2, 7), datetime(2021, 2, 7)], 86_400, "month", date(2020, 2, 1), date(2021, 3, 1)),
    ],
)
def test_dates_are_days_or_seconds_with_bins_from_one_calendar_edge_to_another(values, seconds, grain, first, last):
    head, data = unpacked(values)
    assert (head["kind"], head["seconds"], head["grain"]) == ("date", seconds, grain)
    unit = "D" if seconds == 86_400 else "s"
    edges = np.array(head["edges"]).astype(f"M8[{unit}]")
    assert len(edges) <= MOST_BINS + 1
    assert (edges[0], edges[-1]) == (np.datetime64(first, unit), np.datetime64(last, unit))
    codes = numbers(data["c"], head["bytes"]).astype(np.int64)[: len(values) - head["missing"]]
    kept = (head["first"] + codes).astype(f"M8[{unit}]")
    assert kept.tolist() == np.array([value for value in values if value], f"M8[{unit}]").tolist()


def test_few_whole_numbers_have_a_bin_each():
    head, _ = unpacked([1990, 2004, 1991])
    assert head["edges"] == list(range(1990, 2006))


def test_bins_leave_out_the_few_numbers_that_are_far_away():
    values = np.append(np.random.default_rng(1).normal(size=5_000), [1e9, -1e9])
    head, _ = unpacked(values)
    edges = np.array(head["edges"])
    assert -4 < edges[0] <= np.quantile(values, 0.01) and np.quantile(values, 0.99) <= edges[-1] < 4
    assert 20 < len(edges) <= MOST_BINS + 1


@pytest.mark.parametrize("values", [[5, 5, 5], [0.3, 0.3], [None, None]])
def test_one_number_alone_has_one_bin(values):
    head, _ = unpacked(values, pa.float64())
    assert len(head["edges"]) == 2


def test_texts_that_repeat_are_categories_the_commonest_first():
    values = ["b", "a", None, "c", "a", "c", "a", "</script>", "</script>", "b"]
    head, data = unpacked(values)
    names = texts(data, "c-names")
    assert (head["kind"], head["bytes"], head["missing"]) == ("category", 1, 1)
    assert names == ["a", "</script>", "b", "c"]
    assert [None if code == 255 else names[code] for code in data["c"]] == values


def test_texts_that_are_all_different_are_carried_as_they_are():
    values = ["https://a.org", "x < y", None, "Łódź"]
    head, data = unpacked(values)
    assert head == {"name": "Name", "missing": 1, "kind": "text"}
    assert texts(data, "c") == ["https://a.org", "x < y", "", "Łódź"]


def test_booleans_are_categories():
    head, data = unpacked([True, False, None, True, True])
    assert head["kind"] == "category" and texts(data, "c-names") == ["yes", "no"] and list(data["c"]) == [0, 1, 255, 0, 0]


def test_tags_are_runs_of_numbers():
    values = [["x", "y"], None, [], ["y"], ["z", "y", "x"]]
    head, data = unpacked(values, pa.list_(pa.string()))
    names = texts(data, "c-names")
    assert (head["kind"], head["missing"], names) == ("tags", 1, ["y", "x", "z"])
    assert list(data["c-each"]) == [2, 0, 0, 1, 3]
    assert [names[code] for code in data["c"]] == ["x", "y", "y", "z", "y", "x"]


@pytest.mark.parametrize(
    "kind", [pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.date32(), pa.timestamp("us"), pa.list_(pa.string())]
)
@pytest.mark.parametrize("count", [0, 4])
def test_a_column_without_any_value_is_carried(kind, count):
    head, _ = unpacked([None] * count, kind)
    assert head["missing"] == count


@pytest.mark.slow
def test_five_columns_of_a_quarter_of_a_million_articles_take_two_and_a_half_megabytes():
    random, count = np.random.default_rng(1), 250_000
    columns = {
        "field": pa.array(random.choice([f"field {n}" for n in range(40)], count, p=np.arange(40) / 780)),
        "published": pa.array(np.datetime64("1990-01-01") + random.integers(0, 12_000, count)),
        "citations": pa.array(random.lognormal(2, 1.5, count).astype(int)),
        "score": pa.array(random.normal(size=count)),
        "open": pa.array(random.random(count) < 0.4, mask=random.random(count) < 0.1),
    }
    size = sum(
        len(piece)
        for name, values in columns.items()
        for _, pieces in carried_column("c", name, pa.chunked_array([values])).data
        for piece in pieces
    )
    assert size < 2_500_000
