"""What a form of question records is."""

from collections.abc import Callable
from dataclasses import dataclass


class RecordError(ValueError):
    """What is wrong with a record, in words that follow the name of the question: "has no text; ..."."""


@dataclass(frozen=True)
class Asked:
    """What is asked in a record: its text, the options, and the right one as an index of options (None where it is not known)."""

    text: str
    options: tuple[str, ...] = ()
    answer: int | None = None


@dataclass(frozen=True)
class QuestionFormat:
    """A form of question records.

    Attributes
    ----------
    name : what the form is called in messages and in the documentation.
    fields : the fields that its records have, as an example.
    recognizes : tells whether a record has this form.
    read : returns what is asked; raises RecordError where the record is not as it should be.
    """

    name: str
    fields: str
    recognizes: Callable[[dict], bool]
    read: Callable[[dict], Asked]
