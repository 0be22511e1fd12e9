"""CSV and TSV: rows as the csv module reads them, broken ones dropped."""

import csv
import io

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
    assert [article.text for article in articles] == ["a", "c"]
    assert report.examples == [{"row": "line 3", "reason": "broken row", "detail": "unexpected end of data"}]


def test_a_field_without_end_is_dropped(read, write, monkeypatch):
    monkeypatch.setattr(delimited_module, "LONGEST_FIELD", 100)
    articles, report = read(write("a.csv", "id,text\n1," + "x" * 101 + "\n2,b\n"))
    assert ([article.text for article in articles], report.dropped) == (["b"], {"broken row": 1})


def test_long_texts_are_no_fault(read, write):
    assert read(write("a.csv", "text\n" + "x" * 200_000), max_characters=10**6)[0][0].text == "x" * 200_000


def test_a_table_without_texts_is_an_error_that_names_its_columns(read, write):
    with pytest.raises(UserError, match=r"a\.csv: no column `text` \(or `content`\); .*It has: id, Texts, words$"):
        read(write("a.csv", "id,Texts,words\n1,x,y\n"))


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


# How tables are quoted, or are not


def unquoted(count: int, **texts: str) -> str:
    lines = [f"Title {number}\t{texts.get(f'at{number}', f'text {number}')}\n" for number in range(count)]
    return "title\ttext\n" + "".join(lines)


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
@pytest.mark.parametrize(
    "texts",
    [
        {"at3": '"Well," he said', "at40": 'he said "well"'},
        {"at3": '"Well', "at4": 'well"'},
        {"at3": '"Well'},
        {"at3": '"', "at9": '"', "at10": '"a" and "b"'},
        {"at3": '"a, b', "at9": 'c, d"', "at20": "e, f"},
        {f"at{number}": '"open' for number in range(50)},
    ],
)
def test_quotes_of_a_table_without_quoting_are_characters(read, write, name, texts):
    articles, report = read(write(name, unquoted(60, **texts)))
    assert (report.read, report.dropped) == (60, {})
    assert [article.text for article in articles] == [texts.get(f"at{n}", f"text {n}") for n in range(60)]


def test_a_comma_separated_table_without_quoting_is_read_too(read, write):
    lines = [f"{number},Title {number},text {number}\n" for number in range(60)]
    lines[5], lines[30] = '5,Title 5,"Well\n', '30,Title 30,he said it"\n'
    articles, report = read(write("a.csv", "id,title,text\n" + "".join(lines)))
    assert (len(articles), report.dropped) == (60, {})
    assert (articles[5].text, articles[30].text) == ('"Well', 'he said it"')


def test_quoted_fields_of_several_lines_are_one_text_whatever_is_in_them(read, write):
    texts = ["one\ntwo", "a, b\nc, d\n\ne, f", 'he said "x",\n"y", z', "\n,\n,", "x\ty\nz\tw"]
    rows = [("T, 1", '"q"'), *((f"T {number}", text) for number, text in enumerate(texts))]
    for name, delimiter in (("a.csv", ","), ("a.tsv", "\t")):
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter).writerows([("title", "text"), *rows])
        articles, report = read(write(name, out.getvalue()))
        assert [(article.title, article.text) for article in articles] == [(title, text.strip()) for title, text in rows]
        assert (report.read, report.dropped, report.notes) == (6, {}, {})


def test_a_quoted_field_of_two_lines_that_look_like_rows_is_one_where_the_table_is_quoted(read, write):
    content = 'title,text\n"A, b","say ""x"""\nT,"Dear\nBest, Joe"\n'
    assert read.texts(write("a.csv", content)) == ['say "x"', "Dear\nBest, Joe"]


def test_two_lines_that_are_two_rows_or_one_are_dropped_and_counted_where_nothing_tells(read, write):
    articles, report = read(write("a.csv", 'title,text\nQ,"he said\nR,bye"\nS,x\n'))
    assert ([article.text for article in articles], report.dropped) == (["x"], {"broken row": 2})
    assert [example["row"] for example in report.examples] == ["line 2", "line 3"]
    assert "a quote that is closed in another line" in report.examples[0]["detail"]


def test_a_text_of_two_lines_with_as_many_commas_as_a_row_is_one_text(read, write):
    assert read.texts(write("a.csv", 'title,text\nQ,"one, two\nthree, four"\nS,x\n')) == ["one, two\nthree, four", "x"]


def test_rows_that_a_quote_takes_in_are_counted_one_by_one_where_they_are_read_again_too_often(read, write, monkeypatch):
    monkeypatch.setattr("knowledge_map.articles.formats.delimited_rows.MOST_READ_AGAIN", 10)
    _, report = read(write("a.csv", 'id,text\n0,"a ""b"""\n1,"open\n2,b\n3,c\n4,d\n'))
    assert report.dropped == {"broken row": 4} and report.read == 5


