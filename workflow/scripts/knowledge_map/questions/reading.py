"""Files of questions, read in order and checked."""

import json
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from knowledge_map.common.checksum import content_digest
from knowledge_map.common.errors import UserError
from knowledge_map.common.items import LONGEST_ID
from knowledge_map.common.text import valid_unicode
from knowledge_map.questions.formats.base import RecordError
from knowledge_map.questions.formats.registry import format_of
from knowledge_map.questions.records import Question

LARGEST_FILE = 1 << 25  # bytes; it is read whole

LONGEST_TEXT = 10_000  # characters of a question, which is its title on the map too

DEEPEST_RECORD = 50  # levels; what is nested deeper cannot be written again as JSON and as a pickle everywhere


def read_questions(paths: Sequence[str | Path]) -> list[Question]:
    """Read question files in order.

    What a record may look like is said in `formats`; options and answer may be absent. Without an `id`, a question is known by a
    digest of its text.

    Raises UserError, naming file and question, where a file or a record is not as it should be.
    """
    questions: list[Question] = []
    where: dict[str, str] = {}
    for path in paths:
        for number, record in enumerate(_records(path), start=1):
            place = f"{path}: question {number}"
            question = _question(record, place)
            if question.item_id in where:
                raise UserError(f"{place} is the same as {where[question.item_id]}; remove one or give each an `id` of its own.")
            where[question.item_id] = place
            questions.append(question)
    return questions


def _records(path: str | Path) -> list:
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise UserError(f"{path}: cannot be read (it is no plain file); fix `questions` in the configuration.")
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise UserError(f"{path}: more than {LARGEST_FILE:,} bytes; is this a file of questions? Divide it if it is.")
        records = json.loads(content.decode("utf-8-sig"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; fix `questions` in the configuration.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); fix `questions` in the configuration.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: line {error.lineno}, column {error.colno}: not JSON ({error.msg}).") from None
    except (RecursionError, ValueError) as error:
        raise UserError(f"{path}: not readable as JSON ({error}).") from None
    if not isinstance(records, list):
        raise UserError(f"{path}: holds a JSON {type(records).__name__}; a list of questions is needed.")
    return records


def _nested_deeper(value: object, levels: int) -> bool:
    """Return whether there are more than so many lists and objects within each other."""
    level = [value]
    for _ in range(levels + 1):
        level = [inner for outer in level if isinstance(outer, list | dict) for inner in _within(outer)]
    return bool(level)


def _within(outer: list | dict) -> Iterable:
    return outer.values() if isinstance(outer, dict) else outer


def _question(record: object, place: str) -> Question:
    """Return the question of a record; `place` is how messages name it."""
    if not isinstance(record, dict):
        raise UserError(
            f"{place} is a JSON {type(record).__name__}; each question is an object with `question` or `question_text`."
        )
    if _nested_deeper(record, DEEPEST_RECORD):
        raise UserError(f"{place} is nested more than {DEEPEST_RECORD} levels deep; take out what is no part of a question.")
    try:
        asked = format_of(record).read(record)
    except RecordError as error:
        raise UserError(f"{place}{'' if str(error).startswith(':') else ' '}{error}") from None
    text = valid_unicode(asked.text).strip()
    if len(text) > LONGEST_TEXT:
        raise UserError(f"{place} has {len(text):,} characters; {LONGEST_TEXT:,} are the most.")
    identity = record.get("id")
    if isinstance(identity, list | dict) or len(str(identity)) > LONGEST_ID:
        raise UserError(f"{place}: `id` must be a number or a text of at most {LONGEST_ID} characters.")
    if identity is None:
        identity = content_digest([text.encode()])[:16]
    return Question(f"question:{valid_unicode(str(identity))}", text, asked.options, asked.answer, record)
