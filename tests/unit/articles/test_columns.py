"""Which columns hold what: those that the settings name, or those that well-known sets have."""

import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge_map.articles.columns import ColumnNames, roles_of
from knowledge_map.articles.reading import check_opening
from knowledge_map.articles.records import Article, Source
from knowledge_map.common.errors import UserError

PAPERS = [
    {"paper": "p1", "headline": "On stars", "abstract": "They shine.", "venue": "A journal", "link": "https://a.org/1"},
    {"paper": "p2", "headline": "On seas", "abstract": None, "venue": "Another one", "link": None},
]
COLUMNS = {"id": "paper", "title": "headline", "text": ["headline", "abstract", "venue"], "url": "link"}


def written(folder, name: str, rows: list[dict]):
    """Write the same rows in the format that the name says."""
    path = folder / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif name.endswith(".csv"):
        lines = [",".join(rows[0]), *(",".join("" if value is None else value for value in row.values()) for row in rows)]
        path.write_text("\n".join(lines))
    elif name.endswith(".pkl"):
        path.write_bytes(pickle.dumps(rows))
    return path


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.pkl"])
def test_columns_of_any_name_are_read_and_texts_joined_without_empty_ones(read, tmp_path, name):
    articles, report = read(written(tmp_path, name, PAPERS), columns=COLUMNS)
    assert articles == [
        Article("wiki:p1", "wiki", "On stars", "https://a.org/1", "On stars\n\nThey shine.\n\nA journal"),
        Article("wiki:p2", "wiki", "On seas", "", "On seas\n\nAnother one"),
    ]
    assert not report.notes


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.pkl"])
def test_names_of_well_known_sets_are_found_and_told(read, tmp_path, name):
    rows = [{"_id": row["paper"], "Headline": row["headline"], "abstract": "It is so.", "link": ""} for row in PAPERS]
    articles, report = read(written(tmp_path, name, rows))
    assert articles[0] == Article("wiki:p1", "wiki", "On stars", "", "It is so.")
    assert set(report.notes) == {
        "`_id` is read as `id`",
        "`Headline` is read as `title`",
        "`abstract` is read as `text`",
        "`link` is read as `url`",
    }


def test_a_well_known_name_is_no_text_where_there_is_a_column_text():
    assert roles_of(["abstract", "text"], ColumnNames()).text == ("text",)
    assert roles_of(["abstract", "Content", "body"], ColumnNames()).text == ("Content",)


@pytest.mark.parametrize(
    ("name", "columns", "setting"),
    [
        ("a.parquet", {"text": "abstrct"}, "columns.text"),
        ("a.csv", {"text": "abstract", "title": "abstrct"}, "columns.title"),
        ("a.pkl", {"text": "abstract", "id": "abstrct"}, "columns.id"),
    ],
)
def test_a_column_that_is_not_there_is_named_with_those_that_are(read, tmp_path, name, columns, setting):
    match = (
        rf"{name}: no column `abstrct`, which `{setting}` of the source names; it has: paper, headline, abstract, venue, link$"
    )
    with pytest.raises(UserError, match=match):
        read(written(tmp_path, name, PAPERS), columns=columns)


def test_a_carried_column_that_is_not_there_is_named_too(read, write):
    with pytest.raises(UserError, match=r"no column `year`, which `carry` of the source names; it has: text$"):
        read(write("a.jsonl", [{"text": "a"}]), carry=["year"])


def test_a_field_that_only_some_records_have_is_there(read, write):
    articles, _ = read(write("a.jsonl", [{"text": "a"}, {"text": "b", "year": 1999}]), carry=["year"])
    assert [article.carried for article in articles] == ["[null]", "[1999]"]


def test_the_missing_column_of_a_table_is_found_by_its_opening(tmp_path):
    source = Source("wiki", str(written(tmp_path, "a.csv", PAPERS)), carry=["year"])
    with pytest.raises(UserError, match="no column `year`"):
        check_opening(source)


def test_a_column_named_by_folders_counts_as_there(read, tmp_path):
    folder = tmp_path / "data/lang=en"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"text": ["a", "b"]}), folder / "0.parquet")
    articles, _ = read(tmp_path / "data", carry=["lang"])
    assert [article.carried for article in articles] == ['["en"]'] * 2


@pytest.mark.parametrize("columns", [{"text": "numbers"}, {"text": "text", "id": "numbers"}])
def test_a_named_column_that_cannot_be_what_it_is_for_is_refused(read, tmp_path, columns):
    pq.write_table(pa.table({"text": ["a"], "numbers": [[1, 2]]}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"the column `numbers` holds list<.*no texts"):
        read(tmp_path / "a.parquet", columns=columns)


def test_a_row_without_the_named_text_names_the_fields_it_has(read, write):
    path = write("a.jsonl", [{"words": "a"}, {"other": "b"}])
    _, report = read(path, columns={"text": "words"})
    assert report.examples == [{"row": "line 2", "reason": "no text", "detail": "no `words`; the row has other"}]


def test_a_header_again_is_known_by_any_names(read, write):
    path = write("a.csv", "words,who\nx,A\nwho,words\nB,y\n")
    articles, report = read(path, columns={"text": "words", "title": "who"})
    assert [(article.title, article.text) for article in articles] == [("A", "x"), ("B", "y")]
    assert report.left_out == {"a header within the table": 1}


def test_another_delimiter_is_found_by_the_named_column(read, write):
    articles, _ = read(write("a.csv", "words;who\nx;A\n"), columns={"text": "words", "title": "who"})
    assert articles[0].title == "A"
