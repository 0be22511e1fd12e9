"""Carried columns: of which type they are, what can be read so, and the table in which they go to the map."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_map.articles.carried import (
    ARROW_TYPES,
    LONGEST_TEXT,
    READERS,
    CarriedColumn,
    CarriedTable,
    carried_values,
    common_type,
    plain,
    seeming_type,
)
from knowledge_map.articles.records import Source
from knowledge_map.articles.shards import read_manifest, summary_of, write_shards
from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import read_parquet

LIMITS = {"size": 3, "max_characters": 1_000, "max_dropped": 0.2}


def table_of(folder: Path, values: list, **settings) -> tuple[pa.Table, CarriedTable]:
    """Return the table with one column, `value`, of these values of a source."""
    column = CarriedColumn("value", "value", **settings)
    table = CarriedTable(folder / "scratch.jsonl")
    rows = [(f"wiki:{n}", carried_values({"value": value}, [column])[0]) for n, value in enumerate(values)]
    table.add("wiki", [column], rows)
    return read_parquet(folder / f"{table.write(folder)}.parquet"), table


@pytest.mark.parametrize(
    ("values", "type", "read"),
    [
        (["3", "-1", ""], "integer", [3, -1, None]),
        ([3, 4.0, None], "integer", [3, 4, None]),
        (["3", "0.5", "1e3"], "number", [3.0, 0.5, 1000.0]),
        ([1, 2.5, float("nan")], "number", [1.0, 2.5, None]),
        ([True, False, None], "boolean", [True, False, None]),
        (["true", "False"], "boolean", [True, False]),
        (["2024-02-29", "1999-05"], "date", [date(2024, 2, 29), date(1999, 5, 1)]),
        ([date(2024, 2, 29), None], "date", [date(2024, 2, 29), None]),
        (["2024-02-29T12:00:00Z", "2024-03-01"], "datetime", [datetime(2024, 2, 29, 12), datetime(2024, 3, 1)]),
        (["2024-02-29 12:00:00+02:00"], "datetime", [datetime(2024, 2, 29, 10)]),
        ([datetime(2024, 2, 29, 12, tzinfo=UTC)], "datetime", [datetime(2024, 2, 29, 12)]),
        ([["a", "b", "a"], [], None], "tags", [["a", "b"], None, None]),
        ([["a"], "b, c"], "tags", [["a"], ["b", "c"]]),
        (["a", 3, " "], "text", ["a", "3", None]),
        (["007", "12"], "text", ["007", "12"]),
        (["2024-02-30"], "text", ["2024-02-30"]),
        (["1", "2024-01-01"], "text", ["1", "2024-01-01"]),
        (["12345678901234567890"], "text", ["12345678901234567890"]),
        ([1 << 70], "text", [str(1 << 70)]),
        ([{"a": 1}, {}], "text", ['{"a": 1}', None]),
        ([Decimal("1.50"), b"2"], "number", [1.5, 2.0]),
        ([None, ""], "text", [None, None]),
    ],
)
def test_a_column_is_of_the_narrowest_type_that_takes_all_its_values(tmp_path, values, type, read):
    table, carried = table_of(tmp_path, values)
    assert carried.types == {"value": type}
    assert table.schema.field("value").type == ARROW_TYPES[type]
    assert table["value"].to_pylist() == read
    assert carried.unread == {"wiki": {}}


@pytest.mark.parametrize(
    ("values", "settings", "read"),
    [
        (["1999", 2001, "2001-05"], {"type": "date"}, [date(1999, 1, 1), date(2001, 1, 1), date(2001, 5, 1)]),
        (["1700000000", 0], {"type": "unix"}, [datetime(2023, 11, 14, 22, 13, 20), datetime(1970, 1, 1)]),
        ([1700000000500], {"type": "unix_ms"}, [datetime(2023, 11, 14, 22, 13, 20, 500_000)]),
        (["cs.LG stat.ML"], {"type": "tags", "separator": " "}, [["cs.LG", "stat.ML"]]),
        (['["a", "b"]', "c", 7], {"type": "tags"}, [["a", "b"], ["c"], ["7"]]),
        (["yes", "0", 1, "N"], {"type": "boolean"}, [True, False, True, False]),
        ([7, True, 1.5, ["a", "b"]], {"type": "text"}, ["7", "true", "1.5", "a, b"]),
        (["007"], {"type": "integer"}, [7]),
    ],
)
def test_a_column_is_of_the_type_that_is_set(tmp_path, values, settings, read):
    table, carried = table_of(tmp_path, values, **settings)
    assert table["value"].to_pylist() == read
    assert carried.unread == {"wiki": {}}


@pytest.mark.parametrize(
    ("type", "value"),
    [
        *[("integer", value) for value in ("x", "1.5", 1 << 63, [1])],
        *[("number", value) for value in ("x", "1,5", "0x10", ["1"])],
        *[("boolean", value) for value in ("maybe", 2)],
        *[("date", value) for value in ("yesterday", "2024-13-01", 99999)],
        *[("unix", value) for value in ("now", 1e30)],
        ("datetime", "0001-01-01T00:00:00+23:59"),
    ],
)
def test_what_is_not_of_the_set_type_is_missing_and_counted(tmp_path, type, value):
    table, carried = table_of(tmp_path, [value, None], type=type)
    assert table["value"].to_pylist() == [None, None]
    unread = carried.unread["wiki"]["value"]
    assert (unread.type, unread.count) == (type, 1)
    assert unread.first.startswith("wiki:0: ")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.slow
@given(st.lists(json_values, max_size=6))
def test_whatever_json_holds_is_carried_as_the_type_it_seems(values):
    column, type = CarriedColumn("v", "v"), None
    plain_values = [json.loads(carried_values({"v": value}, [column])[0])[0] for value in values]
    for value in plain_values:
        type = type if value is None else common_type(type, seeming_type(value))
    read = [column.read(value, type or "text") for value in plain_values]
    assert [value is None for value in read] == [value is None for value in plain_values]
    assert len(pa.array(read, ARROW_TYPES[type or "text"])) == len(values)


@given(json_values, st.sampled_from(sorted(READERS)), st.sampled_from(sorted(ARROW_TYPES)))
def test_no_value_breaks_the_reading_of_a_type(value, type, written):
    try:
        read = CarriedColumn("v", "v", type).read(plain(value), written)
    except ValueError:
        return
    pa.array([read], ARROW_TYPES[written])


def test_long_texts_and_lists_are_cut_and_counted(read, write):
    path = write("a.jsonl", [{"text": "a", "long": "x" * 2_000, "tags": [str(n) for n in range(200)]}])
    (article,), report = read(path, carry=["long", "tags"])
    long, tags = json.loads(article.carried)
    assert (len(long), len(tags)) == (LONGEST_TEXT, 100)
    assert report.replaced["`long` cut at 1,000 characters"] == report.replaced["`tags` cut at 100 values"] == 1


def test_parquet_columns_of_every_kind_are_carried(read, tmp_path):
    columns = {
        "text": pa.array(["a", "b"]),
        "day": pa.array([date(2024, 2, 29), None]),
        "moment": pa.array([1_709_208_000_000_000_001, None], pa.timestamp("ns", "Europe/Paris")),
        "tags": pa.array([["x", "y"], None]),
        "kind": pa.array(["k", None]).dictionary_encode(),
        "good": pa.array([True, None]),
        "price": pa.array([Decimal("1.50"), None], pa.decimal128(5, 2)),
        "nested": pa.array([{"a": 1}, None]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    (one, other), _ = read(tmp_path / "a.parquet", carry=list(columns)[1:])
    assert json.loads(one.carried) == ["2024-02-29", "2024-02-29T13:00:00+01:00", ["x", "y"], "k", True, 1.5, '{"a": 1}']
    assert json.loads(other.carried) == [None] * 7


def test_a_sample_keeps_what_goes_along(read, write):
    path = write("a.jsonl", [{"id": n, "text": f"text {n}", "year": 1900 + n} for n in range(50)])
    articles, _ = read(path, carry=["year"], limit=10, sample_seed=1)
    assert all(json.loads(article.carried) == [1900 + int(article.item_id[5:])] for article in articles)


# --- beside the shards


def sources(write, **settings) -> list[Source]:
    dated = [{"id": n, "text": f"text {n}", "year": 2000 + n, "tag": "x"} for n in range(5)]
    undated = [{"id": n, "text": f"other {n}"} for n in range(2)]
    scored = [{"id": n, "text": f"third {n}", "when": "1999", "score": "0.5"} for n in range(2)]
    return [
        Source("dated", str(write("dated.jsonl", dated)), carry=settings.get("carry", ["year", "tag"])),
        Source("undated", str(write("undated.jsonl", undated))),
        Source("scored", str(write("scored.jsonl", scored)), carry=[{"column": "when", "as": "year"}, "score"]),
    ]


def sharded(folder: Path, sources: list[Source]) -> dict:
    write_shards(sources, folder, folder / "manifest.json", **LIMITS)
    return read_manifest(folder / "manifest.json")


def test_the_table_has_the_columns_of_all_sources_in_the_order_of_the_shards(write, tmp_path):
    manifest = sharded(tmp_path / "shards", sources(write))
    assert manifest["carried"]["columns"] == {"year": "integer", "tag": "text", "score": "number"}
    table = read_parquet(tmp_path / "shards" / f"{manifest['carried']['table']}.parquet")
    shards = [tmp_path / "shards" / f"{each['shard']}.parquet" for each in manifest["shards"]]
    assert table["item_id"].to_pylist() == [item_id for shard in shards for item_id in read_parquet(shard)["item_id"].to_pylist()]
    assert table["year"].to_pylist() == [2000, 2001, 2002, 2003, 2004, None, None, 1999, 1999]
    assert table["score"].to_pylist() == [None] * 7 + [0.5] * 2


def test_what_is_carried_changes_no_shard_and_names_the_table(write, tmp_path):
    one = sharded(tmp_path / "one", sources(write))
    again = sharded(tmp_path / "again", sources(write))
    other = sharded(tmp_path / "other", sources(write, carry=["tag"]))
    assert one["shards"] == again["shards"] == other["shards"]
    assert one["carried"] == again["carried"]
    assert one["carried"]["table"] != other["carried"]["table"]
    names = [f"{each['carried']['table']}.parquet" for each in (one, again)]
    assert (tmp_path / "one" / names[0]).read_bytes() == (tmp_path / "again" / names[1]).read_bytes()


def test_without_carried_columns_there_is_no_table(write, tmp_path):
    manifest = sharded(tmp_path / "shards", sources(write)[1:2])
    assert "carried" not in manifest
    assert not list((tmp_path / "shards").glob("carried-*"))


def test_few_unreadable_values_are_told_and_many_stop_the_run(write, tmp_path):
    def source(bad: int) -> list[Source]:
        rows = [{"text": f"text {n}", "year": "unknown" if n < bad else "1999"} for n in range(10)]
        return [Source("wiki", str(write("a.jsonl", rows)), carry=[{"column": "year", "type": "integer"}])]

    manifest = sharded(tmp_path / "few", source(2))
    assert any("2 missing in the carried column `year`: no integer (wiki:" in line for line in summary_of(manifest))
    match = r"a\.jsonl: 3 of 10 values of the carried column `year` are no integer \(first: wiki:\w+: unknown\), more than"
    with pytest.raises(UserError, match=match):
        sharded(tmp_path / "many", source(3))
    assert not (tmp_path / "many/manifest.json").exists()
