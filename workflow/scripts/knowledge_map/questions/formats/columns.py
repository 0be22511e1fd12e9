"""Options in columns of their own, as spreadsheets have them and the CSV files of MMLU: A, B, C, D, or option1, option2."""

import re

from knowledge_map.questions.formats.answers import by_index, by_key, has_text, is_missing, options_of, text_field, text_of
from knowledge_map.questions.formats.base import Asked, QuestionFormat

NAME = re.compile(r"(?:(?:option|choice|answer)[ _-]?)?([a-j])|(?:option|choice|answer)[ _-]?([1-9]|10)", re.IGNORECASE)

ANSWERS = ("answer", "correct_answer")


def _keys(record: dict) -> dict[str, str]:
    """Return the names of the columns of options by their keys, in the order of the keys."""
    found = {}
    for name in record:
        if match := NAME.fullmatch(name.strip()):
            found.setdefault((match[1] or match[2]).upper(), name)
    return dict(sorted(found.items(), key=lambda item: (len(item[0]), item[0])))


def _recognizes(record: dict) -> bool:
    others = (record.get(name) is not None for name in ("options", "choices", "incorrect_answers", "distractor1"))
    if not has_text(record) or any(others):
        return False
    keys = _keys(record)
    return {"A", "B"} <= keys.keys() or {"1", "2"} <= keys.keys()


def _read(record: dict) -> Asked:
    given = {key: name for key, name in _keys(record).items() if not is_missing(record[name])}
    options, keys = options_of({key: record[name] for key, name in given.items()}, "the columns of options")
    index = record.get("correctIndex")
    if not is_missing(index):
        answer = by_index("correctIndex", index, len(options))
    else:
        field = next((name for name in ANSWERS if not is_missing(record.get(name))), "answer")
        answer = by_key(field, record.get(field), options, keys)
    return Asked(text_of(record, text_field(record)), options, answer, ("correctIndex", *ANSWERS, *_keys(record).values()))


FORMATS = (QuestionFormat(name="columns", fields='{question, A, B, C, D, answer: "C"}', recognizes=_recognizes, read=_read),)
