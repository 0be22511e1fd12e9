"""The lab's two forms: options in a list and the index of the right one, and options by letters and the right letter."""

from knowledge_map.common.text import shown, valid_unicode
from knowledge_map.questions.formats.base import Asked, QuestionFormat, RecordError


def _read(record: dict, text: str) -> Asked:
    """Read a record whose text stands under the name `text`; either form of options and answer may go with it."""
    value = record[text]
    if not isinstance(value, str) or not value.strip():
        raise RecordError("has no text; give it `question` or `question_text`.")
    options, keys = _options(record.get("options"))
    return Asked(value, options, _answer(record, options, keys))


def _options(options: object) -> tuple[tuple[str, ...], list[str]]:
    """Return the options and the keys that they go by (none for a list)."""
    if options is None:
        return (), []
    values = list(options.values()) if isinstance(options, dict) else options
    if not isinstance(values, list) or not all(isinstance(value, str | int | float) for value in values):
        raise RecordError(": `options` must be a list of texts or an object of texts.")
    return tuple(valid_unicode(str(value)) for value in values), list(options) if isinstance(options, dict) else []


def _answer(record: dict, options: tuple[str, ...], keys: list[str]) -> int | None:
    if (index := record.get("correctIndex")) is not None:
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(options):
            raise RecordError(
                f": correctIndex is {shown(repr(index))}, but there are {len(options)} options (0 to {len(options) - 1})."
            )
        return index
    if (key := record.get("correct_answer")) is not None:
        if key not in keys:
            raise RecordError(f": correct_answer is {shown(repr(key))}, which is none of its options ({shown(', '.join(keys))}).")
        return keys.index(key)
    return None


FORMATS = (
    QuestionFormat(
        name="indexed",
        fields="{question, options: [...], correctIndex}",
        recognizes=lambda record: "question" in record,
        read=lambda record: _read(record, "question"),
    ),
    QuestionFormat(
        name="lettered",
        fields="{question_text, options: {A: ...}, correct_answer}",
        recognizes=lambda record: "question_text" in record,
        read=lambda record: _read(record, "question_text"),
    ),
)
