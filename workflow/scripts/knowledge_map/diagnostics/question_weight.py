"""The price of the question weight: what became of articles near and far from the questions, and of questions placed later."""

from pathlib import Path

import numpy as np

from knowledge_map.common.errors import corrupt_file_error
from knowledge_map.common.parquet import read_parquet
from knowledge_map.diagnostics.articles import article_recall
from knowledge_map.diagnostics.estimates import estimated, over
from knowledge_map.diagnostics.layouts import Layout
from knowledge_map.diagnostics.measurement import MeasurementContext
from knowledge_map.diagnostics.measures import overlap, overlap_by_chance
from knowledge_map.diagnostics.neighborhoods import PAIRS, article_neighborhoods, nearest_in_plane
from knowledge_map.diagnostics.rounding import rounded
from knowledge_map.embedding.table import EmbeddingTable

GROUPS = {
    "near": "Articles pulled toward a question",
    "others": "Equally many others",
    "far": "Articles far from every question",
}
"""The groups of articles that are compared, and what they are called.

near: among the k nearest of a question in embedding space; others: drawn at random from the rest, as many; far: of the
measured sample, the half whose cosine to their nearest question is lower.
"""


def price_of_question_weight(
    context: MeasurementContext, nearest: np.ndarray, vectors: np.ndarray, recall: dict[str, dict[str, np.ndarray]]
) -> dict[str, dict] | None:
    """Return the recall of articles near to and far from the questions, by group, layout and k; None without questions.

    Parameters
    ----------
    nearest : int [questions, k], the articles nearest to each question in embedding space.
    vectors, recall : those of the sampled articles, float32 [n, D], and their `article_recall`.
    """
    table, settings = context.table, context.settings
    if not table.questions:
        return None
    pulled, others = pulled_and_others(nearest, table.articles, settings.sample_of(table.articles), context.rng)
    around = article_neighborhoods(
        table, context.layouts, np.concatenate([pulled, others]), max(settings.recall_k), context.threads
    )
    of_both = article_recall(around, settings.recall_k)
    far = far_from_questions(vectors, table.vectors(start=table.articles))
    groups = {
        "near": (len(pulled), over(of_both, lambda values: values[: len(pulled)])),
        "others": (len(others), over(of_both, lambda values: values[len(pulled) :])),
        "far": (int(far.sum()), over(recall, lambda values: values[far] if len(values) else values)),
    }
    price = {}
    for name, (articles, values) in groups.items():
        means, intervals = estimated(values, settings.resamples, context.rng)
        price[name] = {"articles": articles, "article_recall": means, "intervals": intervals}
    return price


def pulled_and_others(nearest: np.ndarray, articles: int, most: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the articles that are among the nearest of a question, and of equally many others, int [n] each.

    `nearest` is int [questions, k]. More than `most` are drawn down to it; where there are fewer others, these are all.
    """
    pulled = np.unique(nearest)
    rest = np.setdiff1d(np.arange(articles), pulled)
    if len(pulled) > most:
        pulled = np.sort(rng.choice(pulled, most, replace=False))
    return pulled, np.sort(rng.choice(rest, min(len(pulled), len(rest)), replace=False))


def far_from_questions(vectors: np.ndarray, questions: np.ndarray) -> np.ndarray:
    """Return which of the articles are in the half with the lower cosine to their nearest question, bool [n].

    `vectors` and `questions` are float32 [n, D] and [q, D] of unit length.
    """
    nearest = np.concatenate([(vectors[i : i + PAIRS] @ questions.T).max(axis=1) for i in range(0, len(vectors), PAIRS)])
    return nearest < np.median(nearest)


def placed_later(context: MeasurementContext, projection: str | Path | None) -> dict | None:
    """Return how the questions in projection.parquet fared, which the layout never saw; None where there is no such file."""
    if projection is None:
        return None
    settings = context.settings
    k, overlaps = overlaps_placed_later(projection, context.layouts["map"], context.table, settings.k[0], context.threads)
    means, intervals = estimated({"overlap": overlaps}, settings.resamples, context.rng)
    return {
        "questions": len(overlaps),
        "k": k,
        "overlap": means["overlap"],
        "interval": intervals["overlap"],
        "chance": rounded(overlap_by_chance(k, context.table.articles)),
    }


def overlaps_placed_later(
    path: str | Path, layout: Layout, table: EmbeddingTable, k: int, threads: int
) -> tuple[int, np.ndarray]:
    """Return k, lowered to what the file has, and overlap@k of every question placed by `project`, float [questions].

    The file, projection.parquet, tells the true nearest articles of each question and its position on the finished map.
    """
    placed = read_parquet(path, ["x", "y", "neighbors"])
    points = np.column_stack([placed["x"].to_numpy(), placed["y"].to_numpy()]).astype(np.float64)
    ids = placed["neighbors"].combine_chunks().field("ids").flatten().to_numpy()
    true = ids.reshape(len(placed), -1)[:, :k] if len(placed) else np.empty((0, k), np.int64)
    if true.size and true.max() >= table.articles:
        raise corrupt_file_error(path, f"row {true.max():,} is a neighbor, but there are only {table.articles:,} articles")
    return true.shape[1], overlap(true, nearest_in_plane(layout, points, true.shape[1], threads))
