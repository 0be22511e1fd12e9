"""What became of each question: its neighbors in both spaces, how many are the same, and where its source article went."""

import json
from pathlib import Path

import numpy as np

from knowledge_map.common.parquet import read_parquet
from knowledge_map.diagnostics.measurement import MeasurementContext
from knowledge_map.diagnostics.measures import overlap
from knowledge_map.diagnostics.neighborhoods import Neighborhoods, cosine_ranks, cosine_similarities, plane_ranks
from knowledge_map.diagnostics.rounding import distance, rounded
from knowledge_map.embedding.table import ROW_GROUP, EmbeddingTable
from knowledge_map.map.table import KnowledgeMap, rows_of_titles
from knowledge_map.questions.records import source_article

SPACES = {"embedding": "nearest_in_embedding_space", "map": "nearest_on_map"}


def read_source_articles(path: str | Path) -> list[str | None]:
    """Return the title in `source_article` of every question in the file of embed_questions, None where it names none."""
    return [source_article(json.loads(record)) for record in read_parquet(path, ["question_data"])["question_data"].to_pylist()]


def question_measures(neighborhoods: Neighborhoods, cosines: dict[str, np.ndarray], k: list[int], reach: int) -> dict[str, dict]:
    """Return the measures of every question by layout, float [questions] each.

    These are overlap@k for each k, the share of its true first k that is among `reach` on the map, and its mean cosine to
    its neighbors there (from the `neighbor_cosines`).
    """
    near = neighborhoods.embedding
    return {
        name: {
            "overlap": {str(n): overlap(near[:, :n], on_map[:, :n]) for n in k},
            "within_reach": overlap(near[:, : k[0]], on_map[:, :reach]),
            "neighbor_cosine": cosines[name],
        }
        for name, on_map in neighborhoods.layouts.items()
    }


def neighbor_cosines(table: EmbeddingTable, neighborhoods: Neighborhoods, k: int) -> dict[str, np.ndarray]:
    """Return each question's mean cosine to its k nearest in embedding space, in each layout, and to all articles.

    The mean over all articles is what random ones have: `random`, beside `embedding` and the names of the layouts.
    """
    vectors = table.vectors(start=table.articles)
    lists = {"embedding": neighborhoods.embedding, **neighborhoods.layouts}
    near = cosine_similarities(table, vectors, np.hstack([rows[:, :k] for rows in lists.values()]))
    means = near.reshape(len(vectors), len(lists), -1).mean(axis=2).T if near.size else np.empty((len(lists), 0))
    return dict(zip(lists, means, strict=True)) | {"random": vectors @ mean_article(table)}


def mean_article(table: EmbeddingTable) -> np.ndarray:
    """Return the mean of all articles' vectors, float32 [D]."""
    total = np.zeros(table.dimension)
    for first, vectors in table.blocks(ROW_GROUP):
        total += vectors[: max(table.articles - first, 0)].sum(axis=0, dtype=np.float64)
    return (total / table.articles).astype(np.float32)


def question_records(
    context: MeasurementContext,
    knowledge_map: KnowledgeMap,
    neighborhoods: Neighborhoods,
    measures: dict[str, dict],
    cosines: dict[str, np.ndarray],
    source_articles: list[str | None],
) -> list[dict]:
    """Return for every question its position, its k nearest articles in embedding space and on the map, and its measures.

    `measures` are the `question_measures`, `cosines` the `neighbor_cosines`, and `source_articles` the titles the questions
    name, None where they name none. k is the first one of the settings.
    """
    table, layout, threads, k = context.table, context.layouts["map"], context.threads, context.settings.k[0]
    names = knowledge_map.table.select(["item_id", "title"])
    sources = rows_of_titles(names["title"][: table.articles], source_articles)
    lists = [neighborhoods.embedding[:, :k], neighborhoods.layouts["map"][:, :k]]
    width = lists[0].shape[1]
    rows = np.hstack([*lists, np.maximum(sources, 0)[:, None]])
    similarities, embedding_ranks = cosine_ranks(table, table.vectors(start=table.articles), rows, threads)
    distances, map_ranks = plane_ranks(layout, layout.questions, rows, threads)

    def article(number: int, column: int) -> dict:
        return {
            "row": int(rows[number, column]),
            "similarity": rounded(similarities[number, column]),
            "embedding_rank": int(embedding_ranks[number, column]),
            "map_distance": distance(distances[number, column]),
            "map_rank": int(map_ranks[number, column]),
        }

    def source(number: int) -> dict | None:
        if (title := source_articles[number]) is None:
            return None
        in_corpus, found = bool(sources[number] >= 0), article(number, -1)
        return {"title": title, "in_corpus": in_corpus} | (found if in_corpus else dict.fromkeys(found))

    records = []
    for number, question in enumerate(names.slice(table.articles).to_pylist()):
        neighbors = [
            named | article(number, column) | {"in_both": all(rows[number, column] in near[number] for near in lists)}
            for column, named in enumerate(names.take(rows[number, :-1]).to_pylist())
        ]
        x, y = layout.questions[number]
        records.append(
            {
                **question,
                "x": rounded(x),
                "y": rounded(y),
                "overlap": {
                    name: {n: rounded(values[number]) for n, values in of_layout["overlap"].items()}
                    for name, of_layout in measures.items()
                },
                "within_reach": {name: round(width * of_layout["within_reach"][number]) for name, of_layout in measures.items()},
                "mean_cosine": {name: rounded(values[number]) for name, values in cosines.items()},
                "source_article": source(number),
                "nearest_in_embedding_space": neighbors[:width],
                "nearest_on_map": neighbors[width:],
            }
        )
    return records
