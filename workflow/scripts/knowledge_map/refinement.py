"""The refined layout: UMAP's places moved until true neighbors are neighbors in the plane."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openTSNE
import scipy.sparse
import torch
from openTSNE.affinity import PrecomputedAffinities

from knowledge_map.map_table import normalized
from knowledge_map.neighbor_graph import read_neighbors
from knowledge_map.neighbors import articles_nearest_to
from knowledge_map.progress import duration, log
from knowledge_map.table import EmbeddingTable

INITIAL_SPREAD = 1e-4
"""Standard deviation of the starting positions, small as t-SNE wants it (Kobak & Berens, 2019)."""


@dataclass(frozen=True)
class Stage:
    """A run of iterations with one weight of the question edges.

    Attributes
    ----------
    iterations : gradient steps.
    question_weight : weight of an edge between a question and an article, those between articles counting 1.
    learning_rate : as a fraction of the number of items.
    exaggeration : factor on all attraction; above 1 it draws neighbors together before they are sorted out.
    """

    iterations: int
    question_weight: float
    learning_rate: float
    exaggeration: float = 1.0


def refined_layout(
    raw: np.ndarray, neighbors_path: str | Path, table: EmbeddingTable, settings: dict, threads: int
) -> np.ndarray:
    """Return the places of the map, float32 [N, 2] in [0, 1]: UMAP's layout, refined unless the settings say otherwise.

    `settings` is the section `refinement` of the config: enabled, k, stages, seed.
    """
    if not settings["enabled"]:
        log.info("refinement is off: the map is UMAP's layout")
        return normalized(raw)
    neighbors, _ = read_neighbors(neighbors_path)
    k = min(settings["k"], neighbors.shape[1], table.articles - 1)
    nearest = nearest_articles(neighbors, table.articles, k)
    if table.questions:
        # The graph may name other questions first; a question's own list is of articles only.
        questions = table.vectors(table.articles, table.rows)
        own, _ = articles_nearest_to(questions, table, range(table.articles), k, torch.device("cpu"), threads)
        nearest[table.articles :] = own
    stages = [Stage(**stage) for stage in settings["stages"]]
    return normalized(refine(raw, nearest, table.articles, stages, settings["seed"], threads))


def refine(
    layout: np.ndarray,
    neighbors: np.ndarray,
    articles: int,
    stages: Sequence[Stage],
    seed: int,
    threads: int,
) -> np.ndarray:
    """Return the layout after t-SNE steps over a uniform nearest-neighbor graph, float32 [N, 2], articles first.

    Parameters
    ----------
    layout : float32 [N, 2], where to start.
    neighbors : int [N, k], rows of each item's nearest articles, -1 where there are fewer. Questions are linked to articles
        only, and outweighed while the steps shrink: a heavy weight from the start throws them out of the map.
    articles : how many of the rows are articles; the questions come after them.
    stages : what to do, in order.

    Source: t-SNE on a uniform kNN graph as in Böhm, Berens, Kobak, "Attraction-repulsion spectrum in neighbor embeddings"
    (2022); gradients by FFT as in Linderman et al., "Fast interpolation-based t-SNE" (2019), implemented by openTSNE.
    """
    start = layout - layout.mean(axis=0)
    start = start / max(float(start.std()), 1e-12) * INITIAL_SPREAD
    embedding = openTSNE.TSNEEmbedding(
        np.ascontiguousarray(start, dtype=np.float64),
        _affinities(neighbors, articles, stages[0].question_weight),
        negative_gradient_method="fft",
        n_jobs=threads,
        random_state=seed,
    )
    for number, stage in enumerate(stages, start=1):
        embedding.affinities = _affinities(neighbors, articles, stage.question_weight)
        embedding = embedding.optimize(
            n_iter=stage.iterations,
            exaggeration=stage.exaggeration,
            learning_rate=max(len(layout) * stage.learning_rate, 1.0),
            momentum=0.8,
            callbacks=[_Report(f"stage {number} of {len(stages)}", stage.iterations)],
            callbacks_every_iters=10,
        )
    return np.asarray(embedding, dtype=np.float32)


def nearest_articles(neighbors: np.ndarray, articles: int, k: int) -> np.ndarray:
    """Return the first k articles of each row of the neighbor graph, int32 [N, k], -1 where a row has fewer."""
    is_article = neighbors < articles
    first = np.argsort(~is_article, axis=1, kind="stable")[:, :k]
    return np.where(np.take_along_axis(is_article, first, 1), np.take_along_axis(neighbors, first, 1), -1).astype(np.int32)


def _affinities(neighbors: np.ndarray, articles: int, question_weight: float) -> PrecomputedAffinities:
    """Return symmetric affinities that sum to one: every edge of the graph weighs 1, one of a question `question_weight`."""
    rows, _ = np.nonzero(neighbors >= 0)
    weights = np.where(rows < articles, 1.0, question_weight)
    graph = scipy.sparse.csr_matrix((weights, (rows, neighbors[neighbors >= 0])), shape=(len(neighbors), len(neighbors)))
    graph = (graph + graph.T).tocsr()
    return PrecomputedAffinities(graph / graph.sum(), normalize=False)


class _Report:
    """An openTSNE callback that logs iterations, rate and time left."""

    def __init__(self, name: str, iterations: int, every: float = 5.0):
        self.name, self.iterations, self.every = name, iterations, every
        self._start = time.monotonic()
        self._next = self._start + every

    def __call__(self, iteration: int, error: float, embedding: np.ndarray) -> None:
        now = time.monotonic()
        if now < self._next and iteration < self.iterations:
            return
        self._next = now + self.every
        rate = iteration / max(now - self._start, 1e-9)
        left = duration((self.iterations - iteration) / rate)
        log.info(
            f"{self.name}: iteration {iteration} of {self.iterations} · {rate:.1f}/s · {left} left · KL divergence {error:.3f}"
        )
