"""The first layout: UMAP on the neighbor graph, articles and questions together."""

import numpy as np
import umap.layouts
import umap.umap_
import umap.utils
from numba.core.dispatcher import Dispatcher
from pynndescent import NNDescent
from umap import UMAP
from umap.umap_ import nearest_neighbors

from knowledge_map.common.errors import UserError
from knowledge_map.common.progress import LogStream, log

COMPARES_ALL = 4096
"""Below this many items umap-learn ignores a given graph and compares all with all: the same neighbors, and no index to build."""


def fit_umap(
    vectors: np.ndarray, neighbors: np.ndarray, distances: np.ndarray, settings: dict, threads: int
) -> tuple[np.ndarray, UMAP]:
    """Fit UMAP on a given neighbor graph and return the layout, float32 [N, 2], and the reducer.

    Parameters
    ----------
    vectors : float32 [N, D] of unit length.
    neighbors, distances : int32 and float32 [N, k], the k nearest by cosine, self excluded, k at least n_neighbors - 1.
    settings : the section `umap` of the config: UMAP's own parameters, and `seed`.
    threads : CPU threads; with a seed umap-learn computes on one, whatever this says, so that a run can be repeated.

    The reducer carries a search index over the vectors and can `transform` new ones. Source: McInnes, Healy, Melville,
    "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction" (2018), and its implementation umap-learn.
    """
    _keep_compiled_code()
    parameters = {name: value for name, value in settings.items() if name != "seed"}
    seed, n_neighbors = settings["seed"], settings["n_neighbors"]
    if neighbors.shape[1] < n_neighbors - 1:
        raise UserError(
            f"umap.n_neighbors is {n_neighbors}, but the neighbor graph has {neighbors.shape[1]} neighbors an item; "
            f"set neighbors.k to at least {n_neighbors - 1}."
        )
    rows = np.arange(len(vectors), dtype=np.int32)[:, None]
    # UMAP counts an item among its own neighbors, first.
    indices = np.hstack([rows, neighbors[:, : n_neighbors - 1]]).astype(np.int32)
    lengths = np.hstack([np.zeros_like(rows, np.float32), _in_metric(distances[:, : n_neighbors - 1], settings["metric"])])
    if len(vectors) < COMPARES_ALL:
        graph = {}
    else:
        index = _search_index(vectors, n_neighbors, settings["metric"], seed, threads)
        graph = {"precomputed_knn": (indices, lengths, index), "force_approximation_algorithm": True}
        log.info("search index for new vectors built")
    reducer = UMAP(
        **parameters,
        **graph,
        random_state=seed,
        n_jobs=1 if seed is not None else threads,
        tqdm_kwds={"disable": False, "file": LogStream(), "desc": "UMAP", "unit": " epochs", "mininterval": 1.0},
    )
    layout = np.asarray(reducer.fit_transform(vectors), np.float32)
    reducer.tqdm_kwds = None  # an open log is no part of a model
    return layout, reducer


def _keep_compiled_code() -> None:
    """Make numba keep what it compiles of umap-learn: of a fit of few items nearly all is compiling.

    pynndescent asks for this itself, umap-learn does not.
    """
    for module in (umap.umap_, umap.layouts, umap.utils):
        for function in vars(module).values():
            if isinstance(function, Dispatcher):
                function.enable_caching()


def _in_metric(distances: np.ndarray, metric: str) -> np.ndarray:
    """Return cosine distances in UMAP's metric: on unit vectors, euclidean distance is a function of cosine."""
    return distances if metric == "cosine" else np.sqrt(2 * distances)


def _search_index(vectors: np.ndarray, n_neighbors: int, metric: str, seed: int | None, threads: int) -> NNDescent:
    """Return the index that `transform` asks for the neighbors of new vectors, as umap-learn builds it."""
    _, _, index = nearest_neighbors(
        vectors,
        n_neighbors,
        metric,
        metric_kwds={},
        angular=False,
        random_state=np.random.RandomState(seed),
        n_jobs=threads,
    )
    assert index is not None  # none is made for a distance matrix only
    return index
