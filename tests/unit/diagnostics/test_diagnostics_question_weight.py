"""What the price of the question weight promises: what questions do to articles near them and far away is seen."""

import numpy as np
import pyarrow as pa
import pytest
from diagnosing import measure
from maps import on_arc, write_map

from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import write_parquet
from knowledge_map.diagnostics.layouts import Layout
from knowledge_map.diagnostics.question_weight import far_from_questions, overlaps_placed_later, pulled_and_others
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.table import write_layout

NEIGHBORS = pa.struct([("ids", pa.list_(pa.int32())), ("distances", pa.list_(pa.float32()))])


def write_projection(path, positions: np.ndarray, neighbors: list[list[int]]) -> None:
    records = [{"ids": ids, "distances": [0.0] * len(ids)} for ids in neighbors]
    columns = {"x": positions[:, 0].astype(np.float32), "y": positions[:, 1].astype(np.float32)}
    write_parquet(path, pa.table(columns | {"neighbors": pa.array(records, NEIGHBORS)}))


def test_the_others_are_as_many_as_the_pulled_and_none_of_them():
    nearest = np.array([[3, 4, 5], [5, 6, 7]])
    pulled, others = pulled_and_others(nearest, 40, 100, np.random.default_rng(0))
    assert pulled.tolist() == [3, 4, 5, 6, 7]
    assert len(others) == 5 and not set(others) & set(pulled)
    pulled, others = pulled_and_others(nearest, 40, 2, np.random.default_rng(0))
    assert (len(pulled), len(others)) == (2, 2) and not set(others) & {3, 4, 5, 6, 7}
    assert len(pulled_and_others(nearest, 8, 100, np.random.default_rng(0))[1]) == 3  # no more are left


def test_far_articles_are_the_half_less_like_their_nearest_question():
    angles = np.linspace(0, 1.5, 10)
    articles = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    assert np.flatnonzero(far_from_questions(articles, articles[[0]])).tolist() == [5, 6, 7, 8, 9]
    assert np.flatnonzero(far_from_questions(articles, articles[[0, 1, 2, 3, 8, 9]])).tolist()[-1] == 7


def test_harm_done_near_a_question_shows_there_and_not_far_away(tmp_path):
    vectors = on_arc(200, 1, seed=4)
    vectors[200] = [1, 0]
    near = np.argsort(-vectors[:200] @ vectors[200])[:10]
    positions = vectors.copy()
    positions[near] = vectors[np.random.default_rng(0).permutation(near)]  # the ten nearest change positions
    paths = write_map(tmp_path, vectors, 1, positions, vectors)
    write_layout(tmp_path / "uniform_weight.parquet", x=vectors[:, 0], y=vectors[:, 1])
    _, summary = measure(*paths, uniform_weight=tmp_path / "uniform_weight.parquet", k=[5], recall_k=[1])
    groups = {name: group["article_recall"] for name, group in summary["question_weight"].items()}
    assert summary["question_weight"]["near"]["articles"] == summary["question_weight"]["others"]["articles"] == 5
    assert groups["near"]["map"]["1"] <= 0.4
    assert groups["near"]["uniform_weight"]["1"] > 0.9
    assert groups["far"]["map"]["1"] == groups["far"]["uniform_weight"]["1"] > 0.9


def test_a_layout_with_light_questions_of_other_items_is_refused(tmp_path):
    vectors = on_arc(30, 1)
    paths = write_map(tmp_path, vectors, 1, vectors, vectors)
    write_layout(tmp_path / "uniform_weight.parquet", x=vectors[:-1, 0], y=vectors[:-1, 1])
    with pytest.raises(UserError, match=r"uniform_weight\.parquet: 30 rows, but"):
        measure(*paths, uniform_weight=tmp_path / "uniform_weight.parquet")


def test_questions_placed_later_are_scored_by_their_own_true_neighbors(tmp_path):
    vectors = on_arc(40, 0)
    paths = write_map(tmp_path, vectors, 0, vectors, vectors)
    order = np.argsort(np.linalg.norm(vectors - vectors[7], axis=1))
    true = [order[:6].tolist(), order[-6:].tolist(), [*order[:2].tolist(), *order[-4:].tolist()]]
    write_projection(tmp_path / "projection.parquet", vectors[[7, 7, 7]], true)
    layout, table = Layout(vectors.astype(float), np.empty((0, 2))), EmbeddingTable(paths[1])
    k, overlaps = overlaps_placed_later(tmp_path / "projection.parquet", layout, table, 5, threads=1)
    assert (k, overlaps.tolist()) == (5, [1.0, 0.0, 0.4])
    k, overlaps = overlaps_placed_later(tmp_path / "projection.parquet", layout, table, 50, threads=1)
    assert (k, overlaps[0]) == (6, 1.0)  # as far as the file reaches
    _, summary = measure(*paths, projection=tmp_path / "projection.parquet")
    assert summary["placed_later"]["overlap"] == pytest.approx(1.4 / 3, abs=1e-6)
    assert (summary["placed_later"]["questions"], summary["placed_later"]["k"]) == (3, 5)


def test_no_questions_placed_later_are_no_error(tmp_path):
    vectors = on_arc(40, 1)
    write_projection(tmp_path / "projection.parquet", np.empty((0, 2)), [])
    _, summary = measure(*write_map(tmp_path, vectors, 1, vectors, vectors), projection=tmp_path / "projection.parquet")
    assert (summary["placed_later"]["questions"], summary["placed_later"]["overlap"]) == (0, None)


def test_a_projection_on_another_map_is_refused(tmp_path):
    vectors = on_arc(40, 1)
    write_projection(tmp_path / "projection.parquet", vectors[:1], [[39, 40]])
    with pytest.raises(UserError, match=r"projection\.parquet: damaged"):
        measure(*write_map(tmp_path, vectors, 1, vectors, vectors), projection=tmp_path / "projection.parquet")
