"""Options and an answer, as many data sets have them; the answer is an index, a letter or a text."""

from knowledge_map.questions.formats.answers import by_any, by_key, has_text, is_missing, options_of, text_field, text_of
from knowledge_map.questions.formats.base import Asked, QuestionFormat


def read_answered(record: dict, letters: bool = False) -> Asked:
    """Read a record with `options` and `answer`; `letters` says that its answers are known to be letters.

    Raises RecordError where text, options or answer are not as they should be.
    """
    options, keys = options_of(record["options"])
    value = record.get("answer")
    answer = by_key("answer", value, options, keys) if keys else by_any("answer", value, options, record["options"], letters)
    return Asked(text_of(record, text_field(record)), options, answer, ("options", "answer"))


def has_answer(record: dict) -> bool:
    """Return whether a record has options and an answer, and neither answer of the lab's forms."""
    others = (record.get(name) for name in ("correctIndex", "correct_answer"))
    given = not is_missing(record.get("answer")) and record.get("options") is not None
    return has_text(record) and given and all(is_missing(other) for other in others)


FORMATS = (
    QuestionFormat(
        name="answered",
        fields="{question, options: [...], answer}",
        recognizes=has_answer,
        read=read_answered,
        general=True,
    ),
)
