"""Placing new items: where their nearest articles lie, on a copy's own place, and with a word on every row that was dropped."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from encoders import minilm
from maps import write_map

from knowledge_map.articles.records import Source
from knowledge_map.common.parquet import as_metadata, read_parquet, write_parquet
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout import insertion
from knowledge_map.map.projection import project, write_projection
from knowledge_map.map.table import KnowledgeMap, excerpt
from knowledge_map.map.trust import STRETCHED, TRUSTED

ARTICLES, QUESTIONS, K = 150, 4, 5
SUBJECTS = ["the cell nucleus", "a river delta", "a piano sonata", "medieval trade", "a neural network"]
TEXTS = [f"Chapter {n} is about {SUBJECTS[n % 5]} and tells of it in part {n // 5}." for n in range(ARTICLES)]


class Map:
    """A finished map on disk."""

    def __init__(self, folder: Path, vectors: np.ndarray, positions: np.ndarray):
        knowledge_map, embeddings = write_map(folder, vectors, QUESTIONS, positions, positions)
        self.table, self.knowledge_map = EmbeddingTable(embeddings), KnowledgeMap(knowledge_map)

    def project(self, vectors: np.ndarray, k: int = K):
        return project(vectors, self.table, self.knowledge_map, k, "cpu", threads=1)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def random_map(tmp_path_factory) -> Map:
    """Return a map whose positions have nothing to do with its vectors: the hardest case."""
    random = np.random.default_rng(0)
    vectors = unit(random.normal(size=(ARTICLES + QUESTIONS, 8)))
    return Map(tmp_path_factory.mktemp("random"), vectors, random.random((len(vectors), 2)).astype(np.float32))


@pytest.mark.parametrize("k", [1, 5, 20])
def test_a_copy_of_an_article_lands_on_it(random_map, k):
    copies = random_map.table.vectors(0, ARTICLES)
    # As near as the same text comes when it is embedded in another batch.
    copies = unit(copies + 1e-6 * np.random.default_rng(1).normal(size=copies.shape))
    assert np.array_equal(random_map.project(copies, k).positions, random_map.knowledge_map.positions[:ARTICLES])


def test_an_item_lies_among_its_nearest_articles_at_least_as_well_as_at_any_of_them(random_map):
    new = unit(np.random.default_rng(2).normal(size=(50, 8)))
    projection = random_map.project(new)
    nearest = np.argsort(-new @ random_map.table.vectors(0, ARTICLES).T, axis=1)[:, :K]
    assert np.array_equal(projection.neighbors, nearest)
    assert np.allclose(projection.distances, 1 - np.einsum("nd,nkd->nk", new, random_map.table.vectors()[nearest]), atol=1e-6)
    articles = random_map.knowledge_map.positions[:ARTICLES]
    at_one = np.stack([kept(articles, articles[column], nearest) for column in nearest.T])
    found = kept(articles, projection.positions, nearest)
    assert (found >= at_one).all() and found.mean() > at_one.max(axis=0).mean()


@pytest.mark.parametrize("k", [1, K, 20])
def test_new_items_are_trusted_by_the_same_number_of_articles_whatever_decides_their_place(random_map, k):
    new = unit(np.random.default_rng(2).normal(size=(50, 8)))
    projection = random_map.project(new, k)
    nearest = np.argsort(-new @ random_map.table.vectors(0, ARTICLES).T, axis=1)[:, :TRUSTED]
    articles = random_map.knowledge_map.positions[:ARTICLES].astype(float)
    assert np.allclose(projection.trust.trust, kept(articles, projection.positions, nearest) / TRUSTED)
    away = np.linalg.norm(articles[nearest[:, :STRETCHED]] - projection.positions[:, None], axis=2)
    assert np.allclose(projection.trust.distance, away.mean(axis=1))


def kept(articles: np.ndarray, positions: np.ndarray, nearest: np.ndarray) -> np.ndarray:
    """Return how many of the nearest articles of each item are the nearest around its place, int [n]."""
    around = np.argsort(np.linalg.norm(positions[:, None] - articles, axis=2), axis=1, kind="stable")[:, : nearest.shape[1]]
    return (around[:, :, None] == nearest[:, None, :]).any(axis=2).sum(axis=1)


def test_a_block_of_items_is_placed_like_each_alone(random_map, monkeypatch):
    new = unit(np.random.default_rng(3).normal(size=(20, 8)))
    whole = random_map.project(new).positions
    monkeypatch.setattr(insertion, "COMPARED", 1)
    assert np.array_equal(random_map.project(new).positions, whole)


def test_the_place_is_taken_where_most_of_the_nearest_lie(tmp_path):
    # Four of the five nearest lie together, the very nearest far away from them.
    angles = np.concatenate([np.linspace(0.01, 0.05, 5), np.linspace(1, 1.5, 995)])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    positions = np.random.default_rng(0).random((1000, 2)) * [0.95, 0.85]
    positions[0], positions[1:5] = [0.9, 0.1], [[0.9, 0.9], [0.91, 0.9], [0.9, 0.91], [0.91, 0.91]]
    built = Map(tmp_path, unit(vectors), positions.astype(np.float32))
    (place,) = built.project(np.array([[1, 0]], np.float32)).positions
    assert place.min() > 0.89


def test_more_neighbors_than_articles_are_all_the_articles(random_map):
    assert random_map.project(random_map.table.vectors(0, 3), k=10_000).neighbors.shape == (3, ARTICLES)


@pytest.fixture(scope="module")
def real_map(tmp_path_factory) -> Map:
    """Return a map of real embeddings."""
    vectors = minilm(template="{text}").encode(TEXTS, TEXTS).vectors
    positions = np.random.default_rng(0).random((ARTICLES + QUESTIONS, 2)).astype(np.float32)
    return Map(tmp_path_factory.mktemp("real"), np.vstack([vectors, vectors[:QUESTIONS]]), positions)


def write(
    real_map: Map, path: Path, kind: str, knowledge_map: KnowledgeMap | None = None, append: bool = False, **settings
) -> dict[str, list]:
    output = path.with_suffix(".parquet")
    encoder = minilm(template="{text}")
    write_projection(
        Source("new", str(path), **settings),
        kind,
        encoder.model,
        lambda: encoder,
        "cpu",
        real_map.table,
        knowledge_map or real_map.knowledge_map,
        output,
        K,
        threads=1,
        max_characters=1000,
        append=append,
    )
    return read_parquet(output).to_pydict()


@pytest.mark.slow
def test_new_articles_are_read_embedded_and_placed_and_dropped_ones_counted(real_map, tmp_path, caplog):
    caplog.set_level("INFO", "knowledge_map")
    rows = [{"id": n, "title": f"New {n}", "url": f"https://example.org/{n}", "text": TEXTS[n]} for n in (7, 3)]
    rows += [{"id": 7, "text": "the same id"}, {"id": 8, "text": " "}, {"id": 9, "text": "Something else altogether. " * 9}]
    (tmp_path / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    placed = write(real_map, tmp_path / "new.jsonl", "articles")
    assert placed["item_id"] == ["new:7", "new:3", "new:9"]
    assert set(placed["kind"]) == {"article"} and set(placed["source"]) == {"new"}
    assert placed["title"][:2] == ["New 7", "New 3"] and placed["url"][:2] == ["https://example.org/7", "https://example.org/3"]
    assert placed["excerpt"][2] == excerpt("Something else altogether. " * 9)
    assert np.array_equal(np.column_stack([placed["x"], placed["y"]])[:2], real_map.knowledge_map.positions[[7, 3]])
    assert [near["ids"][0] for near in placed["neighbors"][:2]] == [7, 3]
    assert {len(near["distances"]) for near in placed["neighbors"]} == {K}
    for line in ("5 rows read, 3 articles kept", "1 dropped: no text", "1 dropped: duplicate id", "3 articles placed on the map"):
        assert line in caplog.text


@pytest.mark.slow
def test_trust_and_stretch_of_new_articles_are_measured_as_those_of_the_map(real_map, tmp_path):
    table = read_parquet(real_map.knowledge_map.path)
    write_parquet(tmp_path / "map.parquet", table.replace_schema_metadata(as_metadata({"typical_distance": 0.25})))
    (tmp_path / "new.jsonl").write_text(json.dumps({"text": TEXTS[7]}) + "\n")
    placed = write(real_map, tmp_path / "new.jsonl", "articles", KnowledgeMap(tmp_path / "map.parquet"))
    found = real_map.project(minilm(template="{text}").encode([TEXTS[7]], ["new"]).vectors).trust
    assert placed["trust"] == found.trust.tolist()
    assert placed["stretch"] == [pytest.approx(found.distance[0] / 0.25)]


@pytest.mark.slow
def test_what_the_map_carries_is_filled_for_new_articles_as_its_types(real_map, tmp_path, caplog):
    caplog.set_level("INFO", "knowledge_map")
    table = read_parquet(real_map.knowledge_map.path)
    years = pa.array([1999] * table.num_rows, pa.int64())
    table = table.append_column("year", years).append_column("tags", pa.nulls(table.num_rows, pa.list_(pa.string())))
    write_parquet(tmp_path / "map.parquet", table)
    rows = [{"when": "2024", "text": TEXTS[7], "other": 1}, {"when": "soon", "text": TEXTS[3], "other": 2}]
    (tmp_path / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    carry = [{"column": "when", "as": "year"}, "other"]
    placed = write(real_map, tmp_path / "new.jsonl", "articles", KnowledgeMap(tmp_path / "map.parquet"), carry=carry)
    assert (placed["year"], placed["tags"]) == ([2024, None], [None, None])
    assert "other" not in placed
    assert "1 missing in the carried column `year`: no integer (new:" in caplog.text


@pytest.mark.slow
def test_articles_to_append_are_whole_and_those_that_the_map_has_are_left_out(real_map, tmp_path, caplog):
    caplog.set_level("INFO", "knowledge_map")
    rows = [{"id": "a", "text": TEXTS[7]}, {"id": "b", "text": "Words of its own."}, {"id": 3, "text": "An id of the map."}]
    (tmp_path / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = read_parquet(real_map.knowledge_map.path)
    ids = pa.array(["new:3", *table["item_id"].to_pylist()[1:]])
    write_parquet(tmp_path / "map.parquet", table.set_column(table.schema.get_field_index("item_id"), "item_id", ids))
    placed = write(real_map, tmp_path / "new.jsonl", "articles", KnowledgeMap(tmp_path / "map.parquet", ["item_id"]), append=True)
    assert (placed["item_id"], placed["kind"], placed["text"]) == (["new:b"], ["placed"], ["Words of its own."])
    vector = minilm(template="{text}").encode(placed["text"], ["b"]).vectors
    assert np.allclose(placed["embedding"], vector, atol=1e-5)
    found = real_map.project(vector)
    assert [placed["x"][0], placed["y"][0]] == found.positions[0].tolist()
    assert [placed["x_raw"][0], placed["y_raw"][0]] == found.positions[0].tolist()  # those of this map are the same
    assert "2 articles are on the map already, by their id or by the same vector: left out" in caplog.text


@pytest.mark.slow
def test_new_questions_are_placed_by_their_text(real_map, tmp_path):
    (tmp_path / "quiz.json").write_text(json.dumps([{"id": "a", "question": f"{TEXTS[11]}\n"}, {"question": "Why?"}]))
    placed = write(real_map, tmp_path / "quiz.json", "questions")
    assert placed["item_id"][0] == "question:a" and placed["title"] == [TEXTS[11], "Why?"]
    assert set(placed["kind"]) == set(placed["source"]) == {"question"}
    assert [placed["x"][0], placed["y"][0]] == real_map.knowledge_map.positions[11].tolist()
