"""The refined layout: questions among their nearest articles, shapes kept, and UMAP's own layout where it is turned off."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from clusters import clustered, graph_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from knowledge_map.common.parquet import as_column, write_parquet
from knowledge_map.embedding.table import EmbeddingTable, table_schema
from knowledge_map.layout.refinement import Refinement, nearest_articles, refined_layout
from knowledge_map.layout.table import normalized
from knowledge_map.neighbors.graph import write_neighbors

pytestmark = pytest.mark.slow  # refines layouts

SETTINGS = {
    "enabled": True,
    "k": 5,
    "question_weight": 15,
    "early_iterations": 50,
    "early_exaggeration": 12,
    "iterations": 250,
    "learning_rate": 1 / 12,
    "placement_iterations": 100,
    "seed": 42,
}
SHORT = {"early_iterations": 10, "iterations": 10, "placement_iterations": 10}


class Items:
    """Articles and questions on disk with their neighbor graph."""

    def __init__(self, folder: Path, vectors: np.ndarray, questions: int, k: int):
        self.vectors, self.questions, self.articles = vectors, questions, len(vectors) - questions
        rows = len(vectors)
        columns = {name: [""] * rows for name in ("item_id", "source", "title", "url")} | {"row": range(rows)}
        columns |= {"kind": ["article"] * self.articles + ["question"] * questions, "embedding": as_column(vectors)}
        write_parquet(folder / "embeddings.parquet", pa.table(columns, schema=table_schema(vectors.shape[1])), 100)
        self.table = EmbeddingTable(folder / "embeddings.parquet")
        self.graph = folder / "neighbors.parquet"
        write_neighbors(self.graph, 0, *graph_of(vectors, k))

    def refined(self, raw: np.ndarray, **settings) -> np.ndarray:
        return refined_layout(raw, self.graph, self.table, Refinement(**SETTINGS | settings), threads=1)

    def overlap(self, positions: np.ndarray, k: int = 5) -> float:
        """Return how many of the k articles nearest to a question are among the k nearest on the map."""
        true = np.argsort(-self.vectors[self.articles :] @ self.vectors[: self.articles].T, axis=1)[:, :k]
        away = np.linalg.norm(positions[self.articles :, None] - positions[None, : self.articles], axis=2)
        found = np.argsort(away, axis=1)[:, :k]
        return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(true, found, strict=True)]))


def flat(vectors: np.ndarray) -> np.ndarray:
    """Return a first layout that keeps the whole and loses the detail: the two main axes."""
    centred = vectors - vectors.mean(axis=0)
    return (centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T).astype(np.float32)


@pytest.fixture(scope="module")
def items(tmp_path_factory) -> Items:
    return Items(tmp_path_factory.mktemp("items"), clustered(620, 12, clusters=15, spread=0.4)[0], questions=20, k=15)


def test_refinement_brings_questions_to_their_nearest_articles(items):
    raw = flat(items.vectors)
    positions = items.refined(raw)
    assert (positions.shape, positions.dtype) == ((620, 2), np.float32)
    assert positions.min() >= 0 and positions.max() <= 1
    assert items.overlap(raw) < 0.3 and items.overlap(positions) > 0.7


def test_the_same_start_gives_the_same_bytes(items):
    one, again = (items.refined(flat(items.vectors), **SHORT).tobytes() for _ in range(2))
    assert one == again


def test_turned_off_the_map_is_umaps_layout(items):
    raw = flat(items.vectors)
    assert np.array_equal(items.refined(raw, enabled=False), normalized(raw))


@pytest.mark.parametrize(("rows", "questions"), [(4, 0), (4, 1), (5, 2), (8, 6)])
def test_a_handful_of_items_is_refined(tmp_path, rows, questions):
    items = Items(tmp_path, clustered(rows, 6, clusters=2)[0], questions, k=rows - 1)
    positions = items.refined(flat(items.vectors), **SHORT)
    assert np.isfinite(positions).all() and positions.min() >= 0 and positions.max() <= 1
    assert len(np.unique(positions, axis=0)) == rows


def test_a_heavy_weight_throws_no_question_out_of_the_map(items):
    """With steps of one length for all, questions of this weight end up in the corners."""
    positions = items.refined(flat(items.vectors), question_weight=100, placement_iterations=0)
    assert items.overlap(positions) > 0.7


@pytest.mark.parametrize(("questions", "weight"), [(0, 15), (40, 15), (100, 7), (199, 3.5), (201, 1)])
def test_questions_weigh_the_less_the_more_of_the_articles_they_claim(questions, weight):
    settings = Refinement(**SETTINGS).limited_to(1_000, questions)
    assert settings.question_weight == pytest.approx(weight, rel=0.01)
    assert Refinement(**SETTINGS | {"question_weight": 0.5}).limited_to(1_000, questions).question_weight == 0.5


def test_questions_that_claim_more_articles_than_there_are_weigh_no_more_than_these(tmp_path, caplog):
    vectors, _ = clustered(90, 12, clusters=5, spread=0.4)
    items, raw = Items(tmp_path, vectors, questions=30, k=10), flat(vectors)
    with caplog.at_level("INFO"):
        positions = items.refined(raw, **SHORT)
    assert "30 questions are many for 60 articles" in caplog.text
    assert positions.tobytes() == items.refined(raw, **SHORT | {"question_weight": 1}).tobytes()


def test_without_steps_the_layout_keeps_its_shape(items):
    raw = flat(items.vectors)
    positions = items.refined(raw, early_iterations=0, iterations=0, placement_iterations=0)
    assert np.allclose(positions, normalized(raw), atol=1e-5)


def test_progress_of_the_steps_is_in_the_log(items, caplog):
    caplog.set_level("INFO", "knowledge_map")
    items.refined(flat(items.vectors), **SHORT | {"iterations": 40})
    for part, steps in (("drawing together", 10), ("sorting out", 30), ("sorting out what was bent", 10)):
        assert f"{part}: iteration {steps} of {steps}" in caplog.text
    assert "bent as a whole: " in caplog.text
    assert "10 of 10 iterations of the placement" in caplog.text and "of 620 items moved" in caplog.text


# --- normalizing

layouts = arrays.arrays(np.float32, st.tuples(st.integers(1, 20), st.just(2)), elements=st.floats(-1e4, 1e4, width=32))


@settings(deadline=None)
@given(layouts)
def test_normalizing_keeps_the_aspect_and_fills_the_unit_square(layout):
    positions = normalized(layout)
    assert positions.dtype == np.float32
    assert positions.min() >= 0 and positions.max() <= 1
    extent = np.ptp(layout.astype(float), axis=0)
    if extent.max() > 0:
        assert np.allclose(np.ptp(positions.astype(float), axis=0), extent / extent.max(), atol=1e-6)
    else:
        assert (positions == 0.5).all()
    assert np.allclose(positions.min(axis=0) + positions.max(axis=0), 1, atol=1e-6)


def test_normalizing_changes_no_neighborhood():
    raw = np.random.default_rng(0).normal(size=(50, 2)) * [30, 1]
    assert np.array_equal(graph_in_plane(raw), graph_in_plane(normalized(raw).astype(float)))


def graph_in_plane(positions: np.ndarray) -> np.ndarray:
    return np.argsort(np.linalg.norm(positions[:, None] - positions[None], axis=2), axis=1)[:, 1:6]


# --- nearest articles


def test_nearest_articles_keep_their_order_and_missing_ones_are_minus_one():
    neighbors = np.array([[9, 1, 8, 2, 3], [8, 9, 7, 0, 6], [9, 8, 9, 8, 9]])
    assert nearest_articles(neighbors, articles=7, k=3).tolist() == [[1, 2, 3], [0, 6, -1], [-1, -1, -1]]
