"""Labels of the map: whole cover, nearest candidates, medoids, and titles as they come."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge_map import labels as labels_module
from knowledge_map.files import write_parquet
from knowledge_map.labels import choose_labels, knn_labels, label_places, shown_labels, shown_title, write_labels
from knowledge_map.map_table import SCHEMA, KnowledgeMap
from knowledge_map.table import EmbeddingTable, table_schema

COLUMNS = ["item_id", "title", "url", "excerpt", "neighbors"]
HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "$\\frac{1}{",
    "null\x00bell\x07\r\nline\u2028end",
    "東京",
    "\u202eright to left",
    "&amp; <b>",
    "word " * 400,
    "",
    " ",
    "🦕 emoji",
    "%s {0} {{ title }} {% raw %}",
]


def small_map(
    folder: Path, articles: int = 200, questions: int = 3, titles: list[str] | None = None
) -> tuple[KnowledgeMap, EmbeddingTable]:
    """Write a map of random places and vectors, and return it."""
    random, total, dimension = np.random.default_rng(7), articles + questions, 8
    titles = titles or [f"Article {number}" for number in range(articles)]
    vectors = random.normal(size=(total, dimension)).astype(np.float32)
    places = random.uniform(0.05, 0.95, (total, 2)).astype(np.float32)
    common = {
        "row": np.arange(total, dtype=np.int32),
        "item_id": [f"article:{row}" for row in range(articles)] + [f"question:{row}" for row in range(questions)],
        "kind": ["article"] * articles + ["question"] * questions,
        "source": ["test"] * total,
        "title": titles + [f"Why {row}?" for row in range(questions)],
        "url": ["https://example.org/"] * articles + [""] * questions,
    }
    vector_column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimension)
    write_parquet(folder / "embeddings.parquet", pa.table({**common, "embedding": vector_column}, schema=table_schema(dimension)))
    mapped = {
        "excerpt": [f"About {title[:50]}" for title in common["title"]],
        **dict(zip(["x", "y", "x_raw", "y_raw"], [*places.T, *places.T], strict=True)),
        "neighbors": [{"ids": list(range(min(3, articles))), "distances": [0.1] * min(3, articles)}] * total,
    }
    write_parquet(folder / "knowledge_map.parquet", pa.table({**common, **mapped}, schema=SCHEMA))
    return KnowledgeMap(folder / "knowledge_map.parquet", COLUMNS), EmbeddingTable(folder / "embeddings.parquet")


def test_labels_cover_the_whole_plane_on_every_level_with_gy_upward(tmp_path):
    table = knn_labels(*small_map(tmp_path), [4, 2], 5, 1)
    assert table.schema == labels_module.SCHEMA
    assert table["level"].to_pylist() == [0] * 4 + [1] * 16
    assert table["grid"].to_pylist() == [2] * 4 + [4] * 16
    cells = list(zip(*(table[name].to_pylist()[:4] for name in ("gx", "gy", "center_x", "center_y")), strict=True))
    assert cells == [(0, 0, 0.25, 0.25), (1, 0, 0.75, 0.25), (0, 1, 0.25, 0.75), (1, 1, 0.75, 0.75)]


def test_every_article_is_counted_in_one_cell_of_each_level_and_no_question_is(tmp_path):
    knowledge_map, embeddings = small_map(tmp_path, articles=100, questions=20)
    counted = knn_labels(knowledge_map, embeddings, [3, 7], 5, 1).group_by("grid").aggregate([("article_count", "sum")])
    assert counted.to_pylist() == [{"grid": 3, "article_count_sum": 100}, {"grid": 7, "article_count_sum": 100}]


def test_candidates_are_the_articles_nearest_to_the_centre(tmp_path):
    knowledge_map, embeddings = small_map(tmp_path, articles=100, questions=50)
    for cell in knn_labels(knowledge_map, embeddings, [5], 4, 1).to_pylist():
        distances = np.linalg.norm(knowledge_map.places[:100] - [cell["center_x"], cell["center_y"]], axis=1)
        nearest = np.argsort(distances)[:4]
        assert [near["row"] for near in cell["candidates"]] == nearest.tolist()
        assert [near["title"] for near in cell["candidates"]] == [f"Article {row}" for row in nearest]
        assert [near["distance"] for near in cell["candidates"]] == pytest.approx(distances[nearest], abs=1e-6)
        assert cell["radius"] == pytest.approx(distances[nearest[-1]], abs=1e-6)
        assert cell["label"] in [near["title"] for near in cell["candidates"]]
        assert 0 <= cell["confidence"] <= 1


@pytest.mark.parametrize("articles", [1, 2, 5])
def test_k_larger_than_the_corpus_takes_all_articles(tmp_path, articles):
    table = knn_labels(*small_map(tmp_path, articles=articles), [2], 10, 1)
    assert {len(candidates) for candidates in table["candidates"].to_pylist()} == {articles}


def test_the_label_is_the_candidate_nearest_to_the_weighted_centroid():
    about_cats = [[1.0, 0.1], [1.0, 0.0], [1.0, -0.1]]
    vectors = np.array([[*about_cats, [0.0, 1.0]]], np.float32)
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    evenly, odd_one_on_the_centre = np.array([[1.0, 1.0, 1.0, 1.0]]), np.array([[1.0, 1.0, 1.0, 0.0]])
    assert choose_labels(vectors, evenly)[0].tolist() == [0]
    assert choose_labels(vectors[:, :3], evenly[:, :3])[0].tolist() == [1]
    assert choose_labels(vectors, odd_one_on_the_centre)[0].tolist() == [3]


def test_vectors_and_distances_of_zero_still_give_a_label():
    chosen, similarities = choose_labels(np.zeros((2, 3, 4), np.float32), np.zeros((2, 3)))
    assert chosen.tolist() == [0, 0]
    assert np.isfinite(similarities).all()


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Mercury (planet)", "Mercury"),
        ("Mercury  (planet) ", "Mercury"),
        ("(500) Days of Summer", "(500) Days of Summer"),
        ("(only this)", "(only this)"),
        ("f(x)", "f"),
        ("a (b) (c)", "a (b)"),
        ("line\nbreak (x)", "line\nbreak"),
        ("", ""),
    ],
)
def test_what_tells_namesakes_apart_is_dropped_from_the_label(title, shown):
    assert shown_title(pa.array([title])).to_pylist() == [shown]


def test_shown_labels_name_each_once_and_no_empty_cell(tmp_path):
    knowledge_map, embeddings = small_map(tmp_path, articles=30)
    table = knn_labels(knowledge_map, embeddings, [3, 12], 5, 1)
    shown = shown_labels(table, 12)
    assert len(set(shown["label"].to_pylist())) == shown.num_rows
    assert min(shown["article_count"].to_pylist()) > 0
    first = shown["candidates"][0].as_py()
    expected = knowledge_map.places[[near["row"] for near in first]].mean(axis=0)
    assert label_places(knowledge_map, shown)[0] == pytest.approx(expected, abs=1e-6)


def test_threads_and_block_size_do_not_change_a_byte(tmp_path, monkeypatch):
    written = []
    for threads, vectors in ((1, 20_000), (2, 17)):
        monkeypatch.setattr(labels_module, "VECTORS", vectors)
        write_labels(knn_labels(*small_map(tmp_path), [3, 6], 5, threads), tmp_path / "l.parquet", tmp_path / "l.json")
        written.append((pq.read_table(tmp_path / "l.parquet"), (tmp_path / "l.json").read_bytes()))
    assert written[0] == written[1]


def test_labels_json_lists_cells_and_keeps_hostile_titles_as_text(tmp_path):
    table = knn_labels(*small_map(tmp_path, articles=len(HOSTILE), titles=HOSTILE), [3], 20, 1)
    write_labels(table, tmp_path / "labels.parquet", tmp_path / "labels.json")
    cells = json.loads((tmp_path / "labels.json").read_text(encoding="utf-8"))
    assert len(cells) == 9
    assert set(cells[0]) == {
        "gx", "gy", "center_x", "center_y", "label", "article_count", "level", "grid", "confidence", "candidates",
    }  # fmt: skip
    assert {near["title"] for near in cells[0]["candidates"]} == set(HOSTILE)
    assert set(cells[0]["candidates"][0]) == {"title", "distance"}
    assert pq.read_table(tmp_path / "labels.parquet").equals(table)
