"""Parquet: any column types, broken strings dropped, memory bounded."""

from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge_map.articles.decompression import Expansion
from knowledge_map.articles.formats import parquet as parquet_module
from knowledge_map.common.errors import UserError


@pytest.fixture
def table(tmp_path):
    def write(columns: dict, **options):
        pq.write_table(pa.table(columns), tmp_path / "a.parquet", **options)
        return tmp_path / "a.parquet"

    return write


def test_columns_become_fields_and_others_are_not_read(read, table):
    path = table({"id": [1, 2], "embedding": [[0.5], [1.0]], "title": ["T", None], "url": ["u", None], "text": ["x", "y"]})
    articles, report = read(path)
    assert [article[:4] for article in articles] == [("wiki:1", "wiki", "T", "u"), ("wiki:2", "wiki", "y", "")]
    assert report.format == "parquet"


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())])
def test_texts_may_be_stored_as_any_kind_of_string(read, table, kind):
    values = [b"\xc3\xa4", b"x"] if kind == pa.binary() else ["ä", "x"]
    assert read.texts(table({"content": pa.array(values).cast(kind)})) == ["ä", "x"]


def test_float_ids_are_written_as_integers(read, table):
    articles, _ = read(table({"id": [12.0, float("nan")], "text": ["x", "y"]}))
    assert articles[0].item_id == "wiki:12" and len(articles[1].item_id) == len("wiki:") + 16


def test_a_string_that_is_not_utf_8_is_dropped_alone(read, table):
    broken = pa.array([b"a", b"\xff", b"c"]).view(pa.string())
    articles, report = read(table({"text": broken}))
    assert [article.text for article in articles] == ["a", "c"]
    assert report.examples == [
        {"row": "row 2", "reason": "broken row", "detail": "not UTF-8 (invalid start byte at byte 1)"},
    ]


def test_rows_are_numbered_across_row_groups(read, table):
    _, report = read(table({"text": ["a", "b", None]}, row_group_size=2))
    assert report.examples[0]["row"] == "row 3"


def test_long_texts_come_a_few_at_a_time(tmp_path):
    with pq.ParquetWriter(tmp_path / "a.parquet", pa.schema([("text", pa.string())]), use_dictionary=False) as writer:
        writer.write_table(pa.table({"text": [f"{number} " * 1_000_000 for number in range(10, 20)]}))
        writer.write_table(pa.table({"text": ["short"] * 10}))
    path = tmp_path / "a.parquet"
    assert list(parquet_module._batch_rows(path, ["text"], Expansion(path))) == [22, parquet_module.BATCH_ROWS]


def test_a_file_without_texts_is_an_error_that_names_its_columns(read, table):
    with pytest.raises(UserError, match=r"no column `text` \(or `content`\); .*It has: id, words$"):
        read(table({"id": [1], "words": ["x"]}))


def test_a_file_without_rows_is_an_error(read, table):
    with pytest.raises(UserError, match="empty; "):
        read(table({"text": pa.array([], pa.string())}))


@pytest.mark.parametrize("harm", [lambda whole: whole[: len(whole) // 2], lambda whole: b"PAR1" + bytes(100) + whole[104:]])
def test_a_damaged_file_is_an_error(read, table, harm):
    path = table({"text": [f"text {number}" for number in range(1_000)]}, write_page_checksum=True)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(UserError, match=r"a\.parquet: cannot be read as parquet"):
        read(path)


ODD = {
    "a date": pa.array([datetime(2020, 1, 1)]),
    "a time that Python cannot hold": pa.array([2**62]).cast(pa.timestamp("us")),
    "a time zone that is nowhere": pa.array([1]).cast(pa.timestamp("us", tz="../../etc/passwd")),
    "a list": pa.array([["x"]]),
    "nothing": pa.array([None]),
}


@pytest.mark.parametrize("values", ODD.values(), ids=ODD)
def test_what_is_neither_text_nor_number_is_no_field_of_an_article(read, table, values):
    (article,), _ = read(table({"text": ["x"], "title": values, "id": values, "url": values}))
    assert (len(article.item_id), article.title, article.url) == (len("wiki:") + 16, "x", "")
    with pytest.raises(UserError, match=r"a\.parquet: the column `text` holds .*, no texts"):
        read(table({"text": values}))


def test_a_column_given_twice_is_an_error(read, tmp_path):
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    pq.write_table(twice, tmp_path / "a.parquet")
    with pytest.raises(UserError, match="more than one column `text`"):
        read(tmp_path / "a.parquet")
