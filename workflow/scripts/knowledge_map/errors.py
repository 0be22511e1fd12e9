"""What is the user's to mend."""


class UserError(Exception):
    """A mistake in data, configuration or surroundings. Its text is one line: what is wrong, where, and the remedy."""

    def __init__(self, message: str):
        super().__init__(printable(message))


def printable(text: str) -> str:
    """Return foreign text as one line in which there is nothing that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
