"""The first layout without UMAP: the principal components, and a reducer that puts vectors where they lie."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from maps import write_map
from sklearn.decomposition import PCA

from knowledge_map.embedding import principal_components
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout import pca
from knowledge_map.layout.pca import fit_pca
from knowledge_map.layout.reducer import save_reducer

PACKAGE = Path(__file__).parents[3] / "workflow" / "scripts"
VECTORS = np.random.default_rng(0).normal(size=(500, 12)).astype(np.float32) * np.linspace(4, 1, 12, dtype=np.float32)


@pytest.fixture
def table(tmp_path, monkeypatch) -> EmbeddingTable:
    for module in (principal_components, pca):
        monkeypatch.setattr(module, "ROW_GROUP", 128)
    return EmbeddingTable(write_map(tmp_path, VECTORS, 0, VECTORS[:, :2], VECTORS[:, :2])[1])


def test_layout_and_reducer_are_those_of_all_vectors_at_once(table):
    layout, reducer = fit_pca(table)
    whole = PCA(n_components=2, svd_solver="covariance_eigh")
    assert np.allclose(layout, whole.fit_transform(VECTORS), atol=1e-3)
    assert layout.dtype == np.float32
    for name in (name for name in vars(whole) if name.endswith("_")):
        assert np.allclose(getattr(reducer, name), getattr(whole, name), rtol=1e-3), name


def test_the_same_vectors_give_the_same_bytes(table):
    assert fit_pca(table)[0].tobytes() == fit_pca(table)[0].tobytes()


def test_the_reducer_puts_vectors_where_they_lie(table, tmp_path):
    layout, reducer = fit_pca(table)
    save_reducer(reducer, tmp_path / "reducer.pkl")
    with (tmp_path / "reducer.pkl").open("rb") as file:
        assert np.allclose(pickle.load(file).transform(VECTORS), layout, atol=1e-3)


@pytest.mark.slow
def test_neither_umap_nor_numba_is_loaded_for_it():
    code = (
        "import sys\n"
        "import knowledge_map.layout.growth, knowledge_map.layout.pca, knowledge_map.layout.refinement\n"
        "print({'umap', 'numba', 'pynndescent'} & set(sys.modules))"
    )
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
