"""All forms of question records, and which of them a record has."""

import importlib
import pkgutil

from knowledge_map.questions import formats
from knowledge_map.questions.formats.base import QuestionFormat, RecordError


def _found() -> dict[str, QuestionFormat]:
    """Return the forms of every module in this folder, by name."""
    names = (module.name for module in pkgutil.iter_modules(formats.__path__) if module.name != "registry")
    modules = (importlib.import_module(f"{formats.__name__}.{name}") for name in names)
    return {each.name: each for module in modules for each in getattr(module, "FORMATS", ())}


QUESTION_FORMATS = _found()


def format_of(record: dict) -> QuestionFormat:
    """Return the form of a record. Raises RecordError where it has none."""
    found = next((each for each in QUESTION_FORMATS.values() if each.recognizes(record)), None)
    if found is None:
        raise RecordError("has no text; give it `question` or `question_text`.")
    return found
