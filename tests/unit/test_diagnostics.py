"""What the diagnostics promise: overlap, recall and triplets mean what they say, and titles stay text."""

import csv
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from knowledge_map import diagnostics
from knowledge_map.diagnostics import (
    OUTPUTS,
    bounds,
    cosine_ranks,
    distribution,
    layouts_of,
    map_ranks,
    measure_map,
    nearest_by_cosine,
    nearest_on_map,
    overlap,
    random_triplets,
    triplets_kept,
    without_self,
    write_diagnostics,
)
from knowledge_map.errors import UserError
from knowledge_map.files import write_parquet
from knowledge_map.map_table import SCHEMA, KnowledgeMap
from knowledge_map.table import EmbeddingTable, table_schema

HOSTILE = [
    '<script>alert("1")</script>',
    "</title><img src=x onerror=alert(1)>",
    '=1+1, "quoted"\r\nline',
    "$x^2$ \x00{{ 7*7 }} -->",
    "＝日本語",
]


def on_arc(articles: int, questions: int, seed: int = 0) -> np.ndarray:
    """Return unit vectors on a quarter circle, float32 [n, 2]: their cosine falls just as their distance in the plane grows."""
    angles = np.random.default_rng(seed).uniform(0, np.pi / 2, articles + questions)
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def random_vectors(n: int, dimension: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def write_map(
    folder: Path, vectors: np.ndarray, questions: int, places: np.ndarray, raw: np.ndarray, titles: list[str] | None = None
) -> tuple[Path, Path]:
    """Write knowledge map and embedding table of these items and return their paths; row groups are small on purpose."""
    rows, dimension = vectors.shape
    articles = rows - questions
    item_ids = [f"article:{n}" for n in range(articles)] + [f"question:{n}" for n in range(questions)]
    titles = titles or [f"Item {n}" for n in range(rows)]
    shared = [
        pa.array(np.arange(rows, dtype=np.int32)),
        pa.array(item_ids),
        pa.array(["article"] * articles + ["question"] * questions),
        pa.array(["corpus"] * rows),
        pa.array(titles),
        pa.array(["https://example.org"] * rows),
    ]
    matrix = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimension)
    embeddings = pa.Table.from_arrays([*shared, matrix], schema=table_schema(dimension, {"dimension": dimension}))
    write_parquet(folder / "embeddings.parquet", embeddings, row_group_size=37)
    none = pa.array([{"ids": [], "distances": []}] * rows, SCHEMA.field("neighbors").type)
    positions = [pa.array(column.astype(np.float32)) for column in (*places.T, *raw.T)]
    write_parquet(
        folder / "knowledge_map.parquet", pa.Table.from_arrays([*shared, pa.array(titles), *positions, none], schema=SCHEMA), 41
    )
    return folder / "knowledge_map.parquet", folder / "embeddings.parquet"


SETTINGS = {"k": [5, 10, 50], "padding": [0.1, 0.5], "target_overlap": 0.6, "seed": 3, "threads": 2}


def run(folder: Path, *paths: Path, **changes) -> dict:
    """Write all diagnostics and return their summary."""
    write_diagnostics(*paths, folder / "diagnostics", **SETTINGS | changes)
    return json.loads((folder / "diagnostics/summary.json").read_text())


def measure(path: Path, embeddings: Path, **changes) -> tuple[list[dict], dict]:
    """Return the questions' records and the summary, without writing anything."""
    table, knowledge_map = EmbeddingTable(embeddings), KnowledgeMap(path, ["item_id", "title"])
    return measure_map(table, knowledge_map, layouts_of(table, knowledge_map, path), **SETTINGS | changes)


