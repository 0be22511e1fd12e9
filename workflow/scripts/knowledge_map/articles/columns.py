"""Which columns of a table, or fields of a record, hold what of an article."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from knowledge_map.articles.carried import CarriedColumn
from knowledge_map.common.errors import UserError
from knowledge_map.common.text import shown

MOST_COLUMNS = 100_000

TEXTS = ("text", "content")
"""Of these, the first in which there is something to see is the text of a row."""

OTHER_TEXTS = ("body", "page_content", "passage", "article", "document", "contents", "abstract", "description", "summary")
"""Names that well-known sets have for it; of these, the first that a table has is read, where it has none of the above."""

KNOWN = {"id": ("id", "_id"), "title": ("title", "headline", "subject", "name"), "url": ("url", "link", "uri")}
"""Names of the other columns; of each the first that a table has is read."""

SINGLE = (*KNOWN, "vector")
"""What a single column holds; a column of vectors must be named."""

KNOWN_NAMES = frozenset([*TEXTS, *OTHER_TEXTS, *(name for names in KNOWN.values() for name in names)])


@dataclass(frozen=True)
class ColumnNames:
    """Which columns a source's settings name; what they do not name is found by well-known names.

    Attributes
    ----------
    id, title, url : a column, or None.
    vector : the column with vectors that others have made, or None.
    text : the columns that are joined to a text; none if empty.
    carried : columns that go along with an article.
    """

    id: str | None = None
    title: str | None = None
    url: str | None = None
    vector: str | None = None
    text: tuple[str, ...] = ()
    carried: tuple[CarriedColumn, ...] = ()

    @classmethod
    def of(cls, columns: Mapping[str, Any] | None, carry: Iterable[Any]) -> "ColumnNames":
        """Return the names of the settings `columns` and `carry` of a source."""
        named = dict(columns or {})
        text = named.pop("text", None) or ()
        return cls(**named, text=(text,) if isinstance(text, str) else tuple(text), carried=tuple(map(CarriedColumn.of, carry)))

    @property
    def beside(self) -> set[str]:
        """The columns that go along with an article, and that of its vector."""
        return {each.column for each in self.carried} | ({self.vector} if self.vector else set())

    def settings(self) -> dict[str, str]:
        """Return the columns that are named, each with the setting that names it."""
        named = {name: f"columns.{role}" for role in SINGLE if (name := getattr(self, role))}
        return dict.fromkeys((each.column for each in self.carried), "carry") | named | dict.fromkeys(self.text, "columns.text")

    def check(self, place: object, names: Iterable[str]) -> None:
        """Raise UserError where a column that is named is not among `names`, which are those of `place`."""
        names = list(names)
        for name, setting in self.settings().items():
            if name not in names:
                raise UserError(
                    f"{place}: no column `{shown(name)}`, which `{setting}` of the source names; "
                    f"it has: {shown(', '.join(names), 500)}"
                )

    def without(self, names: Iterable[str]) -> "ColumnNames":
        """Return these names but for columns that are found elsewhere, such as in the names of folders."""
        names = set(names)
        others = {role: None for role in SINGLE if getattr(self, role) in names}
        text = tuple(name for name in self.text if name not in names)
        carried = tuple(each for each in self.carried if each.column not in names)
        return replace(self, **others, text=text, carried=carried)


@dataclass(frozen=True)
class Roles:
    """Which of the columns that are there hold what of an article.

    Attributes
    ----------
    id, title, url : a column, "" if there is none.
    text : the columns with texts; joined, or of these the first in which there is something to see.
    joined : whether the texts are joined.
    told : what there is to tell of columns that were found by other names.
    """

    id: str
    title: str
    url: str
    text: tuple[str, ...]
    joined: bool
    told: tuple[str, ...]

    @property
    def columns(self) -> set[str]:
        """The columns that an article is made of."""
        return {*self.text, *(name for name in (self.id, self.title, self.url) if name)}


def roles_of(names: Sequence[str], chosen: ColumnNames) -> Roles:
    """Return which of the columns of a table hold what: those that are chosen, else those with well-known names.

    A name may differ from a known one in case or blanks, where no other column has that one as it is.
    """
    own = {known: name for name, known in reversed(other_spellings(names).items())}
    own |= {name: name for name in names if name in KNOWN_NAMES}
    told = []

    def found(known: str, meant: str) -> str:
        if own[known] != meant:
            told.append(f"`{shown(own[known])}` is read as `{meant}`")
        return own[known]

    def one(role: str) -> str:
        known = next((name for name in KNOWN[role] if name in own), None)
        return getattr(chosen, role) or (found(known, role) if known else "")

    texts = [name for name in TEXTS if name in own] or [name for name in OTHER_TEXTS if name in own][:1]
    text = chosen.text or tuple(found(name, name if name in TEXTS else "text") for name in texts)
    return Roles(one("id"), one("title"), one("url"), text, bool(chosen.text), tuple(told))


def checked_roles(place: object, names: Sequence[str], chosen: ColumnNames) -> Roles:
    """Return which columns of a table hold what.

    Raises UserError, which begins with `place`, where one that is chosen is missing, none holds texts, or one that is read comes
    twice.
    """
    if len(names) > MOST_COLUMNS:
        raise UserError(f"{place}: {len(names):,} columns; {MOST_COLUMNS:,} are the most. Remove what is no part of articles.")
    chosen.check(place, names)
    roles = roles_of(names, chosen)
    if not roles.text:
        raise UserError(
            f"{place}: no column `text` (or `content`); name the column with the texts by `columns: {{text: ...}}` of the "
            f"source. It has: {shown(', '.join(names), 500)}"
        )
    other = other_spellings(names)
    times = Counter(other.get(name, name) for name in names)
    for name in sorted(roles.columns | chosen.beside):
        if times[other.get(name, name)] > 1:
            raise UserError(f"{place}: more than one column `{other.get(name, name)}`; rename or remove the others.")
    return roles


def other_spellings(names: Sequence[str]) -> dict[str, str]:
    """Return for each name that differs in case or blanks only from a known one, and is not there as such, that one."""
    spelled = {name: name.strip('\ufeff \t"').casefold() for name in names if len(name) < 100}
    return {name: known for name, known in spelled.items() if known in KNOWN_NAMES and known not in names}
