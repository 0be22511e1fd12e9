"""What the page needs to ask the questions of a map and to estimate from the answers what a person knows."""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge_map.map.region import Region
from knowledge_map.map.table import KnowledgeMap, rows_of_titles
from knowledge_map.questions.records import Question, difficulties, source_article

SMALLEST = 0.1
"""A question region with a shorter side counts as one of this side, in units of the map."""


@dataclass(frozen=True)
class QuizSettings:
    """The settings `quiz` of the configuration, by their names there."""

    length_scale: float = 0.1
    general_level: float = 0.3
    difficulty: float = 0.5


def quiz_settings(
    knowledge_map: KnowledgeMap, questions: Sequence[Question], region: Region | None, settings: QuizSettings
) -> dict:
    """Return what holds for the whole quiz, for JSON: what names this `map`, `length_scale` in its units, `general_level`.

    `questions` are the map's, in its order. The name tells answers to the quiz of another map from those to this one; those given
    on a `former` map, from which this one has grown, are taken over.
    """
    side = max(region.x_max - region.x_min, region.y_max - region.y_min) if region else 0
    return {
        "map": knowledge_map.name,
        "former": knowledge_map.former,
        "length_scale": settings.length_scale * max(side, SMALLEST),
        "general_level": settings.general_level,
    }


def quiz_questions(knowledge_map: KnowledgeMap, questions: Sequence[Question], settings: QuizSettings) -> list[dict]:
    """Return every question for JSON: `id`, `options`, `answer` as their index or None, `difficulty`, and its `source`.

    `difficulty` is in standard deviations of knowledge; `source` is the row of its source article, -1 where it names none or
    the map has none. `knowledge_map` needs the column `title`.
    """
    records = [question.data for question in questions]
    titles = knowledge_map.table["title"].slice(0, int(knowledge_map.is_article.sum()))
    sources = rows_of_titles(titles, [source_article(record) for record in records])
    return [
        {
            "id": question.item_id,
            "options": question.options,
            "answer": question.answer,
            "difficulty": round(settings.difficulty * difficulty, 4),
            "source": int(source),
        }
        for question, difficulty, source in zip(questions, difficulties(records), sources, strict=True)
    ]
