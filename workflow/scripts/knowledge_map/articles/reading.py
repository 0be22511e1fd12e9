"""From rows to articles, and what became of each row."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from knowledge_map.articles.columns import TEXTS, other_spellings, told_spelling
from knowledge_map.articles.decompression import Expansion
from knowledge_map.articles.discovery import columns_of_path, files_with_rest
from knowledge_map.articles.formats.base import ReadSettings
from knowledge_map.articles.formats.registry import format_of
from knowledge_map.articles.records import (
    BROKEN_ROW,
    DUPLICATE_ID,
    NO_TEXT,
    Article,
    InvalidRow,
    Row,
    SkippedRow,
    Source,
    SourceReport,
)
from knowledge_map.articles.sampling import Sample, SeenIds
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
    source: Source, report: SourceReport, seen: SeenIds, max_characters: int, scratch_dir: Path, threads: int = 1
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

    Raises UserError if the source is missing, empty, damaged, or not what its format says.
    """
    candidates = _candidates(source, report, seen, max_characters, threads)
    if source.sample_seed is not None:
        candidates = _drawn(candidates, source, report, scratch_dir)
    for article, replacements in candidates:
        report.keep(replacements)
        report.stopped_at_limit = source.sample_seed is None and report.kept == source.limit
        yield article
        if report.stopped_at_limit:
            return


def _drawn(candidates: Iterator[Candidate], source: Source, report: SourceReport, scratch_dir: Path) -> Iterator[Candidate]:
    """Yield a random sample of the candidates, in the order of their keys."""
    assert source.sample_seed is not None  # else none is drawn
    with Sample(scratch_dir / f"sample-{source.name}.sqlite", source.sample_seed, source.limit) as sample:
        for article, replacements in candidates:
            sample.offer(article.item_id, (*article, "\n".join(replacements)))
        report.not_drawn = sample.offered - sample.size
        for *article, replacements in sample.drawn():
            yield Candidate(Article(*article), replacements.splitlines())


def _candidates(source: Source, report: SourceReport, seen: SeenIds, max_characters: int, threads: int) -> Iterator[Candidate]:
    """Yield the rows that make an article whose id is new."""
    spellings = _Spellings(report)
    for row in _rows(source, report, max_characters, threads):
        report.read += 1
        if isinstance(row, InvalidRow):
            report.drop(row.name, BROKEN_ROW, shown(row.detail))
            continue
        if isinstance(row, SkippedRow):
            report.leave_out(row.reason, row.setting)
            continue
        fields = row.fields
        if isinstance(fields, dict):
            fields = spellings.corrected(fields)
        text = _text(fields)
        if text is None:
            report.drop(row.name, NO_TEXT, _without_text(fields))
            continue
        candidate = _candidate(fields, text, source.name, max_characters)
        if seen.add(candidate.article.item_id):
            yield candidate
        else:
            report.drop(row.name, DUPLICATE_ID, shown(candidate.article.item_id))
    if not report.read:
        raise UserError(f"{source.path}: empty; give a file with articles in it, or take {source.name} out of `articles`.")


def _rows(source: Source, report: SourceReport, max_characters: int, threads: int) -> Iterator[Row | InvalidRow | SkippedRow]:
    """Yield the rows of all files, named with their file where there are several."""
    files, report.not_read = files_with_rest(source)
    for file in files:
        format = format_of(source, file)
        report.format = format.name
        columns = columns_of_path(source, file)
        prefix = "" if file == Path(source.path) else f"{file.name if source.files else file.relative_to(source.path)} "
        expansion = Expansion(file)
        settings = ReadSettings(max_characters, threads, source.options.get(format.name) or {}, report.note)
        for row in format.read_rows(file, settings):
            if columns and isinstance(row, Row):
                row = row._replace(fields=columns | (row.fields if isinstance(row.fields, dict) else {"text": row.fields}))
            if isinstance(row, Row):
                expansion.add(LEAST_ROW + _characters(row))
            yield row._replace(name=prefix + row.name) if prefix else row


def _characters(row: Row) -> int:
    """Return how long the texts of a row are: the same one may come again and again, at the price of a few bytes."""
    values = row.fields.values() if isinstance(row.fields, dict) else [row.fields]
    return sum(len(value) for value in values if isinstance(value, str))


class _Spellings:
    """Fields that differ in case only from those that are read, under the names that are read; told once for each spelling."""

    def __init__(self, report: SourceReport):
        self._report = report
        self._known: dict[tuple, dict[str, str]] = {}

    def corrected(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return fields under the names that are read."""
        if fields.get("text") and "title" in fields and "id" in fields and "url" in fields:
            return fields
        names = tuple(fields)
        other = self._known.get(names)
        if other is None:
            other = other_spellings([name for name in names if isinstance(name, str)])
            if len(self._known) < 1_000 and len(names) < 1_000:
                self._known[names] = other
            for words in (told_spelling(*pair) for pair in other.items()):
                if words not in self._report.notes:
                    self._report.note(words)
        # The first of several spellings counts.
        return {**{other[name]: fields[name] for name in reversed(names) if name in other}, **fields} if other else fields


def _text(fields: dict[str, Any] | str) -> str | None:
    """Return the text of a row: the first of its fields for texts in which there is something to see."""
    for name in TEXTS:
        value = fields if isinstance(fields, str) else fields.get(name)
        if isinstance(value, str) and visible(value):
            return value
    return None


def _without_text(fields: dict[str, Any] | str) -> str:
    """Return what a row has that has no text."""
    values = [fields] if isinstance(fields, str) else [fields[name] for name in TEXTS if fields.get(name) is not None]
    if any(isinstance(value, str) for value in values):
        return "it is blank"
    names = shown(", ".join(str(name) for name in fields if isinstance(name, str | int))) if fields else "no field at all"
    if values:
        return f"it is a {type(values[0]).__name__}; the row has {names}"
    return f"neither `text` nor `content`; the row has {names}"


def _candidate(fields: dict[str, Any] | str, text: str, source: str, max_characters: int) -> Candidate:
    fields = fields if isinstance(fields, dict) else {}
    given = {
        "id": _word(fields.get("id")),
        "title": _word(fields.get("title")),
        "url": _text_or_none(fields.get("url")),
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
    return Candidate(Article(item_id, source, title, valid["url"], whole_text[:max_characters].rstrip()), replacements)


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
