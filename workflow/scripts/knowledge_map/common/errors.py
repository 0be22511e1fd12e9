"""Errors that the user can fix: their text is the whole message."""

from pathlib import Path

from knowledge_map.common.text import printable


class UserError(Exception):
    """A mistake in data, configuration or surroundings. Its text is one line: what is wrong, where, and the remedy."""

    def __init__(self, message: str):
        super().__init__(printable(message))


def corrupt_file_error(path: str | Path, reason: object) -> UserError:
    """Return the error that says that a file of ours is corrupt; `reason` is an exception or a text."""
    first_line = str(reason).splitlines()[0] if str(reason) else type(reason).__name__
    return UserError(f"{path}: damaged ({first_line}); delete it and run the workflow again to make it anew.")


def missing_file_error(path: str | Path) -> UserError:
    """Return the error that says that a file of ours is not there."""
    return UserError(f"{path}: missing; run the workflow again to make it.")
