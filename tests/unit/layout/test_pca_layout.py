"""The first layout without UMAP: the principal components, and a reducer that puts vectors where they lie."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from knowledge_map.layout.pca import fit_pca
from knowledge_map.layout.reducer import save_reducer

PACKAGE = Path(__file__).parents[3] / "workflow" / "scripts"
VECTORS = np.random.default_rng(0).normal(size=(500, 12)).astype(np.float32) * np.linspace(4, 1, 12, dtype=np.float32)


def test_the_layout_is_that_of_the_two_directions_in_which_the_vectors_spread_most():
    layout, _ = fit_pca(VECTORS)
    centred = (VECTORS - VECTORS.mean(axis=0)).astype(float)
    expected = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    assert (layout.shape, layout.dtype) == ((500, 2), np.float32)
    assert np.allclose(np.abs(layout), np.abs(expected), atol=1e-2)


def test_the_same_vectors_give_the_same_bytes():
    assert fit_pca(VECTORS)[0].tobytes() == fit_pca(VECTORS.copy())[0].tobytes()


def test_the_reducer_puts_vectors_where_they_lie(tmp_path):
    layout, reducer = fit_pca(VECTORS)
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
