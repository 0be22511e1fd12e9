"""All measures of a map: every layout beside the others, with chance levels and intervals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from knowledge_map.diagnostics.criteria import criteria
from knowledge_map.diagnostics.evenness import among_articles, bounds, evenness, region_record
from knowledge_map.diagnostics.layouts import Layout
from knowledge_map.diagnostics.measures import (
    correlation,
    distance_ranks,
    interval,
    moments,
    overlap_by_chance,
    random_pairs,
    random_triplets,
    rank_fidelity,
    rank_fidelity_by_chance,
    resampled_means,
    triplets_kept,
)
from knowledge_map.diagnostics.neighborhoods import (
    Neighborhoods,
    article_neighborhoods,
    check_finite,
    copies_in_embedding_space,
    cosine_ranks,
    pairs_within,
    plane_ranks,
    question_neighborhoods,
)
from knowledge_map.diagnostics.numbers import mean, rounded
from knowledge_map.diagnostics.questions import neighbor_cosines, question_measures, question_records
from knowledge_map.diagnostics.settings import Settings
from knowledge_map.diagnostics.weight import article_recall, far_from_questions, placed_later, pulled_and_others
from knowledge_map.map_table import KnowledgeMap
from knowledge_map.progress import log
from knowledge_map.table import EmbeddingTable


def measure_map(
    table: EmbeddingTable,
    knowledge_map: KnowledgeMap,
    layouts: dict[str, Layout],
    settings: Settings,
    threads: int,
    source_articles: list[str | None] | None = None,
    projection: str | Path | None = None,
) -> tuple[list[dict], dict]:
    """Return the record of every question (as in neighbors.json) and the summary (as in summary.json).

    Parameters
    ----------
    table, knowledge_map, layouts : the vectors, the map with the columns item_id and title, and its `layouts_of`.
    settings : what to measure.
    threads : CPU threads; the numbers do not depend on them.
    source_articles : the title each question names as its source, None where it names none.
    projection : projection.parquet with questions placed later, None where there is none.

    Exact searches, streamed over the table: memory holds the map, the sample and, at a time, one block of vectors and its
    products.
    """
    check_finite(table)
    questions, summary = _measure(table, knowledge_map, layouts, settings, threads, source_articles, projection)
    summary["criteria"] = criteria(summary, settings)
    return questions, summary


def _measure(table, knowledge_map, layouts, settings, threads, source_articles, projection):
    rng = np.random.default_rng(settings.seed)
    k, articles = settings.k, table.articles
    with threadpool_limits(threads):
        log.info(f"neighbors of {table.questions:,} questions among {articles:,} articles")
        neighborhoods = question_neighborhoods(table, layouts, max(*k, settings.reach), threads)
        of_questions = {name: question_measures(neighborhoods, name, k, settings.reach) for name in layouts}
        cosines = neighbor_cosines(table, neighborhoods, k[0])
        records = question_records(
            table,
            knowledge_map,
            layouts["map"],
            neighborhoods,
            of_questions,
            cosines,
            source_articles or [None] * table.questions,
            k[0],
            threads,
        )
        for name, values in of_questions.items():
            values["neighbor_cosine"] = cosines[name]

        rows = sampled(articles, settings, rng)
        log.info(f"neighbors and ranks of {len(rows):,} of {articles:,} articles")
        vectors = table.take(rows)
        around = article_neighborhoods(table, layouts, rows, max(settings.recall_k), threads)
        of_articles = _article_measures(table, layouts, rows, vectors, around, settings.recall_k, threads)
        of_triplets, of_pairs = _global_measures(table, layouts, settings, rng)

        log.info("evenness, duplicates and the price of the question weight")
        spread = {name: evenness(layout, settings.cells, threads) for name, layout in layouts.items()}
        at_random = evenness(Layout(rng.uniform(size=(articles, 2)), np.empty((0, 2))), settings.cells, threads)
        later = _placed_later(projection, layouts["map"], table, settings, rng, threads)
        recall = {name: values["article_recall"] for name, values in of_articles.items()}
        weight = _price_of_weight(table, layouts, neighborhoods, vectors, recall, settings, rng, threads)
        copies = copies_in_embedding_space(table, settings.seed)

    estimates = [estimated(values, settings.resamples, rng) for values in (of_questions, of_articles, of_triplets)] + [
        correlated(of_pairs, settings.resamples, rng)
    ]
    summary = {
        "counts": {
            "items": table.rows,
            "articles": articles,
            "questions": table.questions,
            "dimension": table.dimension,
        },
        "sample": {
            "articles": len(rows),
            "triplets": len(next(iter(of_triplets.values()))["triplet_accuracy"]),
            "pairs": len(next(iter(of_pairs.values()))),
            "resamples": settings.resamples,
            "seed": settings.seed,
        },
        "refined": not np.array_equal(layouts["map"].articles, layouts["umap"].articles),
        "layouts": {
            name: {
                **{measure: value for means, _ in estimates for measure, value in means[name].items()},
                "evenness": spread[name],
                "pairs_on_one_spot": pairs_within(layout.articles, 0),
                "questions_among_articles": among_articles(layout),
                "bounds": {
                    "items": bounds(np.vstack([layout.articles, layout.questions])),
                    "articles": bounds(layout.articles),
                    "questions": bounds(layout.questions),
                },
            }
            for name, layout in layouts.items()
        },
        "intervals": {
            name: {measure: value for _, intervals in estimates for measure, value in intervals[name].items()} for name in layouts
        },
        "chance": _chance(settings, articles, cosines["random"]) | {"evenness": at_random},
        "duplicates": {"pairs_with_one_vector": copies},
        "regions": [
            {"layout": name} | region_record(layout, fraction)
            for name, layout in layouts.items()
            for fraction in settings.padding
        ],
        "weight": weight,
        "placed_later": later,
    }
    return records, summary


def sampled(articles: int, settings: Settings, rng: np.random.Generator) -> np.ndarray:
    """Return the rows of the articles that are measured: all up to a number, else a random sample in order, int [n]."""
    if articles <= settings.exact_up_to:
        return np.arange(articles)
    return np.sort(rng.choice(articles, min(settings.sample, articles), replace=False))


def _article_measures(
    table: EmbeddingTable,
    layouts: dict[str, Layout],
    rows: np.ndarray,
    vectors: np.ndarray,
    around: Neighborhoods,
    k: list[int],
    threads: int,
) -> dict[str, dict]:
    """Return recall, trustworthiness and continuity of the articles `rows` by layout and k, float [rows] each."""
    near_on_maps = list(around.layouts.values())
    _, ranks = cosine_ranks(table, vectors, np.hstack(near_on_maps), threads, own=rows)
    embedding_ranks = dict(zip(layouts, np.split(ranks, len(layouts), axis=1), strict=True))
    recall = article_recall(around, k)
    measures = {}
    for name, layout in layouts.items():
        _, map_ranks = plane_ranks(layout, layout.articles[rows], around.embedding, threads, are_articles=True)
        measures[name] = {"article_recall": recall[name]} | {
            measure: {str(n): rank_fidelity(_first(of_neighbors, n), table.articles) for n in k}
            for measure, of_neighbors in [("trustworthiness", embedding_ranks[name]), ("continuity", map_ranks)]
        }
    return measures


def _first(ranks: np.ndarray, k: int) -> np.ndarray:
    """Return the first k columns; none where there are fewer, since a measure of k neighbors is not one of fewer."""
    return ranks[:, :k] if ranks.shape[1] >= k else ranks[:, :0]


def _global_measures(
    table: EmbeddingTable, layouts: dict[str, Layout], settings: Settings, rng: np.random.Generator
) -> tuple[dict[str, dict], dict[str, np.ndarray]]:
    """Return by layout which random triplets of articles are kept, and the distance ranks of random pairs.

    They are drawn among so many articles as fit into memory, since many triplets of few articles would tell little more.
    """
    most = min(max(settings.exact_up_to, settings.sample), table.articles)
    rows = np.sort(rng.choice(table.articles, most, replace=False))
    vectors = table.take(rows)
    triplets = random_triplets(len(rows), settings.triplets, rng)
    pairs = random_pairs(len(rows), settings.pairs, rng)
    places = {name: layout.articles[rows] for name, layout in layouts.items()}
    return (
        {name: {"triplet_accuracy": triplets_kept(vectors, place, triplets)} for name, place in places.items()},
        {name: distance_ranks(vectors, place, pairs) for name, place in places.items()},
    )


def _price_of_weight(
    table: EmbeddingTable,
    layouts: dict[str, Layout],
    neighborhoods: Neighborhoods,
    vectors: np.ndarray,
    recall: dict[str, dict[str, np.ndarray]],
    settings: Settings,
    rng: np.random.Generator,
    threads: int,
) -> dict[str, dict] | None:
    """Return the recall of articles near to and far from the questions, by group, layout and k; None without questions.

    `vectors` and `recall` are those of the sampled articles.
    """
    if not table.questions:
        return None
    most = settings.exact_up_to if table.articles <= settings.exact_up_to else settings.sample
    pulled, others = pulled_and_others(neighborhoods.embedding[:, : settings.k[0]], table.articles, most, rng)
    far = far_from_questions(vectors, table.vectors(start=table.articles))
    around = article_neighborhoods(table, layouts, np.concatenate([pulled, others]), max(settings.recall_k), threads)
    of_both = article_recall(around, settings.recall_k)
    groups = {
        "near": over(of_both, lambda values: values[: len(pulled)]),
        "others": over(of_both, lambda values: values[len(pulled) :]),
        "far": over(recall, lambda values: values[far] if len(values) else values),
    }
    counts = {"near": len(pulled), "others": len(others), "far": int(far.sum())}
    price = {}
    for name, values in groups.items():
        means, intervals = estimated(values, settings.resamples, rng)
        price[name] = {"articles": counts[name], "article_recall": means, "intervals": intervals}
    return price


def _placed_later(
    projection: str | Path | None,
    layout: Layout,
    table: EmbeddingTable,
    settings: Settings,
    rng: np.random.Generator,
    threads: int,
) -> dict | None:
    """Return how the questions placed later fared, None where there are none."""
    if projection is None:
        return None
    k, overlaps = placed_later(projection, layout, table, settings.k[0], threads)
    means, intervals = estimated({"overlap": overlaps}, settings.resamples, rng)
    return {"questions": len(overlaps), "k": k, "overlap": means["overlap"], "interval": intervals["overlap"]}


def _chance(settings: Settings, articles: int, cosines: np.ndarray) -> dict:
    """Return what each measure would be by chance; `cosines` are the questions' to random articles."""
    others = articles - 1
    fidelity = {str(n): _rounded(rank_fidelity_by_chance(n, articles)) for n in settings.recall_k}
    return {
        "overlap": {str(n): rounded(overlap_by_chance(n, articles)) for n in settings.k},
        "within_reach": rounded(overlap_by_chance(settings.reach, articles)),
        "neighbor_cosine": mean(cosines),
        "article_recall": {str(n): rounded(overlap_by_chance(n, others)) for n in settings.recall_k},
        "trustworthiness": fidelity,
        "continuity": fidelity,
        "triplet_accuracy": 0.5,
        "spearman": 0.0,
    }


