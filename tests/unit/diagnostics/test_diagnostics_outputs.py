"""What tables, pictures and report promise: every number, whole pictures, titles that stay text, and the same bytes each time."""

import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from diagnosing import read_table, run
from maps import on_arc, write_map

from knowledge_map.common.parquet import write_parquet
from knowledge_map.diagnostics import OUTPUTS
from knowledge_map.diagnostics.tables import measure_rows

pytestmark = pytest.mark.slow  # draws

HOSTILE = [
    '<script>alert("1")</script>',
    "</title><img src=x onerror=alert(1)>",
    '=1+1, "quoted"\r\nline',
    "$x^2$ \x00{{ 7*7 }} -->",
    "＝日本語",
]


@pytest.fixture(scope="module")
def faithful(tmp_path_factory) -> tuple[Path, dict]:
    """A map equal to embedding space, beside a UMAP layout that is noise."""
    folder = tmp_path_factory.mktemp("faithful")
    vectors = on_arc(300, 4)
    noise = np.random.default_rng(9).uniform(-8, 8, vectors.shape)
    return folder, run(folder, *write_map(folder, vectors, 4, vectors, noise))


def page_of(folder: Path) -> str:
    return (folder / "diagnostics/report.html").read_text(encoding="utf-8")


class Nesting(HTMLParser):
    """Check that elements are closed in the order in which they were opened."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, self.getpos()


def test_every_output_is_written_and_nothing_else(faithful):
    folder, _ = faithful
    assert sorted(path.name for path in (folder / "diagnostics").iterdir()) == sorted(OUTPUTS)


def test_tables_hold_one_row_per_question_neighbor_region_and_measure(faithful):
    folder, summary = faithful
    tables = {path.stem: read_table(path) for path in (folder / "diagnostics").glob("*.csv")}
    assert [len(tables[name]) for name in ("neighbors", "questions", "regions")] == [4 * 2 * 5, 4, 2 * 2]
    layouts = {(row["layout"], row["measure"]): row for row in tables["layouts"]}
    assert layouts["map", "article_recall@15"]["value"] == "1.0"
    low, high = summary["intervals"]["raw"]["triplet_accuracy"]
    row = layouts["raw", "triplet_accuracy"]
    assert (row["low"], row["high"], row["chance"]) == (str(low), str(high), "0.5")
    assert len(layouts) == sum(len(list(measure_rows(measures))) for measures in summary["layouts"].values())
    assert tables["questions"][0]["map_overlap@10"] == "1.0"
    assert tables["questions"][0]["map_within_reach"] == "5"
    assert {row["group"] for row in tables["question_weight"]} == {"near", "others", "far"}
    assert [row["name"] for row in tables["criteria"]] == [criterion["name"] for criterion in summary["criteria"]]


def test_verdicts_stand_on_top_with_their_numbers(tmp_path):
    vectors = on_arc(60, 3)
    noise = np.random.default_rng(2).uniform(size=vectors.shape)
    summary = run(tmp_path, *write_map(tmp_path, vectors, 3, noise, vectors))
    page = page_of(tmp_path)
    missed = [criterion for criterion in summary["criteria"] if not criterion["met"]]
    assert {"overlap", "article_recall"} <= {criterion["name"] for criterion in missed}
    assert page.count("<strong>Not met</strong>") == len(missed)
    assert f'<span class="value">{100 * summary["layouts"]["map"]["overlap"]["5"]:.1f} %</span>' in page
    assert page.index("<strong>Not met</strong>") < page.index("<table>")


def test_a_map_without_questions_has_its_outputs_all_the_same(tmp_path):
    vectors = on_arc(80, 0)
    run(tmp_path, *write_map(tmp_path, vectors, 0, vectors, vectors))
    assert json.loads((tmp_path / "diagnostics/neighbors.json").read_text())["questions"] == []
    assert read_table(tmp_path / "diagnostics/questions.csv") == read_table(tmp_path / "diagnostics/question_weight.csv") == []
    assert "This map has no questions" in page_of(tmp_path)
    assert sorted(path.name for path in (tmp_path / "diagnostics").iterdir()) == sorted(OUTPUTS)


def test_of_many_questions_the_report_lists_the_worst_and_the_tables_all(tmp_path):
    vectors = on_arc(60, 12)
    positions = vectors.copy()
    positions[[63, 70]] = 1 - vectors[[63, 70]]  # questions 3 and 10, thrown elsewhere
    run(tmp_path, *write_map(tmp_path, vectors, 12, positions, vectors), shown=2)
    page = page_of(tmp_path)
    assert page.count("<details open>") == 2
    assert "Item 63" in page and "Item 70" in page and "The 2 questions with the lowest overlap@5, of 12" in page
    assert len(read_table(tmp_path / "diagnostics/questions.csv")) == 12


def test_a_source_article_that_is_missing_is_said_to_be(tmp_path):
    vectors = on_arc(40, 2)
    data = [json.dumps({"source_article": title}) for title in ("Item 3", "<b>Nowhere</b>")]
    write_parquet(tmp_path / "questions.parquet", pa.table({"question_data": data}))
    run(tmp_path, *write_map(tmp_path, vectors, 2, vectors, vectors), inputs=(tmp_path / "questions.parquet",))
    page = page_of(tmp_path)
    assert "<bdi>&lt;b&gt;Nowhere&lt;/b&gt;</bdi>: not in the corpus" in page
    row = read_table(tmp_path / "diagnostics/questions.csv")[0]
    assert row["source_article_in_corpus"] == "True"
    assert f"<bdi>Item 3</bdi>: rank {row['source_article_embedding_rank']} in embedding space" in page


def test_questions_placed_later_have_a_row_of_their_own(faithful, tmp_path):
    folder, _ = faithful
    paths = folder / "knowledge_map.parquet", folder / "embeddings.parquet"
    assert "name a file of them" in page_of(folder)
    near = [{"ids": [n, n + 1], "distances": [0.0, 0.0]} for n in (3, 9)]
    positions = on_arc(300, 4)[[3, 9]]
    write_parquet(tmp_path / "later.parquet", pa.table({"x": positions[:, 0], "y": positions[:, 1], "neighbors": pa.array(near)}))
    summary = run(tmp_path, *paths, inputs=(None, None, tmp_path / "later.parquet"))
    (row,) = (row for row in read_table(tmp_path / "diagnostics/layouts.csv") if "placed_later" in row["measure"])
    assert (row["layout"], row["measure"]) == ("map", "overlap_of_questions_placed_later@2")
    assert float(row["value"]) == summary["placed_later"]["overlap"] >= 0.5  # each lies on the first of its own two
    assert "Mean overlap@2 of 2 questions placed later" in page_of(tmp_path)
    assert "name a file of them" not in page_of(tmp_path)


def test_hostile_titles_stay_text_in_report_tables_and_pictures(tmp_path):
    titles = [*HOSTILE, *(f"Article {n}" for n in range(35)), *HOSTILE]
    vectors = on_arc(40, 5)
    vectors[40:] = vectors[:5]  # every hostile article is the neighbor of a hostile question
    run(tmp_path, *write_map(tmp_path, vectors, 5, vectors, vectors, titles))
    page = page_of(tmp_path)
    assert "<script" not in page
    assert not re.search(r"<img (?!alt=)", page)
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert {row["title"] for row in read_table(tmp_path / "diagnostics/questions.csv")} == set(HOSTILE)
    for path in (tmp_path / "diagnostics").glob("*.svg"):
        ElementTree.parse(path)


def test_the_report_asks_for_nothing_from_elsewhere_and_is_well_formed(faithful):
    page = page_of(faithful[0])
    assert "default-src 'none'; img-src data:; style-src 'sha256-" in page
    assert set(re.findall(r'(?:src|href)="([a-z]+:[a-z/]*)', page)) == {"data:image/png"}
    assert " style=" not in page  # the policy would ignore it
    nesting = Nesting()
    nesting.feed(page)
    assert nesting.open == []


def test_the_same_map_gives_the_same_bytes(faithful, tmp_path):
    folder, _ = faithful
    run(tmp_path, folder / "knowledge_map.parquet", folder / "embeddings.parquet", threads=1)
    for name in OUTPUTS:
        assert (tmp_path / "diagnostics" / name).read_bytes() == (folder / "diagnostics" / name).read_bytes(), name
