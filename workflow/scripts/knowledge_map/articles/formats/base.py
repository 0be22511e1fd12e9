"""What a format of article files is."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knowledge_map.articles.columns import ColumnNames
from knowledge_map.articles.records import InvalidRow, Row, SkippedRow

COMPRESSED = r"(\.(gz|bz2|xz|zst))?"
"""What the name of a file in a folder may end with."""


@dataclass(frozen=True)
class ReadSettings:
    """How a file is read.

    Attributes
    ----------
    max_characters : no more of a text is needed than these; a reader may stop there.
    threads : how many may work at once where a format takes more than reading; the rows are the same.
    options : the source's settings under the name of the format, such as `mediawiki`.
    columns : which columns hold what of an article, and which go along.
    tell : takes what is told of a file that is read all the same, once for each file, such as the delimiter that was found.
    """

    max_characters: int
    threads: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    columns: ColumnNames = field(default_factory=ColumnNames)
    tell: Callable[[str], None] = lambda words: None


def _never(text: str) -> bool:
    return False


@dataclass(frozen=True)
class ArticleFormat:
    """A format of article files. With `format: auto`, first bytes decide before the name, and the name before the opening text.

    Attributes
    ----------
    name : its name in the configuration.
    suffixes : what names of such files end with, in lower case, before the suffix of a compression.
    read_rows : yields the rows of a file in its order; raises UserError where the file is corrupt or of another format.
    first_bytes : matches the beginning of the decompressed content of such files and of no others; None if nothing does.
    opens_like : tells whether a text opens as such files do, for files whose name says nothing.
    folder_pattern : matches the names of such files in a folder that is given as a source; None if a folder is not read.
    folder_names : the same in words for messages, such as "*.parquet".
    folder_order : files of formats of the least order that are there are read from a folder, so that a list or a note in CSV or
        JSON beside them is none of the articles.
    member_opens_like : tells whether a file in a folder opens as one of this format, where no name in the folder says so.
    options : parameters of the source's settings under this format's name, with their defaults; none if empty.
    """

    name: str
    suffixes: tuple[str, ...]
    read_rows: Callable[[Path, ReadSettings], Iterator[Row | InvalidRow | SkippedRow]]
    first_bytes: re.Pattern[bytes] | None = None
    opens_like: Callable[[str], bool] = _never
    folder_pattern: re.Pattern[str] | None = None
    folder_names: str = ""
    folder_order: int = 0
    member_opens_like: Callable[[str], bool] = _never
    options: Mapping[str, Any] = field(default_factory=dict)
