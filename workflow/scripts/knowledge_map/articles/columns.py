"""Which columns of a table, or fields of a record, hold what of an article."""

from collections.abc import Callable, Sequence
from pathlib import Path

from knowledge_map.common.errors import UserError
from knowledge_map.common.text import shown

MOST_COLUMNS = 100_000

TEXTS = ("text", "content")

READ = ("id", "url", "title", *TEXTS)


def checked_columns(path: Path, columns: list[str], tell: Callable[[str], None] = lambda words: None) -> list[str]:
    """Return the column names of a table, or raise UserError if none of them holds texts or one that is read comes twice.

    A column whose name differs in case or blanks only gets the name that is read, and that is told.
    """
    if len(columns) > MOST_COLUMNS:
        raise UserError(f"{path}: {len(columns):,} columns; {MOST_COLUMNS:,} are the most. Remove what is no part of articles.")
    other = other_spellings(columns)
    names = [other.get(name, name) for name in columns]
    if not set(TEXTS) & set(names):
        raise UserError(f"{path}: no column `text` (or `content`); it has: {shown(', '.join(columns))}")
    for name in READ:
        if names.count(name) > 1:
            raise UserError(f"{path}: more than one column `{name}`; rename or remove the others.")
    for spelled, name in other.items():
        tell(told_spelling(spelled, name))
    return names


def other_spellings(names: Sequence[str]) -> dict[str, str]:
    """Return for each name that differs in case or blanks only from one that is read, and is not there as such, that one."""
    spelled = {name: name.strip('\ufeff \t"').casefold() for name in names if len(name) < 100}
    return {name: read for name, read in spelled.items() if read in READ and read not in names}


def told_spelling(spelled: str, name: str) -> str:
    """Return what is told of a name that differs in case or blanks only."""
    return f"`{shown(spelled)}` is read as `{name}`"
