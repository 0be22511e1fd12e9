"""A grown layout: known items stay where they lay, new ones come to their neighbors, and the frame is that of the former map."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from clusters import clustered, graph_of

from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import as_column, as_metadata, write_parquet
from knowledge_map.embedding.table import EmbeddingTable, table_schema
from knowledge_map.layout.growth import FormerMap, aligned, grown_layout, within_square
from knowledge_map.layout.refinement import Refinement, refined_layout
from knowledge_map.neighbors.graph import write_neighbors

SETTINGS = {
    "enabled": True,
    "k": 5,
    "question_weight": 15,
    "early_iterations": 50,
    "early_exaggeration": 12,
    "iterations": 300,
    "learning_rate": 1 / 12,
    "placement_iterations": 100,
    "seed": 42,
}
ROWS, QUESTIONS = 630, 30
VECTORS = clustered(ROWS, 12, clusters=15, spread=0.4)[0]
ARTICLES = ROWS - QUESTIONS
EARLIER = np.concatenate([np.arange(60, ARTICLES), np.arange(ARTICLES + 3, ROWS)])
"""The rows that were on the former map: of articles and of questions the first ones are new."""


class Items:
    """Some of the items on disk, with their neighbor graph."""

    def __init__(self, folder: Path, rows: np.ndarray):
        folder.mkdir()
        self.rows, self.vectors = rows, VECTORS[rows]
        kinds = np.where(rows < ARTICLES, "article", "question").tolist()
        columns = {name: [""] * len(rows) for name in ("source", "title", "url")} | {"row": range(len(rows)), "kind": kinds}
        columns |= {"item_id": [f"item:{row}" for row in rows], "embedding": as_column(self.vectors)}
        write_parquet(folder / "embeddings.parquet", pa.table(columns, schema=table_schema(12)), 100)
        self.table = EmbeddingTable(folder / "embeddings.parquet")
        self.graph = folder / "neighbors.parquet"
        write_neighbors(self.graph, 0, *graph_of(self.vectors, 15))

    def recall(self, positions: np.ndarray) -> float:
        """Return how many of an article's five nearest are its five nearest on the map."""

        def five(distances: np.ndarray) -> np.ndarray:
            np.fill_diagonal(distances, np.inf)
            return np.argsort(distances, axis=1)[:, :5]

        articles, vectors = positions[: self.table.articles], self.vectors[: self.table.articles]
        pairs = zip(
            five(-vectors @ vectors.T), five(np.linalg.norm(articles[:, None] - articles, axis=2).astype(float)), strict=True
        )
        return float(np.mean([len({*one} & {*other}) / 5 for one, other in pairs]))


def flat(vectors: np.ndarray) -> np.ndarray:
    centred = vectors - vectors.mean(axis=0)
    return (centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T).astype(np.float32)


def write_former(path: Path, rows: np.ndarray, positions: np.ndarray, raw: np.ndarray, **notes) -> FormerMap:
    kinds = np.where(rows < ARTICLES, "article", "question").tolist()
    named = {"x": positions[:, 0], "y": positions[:, 1], "x_raw": raw[:, 0], "y_raw": raw[:, 1]}
    write_parquet(
        path, pa.table({"item_id": [f"item:{row}" for row in rows], "kind": kinds, **named}, metadata=as_metadata(notes))
    )
    return FormerMap(path)


@pytest.fixture(scope="module")
def everything(tmp_path_factory) -> Items:
    return Items(tmp_path_factory.mktemp("growth") / "all", np.arange(ROWS))


@pytest.fixture(scope="module")
def former(tmp_path_factory) -> FormerMap:
    """Return the map of the earlier items, refined from nothing."""
    folder = tmp_path_factory.mktemp("former")
    earlier = Items(folder / "earlier", EARLIER)
    raw = flat(earlier.vectors)
    positions = refined_layout(raw, earlier.graph, earlier.table, Refinement(**SETTINGS), 1)
    return write_former(folder / "map.parquet", EARLIER, positions, raw)


def grown(former: FormerMap, items: Items, threads: int = 1, **settings) -> tuple[np.ndarray, np.ndarray]:
    return grown_layout(former, items.graph, items.table, Refinement(**SETTINGS | settings), threads)[:2]


