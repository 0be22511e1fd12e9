"""Which columns of a table hold what of an article."""

from pathlib import Path

from knowledge_map.common.errors import UserError
from knowledge_map.common.text import shown

MOST_COLUMNS = 100_000


def checked_columns(path: Path, columns: list[str]) -> list[str]:
    """Return the column names of a table, or raise UserError if none of them holds texts or one that is read comes twice."""
    if len(columns) > MOST_COLUMNS:
        raise UserError(f"{path}: {len(columns):,} columns; {MOST_COLUMNS:,} are the most. Remove what is no part of articles.")
    if not {"text", "content"} & set(columns):
        raise UserError(f"{path}: no column `text` (or `content`); it has: {shown(', '.join(columns))}")
    for name in ("id", "url", "title", "text", "content"):
        if columns.count(name) > 1:
            raise UserError(f"{path}: more than one column `{name}`; rename or remove the others.")
    return columns
