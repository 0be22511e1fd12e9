"""The refined layout: UMAP's positions moved until true neighbors are neighbors in the plane."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import openTSNE
import scipy.sparse
from openTSNE.affinity import PrecomputedAffinities
from openTSNE.tsne import gradient_descent

from knowledge_map.common.progress import duration, log
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.deformation import draw_sample, put_back, put_in_order
from knowledge_map.layout.placement import BEARABLE, place
from knowledge_map.layout.table import normalized
from knowledge_map.neighbors.exact import articles_nearest_to
from knowledge_map.neighbors.graph import nearest_articles, read_neighbors

INITIAL_SPREAD = 1e-4
"""Standard deviation of the starting positions, small as t-SNE wants it (Kobak & Berens, 2019)."""

MOMENTUM = 0.8

BENT_AFTER = 3 / 4
"""Share of the steps after which the layout is bent as a whole; the others make up for what that costs neighbors."""

SETTLING = 1 / 2
"""A layout that was refined before takes this fraction of the steps."""

GATHERING = 4.0
"""Exaggeration by which items that were inserted are drawn to their neighbors: more would take old ones far away."""

SPREAD = 3.0
"""Standard deviation, in the units of t-SNE, that the steps of `refine` bring a layout of one item to; it grows with the fourth
root of their number (measured: 2.7 at 2,400 items, 3.0 at 21,600)."""

BARNES_HUT_BELOW = 4_000
"""Fewer items than this take less time by Barnes-Hut trees than by FFT, whose grid has a least size."""


@dataclass(frozen=True)
class Refinement:
    """Settings of the refinement, by the names of the config.

    Attributes
    ----------
    enabled : whether anything moves.
    k : nearest articles that each item is drawn to.
    early_iterations, early_exaggeration : first steps with all attraction times a factor, which draws neighbors together
        before they are sorted out; all edges weigh alike.
    iterations : the steps after them.
    question_weight : weight of an edge between a question and an article in these, those between articles counting 1.
    learning_rate : as a fraction of the number of items.
    placement_iterations : last steps, which let neighbors within reach be neighbors; see `placement`.
    seed : of openTSNE's random numbers.
    """

    enabled: bool
    k: int
    early_iterations: int
    early_exaggeration: float
    iterations: int
    question_weight: float
    learning_rate: float
    placement_iterations: int
    seed: int

    def limited_to(self, articles: int, questions: int) -> "Refinement":
        """Return the settings that so many articles bear: the more of them questions claim, the lighter the questions.

        Where they claim more articles than there are, they weigh no more than articles: then an article belongs to several
        questions, and drawing it to all of them would only take articles apart.
        """
        claimed = questions * self.k / articles
        most = 1.0 if claimed > 1 else BEARABLE / max(claimed, 1e-12)
        if self.question_weight <= most:
            return self
        log.info(
            f"{questions:,} questions are many for {articles:,} articles: they weigh {most:.1f}, not {self.question_weight:g}"
        )
        return replace(self, question_weight=most)


def refined_layout(
    raw: np.ndarray, neighbors_path: str | Path, table: EmbeddingTable, settings: Refinement, threads: int
) -> np.ndarray:
    """Return the positions of the map, float32 [N, 2] in [0, 1]: UMAP's layout, refined unless the settings say otherwise."""
    if not settings.enabled:
        log.info("refinement is off: the map is UMAP's layout")
        return normalized(raw)
    settings, nearest = nearest_of_all(neighbors_path, table, settings, threads)
    positions = refine(raw, nearest, table, settings, threads)
    place(positions, nearest, table.articles, settings.question_weight > 1, settings.placement_iterations, threads)
    return normalized(positions)


def nearest_of_all(
    neighbors_path: str | Path, table: EmbeddingTable, settings: Refinement, threads: int
) -> tuple[Refinement, np.ndarray]:
    """Return the settings that so many items bear, and the articles that each item is drawn to, int32 [N, k], -1 for none."""
    neighbors, _ = read_neighbors(neighbors_path)
    k = min(settings.k, neighbors.shape[1], table.articles - 1)
    nearest = nearest_articles(neighbors, table.articles, k)
    if table.questions:
        # The graph may name other questions first; a question's targets are articles only.
        questions = table.vectors(table.articles, table.rows)
        targets, _ = articles_nearest_to(questions, table, range(table.articles), k, "cpu", threads)
        nearest[table.articles :] = targets
        settings = settings.limited_to(table.articles, table.questions)
    return settings, nearest


