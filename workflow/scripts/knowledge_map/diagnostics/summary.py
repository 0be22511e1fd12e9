"""All measures of a map: every layout beside the others, with chance levels and intervals."""

from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from knowledge_map.common.progress import log
from knowledge_map.diagnostics.articles import article_measures, order_at_large
from knowledge_map.diagnostics.coverage import among_articles, bounds, coverage, region_record
from knowledge_map.diagnostics.criteria import criteria
from knowledge_map.diagnostics.estimates import correlated, estimated, rounded_or_none
from knowledge_map.diagnostics.layouts import Layout
from knowledge_map.diagnostics.measurement import MeasurementContext, Settings
from knowledge_map.diagnostics.measures import overlap_by_chance, rank_fidelity_by_chance
from knowledge_map.diagnostics.neighborhoods import check_finite, copies_in_embedding_space, pairs_within, question_neighborhoods
from knowledge_map.diagnostics.question_weight import placed_later, price_of_question_weight
from knowledge_map.diagnostics.questions import neighbor_cosines, question_measures, question_records
from knowledge_map.diagnostics.rounding import mean, rounded
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.table import KnowledgeMap


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

    Exact searches, streamed over the table: memory holds the map, the samples and, at a time, one block of vectors and its
    products.
    """
    check_finite(table)
    context = MeasurementContext(table, layouts, settings, threads, np.random.default_rng(settings.seed))
    with threadpool_limits(1):  # a sum by several threads would depend on them; the searches have threads of their own
        log.info(f"neighbors of {table.questions:,} questions among {table.articles:,} articles")
        neighborhoods = question_neighborhoods(table, layouts, max(*settings.k, settings.reach), threads)
        cosines = neighbor_cosines(table, neighborhoods, settings.k[0])
        of_questions = question_measures(neighborhoods, cosines, settings.k, settings.reach)
        sources = source_articles or [None] * table.questions
        records = question_records(context, knowledge_map, neighborhoods, of_questions, cosines, sources)

        rows = context.draw(settings.sample_of(table.articles))
        log.info(f"neighbors and ranks of {len(rows):,} of {table.articles:,} articles")
        vectors = table.take(rows)
        of_articles = article_measures(context, rows, vectors)
        of_triplets, of_pairs = order_at_large(context)

        log.info("coverage, duplicates and the price of the question weight")
        recall = {name: measures["article_recall"] for name, measures in of_articles.items()}
        weight = price_of_question_weight(context, neighborhoods.embedding[:, : settings.k[0]], vectors, recall)
        chance = chance_levels(context, cosines["random"])
        estimates = [
            *(estimated(values, settings.resamples, context.rng) for values in (of_questions, of_articles, of_triplets)),
            correlated(of_pairs, settings.resamples, context.rng),
        ]
        summary = {
            "counts": {
                "items": table.rows,
                "articles": table.articles,
                "questions": table.questions,
                "dimension": table.dimension,
            },
            "sample": {
                "articles": len(rows),
                "triplets": len(of_triplets["map"]["triplet_accuracy"]),
                "pairs": len(of_pairs["map"]),
                "resamples": settings.resamples,
                "seed": settings.seed,
            },
            "refined": not np.array_equal(layouts["map"].articles, layouts["raw"].articles),
            "layouts": {
                name: _joined(name, [means for means, _ in estimates]) | spread(layout, settings.cells, threads)
                for name, layout in layouts.items()
            },
            "intervals": {name: _joined(name, [intervals for _, intervals in estimates]) for name in layouts},
            "chance": chance,
            "duplicates": {"pairs_with_one_vector": copies_in_embedding_space(table, settings.seed)},
            "regions": [
                {"layout": name} | region_record(layout, padding)
                for name, layout in layouts.items()
                for padding in settings.padding
            ],
            "question_weight": weight,
            "placed_later": placed_later(context, projection),
        }
    return records, summary | {"criteria": criteria(summary, settings)}


def _joined(layout: str, by_layout: list[dict[str, dict]]) -> dict:
    """Return all measures of one layout."""
    return {measure: value for measures in by_layout for measure, value in measures[layout].items()}


def spread(layout: Layout, cells: int, threads: int) -> dict:
    """Return how a layout uses the plane: its coverage, what lies on one spot, and how far it reaches."""
    return {
        "coverage": coverage(layout, cells, threads),
        "pairs_on_one_spot": pairs_within(layout.articles, 0),
        "questions_among_articles": among_articles(layout),
        "bounds": {
            "items": bounds(np.vstack([layout.articles, layout.questions])),
            "articles": bounds(layout.articles),
            "questions": bounds(layout.questions),
        },
    }


def chance_levels(context: MeasurementContext, cosines: np.ndarray) -> dict:
    """Return what each measure would be by chance; `cosines` are the questions' to random articles, float [questions].

    That of the coverage is measured on as many articles thrown at random over the square.
    """
    settings, articles = context.settings, context.table.articles
    fidelity = {str(n): rounded_or_none(rank_fidelity_by_chance(n, articles)) for n in settings.recall_k}
    thrown = Layout(context.rng.uniform(size=(articles, 2)), np.empty((0, 2)))
    return {
        "overlap": {str(n): rounded(overlap_by_chance(n, articles)) for n in settings.k},
        "within_reach": rounded(overlap_by_chance(settings.reach, articles)),
        "neighbor_cosine": mean(cosines),
        "article_recall": {str(n): rounded(overlap_by_chance(n, articles - 1)) for n in settings.recall_k},
        "trustworthiness": fidelity,
        "continuity": fidelity,
        "triplet_accuracy": 0.5,
        "spearman": 0.0,
        "coverage": coverage(thrown, settings.cells, context.threads),
    }
