"""What a source says comes out as it went in, whatever it is: in shards, lists, tables and on the page, and always as text."""

import csv
import io
import json
import pickle
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_files import page

from knowledge_map.articles.records import Source
from knowledge_map.articles.shards import read_manifest, write_shards
from knowledge_map.common.parquet import read_parquet
from knowledge_map.common.text import VISIBLE
from knowledge_map.diagnostics.tables import write_csv
from knowledge_map.map.table import excerpt

pytestmark = pytest.mark.slow  # writes and reads every format many times

SIGNS = [
    "../../x",
    "/etc/passwd",
    "</script>",
    "<!--",
    "-->",
    "]]>",
    "\u2028",
    "\x00",
    "\x1b[31m",
    "a\nb",
    "{0}",
    "%s",
    "=1+1",
    '"',
]
pieces = st.sampled_from(SIGNS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
anything = st.lists(pieces, max_size=4).map("".join)
words = st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8), min_size=1, max_size=6).map(" ".join)


def as_csv(articles: list[dict], delimiter: str) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["id", "title", "url", "text"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(articles)
    return out.getvalue().encode()


def as_parquet(articles: list[dict]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(articles), out)
    return out.getvalue()


def as_dump(articles: list[dict]) -> bytes:
    pages = (
        f"<page><title>{escape(article['title'])}</title><ns>0</ns><id>{article['id']}</id>"
        f"<revision><text>{escape(article['text'])}</text></revision></page>"
        for article in articles
    )
    return f"<mediawiki><siteinfo/>{''.join(pages)}</mediawiki>".encode()


WRITERS = {
    "jsonl": lambda articles: "".join(json.dumps(article) + "\n" for article in articles).encode(),
    "csv": lambda articles: as_csv(articles, ","),
    "tsv": lambda articles: as_csv(articles, "\t"),
    "parquet": as_parquet,
    "pickle": pickle.dumps,
    "mediawiki": as_dump,
}


def through_shards(content: bytes, format: str) -> tuple[list[dict], dict]:
    """Write a source, shard it, and return the rows of all shards and the report; nothing else may have been made."""
    with tempfile.TemporaryDirectory() as arena:
        folder = Path(arena) / "project"
        folder.mkdir()
        (folder / "a").write_bytes(content)
        pages = {"min_characters": 0, "disambiguation": [], "without_sections": []}
        source = Source("wiki", str(folder / "a"), format, options={"mediawiki": pages})
        manifest = folder / "results/shards/manifest.json"
        write_shards([source], manifest.parent, manifest, size=3, max_characters=10_000, max_dropped=1)
        listed = read_manifest(manifest)
        shards = [manifest.with_name(f"{shard['shard']}.parquet") for shard in listed["shards"]]
        assert {path.name for path in Path(arena).rglob("*") if path.is_file()} == {"a", "manifest.json"} | {
            p.name for p in shards
        }
        return [row for path in shards for row in read_parquet(path).to_pylist()], listed["sources"][0]


@pytest.mark.parametrize("format", WRITERS)
@settings(deadline=None, max_examples=20)
@given(st.data())
def test_every_article_comes_out_of_its_shard_as_it_went_in(format, data):
    text = words if format == "mediawiki" else anything
    drawn = data.draw(st.lists(st.tuples(text, text), min_size=1, max_size=7))
    articles = [
        {"id": str(number), "title": title, "url": "", "text": f"{body} a word {number}"}
        for number, (title, body) in enumerate(drawn)
    ]
    rows, report = through_shards(WRITERS[format](articles), format)
    assert report["read"] == report["kept"] == len(articles)
    assert [row["item_id"] for row in rows] == [f"wiki:{article['id']}" for article in articles]
    assert [row["text"] for row in rows] == [article["text"].strip() for article in articles]
    for row, article in zip(rows, articles, strict=True):
        assert row["title"] == " ".join(article["title"].split()) or not VISIBLE.search(article["title"])
        assert row["source"] == "wiki"


@settings(deadline=None, max_examples=20)
@given(st.lists(anything | st.none(), min_size=1, max_size=8), st.sampled_from(["jsonl", "parquet", "pickle"]))
def test_whatever_an_id_is_it_names_its_article_and_no_file(ids, format):
    articles = [{"id": given, "title": "T", "url": "", "text": f"text {number}"} for number, given in enumerate(ids)]
    rows, report = through_shards(WRITERS[format](articles), format)
    assert report["read"] == len(ids) == report["kept"] + sum(report["dropped"].values())
    stripped = {given.strip() for given in ids if given and given.strip()}
    blank = sum(not (given and given.strip()) for given in ids)
    assert len(rows) == len(stripped) + blank == len({row["item_id"] for row in rows})
    assert {f"wiki:{given}" for given in stripped} <= {row["item_id"] for row in rows}


@settings(deadline=None, max_examples=8)
@given(st.lists(anything, min_size=8, max_size=8))
def test_no_title_is_markup_on_the_page(titles):
    with tempfile.TemporaryDirectory() as folder:
        _, html, elements = page(Path(folder), articles=8, questions=3, titles=titles)
        _, plain, _ = page(Path(folder), articles=8, questions=3, titles=["Title"] * 8)
    assert elements.texts("titles")[:8] == titles
    for sign in ("<", "<!--", "\u2028"):
        assert html.count(sign) == plain.count(sign)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(anything, anything), max_size=6))
def test_tables_hold_any_text(rows):
    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder) / "a.csv", ["title", "text"], rows)
        with (Path(folder) / "a.csv").open(encoding="utf-8", newline="") as file:
            assert [tuple(row) for row in csv.reader(file)] == [("title", "text"), *rows]


@settings(deadline=None)
@given(anything.map(lambda text: text * 20))
def test_an_excerpt_is_a_line_of_whole_words(text):
    cut = excerpt(text)
    assert len(cut) <= 100 and len(cut.splitlines()) <= 1
