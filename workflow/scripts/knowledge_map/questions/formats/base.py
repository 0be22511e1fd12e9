"""What a form of question records is, and what a collection of them."""

from collections.abc import Callable
from dataclasses import dataclass


class RecordError(ValueError):
    """What is wrong with a record, in words that follow the name of the question: "has no text; ..."."""


@dataclass(frozen=True)
class Asked:
    """What is asked in a record.

    Attributes
    ----------
    text : the text of the question.
    options : the texts to choose from; empty if there are none.
    answer : the right option as an index of options, None where it is not known.
    fields : the fields of the record that were read besides the text. A field that looks like an answer and is not among them
        is named in the log.
    """

    text: str
    options: tuple[str, ...] = ()
    answer: int | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class QuestionFormat:
    """A form of question records.

    Attributes
    ----------
    name : what the form is called in messages and in the documentation.
    fields : the fields that its records have, as an example.
    recognizes : tells whether a record has this form.
    read : returns what is asked; raises RecordError where the record is not as it should be.
    general : whether records of other forms have its fields as well; such a form is tried after all others.
    repeats : whether its data sets ask the same text more than once, of other options or of another passage. The later
        questions then have an id of their own, and a question that is repeated as a whole is left out and counted.
    """

    name: str
    fields: str
    recognizes: Callable[[dict], bool]
    read: Callable[[dict], Asked]
    general: bool = False
    repeats: bool = True


@dataclass(frozen=True)
class QuestionCollection:
    """An object that holds several questions.

    Attributes
    ----------
    name : what it is called in the documentation.
    fields : the fields that it has, as an example.
    recognizes : tells whether an object is such a collection.
    records : returns the records in it; raises RecordError where it is not as it should be.
    unread : returns the names of what else it holds that is worth naming, since nothing reads it.
    """

    name: str
    fields: str
    recognizes: Callable[[dict], bool]
    records: Callable[[dict], list]
    unread: Callable[[dict], list[str]] = lambda collection: []
