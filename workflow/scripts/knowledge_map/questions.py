"""The questions of the quiz: read from the lab's two kinds of JSON file, checked, and carried along whole."""

import hashlib
import json
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge_map.errors import UserError
from knowledge_map.sources.articles import LONGEST_ID, valid_unicode
from knowledge_map.sources.opening import shown

LARGEST_FILE = 1 << 25  # bytes; it is read whole
LONGEST_TEXT = 10_000  # characters of a question, which is its title on the map too
DEEPEST_RECORD = 50  # levels; what is nested deeper cannot be written again as JSON and as a pickle everywhere


@dataclass(frozen=True)
class Question:
    """One question; `data` is its record as it stood in the file, unknown fields included."""

    item_id: str
    text: str
    options: tuple[str, ...]
    answer: int | None
    data: dict


def read_questions(paths: Sequence[str | Path]) -> list[Question]:
    """Read question files in order.

    A record is `{question, options: [...], correctIndex, ...}` or `{id, question_text, options: {A: ...}, correct_answer, ...}`;
    options and answer may be absent. Without an `id`, a question is known by a digest of its text.
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


def source_article(record: dict) -> str | None:
    """Return the title in a question's `source_article`, None where it names none."""
    title = record.get("source_article")
    return valid_unicode(title).strip() or None if isinstance(title, str) else None


def difficulties(records: Sequence[dict]) -> list[float]:
    """Return every question's `difficulty` in standard deviations from the mean, 0 where it has none; any scale will do."""
    values = np.array([value if _is_number(value := record.get("difficulty")) else np.nan for record in records], float)
    given = np.isfinite(values)
    if len(set(values[given])) < 2:
        return [0.0] * len(records)
    return np.where(given, (values - values[given].mean()) / values[given].std(), 0).tolist()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _records(path: str | Path) -> list:
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise UserError(f"{path}: cannot be read (it is no plain file); mend `questions` in the configuration.")
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise UserError(f"{path}: more than {LARGEST_FILE:,} bytes; is this a file of questions? Divide it if it is.")
        records = json.loads(content.decode("utf-8-sig"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; mend `questions` in the configuration.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); mend `questions` in the configuration.") from None
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
    if not isinstance(record, dict):
        raise UserError(
            f"{place} is a JSON {type(record).__name__}; each question is an object with `question` or `question_text`."
        )
    text = record.get("question", record.get("question_text"))
    if not isinstance(text, str) or not text.strip():
        raise UserError(f"{place} has no text; give it `question` or `question_text`.")
    text = valid_unicode(text).strip()
    if len(text) > LONGEST_TEXT:
        raise UserError(f"{place} has {len(text):,} characters; {LONGEST_TEXT:,} are the most.")
    if _nested_deeper(record, DEEPEST_RECORD):
        raise UserError(f"{place} is nested more than {DEEPEST_RECORD} levels deep; take out what is no part of a question.")
    options, keys = _options(record.get("options"), place)
    identity = record.get("id")
    if isinstance(identity, list | dict) or len(str(identity)) > LONGEST_ID:
        raise UserError(f"{place}: `id` must be a number or a text of at most {LONGEST_ID} characters.")
    if identity is None:
        identity = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Question(f"question:{valid_unicode(str(identity))}", text, options, _answer(record, options, keys, place), record)


def _options(options: object, place: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the options and the keys they go by (none for a list)."""
    if options is None:
        return (), []
    values = list(options.values()) if isinstance(options, dict) else options
    if not isinstance(values, list) or not all(isinstance(value, str | int | float) for value in values):
        raise UserError(f"{place}: `options` must be a list of texts or an object of texts.")
    return tuple(valid_unicode(str(value)) for value in values), list(options) if isinstance(options, dict) else []


def _answer(record: dict, options: tuple[str, ...], keys: list[str], place: str) -> int | None:
    if (index := record.get("correctIndex")) is not None:
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(options):
            raise UserError(
                f"{place}: correctIndex is {shown(repr(index))}, but there are {len(options)} options (0 to {len(options) - 1})."
            )
        return index
    if (key := record.get("correct_answer")) is not None:
        if key not in keys:
            raise UserError(
                f"{place}: correct_answer is {shown(repr(key))}, which is none of its options ({shown(', '.join(keys))})."
            )
        return keys.index(key)
    return None
