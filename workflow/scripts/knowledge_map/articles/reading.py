"""From rows to articles, and what became of each row."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from knowledge_map.articles.carried import carried_values
from knowledge_map.articles.columns import TEXTS, ColumnNames, Roles, roles_of
from knowledge_map.articles.decompression import Expansion
from knowledge_map.articles.discovery import columns_of_path, files_with_rest
from knowledge_map.articles.formats.base import ReadSettings
from knowledge_map.articles.formats.registry import format_of
from knowledge_map.articles.query import QueryLimits, check_query, query_rows
from knowledge_map.articles.records import (
    BROKEN_ROW,
    DUPLICATE_ID,
    NO_TEXT,
    NO_VECTOR,
    Article,
    InvalidRow,
    Row,
    SkippedRow,
    Source,
    SourceReport,
)
from knowledge_map.articles.sampling import Sample, SeenIds
from knowledge_map.articles.vectors import GivenVectors
from knowledge_map.common.checksum import content_digest
from knowledge_map.common.errors import UserError
from knowledge_map.common.items import LONGEST_ID
from knowledge_map.common.text import opening_words, shown, valid_unicode, visible

LONGEST_TITLE = 500  # characters; MediaWiki's have 255 bytes, and a map holds all titles at once

LONGEST_URL = 4_000

LEAST_ROW = 32  # characters that any row counts as; a tiny parquet file can have thousands of millions of empty rows


class Candidate(NamedTuple):
    """An article that may be kept, and what was replaced in it."""

    article: Article
    replacements: list[str]


def read_articles(
    source: Source,
    report: SourceReport,
    seen: SeenIds,
    max_characters: int,
    scratch_dir: Path,
    threads: int = 1,
    memory_mb: int = 1_000,
) -> Iterator[Article]:
    """Yield the articles of a source in a stream, and count in `report` what became of every row.

    With a limit alone these are the first articles, and reading stops there. With a sample seed they come in the order of
    keys that the seed and their ids determine, wherever they stand in the file, so a smaller sample begins a larger one.

    Parameters
    ----------
    report : fresh, `SourceReport(source.name, source.path)`; complete once the last article was yielded.
    seen : the ids met so far, shared by all sources.
    max_characters : longer texts are cut there.
    scratch_dir : a folder with room for the candidates of a sample.
    threads : how many may work at once where a format takes more than reading; the articles are the same.
    memory_mb : how much memory the statement of a source may take, in MB.

    Raises UserError if the source is missing, empty, damaged, or not what its format says.
    """
    vectors = GivenVectors(source) if source.has_vectors else None
    rows = _queried(source, report, QueryLimits(memory_mb, scratch_dir)) if source.query else None
    rows = rows or _rows(source, report, max_characters, threads)
    candidates = _candidates(source, rows, report, seen, max_characters, vectors)
    if source.sample_seed is not None:
        candidates = _drawn(candidates, source, report, scratch_dir)
    for article, replacements in candidates:
        report.keep(replacements)
        report.stopped_at_limit = source.sample_seed is None and report.kept == source.limit
        yield article
        if report.stopped_at_limit:
            break
    if vectors:
        vectors.tell(report)


def check_opening(source: Source) -> int | None:
    """Read the first row of a source, and return how many dimensions its vector has, None where it brings none that can be used.

    Raises UserError where that cannot be, such as for a column that a table does not have.
    """
    vectors = GivenVectors(source) if source.has_vectors else None
    if source.query:
        check_query(source, files_with_rest(source)[0], source.column_names)
        return vectors.dimension if vectors else None
    rows = _rows(source, SourceReport(source.name, source.path), LONGEST_TITLE, threads=1)
    first = next(rows, None)
    if vectors and isinstance(first, Row) and isinstance(first.fields, dict):
        vectors.next(first.fields)
    return vectors.dimension if vectors else None


def _drawn(candidates: Iterator[Candidate], source: Source, report: SourceReport, scratch_dir: Path) -> Iterator[Candidate]:
    """Yield a random sample of the candidates, in the order of their keys."""
    assert source.sample_seed is not None  # else none is drawn
    with Sample(scratch_dir / f"sample-{source.name}.sqlite", source.sample_seed, source.limit) as sample:
        for article, replacements in candidates:
            sample.offer(article.item_id, (*article, "\n".join(replacements)))
        report.not_drawn = sample.offered - sample.size
        for *article, replacements in sample.drawn():
            yield Candidate(Article(*article), replacements.splitlines())


def _candidates(
    source: Source,
    rows: Iterator[Row | InvalidRow | SkippedRow],
    report: SourceReport,
    seen: SeenIds,
    max_characters: int,
    vectors: GivenVectors | None,
) -> Iterator[Candidate]:
    """Yield the rows that make an article whose id is new."""
    chosen = source.column_names
    roles = _RolesOfRows(chosen, report)
    for row in rows:
        report.read += 1
        if isinstance(row, SkippedRow):
            report.leave_out(row.reason, row.setting)
            continue
        fields = row.fields if isinstance(row, Row) and isinstance(row.fields, dict) else {}
        vector, problem = vectors.next(fields) if vectors else (b"", "")
        if isinstance(row, InvalidRow):
            report.drop(row.name, BROKEN_ROW, shown(row.detail))
            continue
        fields = fields or {"text": row.fields}
        found = roles.of(fields)
        text = _text(fields, found)
        if text is None:
            report.drop(row.name, NO_TEXT, _without_text(row.fields, found))
            continue
        if problem:
            report.drop(row.name, NO_VECTOR, problem)
            continue
        candidate = _candidate(fields, found, text, source.name, max_characters, chosen, vector)
        if seen.add(candidate.article.item_id):
            yield candidate
        else:
            report.drop(row.name, DUPLICATE_ID, shown(candidate.article.item_id))
    if not report.read:
        raise UserError(f"{source.path}: empty; give a file with articles in it, or take {source.name} out of `articles`.")
    if roles.names:
        chosen.check(source.path, roles.names)
    if vectors:
        vectors.check_rows()


def _rows(source: Source, report: SourceReport, max_characters: int, threads: int) -> Iterator[Row | InvalidRow | SkippedRow]:
    """Yield the rows of all files, named with their file where there are several."""
    files, report.not_read = files_with_rest(source)
    for file in files:
        format = format_of(source, file)
        report.format = format.name
        columns = columns_of_path(source, file)
        prefix = "" if file == Path(source.path) else f"{file.name if source.files else file.relative_to(source.path)} "
        expansion = Expansion(file)
        options = source.options.get(format.name) or {}
        settings = ReadSettings(max_characters, threads, options, source.column_names.without(columns), report.note)
        for row in format.read_rows(file, settings):
            if columns and isinstance(row, Row):
                row = row._replace(fields=columns | (row.fields if isinstance(row.fields, dict) else {"text": row.fields}))
            if isinstance(row, Row):
                expansion.add(LEAST_ROW + _characters(row))
            yield row._replace(name=prefix + row.name) if prefix else row


def _queried(source: Source, report: SourceReport, limits: QueryLimits) -> Iterator[Row | InvalidRow]:
    """Yield the rows that the statement of a source selects."""
    report.format = "query"
    files, report.not_read = files_with_rest(source)
    yield from query_rows(source, files, source.column_names, limits)


def _characters(row: Row) -> int:
    """Return how long the texts of a row are: the same one may come again and again, at the price of a few bytes."""
    values = row.fields.values() if isinstance(row.fields, dict) else [row.fields]
    return sum(len(value) for value in values if isinstance(value, str))


class _RolesOfRows:
    """Which fields of rows hold what, told once for each name that was found.

    Attributes
    ----------
    names : of the fields that rows had, all while there are few, and those that the settings name.
    """

    def __init__(self, chosen: ColumnNames, report: SourceReport):
        self._chosen, self._report = chosen, report
        self._wanted = set(chosen.settings())
        self._known: dict[tuple, Roles] = {}
        self.names: dict[str, None] = {}

    def of(self, fields: dict[str, Any]) -> Roles:
        """Return which fields of a row hold what."""
        keys = tuple(fields)
        return self._known.get(keys) or self._new(keys)

    def _new(self, keys: tuple) -> Roles:
        names = [key for key in keys if isinstance(key, str)]
        roles = roles_of(names, self._chosen)
        if len(self._known) < 1_000 and len(keys) < 1_000:
            self._known[keys] = roles
        for words in roles.told:
            if words not in self._report.notes:
                self._report.note(words)
        self.names |= dict.fromkeys(name for name in names if name in self._wanted or len(self.names) < 100)
        return roles


def _text(fields: dict[str, Any], roles: Roles) -> str | None:
    """Return the text of a row: its texts joined, or the first of them in which there is something to see."""
    found = (value for name in roles.text if isinstance(value := fields.get(name), str) and visible(value))
    return "\n\n".join(map(str.strip, found)) or None if roles.joined else next(found, None)


def _without_text(fields: dict[str, Any] | str, roles: Roles) -> str:
    """Return what a row has that has no text."""
    values = [fields] if isinstance(fields, str) else [fields[name] for name in roles.text if fields.get(name) is not None]
    if any(isinstance(value, str) for value in values):
        return "it is blank"
    names = shown(", ".join(str(name) for name in fields if isinstance(name, str | int))) if fields else "no field at all"
    if values:
        return f"it is a {type(values[0]).__name__}; the row has {names}"
    wanted = " nor ".join(f"`{shown(name)}`" for name in (roles.text if roles.joined else TEXTS))
    return f"neither {wanted}; the row has {names}" if " nor " in wanted else f"no {wanted}; the row has {names}"


def _candidate(
    fields: dict[str, Any], roles: Roles, text: str, source: str, max_characters: int, chosen: ColumnNames, vector: bytes
) -> Candidate:
    given = {
        "id": _word(fields.get(roles.id)),
        "title": _word(fields.get(roles.title)),
        "url": _text_or_none(fields.get(roles.url)),
        "text": text.strip(),
    }
    valid = {name: valid_unicode(value) for name, value in given.items()}
    replacements = ["characters that are not Unicode"] if valid != given else []
    for name, longest in (("id", LONGEST_ID), ("url", LONGEST_URL)):
        if len(valid[name]) > longest:
            valid[name] = ""
            replacements.append(f"{name} of more than {longest:,} characters left out")
    if len(valid["title"]) > LONGEST_TITLE:
        replacements.append(f"title cut at {LONGEST_TITLE} characters")
    whole_text, title = valid["text"], opening_words(valid["title"], LONGEST_TITLE)
    if not visible(title):
        title = opening_words(whole_text)
        replacements.append("title taken from the opening words")
    if len(whole_text) > max_characters:
        replacements.append(f"text cut at {max_characters} characters")
    item_id = f"{source}:{valid['id'] or _digest(title, whole_text)}"
    carried, cut = carried_values(fields, chosen.carried)
    article = Article(item_id, source, title, valid["url"], whole_text[:max_characters].rstrip(), carried, vector)
    return Candidate(article, replacements + cut)


def _word(value: Any) -> str:
    """Return an id or a title as text, whole numbers as integers; "" if there is none."""
    if isinstance(value, str):
        return value.strip()
    if type(value) is float and math.isfinite(value):
        return str(int(value) if value.is_integer() else value)
    if type(value) is int and value.bit_length() < 2_000:  # Python refuses to print the largest
        return str(value)
    return ""


def _text_or_none(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _digest(title: str, text: str) -> str:
    return content_digest([f"{title}\n{text}".encode()])[:16]
