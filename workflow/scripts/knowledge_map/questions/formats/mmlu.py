"""MMLU and MMLU-Pro: choices and the index of the right one, and options with both its letter and its index."""

from knowledge_map.questions.formats.answers import (
    by_any,
    by_index,
    by_key,
    has_text,
    is_missing,
    options_of,
    text_field,
    text_of,
)
from knowledge_map.questions.formats.base import Asked, QuestionFormat, RecordError


def _read(record: dict) -> Asked:
    options, _ = options_of(record["choices"], "choices")
    value = record.get("answer")
    answer = (
        by_any("answer", value, options, None, letters=True)
        if isinstance(value, str)
        else by_index("answer", value, len(options))
    )
    return Asked(text_of(record, text_field(record)), options, answer, ("choices", "answer"))


def _read_pro(record: dict) -> Asked:
    options, keys = options_of(record.get("options"))
    index = by_index("answer_index", record["answer_index"], len(options))
    value = record.get("answer")
    named = by_key("answer", value, options, keys) if keys else by_any("answer", value, options, None, letters=True)
    if index is not None and named is not None and index != named:
        raise RecordError(f": answer is {value!r:.40} and answer_index is {index}, which are different options.")
    answer = named if index is None else index
    return Asked(text_of(record, text_field(record)), options, answer, ("options", "answer", "answer_index"))


FORMATS = (
    QuestionFormat(
        name="mmlu",
        fields="{question, choices: [...], answer: 2, subject}",
        recognizes=lambda record: (
            has_text(record)
            and isinstance(record.get("choices"), list)
            and not any(isinstance(choice, dict) for choice in record["choices"])
            and "options" not in record
            and is_missing(record.get("correctIndex"))
        ),
        read=_read,
    ),
    QuestionFormat(
        name="mmlu_pro",
        fields='{question, options: [...], answer: "I", answer_index: 8, category}',
        recognizes=lambda record: (
            has_text(record)
            and record.get("options") is not None
            and not is_missing(record.get("answer_index"))
            and is_missing(record.get("correctIndex"))
            and is_missing(record.get("correct_answer"))
        ),
        read=_read_pro,
    ),
)
