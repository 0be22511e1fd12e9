"""What the page needs to ask the questions of a map and to estimate from the answers what a person knows."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge_map.common.checksum import content_digest
from knowledge_map.common.progress import log
from knowledge_map.map.region import Region, domain_regions
from knowledge_map.map.table import KnowledgeMap, rows_of_titles
from knowledge_map.questions.domains import Domain, domain_levels, domain_members, domains_of
from knowledge_map.questions.records import Question, concepts_tested, difficulties, source_article
from knowledge_map.views.page.formulas import FormulaReport, formula_parts

SMALLEST = 0.1
"""A question region with a shorter side counts as one of this side, in units of the map."""


@dataclass(frozen=True)
class QuizSettings:
    """The settings `quiz` of the configuration, by their names there."""

    length_scale: float = 0.1
    general_level: float = 0.3
    difficulty: float = 0.5
    shuffle_options: bool = True


def quiz_settings(
    knowledge_map: KnowledgeMap, questions: Sequence[Question], region: Region | None, settings: QuizSettings
) -> dict:
    """Return what holds for the whole quiz, for JSON: `map`, `questions`, `length_scale` in the map's units, and settings.

    `questions` are the map's, in its order. `map` tells answers to the quiz of another map from those to this one; those given on
    a `former` map, from which this one has grown, are taken over. `questions` follows from these alone, with options and answers.
    """
    asked = json.dumps([[question.item_id, question.text, question.options, question.answer] for question in questions])
    side = max(region.x_max - region.x_min, region.y_max - region.y_min) if region else 0
    return {
        "map": knowledge_map.name,
        "former": knowledge_map.former,
        "questions": content_digest([asked.encode()])[:12],
        "length_scale": settings.length_scale * max(side, SMALLEST),
        "general_level": settings.general_level,
        "shuffle_options": settings.shuffle_options,
    }


def quiz_questions(knowledge_map: KnowledgeMap, questions: Sequence[Question], settings: QuizSettings) -> list[dict]:
    """Return every question for JSON: `id`, `options`, `answer` as their index or None, `difficulty`, and its `source`.

    `difficulty` is in standard deviations of knowledge; `source` is the row of its source article, -1 where it names none or
    the map has none. A question that tests concepts has `concepts`; one with formulas has `parts`: those of its text and of each
    option, None where one has no formula. `knowledge_map` needs the column `title`.
    """
    records = [question.data for question in questions]
    titles = knowledge_map.table["title"].slice(0, int(knowledge_map.is_article.sum()))
    sources = rows_of_titles(titles, [source_article(record) for record in records])
    report = FormulaReport()
    told = [
        {
            "id": question.item_id,
            "options": question.options,
            "answer": question.answer,
            "difficulty": round(settings.difficulty * difficulty, 4),
            "source": int(source),
            **({"concepts": concepts} if (concepts := concepts_tested(question.data)) else {}),
            **({"parts": parts} if any(parts := _parts(question, report)) else {}),
        }
        for question, difficulty, source in zip(questions, difficulties(records), sources, strict=True)
    ]
    for line in report.lines():
        log.info(line)
    return told


def _parts(question: Question, report: FormulaReport) -> list:
    return [formula_parts(text, report) for text in (question.text, *question.options)]


def quiz_domains(
    knowledge_map: KnowledgeMap, questions: Sequence[Question], named: Sequence[Domain], region_padding: float
) -> list[dict]:
    """Return the domains that have questions for JSON, each before those below it: `name`, `level`, `region`, `questions`.

    `questions` are the map's, in its order, and among those of a domain by their numbers in it; `level` is 0 at the top. `named`
    are the domains of a file; those that only questions name come behind them.
    """
    domains = domains_of(questions, named)
    members = domain_members(domains, questions)
    positions = knowledge_map.positions[~knowledge_map.is_article]
    regions, levels = domain_regions(domains, members, positions, region_padding), domain_levels(domains)
    return [
        {
            "name": domains[row].name,
            "level": levels[row],
            "region": region.as_dict() if (region := regions[row]) else None,
            "questions": members[row].nonzero()[0].tolist(),
        }
        for row in _tree_order(domains, None)
        if members[row].any()
    ]


def _tree_order(domains: Sequence[Domain], parent: str | None) -> Iterator[int]:
    """Yield the rows of the domains below `parent`, each followed by those below it."""
    for row, domain in enumerate(domains):
        if domain.parent_id == parent:
            yield row
            yield from _tree_order(domains, domain.id)
