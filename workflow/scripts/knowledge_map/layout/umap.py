"""The first layout: UMAP on the neighbor graph, articles and questions together.

Of a large map, neither the vectors nor a search index of them are in memory: the fit takes the graph and a start by principal
components, and the reducer that goes with the map knows a sample of its items.
"""

import numpy as np
import umap.layouts
import umap.umap_
import umap.utils
from numba.core.dispatcher import Dispatcher
from pynndescent import NNDescent
from pynndescent.kernels import generate_graph_update_array_batched
from pynndescent.utils import apply_sorted_graph_update_array, build_candidates_owner, sort_updates_by_block
from umap import UMAP
from umap.umap_ import find_ab_params, fuzzy_simplicial_set, nearest_neighbors, simplicial_set_embedding

from knowledge_map.common.errors import UserError
from knowledge_map.common.progress import LogStream, log
from knowledge_map.embedding.principal_components import principal_components
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.fit import COMPARES_ALL

OF_INDEX = (
    apply_sorted_graph_update_array,
    build_candidates_owner,
    generate_graph_update_array_batched,
    sort_updates_by_block,
)
"""Functions of pynndescent that can be kept and are not, the costliest: half of what compiling its search index takes."""


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
    parameters, seed = _parameters(settings), settings["seed"]
    indices, lengths = _with_self(neighbors, distances, settings)
    if len(vectors) < COMPARES_ALL:
        graph = {}
    else:
        index = _search_index(vectors, settings["n_neighbors"], settings["metric"], seed, threads)
        graph = {"precomputed_knn": (indices, lengths, index), "force_approximation_algorithm": True}
        log.info("search index for new vectors built")
    reducer = UMAP(
        **parameters,
        **graph,
        random_state=seed,
        n_jobs=1 if seed is not None else threads,
        tqdm_kwds=_progress(),
    )
    layout = np.asarray(reducer.fit_transform(vectors), np.float32)
    reducer.tqdm_kwds = None  # an open log is no part of a model
    return layout, reducer


def fit_graph(table: EmbeddingTable, neighbors: np.ndarray, distances: np.ndarray, settings: dict, threads: int) -> np.ndarray:
    """Fit UMAP to the neighbor graph alone and return the layout, float32 [N, 2]; parameters as of `fit_umap`.

    The start is random where `init` is, and otherwise the principal components of the vectors, which are read a block at a time:
    the eigenvectors of a spectral start take more memory and time than all the rest.
    """
    _keep_compiled_code()
    random = np.random.RandomState(settings["seed"])
    a, b = find_ab_params(settings["spread"], settings["min_dist"])
    indices, lengths = _with_self(neighbors, distances, settings)
    graph, *_ = fuzzy_simplicial_set(
        np.empty((len(indices), 0), np.float32),  # of the vectors it asks how many there are
        settings["n_neighbors"],
        random,
        settings["metric"],
        knn_indices=indices,
        knn_dists=lengths,
        set_op_mix_ratio=settings["set_op_mix_ratio"],
        local_connectivity=settings["local_connectivity"],
    )
    del indices, lengths
    log.info(f"graph of {graph.nnz:,} edges made")
    layout, _ = simplicial_set_embedding(
        None,
        graph,
        n_components=2,
        initial_alpha=settings["learning_rate"],
        a=a,
        b=b,
        gamma=settings["repulsion_strength"],
        negative_sample_rate=settings["negative_sample_rate"],
        n_epochs=settings["n_epochs"],
        init="random" if settings["init"] == "random" else principal_components(table),
        random_state=random,
        metric=settings["metric"],
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
        parallel=settings["seed"] is None,
        tqdm_kwds=_progress(),
    )
    return np.asarray(layout, np.float32)


def reducer_of(table: EmbeddingTable, layout: np.ndarray, settings: dict, items: int, threads: int) -> UMAP:
    """Return a reducer that places new vectors by a random sample of the map's items, and these where they lie.

    It holds so many vectors and their search index, as one that was fitted to them does, and can `transform` new ones.
    """
    seed = settings["seed"]
    rows = np.sort(np.random.default_rng(seed).choice(table.rows, min(items, table.rows), replace=False))
    parameters = _parameters(settings) | {"init": layout[rows], "n_epochs": 0}
    reducer = UMAP(**parameters, random_state=seed, n_jobs=1 if seed is not None else threads).fit(table.take(rows))
    reducer.embedding_ = layout[rows]
    reducer.n_epochs = settings["n_epochs"]
    log.info(f"the reducer places new vectors by {len(rows):,} of {table.rows:,} items")
    return reducer


def _parameters(settings: dict) -> dict:
    """Return the settings that are umap-learn's own."""
    return {name: value for name, value in settings.items() if name != "seed"}


def _with_self(neighbors: np.ndarray, distances: np.ndarray, settings: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return the n_neighbors of each item as UMAP counts them, itself first: int32 and float32 [N, n_neighbors].

    Raises UserError where the graph has too few.
    """
    n_neighbors = settings["n_neighbors"]
    if neighbors.shape[1] < n_neighbors - 1:
        raise UserError(
            f"umap.n_neighbors is {n_neighbors}, but the neighbor graph has {neighbors.shape[1]} neighbors an item; "
            f"set neighbors.k to at least {n_neighbors - 1}."
        )
    rows = np.arange(len(neighbors), dtype=np.int32)[:, None]
    indices = np.hstack([rows, neighbors[:, : n_neighbors - 1]]).astype(np.int32)
    lengths = np.hstack([np.zeros_like(rows, np.float32), _in_metric(distances[:, : n_neighbors - 1], settings["metric"])])
    return indices, lengths


def _progress() -> dict:
    """Return how umap-learn's tqdm tells of its epochs in our log."""
    return {"disable": False, "file": LogStream(), "desc": "UMAP", "unit": " epochs", "mininterval": 1.0}


def _keep_compiled_code() -> None:
    """Make numba keep what it compiles of umap-learn: of a fit of few items nearly all is compiling.

    pynndescent asks for this itself but for some functions, umap-learn does not.
    """
    of_umap = (function for module in (umap.umap_, umap.layouts, umap.utils) for function in vars(module).values())
    for function in (*of_umap, *OF_INDEX):
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
