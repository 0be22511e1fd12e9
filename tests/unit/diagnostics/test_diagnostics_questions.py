"""What the records of questions promise: both lists with both ranks, their overlap, and where the source article went."""

import json

import numpy as np
import pyarrow as pa
import pytest
from diagnosing import measure
from maps import on_arc, random_vectors, write_map

from knowledge_map.common.parquet import write_parquet
from knowledge_map.diagnostics.questions import SPACES, read_source_articles
from knowledge_map.map.table import rows_of_titles


def test_listed_neighbors_carry_similarity_distance_and_both_ranks(tmp_path):
    vectors = on_arc(300, 4)
    records, _ = measure(*write_map(tmp_path, vectors, 4, vectors, vectors))
    record, vectors = records[2], vectors.astype(float)
    assert record["item_id"] == "question:2"
    similarities = vectors[:300] @ vectors[302]
    for key in SPACES.values():
        assert [neighbor["row"] for neighbor in record[key]] == np.argsort(-similarities)[:5].tolist()
        for rank, neighbor in enumerate(record[key], start=1):
            assert neighbor["title"] == f"Item {neighbor['row']}"
            assert neighbor["similarity"] == pytest.approx(similarities[neighbor["row"]], abs=1e-5)
            assert neighbor["map_distance"] == pytest.approx(np.linalg.norm(vectors[neighbor["row"]] - vectors[302]), abs=1e-5)
            assert neighbor["map_rank"] == rank
            assert neighbor["in_both"]


def test_moving_a_neighbor_away_lowers_the_overlap_of_its_question_only(tmp_path):
    vectors = on_arc(100, 2)
    vectors[[0, 100]] = [[1, 0], [1, 0]]
    vectors[101] = [0, 1]
    positions = vectors.copy()
    positions[0] = [0.5, 0.5]
    (first, second), _ = measure(*write_map(tmp_path, vectors, 2, positions, vectors), reach=10)
    assert first["overlap"]["map"]["5"] == 0.8
    assert first["overlap"]["raw"]["5"] == 1.0
    assert second["overlap"]["map"]["5"] == 1.0
    assert (first["within_reach"]["map"], first["within_reach"]["raw"]) == (4, 5)
    assert not first["nearest_in_embedding_space"][0]["in_both"]
    assert first["nearest_in_embedding_space"][0]["map_rank"] > 5


def test_a_neighbor_a_little_off_is_still_within_reach(tmp_path):
    vectors = on_arc(100, 1)
    vectors[[0, 100]] = [[1, 0], [1, 0]]
    order = np.argsort(-vectors[:100] @ vectors[100])
    positions = vectors.copy()
    positions[0] = positions[order[8]]  # the ninth nearest or so, where the fifth or a nearer one should be
    (record,), summary = measure(*write_map(tmp_path, vectors, 1, positions, vectors), reach=20)
    assert record["overlap"]["map"]["5"] == 0.8
    assert record["within_reach"]["map"] == 5
    assert summary["layouts"]["map"]["within_reach"] == 1.0


def test_questions_are_no_neighbors_of_questions(tmp_path):
    vectors = on_arc(60, 8)
    vectors[60:] = vectors[60]  # eight questions on one spot
    questions, _ = measure(*write_map(tmp_path, vectors, 8, vectors, vectors))
    for record in questions:
        assert all(neighbor["row"] < 60 for key in SPACES.values() for neighbor in record[key])


def test_mean_cosines_are_those_of_the_neighbors_and_of_all_articles(tmp_path):
    vectors, positions = random_vectors(80 + 3, 6), np.random.default_rng(1).uniform(size=(83, 2))
    records, summary = measure(*write_map(tmp_path, vectors, 3, positions, vectors[:, :2]))
    for record, vector in zip(records, vectors[80:], strict=True):
        similarities = vectors[:80] @ vector
        cosines = record["mean_cosine"]
        assert cosines["random"] == pytest.approx(similarities.mean(), abs=1e-5)
        assert cosines["embedding"] == pytest.approx(np.sort(similarities)[-5:].mean(), abs=1e-5)
        on_map = np.argsort(np.linalg.norm(positions[:80] - [record["x"], record["y"]], axis=1))[:5]
        assert cosines["map"] == pytest.approx(similarities[on_map].mean(), abs=1e-5)
    assert summary["layouts"]["map"]["neighbor_cosine"] == pytest.approx(
        np.mean([record["mean_cosine"]["map"] for record in records]), abs=1e-5
    )


def test_the_source_article_is_found_by_its_title_and_ranked_in_both_spaces(tmp_path):
    vectors = on_arc(50, 3)
    titles = [f"Item {n}" for n in range(51)] + ["Nowhere", "Item 52"]  # a question of that title is no article
    sources = ["item 17", "Nowhere", None]
    paths = write_map(tmp_path, vectors, 3, vectors[:, ::-1], vectors, titles)
    first, second, third = (record["source_article"] for record in measure(*paths, sources=sources)[0])
    similarities = vectors[:50] @ vectors[50]
    rank = 1 + (similarities > similarities[17] + 1e-6).sum()
    assert (first["title"], first["in_corpus"], first["row"]) == ("item 17", True, 17)
    assert (first["embedding_rank"], first["map_rank"]) == (rank, rank)
    assert (second["in_corpus"], second["map_rank"]) == (False, None)
    assert third is None


def test_titles_are_found_whatever_their_capitals_the_first_of_equals():
    titles = pa.chunked_array([["Gene", "Zelle"], ["  ÖKOLOGIE", "gene", ""]])
    assert rows_of_titles(titles, ["gene", "Ökologie ", None, "Cell"]).tolist() == [0, 2, -1, -1]


def test_source_articles_are_read_from_the_records_of_the_questions(tmp_path):
    data = [{"question": "?", "source_article": " Gene "}, {"source_article": 3}, {"source_article": " "}, {}]
    write_parquet(tmp_path / "questions.parquet", pa.table({"question_data": [json.dumps(record) for record in data]}))
    assert read_source_articles(tmp_path / "questions.parquet") == ["Gene", None, None, None]