def refine(layout: np.ndarray, neighbors: np.ndarray, table: EmbeddingTable, settings: Refinement, threads: int) -> np.ndarray:
    """Return the layout after t-SNE steps over a uniform nearest-neighbor graph, float64 [N, 2], articles first.

    On the way it is bent as a whole, so that random triplets of articles are in order; see `deformation`.

    Parameters
    ----------
    layout : float32 [N, 2], where to start.
    neighbors : int [N, k], rows of each item's nearest articles, -1 where there are fewer. Questions are linked to articles
        only.
    table : the vectors; the articles come before the questions.

    An item that is linked more strongly than most takes steps that much smaller, or it would overshoot: so heavy edges of
    questions throw nothing out of the map, and the other items need not wait for them.

    Source: t-SNE on a uniform kNN graph as in Böhm, Berens, Kobak, "Attraction-repulsion spectrum in neighbor embeddings"
    (2022); gradients by FFT as in Linderman et al., "Fast interpolation-based t-SNE" (2019), or of few items by trees as in
    van der Maaten, "Accelerating t-SNE using tree-based algorithms" (2014), both implemented by openTSNE; steps by the
    diagonal of the graph's Laplacian (Jacobi preconditioning).
    """
    start = layout - layout.mean(axis=0)
    descent = _Descent(start / max(float(start.std()), 1e-12) * INITIAL_SPREAD, neighbors, table.articles, settings, threads)
    # Heavy questions would shift whole regions while everything is still close together.
    descent.steps("drawing together", settings.early_iterations, settings.early_exaggeration, question_weight=1)
    before = round(settings.iterations * BENT_AFTER)
    descent.steps("sorting out", before, 1, settings.question_weight)
    if settings.iterations:
        put_in_order(descent.positions, draw_sample(table, settings.seed), settings.seed)
    descent.steps("sorting out what was bent", settings.iterations - before, 1, settings.question_weight)
    return descent.positions


def settle(
    layout: np.ndarray, neighbors: np.ndarray, articles: int, settings: Refinement, known: np.ndarray, threads: int
) -> np.ndarray:
    """Return a layout that was refined before, and into which items were inserted, after some more t-SNE steps.

    The parameters are those of `refine`, but for the number of `articles`, and which items are `known`, bool [N]: the more were
    inserted, the longer neighbors are drawn together. The layout begins at the scale to which the steps of `refine` bring one of
    so many items: much below it, the first steps would blow it up and lose what it was; much above, nothing would move. In the
    end it is bent back to where the known items lay, for the steps unbend it.
    """
    start = (layout - layout.mean(axis=0)).astype(np.float64)
    start *= SPREAD * len(start) ** 0.25 / max(float(start.std()), 1e-12)
    descent = _Descent(start.copy(), neighbors, articles, settings, threads)
    drawn = round(settings.early_iterations * min(2 * (1 - known.mean()), 1))
    descent.steps("drawing new items in", drawn, min(GATHERING, settings.early_exaggeration), question_weight=1)
    descent.steps("settling", round(settings.iterations * SETTLING), 1, settings.question_weight)
    put_back(descent.positions, np.flatnonzero(known), start[known])
    return descent.positions


class _Descent:
    """Positions on their way down the gradient of t-SNE."""

    def __init__(self, start: np.ndarray, neighbors: np.ndarray, articles: int, settings: Refinement, threads: int):
        self.neighbors, self.articles = neighbors, articles
        self.learning_rate = max(len(start) * settings.learning_rate, 1.0)
        self.optimizer = _ScaledSteps()
        self.embedding = openTSNE.TSNEEmbedding(
            np.ascontiguousarray(start, dtype=np.float64),
            _affinities(neighbors, articles, question_weight=1),
            negative_gradient_method="bh" if len(start) < BARNES_HUT_BELOW else "fft",
            n_jobs=threads,
            random_state=settings.seed,
            optimizer=self.optimizer,
        )

    def steps(self, name: str, iterations: int, exaggeration: float, question_weight: float) -> None:
        """Take so many steps, with all attraction times `exaggeration`."""
        self.embedding.affinities = _affinities(self.neighbors, self.articles, question_weight)
        self.optimizer.steps = _steps(self.embedding.affinities, self.articles)
        self.embedding.optimize(
            n_iter=iterations,
            inplace=True,
            exaggeration=exaggeration,
            learning_rate=self.learning_rate,
            momentum=MOMENTUM,
            callbacks=[_Report(name, iterations)],
            callbacks_every_iters=10,
        )

    @property
    def positions(self) -> np.ndarray:
        """The positions themselves, float64 [N, 2]: what changes them changes what the next steps begin with."""
        return self.embedding.view(np.ndarray)


def _affinities(neighbors: np.ndarray, articles: int, question_weight: float) -> PrecomputedAffinities:
    """Return symmetric affinities: every edge of the graph weighs 1, one of a question `question_weight`.

    Those between articles sum to one, so that many questions do not weaken what holds articles together.
    """
    rows, _ = np.nonzero(neighbors >= 0)
    weights = np.where(rows < articles, 1.0, question_weight)
    graph = scipy.sparse.csr_matrix((weights, (rows, neighbors[neighbors >= 0])), shape=(len(neighbors), len(neighbors)))
    between_articles = 2 * np.count_nonzero(rows < articles)
    return PrecomputedAffinities((graph + graph.T).tocsr() / between_articles, normalize=False)


def _steps(affinities: PrecomputedAffinities, articles: int) -> np.ndarray:
    """Return the length of every item's steps, float64 [N, 1]: 1, or less for items linked more strongly than the mean."""
    strength = affinities.P.sum(axis=1)  # pyrefly: ignore[missing-attribute]
    return 1 / np.maximum(np.asarray(strength) * articles, 1)


class _ScaledSteps(gradient_descent):
    """openTSNE's gradient descent with steps of a length of their own for every item: `steps`, float64 [N, 1], factors."""

    steps: float | np.ndarray = 1.0

    def __call__(self, *args, objective_function, **settings):
        def scaled(*args, **settings):
            error, gradient = objective_function(*args, **settings)
            return error, gradient * self.steps

        return super().__call__(*args, objective_function=scaled, **settings)


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
