"""The lab's two forms: options in a list and the index of the right one, and options by letters and the right letter."""

from knowledge_map.common.text import shown
from knowledge_map.questions.formats.answers import by_any, by_index, by_key, options_of, text_of
from knowledge_map.questions.formats.base import Asked, QuestionCollection, QuestionFormat, RecordError


def _read(record: dict, text: str) -> Asked:
    """Read a record whose text stands under the name `text`; either form of options and answer may go with it."""
    value = text_of(record, text)
    options, keys = options_of(record.get("options"))
    return Asked(value, options, _answer(record, options, keys), ("options", "correctIndex", "correct_answer"))


def _answer(record: dict, options: tuple[str, ...], keys: list[str]) -> int | None:
    if (index := record.get("correctIndex")) is not None:
        return by_index("correctIndex", index, len(options))
    key = record.get("correct_answer")
    if isinstance(key, str) and not key.strip():
        raise RecordError(f": correct_answer is {shown(repr(key))}, which is none of its options ({shown(', '.join(keys))}).")
    if keys:
        return by_key("correct_answer", key, options, keys)
    return by_any("correct_answer", key, options, record.get("options"))


FORMATS = (
    QuestionFormat(
        name="indexed",
        fields="{question, options: [...], correctIndex}",
        recognizes=lambda record: "question" in record,
        read=lambda record: _read(record, "question"),
        general=True,
        repeats=False,
    ),
    QuestionFormat(
        name="lettered",
        fields="{question_text, options: {A: ...}, correct_answer}",
        recognizes=lambda record: "question_text" in record,
        read=lambda record: _read(record, "question_text"),
        general=True,
        repeats=False,
    ),
)

COLLECTIONS = (
    QuestionCollection(
        name="bundle",
        fields="{domain, questions: [...], labels, articles}",
        recognizes=lambda value: isinstance(value.get("questions"), list) and "article" not in value,
        records=lambda bundle: bundle["questions"],
        unread=lambda bundle: [name for name, part in bundle.items() if name != "questions" and part and isinstance(part, list)],
    ),
)