def read_table(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def faithful(tmp_path_factory) -> tuple[Path, dict]:
    """A map equal to embedding space, beside a UMAP layout that is noise."""
    folder = tmp_path_factory.mktemp("faithful")
    vectors = on_arc(300, 4)
    noise = np.random.default_rng(9).uniform(-8, 8, vectors.shape)
    return folder, run(folder, *write_map(folder, vectors, 4, vectors, noise))


def test_a_map_equal_to_embedding_space_has_full_overlap_recall_and_triplet_accuracy(faithful):
    _, summary = faithful
    measures = summary["layouts"]["map"]
    assert measures["overlap"] == {"5": 1.0, "10": 1.0, "50": 1.0}
    assert min(measures["article_recall"].values()) > 0.99  # float32 does not tell neighbors on either side apart
    assert measures["triplet_accuracy"] > 0.999
    assert summary["target"] == {"k": 5, "overlap": 1.0, "target_overlap": 0.6, "met": True}


def test_a_layout_of_noise_has_chance_values_beside_it(faithful):
    _, summary = faithful
    measures = summary["layouts"]["umap"]
    assert measures["overlap"]["5"] < 0.3
    assert measures["article_recall"]["15"] < 0.2
    assert measures["triplet_accuracy"] == pytest.approx(0.5, abs=0.03)


def test_every_output_is_written_and_nothing_else(faithful):
    folder, _ = faithful
    assert sorted(path.name for path in (folder / "diagnostics").iterdir()) == sorted(OUTPUTS)


def test_tables_hold_one_row_per_question_neighbor_region_and_measure(faithful):
    folder, summary = faithful
    tables = {name: read_table(folder / f"diagnostics/{name}.csv") for name in ("neighbors", "questions", "regions", "layouts")}
    assert [len(tables[name]) for name in ("neighbors", "questions", "regions")] == [4 * 2 * 5, 4, 2]
    assert {"layout": "map", "measure": "article_recall@15", "value": "1.0"} in tables["layouts"]
    assert {row["layout"] for row in tables["layouts"]} == set(summary["layouts"])
    assert tables["questions"][0]["map_overlap@10"] == "1.0"


def test_listed_neighbors_carry_similarity_distance_and_both_ranks(faithful):
    folder, _ = faithful
    vectors = on_arc(300, 4).astype(float)
    record = json.loads((folder / "diagnostics/neighbors.json").read_text())["questions"][2]
    assert record["item_id"] == "question:2"
    similarities = vectors[:300] @ vectors[302]
    for key in ("nearest_in_embedding_space", "nearest_on_map"):
        assert [neighbor["row"] for neighbor in record[key]] == np.argsort(-similarities)[:5].tolist()
        for rank, neighbor in enumerate(record[key], start=1):
            assert neighbor["similarity"] == pytest.approx(similarities[neighbor["row"]], abs=1e-5)
            assert neighbor["map_distance"] == pytest.approx(np.linalg.norm(vectors[neighbor["row"]] - vectors[302]), abs=1e-5)
            assert neighbor["map_rank"] == rank
            assert neighbor["in_both"]


def test_moving_a_neighbor_away_lowers_the_overlap_of_its_question_only(tmp_path):
    vectors = on_arc(100, 2)
    vectors[[0, 100]] = [[1, 0], [1, 0]]
    vectors[101] = [0, 1]
    places = vectors.copy()
    places[0] = [0.5, 0.5]
    paths = write_map(tmp_path, vectors, 2, places, vectors)
    (first, second), _ = measure(*paths)
    assert first["overlap"]["map"]["5"] == 0.8
    assert first["overlap"]["umap"]["5"] == 1.0
    assert second["overlap"]["map"]["5"] == 1.0
    assert not first["nearest_in_embedding_space"][0]["in_both"]
    assert first["nearest_in_embedding_space"][0]["map_rank"] > 5


def test_questions_are_no_neighbors_of_questions(tmp_path):
    vectors = on_arc(60, 8)
    vectors[60:] = vectors[60]  # eight questions on one spot
    questions, _ = measure(*write_map(tmp_path, vectors, 8, vectors, vectors))
    for record in questions:
        assert all(neighbor["row"] < 60 for key in diagnostics.SPACES.values() for neighbor in record[key])


def test_neighbors_and_ranks_in_embedding_space_agree_with_brute_force(tmp_path, monkeypatch):
    monkeypatch.setattr(diagnostics, "ROW_GROUP", 64)  # so that the table is several blocks, the last with questions
    vectors = random_vectors(500 + 7, 16)
    vectors[[40, 90, 300]] = vectors[10]  # equally near ones, in different blocks
    _, path = write_map(tmp_path, vectors, 7, vectors[:, :2], vectors[:, :2])
    table, queries = EmbeddingTable(path), np.vstack([vectors[500:], vectors[[10]]])
    similarities = queries.astype(float) @ vectors[:500].astype(float).T
    order = np.argsort(-similarities.round(7), axis=1, kind="stable")
    nearest = nearest_by_cosine(table, queries, 20, threads=1)
    np.testing.assert_array_equal(nearest, order[:, :20])
    assert nearest[7, :4].tolist() == [10, 40, 90, 300]
    rows = order[:, ::25]
    found, ranks = cosine_ranks(table, queries, rows)
    own = np.take_along_axis(similarities, rows, axis=1)
    np.testing.assert_allclose(found, own, atol=1e-6)
    np.testing.assert_array_equal(ranks, 1 + (similarities[:, None, :] > own[:, :, None] + 1e-6).sum(axis=2))


def test_recall_of_articles_agrees_with_brute_force(tmp_path):
    vectors, rng = random_vectors(120, 8), np.random.default_rng(5)
    places = vectors[:, :2] + rng.normal(scale=0.1, size=(120, 2)).astype(np.float32)
    recall = measure(*write_map(tmp_path, vectors, 0, places, places))[1]["layouts"]["map"]["article_recall"]
    near_in_space, near_on_map = (vectors @ vectors.T), -np.linalg.norm(places[:, None] - places[None], axis=2)
    for matrix in (near_in_space, near_on_map):
        np.fill_diagonal(matrix, -np.inf)
    for k in (5, 15):
        first, second = (np.argsort(-matrix, axis=1)[:, :k] for matrix in (near_in_space, near_on_map))
        expected = np.mean([len(set(a) & set(b)) / k for a, b in zip(first, second, strict=True)])
        assert recall[str(k)] == pytest.approx(expected, abs=1e-6)


def test_map_ranks_count_the_articles_that_are_nearer():
    articles = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 3.0]])
    distances, ranks = map_ranks(articles, np.array([[0.0, 0.0]]), np.array([[3, 1, 2, 0]]))
    assert distances.tolist() == [[3.0, 1.0, 1.0, 0.0]]
    assert ranks.tolist() == [[4, 2, 2, 1]]


