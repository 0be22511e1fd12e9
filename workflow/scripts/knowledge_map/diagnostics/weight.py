"""The price of the question weight: what became of articles near and far from the questions, and of questions placed later."""

from pathlib import Path

import numpy as np

from knowledge_map.diagnostics.layouts import Layout
from knowledge_map.diagnostics.measures import overlap
from knowledge_map.diagnostics.neighborhoods import PAIRS, Neighborhoods, nearest_in_plane
from knowledge_map.files import damaged, read_parquet
from knowledge_map.table import EmbeddingTable

GROUPS = {
    "near": "Articles pulled toward a question",
    "others": "Equally many others",
    "far": "Articles far from every question",
}
"""The groups of articles that are compared, and what they are called.

near: among the k nearest of a question in embedding space; others: drawn at random from the rest, as many; far: of the
measured sample, the half whose cosine to their nearest question is lower.
"""


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


def article_recall(neighborhoods: Neighborhoods, k: list[int]) -> dict[str, dict[str, np.ndarray]]:
    """Return by layout and k which share of each article's k nearest is among its k nearest in the plane, float [articles]."""
    near = neighborhoods.embedding
    return {name: {str(n): overlap(near[:, :n], rows[:, :n]) for n in k} for name, rows in neighborhoods.layouts.items()}


def placed_later(path: str | Path, layout: Layout, table: EmbeddingTable, k: int, threads: int) -> tuple[int, np.ndarray]:
    """Return k, lowered to what the file has, and overlap@k of every question placed by `project`, float [questions].

    The file, projection.parquet, tells the true nearest articles of each question and its place on the finished map.
    """
    placed = read_parquet(path, ["x", "y", "neighbors"])
    points = np.column_stack([placed["x"].to_numpy(), placed["y"].to_numpy()]).astype(np.float64)
    ids = placed["neighbors"].combine_chunks().field("ids").flatten().to_numpy()
    true = ids.reshape(len(placed), -1)[:, :k] if len(placed) else np.empty((0, 0), np.int64)
    if true.size and true.max() >= table.articles:
        raise damaged(path, f"row {true.max():,} is a neighbor, but there are only {table.articles:,} articles")
    return true.shape[1], overlap(true, nearest_in_plane(layout, points, true.shape[1], threads))
