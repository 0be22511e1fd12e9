"""CSV and TSV: rows as the csv module reads them, broken ones dropped."""

import pytest

from knowledge_map.articles.formats import delimited as delimited_module
from knowledge_map.common.errors import UserError


def test_quotes_commas_and_line_ends_within_a_field_are_its_text(read, write):
    path = write("a.csv", '\ufeffid,title,text\r\n1,"T, ""t""","one\r\ntwo"\r\n\r\n2,U,three\r\n')
    articles, report = read(path)
    assert [(article.title, article.text) for article in articles] == [('T, "t"', "one\r\ntwo"), ("U", "three")]
    assert report.read == 2


def test_tabs_part_the_fields_of_tsv(read, write):
    assert read.texts(write("a.tsv", "id\ttext\n1\ta,b\n")) == ["a,b"]


def test_whole_numbers_written_as_floats_are_ids_all_the_same(read, write):
    articles, _ = read(write("a.csv", "id,text\n12.0,x\n13,y\nv1.0,z\n"))
    assert [article.item_id for article in articles] == ["wiki:12", "wiki:13", "wiki:v1.0"]


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        (b"1", "1 fields where the header has 2"),
        (b"1,x,y", "3 fields where the header has 2"),
        (b"1,caf\xe9", "not UTF-8"),
        (b'1,"x"y', "expected after"),
    ],
)
def test_a_broken_row_is_dropped_and_listed_and_reading_goes_on(read, write, row, detail):
    articles, report = read(write("a.csv", b"id,text\n0,a\n" + row + b"\n2,b\n"))
    assert [article.text for article in articles] == ["a", "b"]
    assert report.dropped == {"broken row": 1}
    assert report.examples[0]["row"] == "line 3" and detail in report.examples[0]["detail"]


def test_a_quote_that_is_never_closed_does_not_pass_for_a_text(read, write):
    articles, report = read(write("a.csv", 'id,text\n1,a\n2,"b\n3,c\n'))
    assert [article.text for article in articles] == ["a"]
    assert report.examples == [{"row": "line 3", "reason": "broken row", "detail": "unexpected end of data"}]


def test_a_field_without_end_is_dropped(read, write, monkeypatch):
    monkeypatch.setattr(delimited_module, "LONGEST_FIELD", 100)
    articles, report = read(write("a.csv", "id,text\n1," + "x" * 101 + "\n2,b\n"))
    assert ([article.text for article in articles], report.dropped) == (["b"], {"broken row": 1})


def test_long_texts_are_no_fault(read, write):
    assert read(write("a.csv", "text\n" + "x" * 200_000), max_characters=10**6)[0][0].text == "x" * 200_000


def test_a_table_without_texts_is_an_error_that_names_its_columns(read, write):
    with pytest.raises(UserError, match=r"a\.csv: no column `text` \(or `content`\); it has: id, Text, body$"):
        read(write("a.csv", "id,Text,body\n1,x,y\n"))


def test_a_column_given_twice_is_an_error(read, write):
    with pytest.raises(UserError, match="more than one column `title`"):
        read(write("a.csv", "title,text,title\na,b,c\n"))


@pytest.mark.parametrize("content", ["id,text\n", "\n\n"])
def test_a_table_without_rows_is_an_error(read, write, content):
    with pytest.raises(UserError, match="empty; "):
        read(write("a.csv", content))


def test_a_header_that_cannot_be_read_is_an_error(read, write):
    with pytest.raises(UserError, match="line 1, the header, cannot be read"):
        read(write("a.csv", '"id"x,text\n1,a\n'))