def test_an_article_hidden_under_its_doubles_keeps_k_neighbors():
    neighbors = np.array([[4, 0, 2], [4, 7, 2]])
    assert without_self(neighbors, np.array([0, 1])).tolist() == [[4, 2], [4, 7]]


def test_overlap_is_the_share_in_both_lists_whatever_the_order():
    assert overlap(np.array([[1, 2, 3, 4], [1, 2, 3, 4]]), np.array([[4, 3, 2, 1], [1, 9, 8, 7]])).tolist() == [1.0, 0.25]


def test_triplets_are_distinct_and_cover_all_items():
    triplets = random_triplets(5, 2_000, np.random.default_rng(0))
    assert all(len(set(triplet)) == 3 for triplet in triplets.tolist())
    assert len(np.unique(triplets, axis=0)) == 5 * 4 * 3
    assert random_triplets(2, 10, np.random.default_rng(0)).shape == (0, 3)


def test_a_triplet_is_lost_where_the_farther_one_comes_nearer():
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    triplets = np.array([[0, 1, 2], [0, 2, 1]])
    assert triplets_kept(vectors, vectors, triplets).all()
    assert not triplets_kept(vectors, vectors[[0, 2, 1]], triplets).any()


def test_evenly_spread_articles_have_full_entropy_and_one_heap_has_none():
    side = (np.arange(64) + 0.5) / 64
    even = distribution(np.array(np.meshgrid(side, side)).reshape(2, -1).T, threads=1)
    assert even["occupied_share"] == even["normalized_entropy"] == 1.0
    assert even["articles_per_cell"] == {"mean": 1.0, "mean_of_occupied": 1.0, "max": 1}
    assert even["median_neighbor_distance"] == pytest.approx(1 / 64)
    heap = distribution(np.full((50, 2), 0.3), threads=1)
    assert (heap["occupied_cells"], heap["normalized_entropy"], heap["articles_per_cell"]["max"]) == (1, 0.0, 50)


def test_bounds_of_nothing_are_nothing():
    assert bounds(np.empty((0, 2))) is None


def test_the_question_box_counts_the_articles_in_it(tmp_path):
    places = np.array([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9], [0.45, 0.55], [0.4, 0.4], [0.6, 0.6]])
    vectors = random_vectors(6, 4)
    _, summary = measure(*write_map(tmp_path, vectors, 2, places, places), padding=[0.0, 2.0])
    first, second = summary["regions"]
    assert first["box"] == pytest.approx({"x_min": 0.4, "x_max": 0.6, "y_min": 0.4, "y_max": 0.6}, abs=1e-6)
    assert (first["articles"], first["article_share"]) == (2, 0.5)
    assert first["area_share"] == pytest.approx(0.04, abs=1e-6)
    assert (second["articles"], second["area_share"]) == (4, 1.0)


def test_a_map_without_questions_is_measured_all_the_same(tmp_path):
    vectors = on_arc(80, 0)
    summary = run(tmp_path, *write_map(tmp_path, vectors, 0, vectors, vectors))
    assert summary["target"] == {"k": 5, "overlap": None, "target_overlap": 0.6, "met": None}
    assert summary["layouts"]["map"]["article_recall"]["15"] == 1.0
    assert summary["layouts"]["map"]["bounds"]["questions"] is None
    assert [region["box"] for region in summary["regions"]] == [None, None]
    assert json.loads((tmp_path / "diagnostics/neighbors.json").read_text())["questions"] == []
    assert read_table(tmp_path / "diagnostics/questions.csv") == []
    assert "No questions, so no verdict" in (tmp_path / "diagnostics/report.html").read_text()
    assert sorted(path.name for path in (tmp_path / "diagnostics").iterdir()) == sorted(OUTPUTS)


