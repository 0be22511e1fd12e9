"""The neighbor graph: the exact answer whatever the route, the approximate one near it, and the files."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from knowledge_map.common.errors import UserError
from knowledge_map.common.files import read_record
from knowledge_map.neighbors import approximate, tiles
from knowledge_map.neighbors import graph as neighbor_graph
from knowledge_map.neighbors.distances import COLUMNS
from knowledge_map.neighbors.exact import FEW_PAIRS, articles_nearest_to, nearest
from knowledge_map.neighbors.tiles import Tile

CPU = torch.device("cpu")


class ArrayTable:
    """A table in memory that remembers the most rows that were asked of it at once."""

    def __init__(self, vectors: np.ndarray):
        self.array, self.most = vectors.view(), 0
        self.array.flags.writeable = False  # as parquet gives them
        self.rows, self.dimension = vectors.shape

    def vectors(self, start: int, stop: int) -> np.ndarray:
        self.most = max(self.most, stop - start)
        return self.array[start:stop]

    def blocks(self, size: int) -> Iterator[tuple[int, np.ndarray]]:
        for start in range(0, self.rows, size):
            yield start, self.vectors(start, min(start + size, self.rows))


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def clustered(rows: int, dimension: int, spread: float = 0.6, seed: int = 0) -> np.ndarray:
    """Return unit vectors around rows / 50 centres."""
    random = np.random.default_rng(seed)
    centres = unit(random.normal(size=(max(1, rows // 50), dimension)))
    noise = random.normal(size=(rows, dimension)) / np.sqrt(dimension)
    return unit(centres[random.integers(len(centres), size=rows)] + spread * noise)


def by_definition(vectors: np.ndarray, start: int, stop: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest by the definition: every distance, then sorted by distance and row."""
    wide = vectors.astype(np.float64)
    distances = np.array([np.maximum(1 - np.einsum("d,nd->n", query, wide), 0) for query in wide[start:stop]], np.float32)
    distances[np.arange(stop - start), np.arange(start, stop)] = np.inf
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(distances, order, 1)


def same(found: tuple[np.ndarray, np.ndarray], expected: tuple[np.ndarray, np.ndarray]) -> bool:
    return np.array_equal(found[0], expected[0]) and np.array_equal(found[1], expected[1])


# --- exact search


