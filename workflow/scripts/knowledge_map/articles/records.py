"""What travels through the reading of sources."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from knowledge_map.articles.carried import Unread
from knowledge_map.articles.columns import ColumnNames
from knowledge_map.common.errors import UserError

EXAMPLES = 1_000  # dropped rows that a report lists one by one

NOTES = 100  # different ones that a report lists

ADDED = ("columns", "carry", "query", "vectors")
"""Settings of a source that came later; where they are not set, results from before stay valid."""

BROKEN_ROW = "broken row"

NO_TEXT = "no text"

DUPLICATE_ID = "duplicate id"

NO_VECTOR = "no usable vector"


@dataclass(frozen=True)
class Source:
    """One entry of `articles:` in the configuration.

    Parameters
    ----------
    name : letters, digits, `.`, `_` and `-`; the ids of its articles begin with it. Never "question".
    path : a file, or a folder of files of one format; of a dataset on the hub "owner/name".
    format : auto, the name of an `ArticleFormat`, or huggingface.
    limit : how many articles to keep at most; all if None.
    sample_seed : keep a random sample, which this number determines, in place of the first `limit` articles.
    huggingface : which `revision` of a dataset on the hub, and which `folder` of it (all if None).
    files : where they are known, the files to read in place of those at `path`.
    columns : which columns hold what of an article, by the names of `ColumnNames`; well-known names where it is silent.
    query : a SQL statement over the files at `path`, whose result is read in place of them.
    vectors : a NumPy file with a vector for each row, in their order; None if a column has them, or a model makes them.
    carry : which columns go along: names, or objects as `CarriedColumn.of` takes them.
    options : settings of formats by the names of these, such as {"mediawiki": {"namespaces": [0, 14]}}.

    Raises UserError if the name or the limit is none.
    """

    name: str
    path: str
    format: str = "auto"
    limit: int | None = None
    sample_seed: int | None = None
    huggingface: dict[str, Any] | None = None
    files: tuple[Path, ...] | None = None
    columns: Mapping[str, Any] | None = None
    query: str | None = None
    vectors: str | None = None
    carry: Sequence[Any] | None = None
    options: Mapping[str, dict[str, Any] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check name and limit."""
        if not re.fullmatch(r"[A-Za-z0-9._-]+", self.name) or self.name == "question":
            raise UserError(f"articles: {self.name!r} names no source; use letters, digits, `.`, `_`, `-`, and not `question`.")
        if self.limit is not None and self.limit < 1:
            raise UserError(f"articles: {self.name}: limit is {self.limit}; give at least 1, or null for all.")

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Source":
        """Return the source of an entry of the configuration, in which the settings of a format stand under its name."""
        own = {name: value for name, value in entry.items() if name in cls.__dataclass_fields__}
        return cls(**own, options={name: value for name, value in entry.items() if name not in own})

    @staticmethod
    def meaning(entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return what of an entry of the configuration decides its articles; of a dataset on the hub its record tells that, too.

        Settings of `ADDED` are left out where nothing is set: then the articles are those of the time before there were any.
        """
        unset = {"huggingface", *(name for name in ADDED if entry.get(name) is None)}
        return {name: value for name, value in entry.items() if name not in unset}

    @property
    def column_names(self) -> ColumnNames:
        """Which columns hold what of an article, and which go along."""
        return ColumnNames.of(self.columns, self.carry or ())

    @property
    def has_vectors(self) -> bool:
        """Whether its articles bring vectors, so that no model is needed for them."""
        return self.vectors is not None or self.column_names.vector is not None

    @property
    def on_hub(self) -> bool:
        """Whether the files are on the Hugging Face hub and have to be fetched first."""
        return self.format == "huggingface"


class Row(NamedTuple):
    """A row as it stands in the file: its name there ("line 17") and its fields by name, or only a text."""

    name: str
    fields: dict[str, Any] | str


class InvalidRow(NamedTuple):
    """A row that could not be read, and what is wrong with it."""

    name: str
    detail: str


class SkippedRow(NamedTuple):
    """A row that is left out, why, and by which setting of the source ("" if by none): no fault of the source."""

    name: str
    reason: str
    setting: str = ""


class Article(NamedTuple):
    """One article. All strings are valid Unicode; `text` is stripped and never empty; `url` is "" if there is none.

    No part of the shard are `carried`, what goes along with it, as `carried_values` returns it, and `vector`, float32 of unit
    length, where the source brings one.
    """

    item_id: str
    source: str
    title: str
    url: str
    text: str
    carried: str = ""
    vector: bytes = b""


SHARD_COLUMNS = Article._fields[:5]
"""What a shard holds of an article, and what its name is the digest of."""


@dataclass
class SourceReport:
    """What became of the rows of a source; `dataclasses.asdict` makes it fit for JSON.

    After reading, `read == kept + not_drawn + sum(left_out.values()) + sum(dropped.values())`: settings leave out, faults drop.
    `left_out_by` names the setting behind a reason, where it is one. `replaced` tells of the kept articles alone. `notes` are
    what was found and read all the same, with the number of files; `not_read` is what lies in a folder and was passed over, with
    the number of files and folders. `unread` tells by carried columns of values that are none of their type.
    """

    name: str
    path: str
    format: str = "auto"
    read: int = 0
    kept: int = 0
    not_drawn: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    left_out_by: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    replaced: dict[str, int] = field(default_factory=dict)
    examples: list[dict[str, str]] = field(default_factory=list)
    stopped_at_limit: bool = False
    notes: dict[str, int] = field(default_factory=dict)
    not_read: dict[str, int] = field(default_factory=dict)
    unread: dict[str, Unread] = field(default_factory=dict)

    @classmethod
    def of(cls, record: dict[str, Any]) -> "SourceReport":
        """Return the report that `dataclasses.asdict` made a record of."""
        values = dict(record)
        values["unread"] = {name: Unread(**each) for name, each in record.get("unread", {}).items()}
        return cls(**values)

    def drop(self, row: str, reason: str, detail: str) -> None:
        """Count a dropped row, and list it while the list is short."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        if len(self.examples) < EXAMPLES:
            self.examples.append({"row": row, "reason": reason, "detail": detail})

    def leave_out(self, reason: str, setting: str = "") -> None:
        """Count a row that the settings leave out."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1
        if setting:
            self.left_out_by[reason] = setting

    def note(self, words: str) -> None:
        """Count a file of which there is something to tell, while the list is short."""
        if words in self.notes or len(self.notes) < NOTES:
            self.notes[words] = self.notes.get(words, 0) + 1

    def keep(self, replacements: list[str]) -> None:
        """Count a kept article and what was replaced in it."""
        self.kept += 1
        for replacement in replacements:
            self.replaced[replacement] = self.replaced.get(replacement, 0) + 1