@pytest.mark.parametrize("articles", [1, 2, 3])
def test_fewer_articles_than_neighbors_are_no_error(tmp_path, articles):
    vectors = on_arc(articles, 2)
    _, summary = measure(*write_map(tmp_path, vectors, 2, vectors, vectors))
    assert summary["layouts"]["map"]["overlap"] == {"5": 1.0, "10": 1.0, "50": 1.0}
    assert summary["layouts"]["map"]["article_recall"]["5"] == (None if articles == 1 else 1.0)


def test_hostile_titles_stay_text_in_report_tables_and_pictures(tmp_path):
    titles = [*HOSTILE, *(f"Article {n}" for n in range(35)), *HOSTILE]
    vectors = on_arc(40, 5)
    vectors[40:] = vectors[:5]  # every hostile article is the neighbor of a hostile question
    run(tmp_path, *write_map(tmp_path, vectors, 5, vectors, vectors, titles), target_overlap=1.1)
    page = (tmp_path / "diagnostics/report.html").read_text(encoding="utf-8")
    assert "Target missed" in page
    assert "<script" not in page
    assert not re.search(r"<img (?!alt=)", page)
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert {row["title"] for row in read_table(tmp_path / "diagnostics/questions.csv")} == set(HOSTILE)
    for name in ("overlap", "distribution"):
        ElementTree.parse(tmp_path / f"diagnostics/{name}.svg")


def test_the_report_asks_for_nothing_from_elsewhere(faithful):
    page = (faithful[0] / "diagnostics/report.html").read_text(encoding="utf-8")
    assert "default-src 'none'; img-src data:; style-src 'sha256-" in page
    assert set(re.findall(r'(?:src|href)="([a-z]+:[a-z/]*)', page)) == {"data:image/png"}
    assert " style=" not in page  # the policy would ignore it


def test_the_same_map_gives_the_same_bytes(faithful, tmp_path):
    folder, _ = faithful
    run(tmp_path, folder / "knowledge_map.parquet", folder / "embeddings.parquet", threads=1)
    for name in OUTPUTS:
        assert (tmp_path / "diagnostics" / name).read_bytes() == (folder / "diagnostics" / name).read_bytes(), name


def test_another_seed_draws_another_sample(tmp_path, monkeypatch):
    monkeypatch.setattr(diagnostics, "SAMPLE", 50)
    vectors, places = random_vectors(300, 8), np.random.default_rng(1).uniform(size=(300, 2))
    paths = write_map(tmp_path, vectors, 0, places, places)
    first, again, other = (measure(*paths, seed=seed)[1] for seed in (1, 1, 2))
    assert first == again
    assert first["sample"]["articles"] == 50
    assert first["layouts"]["map"]["triplet_accuracy"] != other["layouts"]["map"]["triplet_accuracy"]


def test_map_and_embeddings_of_different_items_are_an_error_of_one_line(tmp_path):
    vectors = on_arc(30, 1)
    (tmp_path / "other").mkdir()
    knowledge_map, _ = write_map(tmp_path, vectors, 1, vectors, vectors)
    _, embeddings = write_map(tmp_path / "other", vectors[:-1], 1, vectors[:-1], vectors[:-1])
    with pytest.raises(UserError, match=r"knowledge_map\.parquet: its items are not those of") as raised:
        run(tmp_path, knowledge_map, embeddings)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("where", ["vectors", "places"])
def test_numbers_that_are_none_are_an_error_that_names_the_file(tmp_path, where):
    vectors = on_arc(30, 1)
    broken = vectors.copy()
    broken[7, 1] = np.nan
    paths = write_map(tmp_path, *((broken, 1, vectors) if where == "vectors" else (vectors, 1, broken)), vectors)
    with pytest.raises(UserError, match="embeddings.parquet" if where == "vectors" else "knowledge_map.parquet"):
        run(tmp_path, *paths)


def test_neighbors_on_the_map_come_nearest_first():
    articles = np.array([[0.0, 0.0], [0.3, 0.0], [0.1, 0.0]])
    assert nearest_on_map(articles, np.array([[0.0, 0.0]]), 9, threads=1).tolist() == [[0, 2, 1]]