DATA = {
    "clustered": clustered(1500, 96),
    "of odd shape": clustered(1001, 33),
    "without structure": unit(np.random.default_rng(1).normal(size=(900, 24))),
    "all alike": clustered(700, 48, spread=0.01),
    "fewer than candidates": clustered(30, 16),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("half", [None, False, True])
@pytest.mark.parametrize("vectors", DATA.values(), ids=DATA.keys())
def test_nearest_is_the_answer_by_definition(vectors, half):
    found = nearest(ArrayTable(vectors), 0, len(vectors), 15, "cpu", threads=2, half=half)
    assert (found[0].dtype, found[1].dtype) == (np.int32, np.float32)
    assert same(found, by_definition(vectors, 0, len(vectors), 15))


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("tile", [Tile(1, 10_000), Tile(64, 64), Tile(100, 333), Tile(5000, 1001)], ids=str)
def test_tiles_do_not_change_the_answer(tile, half):
    vectors = clustered(700, 40)
    found = nearest(ArrayTable(vectors), 100, 300, 10, "cpu", threads=1, half=half, tile=tile)
    assert same(found, by_definition(vectors, 100, 300, 10))


@pytest.mark.parametrize("rows", [1024, 1025])
def test_few_pairs_and_many_have_one_answer(rows):
    vectors = clustered(rows, 24)
    assert (rows * rows > FEW_PAIRS) == (rows == 1025)
    assert same(nearest(ArrayTable(vectors), 0, rows, 7, "cpu", threads=1), by_definition(vectors, 0, rows, 7))


@pytest.mark.slow
def test_few_pairs_need_no_torch():
    code = """
import sys, numpy as np
from knowledge_map.neighbors.exact import nearest
class Table:
    rows, dimension, all = 90, 12, np.eye(90, 12, dtype=np.float32) + 1
    def vectors(self, start, stop): return self.all[start:stop]
    def blocks(self, size): yield 0, self.all
nearest(Table(), 0, 90, 5, "cpu", 1)
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})


def test_jobs_put_together_give_the_answer_of_one():
    table = ArrayTable(clustered(1000, 64))
    whole = nearest(table, 0, 1000, 8, "cpu", threads=2)
    parts = [nearest(table, start, stop, 8, "cpu", threads=2) for start, stop in ((0, 1), (1, 640), (640, 1000))]
    assert same(tuple(map(np.concatenate, zip(*parts, strict=True))), whole)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("copies", [range(50, 53), range(50, 350)], ids=["few", "more than candidates"])
def test_equal_vectors_are_neighbors_of_each_other_but_not_of_themselves(copies, half):
    vectors = clustered(400, 32)
    vectors[copies] = vectors[7]
    neighbors, distances = nearest(ArrayTable(vectors), 0, 400, 3, "cpu", threads=2, half=half)
    assert not (neighbors == np.arange(400)[:, None]).any()
    assert neighbors[7].tolist() == [50, 51, 52]
    assert neighbors[51].tolist()[:2] == [7, 50]
    assert distances[copies, :2].max() < 1e-6 and distances.min() >= 0
    assert same((neighbors, distances), by_definition(vectors, 0, 400, 3))


@pytest.mark.parametrize("half", [False, True])
def test_every_other_row_can_be_a_neighbor(half):
    vectors = unit(np.random.default_rng(2).normal(size=(90, 12)))  # half of the products are negative
    assert same(nearest(ArrayTable(vectors), 0, 90, 89, "cpu", threads=1, half=half), by_definition(vectors, 0, 90, 89))


@pytest.mark.parametrize("half", [False, True])
def test_neighbors_on_the_far_side(half):
    side = np.random.default_rng(5).normal(size=(3000, 8)) + 2
    lonely = unit(np.concatenate([side, -side[:1]]))
    assert same(nearest(ArrayTable(lonely), 3000, 3001, 3, "cpu", threads=1, half=half), by_definition(lonely, 3000, 3001, 3))
    sides = unit(np.concatenate([side[:320], -side[:320]]))
    found = nearest(ArrayTable(sides), 0, 640, 400, "cpu", threads=1, half=half, tile=Tile(queries=640, columns=64))
    assert same(found, by_definition(sides, 0, 640, 400))


@pytest.mark.parametrize("k", [20, 21])
def test_too_few_rows_for_k(k):
    with pytest.raises(UserError) as error:
        nearest(ArrayTable(clustered(20, 8)), 0, 20, k, "cpu", threads=1)
    assert str(error.value) == (
        f"neighbors.k is {k}, but the embedding table has only 20 items; "
        "set neighbors.k to at most 19 (and umap.n_neighbors to at most 20)."
    )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
@pytest.mark.parametrize("dimension", [8, 384, 1024])
def test_no_product_is_farther_off_than_the_error_bound(dtype, dimension):
    vectors = clustered(600, dimension)
    x = tiles._Rounded.of(vectors[:300], dtype, CPU)
    y = tiles._Rounded.of(vectors[300:], dtype, CPU)
    products = (x.values @ y.values.T).double().numpy()
    off = abs(products - vectors[:300].astype(float) @ vectors[300:].astype(float).T)
    assert (off <= tiles._error(x, y)[:, None] + torch.finfo(dtype).eps / 2 * abs(products)).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("columns", [128, 900])
def test_what_is_no_candidate_scores_at_most_the_limit(columns, dtype):
    vectors = clustered(900, 64)
    own = np.arange(200)
    rows, limit = tiles._candidates(
        vectors[:200], own, ArrayTable(vectors), range(900), 10, dtype, CPU, Tile(queries=64, columns=columns)
    )
    scores = vectors[:200].astype(float) @ vectors.astype(float).T
    scores[own, own] = -1
    np.put_along_axis(scores, rows.astype(int), -1, 1)
    assert (scores <= limit[:, None]).all()
    assert np.median(limit - scores.max(1)) < 0.02


def test_half_precision_searches_few_rows_again(caplog):
    vectors = clustered(4000, 256)
    with caplog.at_level("INFO", "knowledge_map"):
        nearest(ArrayTable(vectors), 0, 1000, 10, "cpu", threads=2, half=True)
    again = [int(line.split(" of ")[0]) for line in caplog.messages if "searching them again" in line]
    assert sum(again) < 100


def test_no_more_of_the_table_is_read_at_once_than_a_block():
    table = ArrayTable(clustered(5000, 8))
    nearest(table, 300, 500, 5, "cpu", threads=1, tile=Tile(queries=64, columns=512))
    assert table.most <= COLUMNS
    table.most = 0
    tiles._candidates(table.array[:200], np.arange(200), table, range(5000), 5, torch.float32, CPU, Tile(64, 512))
    assert table.most == 512


@pytest.mark.parametrize("half", [False, True])
def test_articles_nearest_to_new_vectors(half):
    vectors = clustered(800, 48)
    queries = np.concatenate([unit(np.random.default_rng(3).normal(size=(9, 48))), vectors[[0, 150, 790]]])
    neighbors, distances = articles_nearest_to(queries, ArrayTable(vectors), range(100, 700), 6, "cpu", threads=2, half=half)
    expected = by_definition(np.concatenate([vectors[100:700], queries]), 600, 612, 610)
    for row in range(12):
        articles = expected[0][row] < 600
        assert neighbors[row].tolist() == (expected[0][row][articles][:6] + 100).tolist()
        assert distances[row].tolist() == expected[1][row][articles][:6].tolist()
    assert neighbors[10, 0] == 150  # itself: a query has no row of its own


def test_all_articles_may_be_asked_for_but_not_more():
    table = ArrayTable(clustered(20, 8))
    neighbors, _ = articles_nearest_to(table.array[:2], table, range(5, 15), 10, "cpu", threads=1)
    assert sorted(neighbors[0].tolist()) == list(range(5, 15))
    with pytest.raises(UserError, match="11 nearest articles are asked for, but there are only 10"):
        articles_nearest_to(table.array[:2], table, range(5, 15), 11, "cpu", threads=1)


def test_half_precision_is_chosen_by_what_the_processor_can_do():
    able = torch.cpu.get_capabilities()
    assert tiles.half_precision_pays(CPU) == bool(able.get("avx512_bf16") or able.get("amx_bf16"))


# --- approximate search


K = 15


class Indexed(NamedTuple):
    """A table, and what was made of it."""

    table: ArrayTable
    index: Path
    effort: Path

    def nearest(self, start: int, stop: int, k: int = K) -> tuple[np.ndarray, np.ndarray]:
        return approximate.nearest_by_index(self.index, self.effort, self.table, start, stop, k)


def build(table: ArrayTable, folder: Path, k: int = K, recall: float = 0.9, seed: int = 1) -> Indexed:
    made = Indexed(table, folder / "index.faiss", folder / "recall.json")
    approximate.build_index(*made, k=k, recall=recall, seed=seed)
    return made


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    return build(ArrayTable(clustered(6000, 48)), tmp_path_factory.mktemp("index"))


def share_found(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(true, found, strict=True)]))


def test_the_index_finds_the_share_that_is_asked_for_and_the_exact_distances(indexed):
    neighbors, distances = indexed.nearest(1000, 2000)
    true = by_definition(indexed.table.array, 1000, 2000, K)
    told = read_record(indexed.effort)
    assert 0.9 <= told["recall"] == pytest.approx(share_found(neighbors, true[0]), abs=0.03)
    assert told["lists"] < told["of"] and told["candidates"] < 1000
    assert (neighbors.dtype, distances.dtype, neighbors.shape) == (np.int32, np.float32, (1000, K))
    assert not (neighbors == np.arange(1000, 2000)[:, None]).any()
    assert (np.diff(distances, axis=1) >= 0).all()
    wide = indexed.table.array.astype(float)
    assert np.allclose(distances, 1 - np.einsum("nd,nkd->nk", wide[1000:2000], wide[neighbors]), rtol=0, atol=1e-7)


def test_more_recall_takes_more_effort_up_to_all_of_it(indexed, tmp_path):
    table = ArrayTable(clustered(1500, 12))
    little, all_of_it = (build(table, tmp_path, recall=recall) and read_record(tmp_path / "recall.json") for recall in (0.5, 1))
    assert little["lists"] * little["candidates"] < all_of_it["lists"] * all_of_it["candidates"]
    assert all_of_it["recall"] == 1
    assert same(Indexed(table, *indexed_files(tmp_path)).nearest(0, 1500), by_definition(table.array, 0, 1500, K))


def indexed_files(folder: Path) -> tuple[Path, Path]:
    return folder / "index.faiss", folder / "recall.json"


def test_where_the_lists_give_too_few_candidates_more_are_looked_through(indexed):
    effort = approximate.Effort(lists=1, candidates=1000)
    index = approximate._open_index(indexed.index, indexed.table)
    (_, few), *_ = approximate._candidates(index, indexed.table.array[:50], np.arange(50), 2, effort)
    (_, many), *_ = approximate._candidates(index, indexed.table.array[:50], np.arange(50), 900, effort)
    assert (few >= 0).sum(axis=1).max() < 900 <= (many >= 0).sum(axis=1).min()


def test_copies_of_one_vector_are_neighbors_of_each_other(tmp_path):
    vectors = clustered(2000, 24)
    vectors[500:550] = vectors[7]
    made = build(ArrayTable(vectors), tmp_path, recall=0.95)
    neighbors, distances = made.nearest(500, 550, k=10)
    assert distances.max() < 1e-6
    assert np.isin(neighbors, [7, *range(500, 550)]).all()


@pytest.mark.parametrize("dimension", [25, 33])
def test_an_index_takes_vectors_of_any_length(dimension, tmp_path):
    made = build(ArrayTable(clustered(1000, dimension)), tmp_path)
    assert read_record(made.effort)["recall"] >= 0.9


def test_the_same_seed_gives_the_same_index_and_another_one_another(indexed, tmp_path):
    for seed, same_bytes in ((1, True), (2, False)):
        again = build(indexed.table, tmp_path, seed=seed)
        assert (again.index.read_bytes() == indexed.index.read_bytes()) == same_bytes
    blocks = [indexed.nearest(*block) for block in ((0, 100), (100, 1300))]
    assert same(tuple(map(np.concatenate, zip(*blocks, strict=True))), indexed.nearest(0, 1300))


@pytest.mark.slow
def test_an_index_is_built_and_searched_without_torch_and_by_one_thread(tmp_path):
    code = """
import sys, pathlib, numpy as np
from knowledge_map.neighbors.approximate import build_index, nearest_by_index
class Table:
    rows, dimension, all = 1200, 12, np.random.default_rng(0).normal(size=(1200, 12)).astype(np.float32)
    def vectors(self, start, stop): return self.all[start:stop]
    def blocks(self, size): yield 0, self.all
files = pathlib.Path("index"), pathlib.Path("effort")
build_index(Table(), *files, k=5, recall=0.9, seed=0)
nearest_by_index(*files, Table(), 0, 90, 5)
assert "torch" not in sys.modules
import faiss; assert faiss.omp_get_max_threads() == 1
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path)


