"""Sources that are asked by SQL: what a statement may do, what it may not, and how its errors are told."""

import gzip
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge_map.articles import query as query_module
from knowledge_map.articles.query import QueryLimits, query_rows
from knowledge_map.articles.reading import check_opening
from knowledge_map.articles.records import Source
from knowledge_map.common.errors import UserError

pytestmark = pytest.mark.slow  # starts DuckDB for every test

TICKETS = """number,subject,body,opened,state
1,Slow,It is slow.,2024-01-02,open
2,Broken,It broke.,2023-05-06,closed
3,Odd,Odd.,2024-03-04,open
"""


@pytest.fixture
def tickets(tmp_path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "tickets.csv").write_text(TICKETS)
    (tmp_path / "secret.csv").write_text("body\nsecret\n")
    return folder / "tickets.csv"


def test_rows_are_filtered_renamed_and_in_the_order_of_the_statement(read, tickets):
    statement = "SELECT number AS id, subject AS title, body, opened FROM source WHERE state = 'open' ORDER BY opened DESC"
    articles, report = read(tickets, query=statement, carry=["opened"])
    assert [(article.item_id, article.title, article.text, article.carried) for article in articles] == [
        ("wiki:3", "Odd", "Odd.", '["2024-03-04"]'),
        ("wiki:1", "Slow", "It is slow.", '["2024-01-02"]'),
    ]
    assert (report.format, report.read, report.notes) == ("query", 2, {"`body` is read as `text`": 1})


def test_files_of_a_folder_are_joined_and_found_by_wildcards(read, tickets):
    with gzip.open(tickets.parent / "more.csv.gz", "wt") as file:
        file.write(TICKETS.replace("\n1,", "\n4,").replace("\n2,", "\n5,").replace("\n3,", "\n6,"))
    pq.write_table(pa.table({"state": ["open", "closed"], "meaning": ["to do", "done"]}), tickets.parent / "states.parquet")
    folder = tickets.parent
    statement = f"""
        SELECT number AS id, body || ' ' || meaning AS text
        FROM read_csv('{folder}/*.csv*') JOIN '{folder}/states.parquet' USING (state) ORDER BY number -- all of them
        ;"""
    assert read.texts(folder, query=statement)[:2] == ["It is slow. to do", "It broke. done"]
    assert len(read.texts(folder, query=statement)) == 6


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "json.gz", "parquet"])
def test_source_stands_for_files_of_every_format(read, tmp_path, suffix):
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(2):
        path, row = folder / f"{number}.{suffix}", {"text": f"text {number}"}
        if suffix == "parquet":
            pq.write_table(pa.Table.from_pylist([row]), path)
        elif suffix == "json.gz":
            path.write_bytes(gzip.compress(f'{{"text": "text {number}"}}\n'.encode()))
        else:
            path.write_text(f'{{"text": "text {number}"}}\n' if suffix == "jsonl" else f"text\ttwo\ntext {number}\tx\n")
    assert read.texts(folder, query="FROM source") == ["text 0", "text 1"]


def test_source_does_not_stand_for_files_of_several_formats(read, tickets):
    (tickets.parent / "notes.md").write_text("x")
    with pytest.raises(
        UserError, match=r"wiki: query: `source` stands for files of one of .* There are: notes\.md, tickets\.csv$"
    ):
        read(tickets.parent, query="FROM source")