def test_a_quote_that_is_closed_in_another_row_costs_no_other_row(read, write):
    articles, report = read(write("a.csv", 'id,text\n0,"a, ""b"""\n1,"open\n2,"x, y"\n3,c\n'))
    assert [article.text for article in articles] == ['a, "b"', "x, y", "c"]
    assert report.dropped == {"broken row": 1} and report.examples[0]["row"] == "line 3"


def test_backslashes_before_quotes_in_one_row_only_do_not_change_the_others(read, write):
    content = 'id,text\n1,"C:\\dir\\"\n2,"a ""b"""\n3,"G\\""odel"\n'
    assert read.texts(write("a.csv", content)) == ["C:\\dir\\", 'a "b"', 'G\\"odel']


def test_what_mysql_escapes_without_quotes_is_read(read, write):
    content = "id\ttitle\ttext\n1\tT\tone\\\ntwo\\\tthree \\\\ four\n2\t\\N\tplain\n3\tU\tfive\\\nsix\n"
    articles, report = read(write("a.tsv", content))
    assert [article.text for article in articles] == ["one\ntwo\tthree \\ four", "plain", "five\nsix"]
    assert (articles[1].title, report.dropped) == ("plain", {})
    assert "delimiters and line ends are escaped by backslashes, and read so" in report.notes


def test_a_backslash_at_the_end_of_a_text_is_its_own(read, write):
    assert read.texts(write("a.tsv", "id\ttext\n1\tx\\\n2\ty\n")) == ["x\\", "y"]


# Spreadsheets, and files that were joined


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("id;title;text\n1;T;a, b\n2;U;c\n", "delimited by semicolons, and read so"),
        ("id\ttitle\ttext\n1\tT\ta, b\n2\tU\tc\n", "delimited by tabs, and read so"),
        ("id|title|text\n1|T|a, b\n2|U|c\n", "delimited by vertical bars, and read so"),
        ("sep=;\nid;title;text\n1;T;a, b\n2;U;c\n", "delimited by semicolons, as its first line says"),
        ('"sep=\t"\r\nid\ttitle\ttext\r\n1\tT\ta, b\r\n2\tU\tc\r\n', "delimited by tabs, as its first line says"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_another_delimiter_is_read_and_told(read, write, content, note, name):
    articles, report = read(write(name, content))
    assert [article.text for article in articles] == ["a, b", "c"]
    assert list(report.notes) == ([] if name == "a.tsv" and note == "delimited by tabs, and read so" else [note])


def test_rows_of_empty_fields_and_delimiters_at_the_end_are_no_fault(read, write):
    articles, report = read(write("a.csv", ",,\n\n;\n"[:4] + "id,title,text\n1,T,x\n,,\n,,,,\n2,U,y,,\n" + ",,\n" * 50))
    assert [article.text for article in articles] == ["x", "y"]
    assert (report.dropped, report.left_out) == ({}, {"a row of empty fields": 52})


def test_headers_of_joined_files_are_left_out_and_counted(read, write):
    content = "id,title,text\n1,T,a\nid,title,text\n2,U,b\n\ufefftext,id,title\nc,3,V\n4,d"
    articles, report = read(write("a.csv", content.removesuffix("4,d") + "d,4,Wid,title,text\n5,X,e\n"))
    assert [(article.item_id, article.title, article.text) for article in articles] == [
        ("wiki:1", "T", "a"),
        ("wiki:2", "U", "b"),
        ("wiki:3", "V", "c"),
        ("wiki:4", "W", "d"),
        ("wiki:5", "X", "e"),
    ]
    assert (report.dropped, report.left_out) == ({}, {"a header within the table": 3})


def test_a_text_that_is_the_name_of_its_column_is_no_header(read, write):
    assert read.texts(write("a.csv", "title,text\nWord,text\n")) == ["text"]


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_lines_may_end_in_any_way(read, write, name, end):
    delimiter = "\t" if name == "a.tsv" else ","
    lines = ['"a"', '"b"'] if name == "a.jsonl" else [f"id{delimiter}text", f'1{delimiter}"a"', f"2{delimiter}b"]
    articles, report = read(write(name, end.join([*lines, ""])))
    assert ([article.text for article in articles], report.dropped) == (["a", "b"], {})


def test_files_with_several_kinds_of_line_ends_that_were_joined_are_read(read, write):
    articles, report = read(write("a.csv", "id,text\r1,a\r2,b\r3,c\n4,d\n5,e\r6,f\n"))
    assert ([article.text for article in articles], report.dropped) == (["a", "b", "c", "d", "e", "f"], {})