def test_an_index_of_another_table_or_a_damaged_one_is_refused(indexed, tmp_path):
    with pytest.raises(UserError, match="index of 6,000 x 48 numbers, but the embedding table has 5,999 x 48"):
        indexed._replace(table=ArrayTable(indexed.table.array[1:])).nearest(0, 5)
    whole = indexed.index.read_bytes()
    flipped = bytearray(whole)
    flipped[len(flipped) // 2] ^= 1
    for damaged in (whole[:1000], bytes(flipped)):
        (tmp_path / "index.faiss").write_bytes(damaged)
        with pytest.raises(UserError, match=r"index.faiss: damaged"):
            indexed._replace(index=tmp_path / "index.faiss").nearest(0, 5)
    with pytest.raises(UserError, match=r"none.faiss: missing"):
        indexed._replace(index=tmp_path / "none.faiss").nearest(0, 5)
    (tmp_path / "recall.json").write_text(indexed.effort.read_text().replace('"lists": ', '"lists": 1'))
    with pytest.raises(UserError, match=r"recall.json: damaged"):
        indexed._replace(effort=tmp_path / "recall.json").nearest(0, 5)
    with pytest.raises(UserError, match=r"neighbors.k is 6000"):
        indexed.nearest(0, 5, k=6000)


def test_auto_takes_the_index_where_it_is_quicker():
    assert [approximate.uses_index("auto", articles) for articles in (100_000, 100_001)] == [False, True]
    assert [approximate.uses_index("index", articles) for articles in (999, 1_000)] == [False, True]
    assert not approximate.uses_index("exact", 7_000_000)


# --- files


def a_graph(rows: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    neighbors = (np.arange(rows)[:, None] + 1 + np.arange(k)) % rows
    return neighbors.astype(np.int32), random.random((rows, k), np.float32)


def written(folder, neighbors, distances, starts):
    paths = []
    for start, stop in zip(starts, [*starts[1:], len(neighbors)], strict=True):
        paths.append(folder / f"{start}.parquet")
        neighbor_graph.write_neighbors(paths[-1], start, neighbors[start:stop], distances[start:stop])
    return paths


def test_blocks_are_gathered_into_one_graph(tmp_path):
    whole = a_graph(25_000, 3)
    paths = written(tmp_path, *whole, [0, 11_000, 11_001, 24_999])
    neighbor_graph.gather_neighbors(paths, tmp_path / "neighbors.parquet")
    assert same(neighbor_graph.read_neighbors(tmp_path / "neighbors.parquet"), whole)
    table = pq.read_table(tmp_path / "neighbors.parquet")
    assert table.schema.types == [pa.int32(), pa.list_(pa.int32()), pa.list_(pa.float32())]
    assert table["row"].to_pylist() == list(range(25_000))
    assert same(neighbor_graph.read_neighbors(paths[1]), (whole[0][11_000:11_001], whole[1][11_000:11_001]))


@pytest.mark.parametrize(
    "chosen, complaint",
    [
        ([1, 0, 2], r"100.parquet: damaged \(row 0 should come next, but rows 100 to 199 do\)"),
        ([0, 2], r"200.parquet: damaged \(row 100 should come next, but rows 200 to 299 do\)"),
        ([0, 1, 1, 2], r"100.parquet: damaged \(row 200 should come next"),
        ([0, 1], "row 203 is a neighbor, but the blocks end before row 200"),
    ],
)
def test_missing_or_disordered_blocks_are_refused(tmp_path, chosen, complaint):
    paths = written(tmp_path, *a_graph(300, 4), [0, 100, 200])
    with pytest.raises(UserError, match=complaint):
        neighbor_graph.gather_neighbors([paths[i] for i in chosen], tmp_path / "neighbors.parquet")
    assert not (tmp_path / "neighbors.parquet").exists()


def test_blocks_of_another_k_or_another_kind_are_refused(tmp_path):
    first = written(tmp_path, *a_graph(10, 4), [0])
    neighbor_graph.write_neighbors(tmp_path / "other.parquet", 10, *a_graph(10, 3))
    with pytest.raises(UserError, match=r"other.parquet: damaged \(a row has not 4 neighbors\)"):
        neighbor_graph.gather_neighbors([*first, tmp_path / "other.parquet"], tmp_path / "neighbors.parquet")
    pq.write_table(pa.table({"row": [1]}), tmp_path / "strange.parquet")
    with pytest.raises(UserError, match=r"strange.parquet: damaged \(it has other columns than a neighbor graph\)"):
        neighbor_graph.read_neighbors(tmp_path / "strange.parquet")
    with pytest.raises(UserError, match=r"none.parquet: missing"):
        neighbor_graph.read_neighbors(tmp_path / "none.parquet")
