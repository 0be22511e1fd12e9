"""UMAP's layout: repeatable, on the given graph, down to a handful of items, with a reducer that places new vectors."""

import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from clusters import clustered, graph_of
from maps import write_map
from umap import UMAP

from knowledge_map.common.errors import UserError
from knowledge_map.embedding.principal_components import principal_components
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.fit import COMPARES_ALL, fit_layout
from knowledge_map.layout.reducer import save_reducer
from knowledge_map.layout.table import read_layout, write_layout
from knowledge_map.layout.umap import OF_INDEX, _in_metric, fit_umap

pytestmark = pytest.mark.slow  # compiles UMAP

SETTINGS = {
    "n_neighbors": 10,
    "min_dist": 0.1,
    "spread": 1.0,
    "metric": "cosine",
    "n_epochs": 100,
    "init": "spectral",
    "learning_rate": 1.0,
    "repulsion_strength": 1.0,
    "negative_sample_rate": 5,
    "local_connectivity": 1.0,
    "set_op_mix_ratio": 1.0,
    "seed": 42,
}


def fit(vectors: np.ndarray, k: int = 15, **settings) -> tuple[np.ndarray, UMAP]:
    return fit_umap(vectors, *graph_of(vectors, k), SETTINGS | settings, threads=1)


def own_cluster(positions: np.ndarray, member: np.ndarray, new_places: np.ndarray, new_member: np.ndarray) -> float:
    """Return which share of new items have an item of their own cluster nearest to them."""
    distances = np.linalg.norm(new_places[:, None] - positions[None], axis=2)
    return float((member[distances.argmin(axis=1)] == new_member).mean())


def test_a_saved_reducer_places_new_vectors_among_their_likes(tmp_path):
    vectors, member = clustered(300, 16, clusters=6)
    layout, reducer = fit(vectors)
    assert (layout.shape, layout.dtype) == ((300, 2), np.float32)
    save_reducer(reducer, tmp_path / "reducer.pkl")
    new, new_member = clustered(40, 16, clusters=6, seed=1)
    positions = pickle.loads((tmp_path / "reducer.pkl").read_bytes()).transform(new)
    assert own_cluster(layout, member, positions, new_member) > 0.95


# Half a minute of one core, nearly all of it numba's compiling of the search index; more where nothing has been kept yet.
def test_a_large_layout_follows_the_given_graph_and_still_places_new_vectors():
    vectors, member = clustered(COMPARES_ALL + 4, 4, clusters=8, spread=0.05)
    layout, reducer = fit(vectors, n_epochs=15, init="pca")
    new, new_member = clustered(30, 4, clusters=8, spread=0.05, seed=1)
    assert own_cluster(layout, member, layout[:200] + 1e-3, member[:200]) > 0.95
    assert own_cluster(layout, member, reducer.transform(new), new_member) > 0.95
    assert np.array_equal(reducer._knn_indices[:, 1:], graph_of(vectors, 15)[0][:, :9])
    assert all(function.signatures and function.stats.cache_path for function in OF_INDEX)  # compiled, and kept


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> tuple[EmbeddingTable, np.ndarray]:
    """A map that counts as a large one, and the cluster of each item."""
    vectors, member = clustered(1200, 16, clusters=6)
    _, path = write_map(tmp_path_factory.mktemp("large"), vectors, 0, vectors[:, :2], vectors[:, :2])
    return EmbeddingTable(path), member


def test_a_large_map_is_fitted_to_the_graph_alone_and_its_reducer_knows_a_sample(large, tmp_path):
    table, member = large
    layout, reducer = fit_layout(table, *graph_of(table.vectors(), 15), SETTINGS | {"reducer_of": 300}, threads=1)
    assert (layout.shape, layout.dtype) == ((1200, 2), np.float32)
    assert own_cluster(layout[1:], member[1:], layout[:1], member[:1]) == 1
    assert reducer._raw_data.shape == (300, 16) and reducer.n_epochs == SETTINGS["n_epochs"]
    save_reducer(reducer, tmp_path / "reducer.pkl")
    new, new_member = clustered(40, 16, clusters=6, seed=1)
    positions = pickle.loads((tmp_path / "reducer.pkl").read_bytes()).transform(new)
    assert own_cluster(layout, member, positions, new_member) > 0.95