ATTACKS = [
    "SELECT content AS text FROM read_text('{folder}/../secret.csv')",
    "FROM '{folder}/../secret.csv'",
    "FROM '{outside}/secret.csv'",
    "FROM 'secret.csv'",
    "FROM '/etc/passwd'",
    "SELECT content AS text FROM read_text('/etc/passwd')",
    "SELECT content::VARCHAR AS text FROM read_blob('/proc/self/environ')",
    "SELECT file AS text FROM glob('/etc/*')",
    "FROM '{outside}/*.csv'",
    "SELECT * FROM query('FROM ''{outside}/secret.csv''')",
    "FROM sniff_csv('{outside}/secret.csv')",
    "FROM 'https://example.com/a.csv'",
    "FROM 's3://bucket/a.parquet'",
    "SELECT getenv('HOME') AS text",
    "COPY (SELECT 1 AS text) TO '{outside}/written.csv'",
    "COPY (SELECT 1 AS text) TO '{folder}/written.csv'",
    "SELECT * FROM source; COPY source TO '{folder}/written.csv'",
    "EXPORT DATABASE '{folder}/written'",
    "ATTACH '{folder}/written.db'",
    "ATTACH '{outside}/secret.csv' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{folder}/x.duckdb_extension'",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA threads = 8",
    "SET threads = 8; FROM source",
    "CREATE TABLE other AS FROM source",
    "CREATE SECRET s (TYPE s3)",
    "PREPARE p AS FROM source",
    "CALL pragma_version()",
    "SELECT 1 AS text; SELECT 2 AS text",
    "",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_statement_reads_nothing_else_writes_nothing_and_changes_nothing(read, tickets, monkeypatch, attack):
    monkeypatch.chdir(tickets.parents[1])
    before = sorted(tickets.parents[1].rglob("*"))
    statement = attack.format(folder=tickets.parent, outside=tickets.parents[1]) or " "
    for path in (tickets, tickets.parent):
        with pytest.raises(UserError, match="wiki: query: ") as error:
            read(path, query=statement)
        assert str(error.value).isprintable()
    assert [path for path in sorted(tickets.parents[1].rglob("*")) if path.name != "scratch_dir"] == before


def test_a_link_out_of_the_folder_is_not_followed(read, tickets):
    (tickets.parent / "link.csv").symlink_to(tickets.parents[1] / "secret.csv")
    with pytest.raises(UserError, match="Permission Error: Cannot access file"):
        read(tickets.parent, query=f"FROM '{tickets.parent}/link.csv'")


def test_an_error_is_told_as_duckdb_tells_it(read, tickets):
    with pytest.raises(UserError, match=r'wiki: query: Binder Error: Referenced column "stat" not found .*"state"'):
        read(tickets, query="SELECT * FROM source WHERE stat = 'open'")
    with pytest.raises(UserError, match=r"wiki: query: Parser Error: syntax error at or near .source."):
        read(tickets, query="SELECT * FORM source")
    with pytest.raises(UserError, match=r"wiki: query: Catalog Error: .* `source` stands for the files at `path`\.$"):
        read(tickets, query="SELECT * FROM wiki")


def test_an_error_in_the_midst_of_the_rows_is_told(read, tickets):
    with pytest.raises(UserError, match="wiki: query: Conversion Error"):
        read(tickets, query="SELECT body AS text, body::INTEGER AS id FROM source")


def test_a_wrong_statement_is_found_without_running_it(tickets, monkeypatch):
    def source(statement: str) -> Source:
        return Source("wiki", str(tickets), query=statement, carry=["opened"])

    with pytest.raises(UserError, match=r"wiki: query: no column `opened`, which `carry` of the source names; it has: body$"):
        check_opening(source("SELECT body FROM source"))
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT 'x' AS text, max(n) AS opened FROM t"
    monkeypatch.setattr(query_module, "LONGEST_SILENCE", 60)
    check_opening(source(endless))  # run, it would be interrupted, and refused


def test_a_statement_that_never_ends_is_interrupted(read, tickets, monkeypatch):
    monkeypatch.setattr(query_module, "LONGEST_SILENCE", 1)
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n)::VARCHAR AS text FROM t"
    with pytest.raises(UserError, match="wiki: query: no row within 1 seconds; does it ever end"):
        read(tickets, query=endless)


def test_rows_without_end_are_refused_as_a_bomb_is(read, tickets):
    with pytest.raises(UserError, match="expands to more than 250 times its size"):
        read(tickets, query="SELECT repeat('x', 100000) AS text FROM range(100000000)")


def test_a_statement_that_needs_more_memory_than_it_may_is_refused(tickets, tmp_path):
    statement = "SELECT list(repeat('x', 1000) || i)::VARCHAR AS text FROM range(1000000) t(i)"
    source = Source("wiki", str(tickets), query=statement)
    with pytest.raises(UserError, match="wiki: query: Out of Memory Error"):
        list(query_rows(source, [tickets], source.column_names, QueryLimits(100, None)))


def test_rows_are_streamed(tickets):
    source = Source("wiki", str(tickets), query="SELECT i AS id, repeat('x', 500) || i AS text FROM range(100000) t(i)")
    tracemalloc.start()
    try:
        assert sum(1 for _ in query_rows(source, [tickets], source.column_names, QueryLimits())) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
