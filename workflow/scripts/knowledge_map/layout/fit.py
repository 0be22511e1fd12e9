"""The first layout by UMAP: in which way so many items are fitted, and what is compiled for it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from knowledge_map.embedding.table import EmbeddingTable

if TYPE_CHECKING:
    from umap import UMAP

COMPARES_ALL = 4096
"""Below this many items umap-learn ignores a given graph and compares all with all: the same neighbors, and no index to build."""


def fit_layout(
    table: EmbeddingTable, neighbors: np.ndarray, distances: np.ndarray, settings: dict, threads: int
) -> tuple[np.ndarray, UMAP]:
    """Return the layout, float32 [N, 2], and the reducer: by `fit_umap`, or for a large map by `fit_graph` and `reducer_of`.

    `neighbors` and `distances` as in `fit_umap`. A large map is one whose settings have `reducer_of`,
    the number of items that its reducer is to know.
    """
    if table.rows < COMPARES_ALL:
        _leave_index_uncompiled()
    from knowledge_map.layout.umap import fit_graph, fit_umap, reducer_of  # compiles what it imports

    items = settings.get("reducer_of")
    if not items:
        return fit_umap(table.vectors(), neighbors, distances, settings, threads)
    settings = {name: value for name, value in settings.items() if name != "reducer_of"}
    layout = fit_graph(table, neighbors, distances, settings, threads)
    return layout, reducer_of(table, layout, settings, items, threads)


def _leave_index_uncompiled() -> None:
    """Import pynndescent as plain Python, unless it is there already; of few items umap-learn imports it and does without it.

    It is compiled when it is imported, which in a new environment takes longer than all the rest of the fit.
    """
    config: Any = numba.config
    before, config.DISABLE_JIT = config.DISABLE_JIT, True
    try:
        importlib.import_module("pynndescent")
    finally:
        config.DISABLE_JIT = before