FIRST_FIT = """
import json, sys

import numpy as np
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.fit import fit_layout
from numba.core.dispatcher import Dispatcher

layout, _ = fit_layout(EmbeddingTable(sys.argv[1]), *np.load(sys.argv[2]).values(), json.loads(sys.argv[3]), threads=1)
np.save(sys.argv[4], layout)
import pynndescent.rp_trees
import umap.umap_

print(*(isinstance(each, Dispatcher) for each in (umap.umap_.smooth_knn_dist, pynndescent.rp_trees.make_euclidean_tree)))
"""


def test_of_few_items_the_search_index_is_not_compiled_and_the_layout_is_the_same(large, tmp_path):
    table, _ = large
    graph, settings = graph_of(table.vectors(), 15), SETTINGS | {"n_epochs": 5}
    np.savez(tmp_path / "graph.npz", *graph)
    arguments = [table.path, tmp_path / "graph.npz", json.dumps(settings), tmp_path / "layout.npy"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", FIRST_FIT, *arguments], env=environment, capture_output=True, text=True)
    assert run.stdout.split() == ["True", "False"], run.stderr
    assert np.array_equal(np.load(tmp_path / "layout.npy"), fit_umap(table.vectors(), *graph, settings, 1)[0])


@pytest.mark.parametrize("init", ["spectral", "random"])
def test_a_large_map_has_the_same_layout_each_time(large, init):
    table, _ = large
    graph = graph_of(table.vectors(), 15)
    layouts = [fit_layout(table, *graph, SETTINGS | {"reducer_of": 100, "init": init}, threads)[0] for threads in (1, 2)]
    assert layouts[0].tobytes() == layouts[1].tobytes()


def test_principal_components_are_those_of_the_whole_table(large):
    table, _ = large
    components = principal_components(table)
    wide = table.vectors().astype(float)
    _, _, axes = np.linalg.svd(wide - wide.mean(axis=0), full_matrices=False)
    expected = (wide - wide.mean(axis=0)) @ axes[:2].T
    assert np.allclose(np.abs(components), np.abs(expected), atol=1e-4)


def test_cosine_distances_are_given_to_umap_in_its_own_metric():
    vectors, _ = clustered(30, 4, clusters=2)
    nearest, distances = graph_of(vectors, 5)
    euclidean = np.linalg.norm(vectors[:, None] - vectors[nearest], axis=2)
    assert np.allclose(_in_metric(distances, "euclidean"), euclidean, atol=1e-3)
    assert np.array_equal(_in_metric(distances, "cosine"), distances)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    vectors, _ = clustered(120, 8, clusters=3)
    first, again, other = (fit(vectors, seed=seed)[0].tobytes() for seed in (1, 1, 2))
    assert first == again != other


def test_more_neighbors_than_the_graph_has_are_refused():
    vectors, _ = clustered(30, 4, clusters=2)
    with pytest.raises(UserError, match=r"umap.n_neighbors is 10, but .* has 8 neighbors an item; set neighbors.k to at least 9"):
        fit(vectors, k=8)
    assert len(fit(vectors, k=9)[0]) == 30


@pytest.mark.parametrize("items", [4, 5, 8])
@pytest.mark.parametrize("init", ["spectral", "random", "pca"])
def test_a_handful_of_items_has_a_layout(items, init):
    vectors, _ = clustered(items, 8, clusters=2)
    layout, reducer = fit(vectors, k=items - 1, n_neighbors=items, init=init)
    assert layout.shape == (items, 2) and np.isfinite(layout).all()
    assert np.isfinite(reducer.transform(vectors[:1])).all()


def test_a_layout_is_read_as_it_was_written(tmp_path):
    raw = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    write_layout(tmp_path / "layout.parquet", x_raw=raw[:, 0], y_raw=raw[:, 1])
    assert np.array_equal(read_layout(tmp_path / "layout.parquet"), raw)


def test_a_reducer_keeps_no_log_open(tmp_path):
    _, reducer = fit(clustered(30, 4, clusters=2)[0])
    assert reducer.tqdm_kwds is None


def test_progress_of_the_epochs_is_in_the_log(caplog):
    caplog.set_level("INFO", "knowledge_map")
    fit(clustered(30, 4, clusters=2)[0])
    assert "UMAP:   0%" in caplog.text and "/100" in caplog.text