# Means and their intervals


def over(values: dict, function: Callable) -> dict:
    """Return nested dicts of the same shape with `function` of every value."""
    return {name: over(value, function) if isinstance(value, dict) else function(value) for name, value in values.items()}


def estimated(values: dict, resamples: int, rng: np.random.Generator) -> tuple[dict, dict]:
    """Return means and 95 % bootstrap intervals of nested dicts of arrays over the same units; None of empty arrays.

    All are resampled alike, so that layouts are compared on the same units.
    """
    arrays: list[np.ndarray] = []
    over(values, lambda array: arrays.append(array) if len(array) else None)
    resampled = iter(resampled_means(np.column_stack(arrays).astype(float), resamples, rng).T if arrays else ())
    return over(values, mean), over(values, lambda array: _both(interval(next(resampled))) if len(array) else None)


def correlated(ranks: dict[str, np.ndarray], resamples: int, rng: np.random.Generator) -> tuple[dict, dict]:
    """Return Spearman's correlation of the distance ranks of every layout, and its 95 % bootstrap interval over the pairs."""
    means, intervals = {}, {}
    columns = np.hstack([moments(pair) for pair in ranks.values()])
    resampled = resampled_means(columns, resamples, rng) if len(columns) else np.empty((0, columns.shape[1]))
    for number, name in enumerate(ranks):
        part = slice(5 * number, 5 * number + 5)
        value = correlation(columns[:, part].mean(axis=0, keepdims=True))[0] if len(columns) else None
        means[name], intervals[name] = (
            {"spearman": _rounded(value)},
            {"spearman": _both(interval(correlation(resampled[:, part])))},
        )
    return means, intervals


def _both(limits: tuple[float, float] | None) -> list[float] | None:
    return None if limits is None else [rounded(limit) for limit in limits]


def _rounded(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else rounded(value)
