"""All forms of question records and of collections of them, and which of them a record has."""

import importlib
import pkgutil

from knowledge_map.common.text import shown
from knowledge_map.questions import formats
from knowledge_map.questions.formats.base import QuestionCollection, QuestionFormat, RecordError

_MODULES = [
    importlib.import_module(f"{formats.__name__}.{module.name}")
    for module in pkgutil.iter_modules(formats.__path__)
    if module.name != "registry"
]


def _formats() -> dict[str, QuestionFormat]:
    """Return the forms of every module in this folder by name, the general ones last."""
    found = [each for module in _MODULES for each in getattr(module, "FORMATS", ())]
    return {each.name: each for each in sorted(found, key=lambda each: each.general)}


QUESTION_FORMATS = _formats()

QUESTION_COLLECTIONS: dict[str, QuestionCollection] = {
    each.name: each for module in _MODULES for each in getattr(module, "COLLECTIONS", ())
}


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
