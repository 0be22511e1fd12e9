"""RACE: questions about a passage, each with the letter of the right option.

As on the hub, a record is one question. In the files of its authors it is a passage with lists of questions, options and answers.
"""

import json

from knowledge_map.questions.formats.answered import has_answer, read_answered
from knowledge_map.questions.formats.base import QuestionCollection, QuestionFormat, RecordError

LARGEST_PASSAGES = 1 << 28
"""Characters that a passage may take up in all its questions together, each of which carries it along."""


def _records(passage: dict) -> list[dict]:
    """Return the questions of a passage in the form that the hub has: the passage's `id` is called `example_id` there.

    Raises RecordError where its lists are not of one length.
    """
    lists = [passage[name] for name in ("questions", "options", "answers")]
    if not all(isinstance(values, list) and len(values) == len(lists[0]) for values in lists):
        raise RecordError(": `questions`, `options` and `answers` of a passage must be lists of the same length.")
    rest = {{"id": "example_id"}.get(name, name): value for name, value in passage.items() if name not in SINGLE}
    if _characters(rest) * len(lists[0]) > LARGEST_PASSAGES:
        raise RecordError(f": its passage is too long for {len(lists[0]):,} questions; divide it.")
    return [rest | dict(zip(SINGLE.values(), values, strict=True)) for values in zip(*lists, strict=True)]


def _characters(value: object) -> int:
    try:
        return len(json.dumps(value))
    except (RecursionError, ValueError):
        raise RecordError(": its passage is nested too deeply.") from None


SINGLE = {"questions": "question", "options": "options", "answers": "answer"}

FORMATS = (
    QuestionFormat(
        name="race",
        fields='{article, question, options: [...], answer: "B"}',
        recognizes=lambda record: "article" in record and has_answer(record),
        read=lambda record: read_answered(record, letters=True),
    ),
)

COLLECTIONS = (
    QuestionCollection(
        name="race passage",
        fields="{article, questions: [...], options: [[...], ...], answers: [...]}",
        recognizes=lambda value: all(name in value for name in ("article", *SINGLE)),
        records=_records,
    ),
)
