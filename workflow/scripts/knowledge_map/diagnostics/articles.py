"""How the articles fared: those of a sample against all the others, and the order at large."""

import numpy as np

from knowledge_map.diagnostics.measurement import MeasurementContext
from knowledge_map.diagnostics.measures import (
    distance_ranks,
    overlap,
    random_pairs,
    random_triplets,
    rank_fidelity,
    triplets_kept,
)
from knowledge_map.diagnostics.neighborhoods import Neighborhoods, article_neighborhoods, cosine_ranks, plane_ranks


def article_measures(context: MeasurementContext, rows: np.ndarray, vectors: np.ndarray) -> dict[str, dict]:
    """Return recall, trustworthiness and continuity of the articles `rows`, int [n], by layout, measure and k, float [n] each.

    `vectors` are theirs, float32 [n, D].
    """
    table, layouts, threads, k = context.table, context.layouts, context.threads, context.settings.recall_k
    around = article_neighborhoods(table, layouts, rows, max(k), threads)
    _, ranks = cosine_ranks(table, vectors, np.hstack(list(around.layouts.values())), threads, own=rows)
    embedding_ranks = dict(zip(layouts, np.split(ranks, len(layouts), axis=1), strict=True))
    recall = article_recall(around, k)
    measures = {}
    for name, layout in layouts.items():
        _, map_ranks = plane_ranks(layout, layout.articles[rows], around.embedding, threads, are_articles=True)
        measures[name] = {
            "article_recall": recall[name],
            "trustworthiness": {str(n): rank_fidelity(_first(embedding_ranks[name], n), table.articles) for n in k},
            "continuity": {str(n): rank_fidelity(_first(map_ranks, n), table.articles) for n in k},
        }
    return measures


def article_recall(neighborhoods: Neighborhoods, k: list[int]) -> dict[str, dict[str, np.ndarray]]:
    """Return by layout and k which share of each article's k nearest is among its k nearest in the plane, float [articles]."""
    near = neighborhoods.embedding
    return {name: {str(n): overlap(near[:, :n], rows[:, :n]) for n in k} for name, rows in neighborhoods.layouts.items()}


def _first(ranks: np.ndarray, k: int) -> np.ndarray:
    """Return the first k columns; none where there are fewer, since a measure of k neighbors is not one of fewer."""
    return ranks[:, :k] if ranks.shape[1] >= k else ranks[:, :0]


def order_at_large(context: MeasurementContext) -> tuple[dict[str, dict], dict[str, np.ndarray]]:
    """Return by layout which random triplets of articles are kept, bool [triplets], and the distance ranks of random pairs.

    They are drawn among so many articles as fit into memory, since many triplets of few articles would tell little more.
    """
    settings = context.settings
    rows = context.draw(max(settings.exact_up_to, settings.sample))
    vectors = context.table.take(rows)
    triplets = random_triplets(len(rows), settings.triplets, context.rng)
    pairs = random_pairs(len(rows), settings.pairs, context.rng)
    positions = {name: layout.articles[rows] for name, layout in context.layouts.items()}
    return (
        {name: {"triplet_accuracy": triplets_kept(vectors, position, triplets)} for name, position in positions.items()},
        {name: distance_ranks(vectors, position, pairs) for name, position in positions.items()},
    )