@pytest.mark.slow
def test_known_items_stay_and_new_ones_come_to_their_neighbors(former, everything, caplog):
    caplog.set_level("INFO", "knowledge_map")
    raw, positions = grown(former, everything)
    assert "567 items of" in caplog.text and "63 are new, 0 are no more" in caplog.text
    assert (positions.shape, positions.dtype) == ((ROWS, 2), np.float32)
    assert positions.min() >= 0 and positions.max() <= 1
    moved = np.linalg.norm(positions[EARLIER] - former.positions, axis=1)
    assert np.median(moved) < 0.035
    anew = refined_layout(flat(VECTORS), everything.graph, everything.table, Refinement(**SETTINGS), 1)
    assert everything.recall(positions) > everything.recall(anew) - 0.03
    assert np.array_equal(raw[EARLIER], former.raw_positions.astype(np.float32)) and np.isfinite(raw).all()


@pytest.mark.slow
def test_where_many_items_came_in_small_numbers_the_map_is_as_good_as_one_from_nothing(former, everything, tmp_path, caplog):
    caplog.set_level("INFO", "knowledge_map")
    settings, inputs = Refinement(**SETTINGS), (everything.graph, everything.table)
    assert grown_layout(former, *inputs, settings, 1).settled == pytest.approx(0.1)
    grown_before = write_former(tmp_path / "map.parquet", EARLIER, former.positions, former.raw_positions, settled=0.1)
    _, positions, settled = grown_layout(grown_before, *inputs, settings, 1)
    assert settled == 0 and "20 % of the items came since all steps of the refinement were taken" in caplog.text
    anew = refined_layout(flat(VECTORS), *inputs, settings, 1)
    assert everything.recall(positions) > everything.recall(anew) - 0.02


@pytest.mark.slow
def test_the_same_start_gives_the_same_bytes_on_any_number_of_threads(former, everything):
    one, again = (grown(former, everything, threads=threads, iterations=60)[1].tobytes() for threads in (1, 2))
    assert one == again


@pytest.mark.slow
def test_without_refinement_known_items_do_not_move_at_all(former, everything):
    _, positions = grown(former, everything, enabled=False)
    assert np.array_equal(positions[EARLIER], former.positions.astype(np.float32))
    assert everything.recall(positions) > 0.2


@pytest.mark.slow
def test_vanished_items_leave_room_and_no_new_ones_are_needed(former, tmp_path):
    fewer = Items(tmp_path / "fewer", EARLIER[40:])
    _, positions = grown(former, fewer)
    moved = np.linalg.norm(positions - former.positions[40:], axis=1)
    assert np.median(moved) < 0.035


@pytest.mark.slow
def test_a_former_map_of_other_articles_is_refused(everything, tmp_path):
    other = write_former(tmp_path / "other.parquet", EARLIER + ROWS, np.zeros((len(EARLIER), 2)), np.zeros((len(EARLIER), 2)))
    with pytest.raises(UserError, match=r"layout\.start: .*other\.parquet: has 0 of the 600 articles; name an earlier map"):
        grown(other, everything)


def test_a_former_map_with_a_position_that_is_none_is_refused(tmp_path):
    positions = np.zeros((len(EARLIER), 2))
    positions[7, 1] = np.nan
    with pytest.raises(UserError, match=r"map\.parquet: damaged \(a position is not a number\)"):
        write_former(tmp_path / "map.parquet", EARLIER, positions, positions)


# --- the frame


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize("angle", [0.0, 1.0, 3.0])
def test_a_map_that_was_moved_turned_and_scaled_is_brought_back(angle):
    points = np.random.default_rng(0).random((50, 2))
    known = np.arange(50) < 40
    assert np.allclose(aligned(7 * turned(points, angle) - [3, 5], known, points[known]), points)


def test_a_mirror_image_is_not_turned_over():
    points = np.random.default_rng(1).random((50, 2))
    back = aligned(points * [-1, 1], np.ones(50, bool), points)
    corners = [0, 1, 2]

    def area(p: np.ndarray) -> float:
        (a, b), (c, d) = p[1] - p[0], p[2] - p[0]
        return a * d - b * c

    assert np.sign(area(back[corners])) == np.sign(area((points * [-1, 1])[corners]))


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([[0.2, 0.3], [0.9, 0.4]], [[0.2, 0.3], [0.9, 0.4]]),
        ([[-0.1, 0.3], [0.8, 0.4]], [[0.0, 0.3], [0.9, 0.4]]),
        ([[-0.5, 0.5], [1.5, 0.5]], [[0.0, 0.5], [1.0, 0.5]]),
        ([[0.5, 0.2], [0.5, 1.2]], [[0.5, 0.0], [0.5, 1.0]]),
    ],
    ids=["inside", "moved", "shrunk", "moved up"],
)
def test_what_leaves_the_square_is_brought_back_with_all_the_rest(points, expected):
    assert np.allclose(within_square(np.array(points)), expected)
