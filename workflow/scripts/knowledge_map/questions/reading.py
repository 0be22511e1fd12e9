"""Files of questions, read in order and checked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from knowledge_map.common.checksum import content_digest
from knowledge_map.common.errors import UserError
from knowledge_map.common.items import LONGEST_ID
from knowledge_map.common.text import shown, valid_unicode
from knowledge_map.common.vectors import unit_vector
from knowledge_map.questions.files import records_of
from knowledge_map.questions.formats.answers import decoded
from knowledge_map.questions.formats.base import Asked, QuestionFormat, RecordError
from knowledge_map.questions.formats.registry import QUESTION_FORMATS, collection_of, format_of
from knowledge_map.questions.records import Question, unreadable_lists
from knowledge_map.questions.report import QuestionReport

LONGEST_TEXT = 10_000  # characters of a question, which is its title on the map too

DEEPEST_RECORD = 50  # levels; what is nested deeper cannot be written again as JSON and as a pickle everywhere

DEEPEST_COLLECTION = 3  # levels of collections within each other

VECTOR = "embedding"
"""The field of a record with a vector that others have made."""

KNOWN_FIELDS = {
    name.lower(): name
    for name in (
        *("question", "question_text", "question_stem", "options", "choices", "correctIndex", "correct_answer", "answer"),
        *("answerKey", "answer_index", "incorrect_answers"),
    )
}
"""Fields that are taken where their names differ in case only, by their names in lower case."""


def read_questions(paths: Sequence[str | Path]) -> list[Question]:
    """Read question files in order; `read_reported_questions` says how, and tells of what was read besides."""
    return read_reported_questions(paths)[0]


def read_reported_questions(paths: Sequence[str | Path]) -> tuple[list[Question], QuestionReport]:
    """Read question files in order, and return the questions and what reading them came to.

    What a record may look like is said in `formats`; options and answer may be absent. Without an `id`, a question is known by a
    digest of its text, and where another one has that text already, by one of text, passage and options.

    Raises UserError, naming file and question, where a file or a record is not as it should be.
    """
    questions: list[Question] = []
    report = QuestionReport()
    where: dict[str, str] = {}
    whole: set[str] = set()
    for path in paths:
        for name, record in _records(path, report):
            place = f"{path}: {name}"
            question, format, asked, was_decoded = _question(record, place, report)
            digest = _whole_digest(question)
            if question.item_id in where and format.repeats and record.get("id") is None:
                if digest in whole:
                    report.repeated += 1
                    report.first_repeated = report.first_repeated or place
                    continue
                question = replace(question, item_id=f"question:{_digest(question, *question.options)}")
            if question.item_id in where:
                raise UserError(f"{place} is the same as {where[question.item_id]}; remove one or give each an `id` of its own.")
            where[question.item_id] = place
            whole.add(digest)
            questions.append(question)
            report.add(question, asked.fields, was_decoded)
    return questions, report


def _records(path: str | Path, report: QuestionReport) -> Iterator[tuple[str, Any]]:
    """Yield the records of a file with their places, those of collections among them."""
    for place, record in records_of(path):
        if place or not isinstance(record, dict):
            yield from _collected(path, place, record, report)
        elif collection_of(record) or any(format.recognizes(_in_known_case(record)[0]) for format in QUESTION_FORMATS.values()):
            yield from _collected(path, "", record, report)
        else:
            fields = f" (it has: {shown(', '.join(record))})" if record else ""
            raise UserError(f"{path}: holds a JSON dict; a list of questions is needed{fields}.")


def _collected(path: str | Path, place: str, record: Any, report: QuestionReport, depth: int = 0) -> Iterator[tuple[str, Any]]:
    collection = collection_of(record) if isinstance(record, dict) and depth < DEEPEST_COLLECTION else None
    if collection is None:
        yield place or "question 1", record
        return
    try:
        records = collection.records(record)
    except RecordError as error:
        raise _record_error(f"{path}: {place}" if place else str(path), error) from None
    if unread := collection.unread(record):
        report.parts.append(f"{shown(', '.join(f'`{name}`' for name in unread))} of {path}{f', {place}' if place else ''}")
    for number, inner in enumerate(records, start=1):
        yield from _collected(path, f"{place}, question {number}" if place else f"question {number}", inner, report, depth + 1)


def _nested_deeper(value: object, levels: int) -> bool:
    """Return whether there are more than so many lists and objects within each other."""
    level = [value]
    for _ in range(levels + 1):
        level = [inner for outer in level if isinstance(outer, list | dict) for inner in _within(outer)]
    return bool(level)


def _within(outer: list | dict) -> Iterable:
    return outer.values() if isinstance(outer, dict) else outer


def _question(record: object, place: str, report: QuestionReport) -> tuple[Question, QuestionFormat, Asked, bool]:
    """Return the question of a record, its form, what was read of it, and whether it had HTML entities.

    `place` is how messages name it.
    """
    if not isinstance(record, dict):
        raise UserError(
            f"{place} is a JSON {type(record).__name__}; each question is an object with `question` or `question_text`."
        )
    if _nested_deeper(record, DEEPEST_RECORD):
        raise UserError(f"{place} is nested more than {DEEPEST_RECORD} levels deep; take out what is no part of a question.")
    known, renamed = _in_known_case(record)
    try:
        format = format_of(known)
        asked = format.read(known)
    except RecordError as error:
        raise _record_error(place, error) from None
    report.renamed.update(renamed.items())
    written = valid_unicode(asked.text).strip()
    text = valid_unicode(decoded(written)).strip() or written
    options = tuple(decoded(option) for option in asked.options)
    if len(text) > LONGEST_TEXT:
        raise UserError(f"{place} has {len(text):,} characters; {LONGEST_TEXT:,} are the most.")
    identity = record.get("id")
    if isinstance(identity, list | dict) or len(str(identity)) > LONGEST_ID:
        raise UserError(f"{place}: `id` must be a number or a text of at most {LONGEST_ID} characters.")
    if identity is None:
        identity = content_digest([written.encode()])[:16]
    if unreadable := unreadable_lists(record):
        raise UserError(f"{place}: `{unreadable[0]}` must be a text or a list of texts.")
    data = {name: value for name, value in record.items() if name != VECTOR}
    question = Question(f"question:{valid_unicode(str(identity))}", text, options, asked.answer, data, _vector(record, place))
    read = replace(asked, fields=(*asked.fields, *renamed))
    return question, format, read, (text, options) != (written, asked.options)


def _vector(record: dict, place: str) -> bytes:
    """Return the vector that a record brings along, empty if none."""
    if record.get(VECTOR) is None:
        return b""
    try:
        return unit_vector(record[VECTOR])[0].tobytes()
    except ValueError as error:
        raise UserError(f"{place}: `{VECTOR}` is no vector ({error}); correct it, or leave it out.") from None


def _in_known_case(record: dict) -> tuple[dict, dict[str, str]]:
    """Return a record with fields renamed that differ from a known one in case only, and which they were by their new names."""
    renamed: dict[str, str] = {}
    for name in record:
        known = KNOWN_FIELDS.get(str(name).strip().lower()) or str(name)
        if known != name and known not in record and known not in renamed.values():
            renamed[name] = known
    return {renamed.get(name, name): value for name, value in record.items()} if renamed else record, renamed


def _record_error(place: str, error: RecordError) -> UserError:
    return UserError(f"{place}{'' if str(error).startswith(':') else ' '}{error}")


def _whole_digest(question: Question) -> str:
    return _digest(question, *question.options, str(question.answer))


def _digest(question: Question, *parts: str) -> str:
    """Return a digest of a question's text and passage and of other parts, 16 hexadecimal digits."""
    passage = question.data.get("article")
    texts = [question.text, passage if isinstance(passage, str) else "", *parts]
    return content_digest(valid_unicode(text).encode() + b"\0" for text in texts)[:16]
