"""Text from elsewhere, made fit for a message, a title or a table."""

import re

UNFIT_IN_PATH = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What no path may have: control characters, and bytes that are not UTF-8."""

VISIBLE = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""A character that leaves a mark: no blank, no control, and none that only joins or directs others."""

TITLE_CHARACTERS = 60
"""Most characters of a title that is taken from the opening words of a text."""


def visible(text: str) -> bool:
    """Return whether there is something to see in a text."""
    return "!" <= text[:1] <= "~" or VISIBLE.search(text) is not None


def printable(text: str) -> str:
    """Return foreign text as one line in which there is nothing that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def shown(text: str, longest: int = 200) -> str:
    """Return foreign text fit for a message: one printable line of at most `longest` characters."""
    return printable(text[:longest]) + ("…" if len(text) > longest else "")


def reason_of(error: BaseException) -> str:
    """Return an error's own words, fit for one line."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return shown(words.partition("\n")[0]) or type(error).__name__


def valid_unicode(text: str) -> str:
    """Return a text with its lone surrogates replaced, which JSON may spell and UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def opening_words(text: str, characters: int = TITLE_CHARACTERS) -> str:
    """Return the first whole words of a text, at most `characters` long, or the beginning of a longer first word."""
    words = " ".join(text.split(maxsplit=characters)[:characters])
    if len(words) <= characters:
        return words
    return words[: characters + 1].rpartition(" ")[0] or words[:characters]
