"""The forms of the page, by their names in the configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge_map.views.page.build import COLUMNS, write_page
from knowledge_map.views.page.content import PageContent
from knowledge_map.views.page.tiles import LABEL_COLUMNS, TILED_COLUMNS, write_tiles


@dataclass(frozen=True)
class PageForm:
    """A form of the page.

    Attributes
    ----------
    columns : what it needs of the map in memory.
    label_columns : what it needs of the labels; None is all.
    write : writes the content to a file, and what belongs to it beside.
    """

    columns: Sequence[str]
    label_columns: list[str] | None
    write: Callable[[PageContent, str | Path], None]


FORMS = {
    "file": PageForm(COLUMNS, None, write_page),
    "tiles": PageForm(TILED_COLUMNS, list(LABEL_COLUMNS), write_tiles),
}
