"""What several forms share: texts, options and the answer, which may be an index, a letter, a key or a text."""

import html
import math
import re
from collections.abc import Sequence
from typing import Any

from knowledge_map.common.checksum import content_digest
from knowledge_map.common.text import shown, valid_unicode
from knowledge_map.questions.formats.base import RecordError

ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
"""A character reference of HTML. One without its semicolon is none, so that an address or a name with & stays as it is."""

KEY = re.compile(r"\(?\s*(\w{1,9})\s*[).:]?")
"""A letter or a number as a key of an option: "B", "(B)", "b)", "2."."""

WORDS = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}


def decoded(text: str) -> str:
    """Return a text with its HTML entities decoded once: of `&amp;quot;` there remains `&quot;`."""
    return ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def is_missing(value: Any) -> bool:
    """Return whether a field is as good as absent: null, blank, or the NaN that tables write for it."""
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, float) and math.isnan(value))


def text_of(record: dict, field: str) -> str:
    """Return the text of a question. Raises RecordError where it is blank or no text."""
    value = record[field]
    if not isinstance(value, str) or not value.strip():
        raise RecordError("has no text; give it `question` or `question_text`.")
    return value


def text_field(record: dict) -> str:
    """Return under which of its two names a record has its text."""
    return "question" if "question" in record else "question_text"


def has_text(record: dict) -> bool:
    """Return whether a record has one of the two fields for the text of a question."""
    return "question" in record or "question_text" in record


def options_of(options: object, field: str = "options") -> tuple[tuple[str, ...], list[str]]:
    """Return the options of a list or an object, and the keys that they go by (none for a list).

    Raises RecordError where they are no texts.
    """
    if options is None:
        return (), []
    values = list(options.values()) if isinstance(options, dict) else options
    if not isinstance(values, list) or not all(isinstance(value, str | int | float) for value in values):
        raise RecordError(f": `{field}` must be a list of texts or an object of texts.")
    texts = tuple(valid_unicode(str(value)) for value in values)
    return texts, [valid_unicode(str(key)) for key in options] if isinstance(options, dict) else []


def labelled_options(choices: object, field: str = "choices") -> tuple[tuple[str, ...], list[str]]:
    """Return the options and keys of `{text: [...], label: [...]}`, of a list of `{text, label}`, or of an object of texts.

    Raises RecordError where they are nothing of the kind.
    """
    if isinstance(choices, dict) and "text" in choices and "label" in choices:
        texts, labels = choices["text"], choices["label"]
    elif isinstance(choices, list) and all(isinstance(choice, dict) for choice in choices):
        texts, labels = ([choice.get(part) for choice in choices] for part in ("text", "label"))
    elif isinstance(choices, dict):
        return options_of(choices, field)
    else:
        texts = labels = None
    if not isinstance(texts, list) or not isinstance(labels, list) or len(texts) != len(labels):
        raise RecordError(f": `{field}` must have as many texts as labels.")
    options, _ = options_of(texts, field)
    keys, _ = options_of(labels, field)
    return options, list(keys)


def by_index(field: str, value: Any, count: int) -> int | None:
    """Return an answer that is an index from 0 to below `count`, None where it is missing.

    Raises RecordError where it is no whole number, where there are no options, and where it is out of range.
    """
    if is_missing(value):
        return None
    if not _is_whole(value):
        raise RecordError(f": {_given(field, value)}, {_word(value)}; give the right option as a whole number, counted from 0.")
    _check_options(field, value, count)
    if not 0 <= value < count:
        raise RecordError(f": {_given(field, value)}, but there are {count} options (0 to {count - 1}).")
    return int(value)


def by_key(field: str, value: Any, options: Sequence[str], keys: Sequence[str]) -> int | None:
    """Return the index of the option that goes by a key or, where no key is meant, has this text; None where it is missing.

    Raises RecordError where the answer is no text and no number, where there are no options, and where it is none of them.
    """
    if is_missing(value):
        return None
    answer = _answer_text(field, value)
    _check_options(field, value, len(options))
    if answer in keys:
        return keys.index(answer)
    if (bare := _bare(answer)) and (found := _only([_bare(key) for key in keys], bare)) is not None:
        return found
    if (found := _with_text(answer, options)) is not None:
        return found
    raise RecordError(f": {_given(field, value)}, which is none of its options ({shown(', '.join(keys))}).")


