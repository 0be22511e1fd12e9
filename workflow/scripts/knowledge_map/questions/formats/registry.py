"""All forms of question records and of collections of them, and which of them a record has."""

from knowledge_map.common.registry import offered
from knowledge_map.common.text import shown
from knowledge_map.questions import formats
from knowledge_map.questions.formats.base import QuestionCollection, QuestionFormat, RecordError

QUESTION_FORMATS: dict[str, QuestionFormat] = {
    each.name: each for each in sorted(offered(formats, "FORMATS"), key=lambda each: each.general)
}
"""The forms of every module in this folder by name, the general ones last."""

QUESTION_COLLECTIONS: dict[str, QuestionCollection] = {each.name: each for each in offered(formats, "COLLECTIONS")}
"""The collections of every module in this folder, by name."""


def format_of(record: dict) -> QuestionFormat:
    """Return the form of a record. Raises RecordError where it has none."""
    found = next((each for each in QUESTION_FORMATS.values() if each.recognizes(record)), None)
    if found is None:
        has = f" (it has: {shown(', '.join(map(str, record)))})" if record else ""
        raise RecordError(f"has no text; give it `question` or `question_text`{has}.")
    return found


def collection_of(value: dict) -> QuestionCollection | None:
    """Return which collection of questions an object is, None where it is none."""
    return next((each for each in QUESTION_COLLECTIONS.values() if each.recognizes(value)), None)
