"""ARC and OpenBookQA: choices with labels, and the label of the right one.

On the hub, the choices are two lists, texts and labels. In the files of their authors, `question` is an object that has the text
as `stem` and the choices as a list.
"""

import re

from knowledge_map.questions.formats.answers import by_key, is_missing, labelled_options, text_of
from knowledge_map.questions.formats.base import Asked, QuestionFormat

READ = ("choices", "answerKey")


def _read(text: str, choices: object, key: object) -> Asked:
    options, labels = labelled_options(choices)
    return Asked(text, options, by_key("answerKey", _in_labels(key, labels), options, labels), READ)


def _in_labels(key: object, labels: list[str]) -> object:
    """Return a key as the labels have it: some examinations in ARC count from 1 where others have letters."""
    text = str(key).strip("(). ") if isinstance(key, str | int) and not isinstance(key, bool) else ""
    if text in labels:
        return text
    if re.fullmatch("[1-9]", text) and labels == _letters(len(labels)):
        return _letters(9)[int(text) - 1]
    if re.fullmatch("[A-I]", text) and labels == [str(number + 1) for number in range(len(labels))]:
        return str(ord(text) - ord("A") + 1)
    return key


def _letters(count: int) -> list[str]:
    return [chr(ord("A") + number) for number in range(count)]


def _labelled(choices: object) -> bool:
    return isinstance(choices, dict) or (isinstance(choices, list) and any(isinstance(choice, dict) for choice in choices))


FORMATS = (
    QuestionFormat(
        name="arc",
        fields='{question, choices: {text: [...], label: [...]}, answerKey: "B"}',
        recognizes=lambda record: (
            "question" in record and _labelled(record.get("choices")) and is_missing(record.get("correctIndex"))
        ),
        read=lambda record: _read(text_of(record, "question"), record["choices"], record.get("answerKey")),
    ),
    QuestionFormat(
        name="openbookqa",
        fields='{question_stem, choices: {text: [...], label: [...]}, answerKey: "B"}',
        recognizes=lambda record: "question_stem" in record,
        read=lambda record: _read(text_of(record, "question_stem"), record.get("choices", []), record.get("answerKey")),
    ),
    QuestionFormat(
        name="stem",
        fields='{question: {stem, choices: [{text, label}, ...]}, answerKey: "B"}',
        recognizes=lambda record: isinstance(record.get("question"), dict) and "stem" in record["question"],
        read=lambda record: _read(
            text_of(record["question"], "stem"), record["question"].get("choices", []), record.get("answerKey")
        ),
    ),
)