def by_any(field: str, value: Any, options: Sequence[str], given: Any, letters: bool = False) -> int | None:
    """Return the index of the right one of options without keys; None where it is missing.

    A number is an index, a single letter stands for its place in the alphabet, and a text is that of an option.

    Parameters
    ----------
    field, value : the answer, and the name under which it stands.
    options : the texts of the options.
    given : the options as they stand in the record: numbers among them can be meant by a number.
    letters : whether the answers are known to be letters. If not, a letter that is the text of another option is refused.

    Raises RecordError where the answer is of a wrong type, where there are no options, where it is out of range or none of
    them, and where it may mean two.
    """
    if is_missing(value):
        return None
    numbers = isinstance(given, list) and any(isinstance(option, int | float) for option in given)
    if isinstance(value, float) and numbers and not value.is_integer() and value in given:
        return given.index(value)
    answer = _answer_text(field, value)
    _check_options(field, value, len(options))
    of_text = _with_text(answer, options)
    if isinstance(value, int | float) and not isinstance(value, bool):
        index = int(value) if 0 <= value < len(options) else None
        of_text = of_text if numbers or index is None else None
    elif (bare := _bare(answer)) and re.fullmatch(r"[a-z]", bare):
        index = ord(bare) - ord("a")
        if index >= len(options) and of_text is None:
            last = chr(ord("A") + len(options) - 1)
            raise RecordError(f": {_given(field, value)}, but there are {len(options)} options (A to {last}).")
        index = index if index < len(options) else None
        of_text = None if letters and index is not None else of_text
    elif of_text is None and bare and re.fullmatch(r"[0-9]+", bare):
        return by_index(field, int(bare), len(options))
    else:
        index = None
    if index is not None and of_text is not None and index != of_text:
        raise RecordError(
            f": {_given(field, value)}, which may mean {shown(repr(options[index]), 60)} or the text of another option; "
            "give the right one as `correctIndex`, counted from 0."
        )
    found = of_text if index is None else index
    if found is None and not isinstance(value, str):
        return by_index(field, value, len(options))  # tells that it is out of range
    if found is None:
        raise RecordError(f": {_given(field, value)}, which is none of its options ({shown(', '.join(options))}).")
    return found


def mixed(text: str, correct: object, incorrect: Sequence[object], fields: tuple[str, str]) -> tuple[tuple[str, ...], int | None]:
    """Return the correct and the incorrect answers in an order that their texts decide, and the index of the correct one.

    Parameters
    ----------
    text : the text of the question; it is the seed of the order.
    correct : the right answer; where it is missing, there is no index.
    incorrect : the other answers.
    fields : the names of both fields, for messages.

    Raises RecordError where one of them is no text.
    """
    given = [*([] if is_missing(correct) else [(fields[0], correct)]), *((fields[1], value) for value in incorrect)]
    for field, value in given:
        if not isinstance(value, str | int | float):
            raise RecordError(f": {_given(field, value)}, {_word(value)}; it must be a text.")
    answers = [valid_unicode(str(value)) for _, value in given]
    seed = valid_unicode(text).strip().encode()
    order = sorted(range(len(answers)), key=lambda index: content_digest([seed, b"\0", answers[index].encode()]))
    return tuple(answers[index] for index in order), None if is_missing(correct) else order.index(0)


def _answer_text(field: str, value: Any) -> str:
    """Return an answer as text. Raises RecordError where it is no text, no whole number and no truth value."""
    if isinstance(value, str | bool):
        return valid_unicode(str(value)).strip()
    if _is_whole(value):
        return str(int(value))
    raise RecordError(f": {_given(field, value)}, {_word(value)}; give the index, the letter or the text of an option.")


def _is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def _check_options(field: str, value: Any, count: int) -> None:
    if not count:
        raise RecordError(f": {_given(field, value)}, but there are no options to choose from.")


def _given(field: str, value: Any) -> str:
    return f"{field} is {shown(repr(value))}"


def _word(value: Any) -> str:
    return WORDS.get(type(value), "no text")


def _bare(key: str) -> str | None:
    """Return a key without brackets and in lower case, None where a text is no key."""
    found = KEY.fullmatch(key.strip())
    return found[1].casefold() if found else None


def _with_text(answer: str, options: Sequence[str]) -> int | None:
    """Return the first option of this text, else the only one that differs from it in case alone."""
    texts, text = [decoded(option).strip() for option in options], decoded(answer).strip()
    return texts.index(text) if text in texts else _only([text.casefold() for text in texts], text.casefold())


def _only(values: Sequence[object], wanted: object) -> int | None:
    return values.index(wanted) if values.count(wanted) == 1 else None
