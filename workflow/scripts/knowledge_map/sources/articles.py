"""From rows to articles, and what became of each row."""

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from knowledge_map.errors import UserError
from knowledge_map.sources.formats import format_of, reader_of
from knowledge_map.sources.opening import Expansion, files_of, shown
from knowledge_map.sources.records import BROKEN_ROW, DUPLICATE_ID, NO_TEXT, Article, Broken, LeftOut, Row, Source, Tally
from knowledge_map.sources.sampling import Sample, SeenIds

TITLE_CHARACTERS = 60  # of a title taken from the opening words
LONGEST_TITLE = 500  # characters; MediaWiki's have 255 bytes, and a map holds all titles at once
LONGEST_ID = 500
LONGEST_URL = 4_000
LEAST_ROW = 32  # characters that any row counts as; a tiny parquet file can have thousands of millions of empty rows


class Candidate(NamedTuple):
    """An article that may be kept, and what was replaced in it."""

    article: Article
    replacements: list[str]


def read_articles(
    source: Source, tally: Tally, seen: SeenIds, max_characters: int, spool: Path, threads: int = 1
) -> Iterator[Article]:
    """Yield the articles of a source in a stream, and count in `tally` what became of every row.

    With a limit alone these are the first articles, and reading stops there. With a sample seed they come in the order of
    keys that the seed and their ids determine, wherever they stand in the file, so a smaller sample begins a larger one.

    Parameters
    ----------
    tally : fresh, `Tally(source.name, source.path)`; complete once the last article was yielded.
    seen : the ids met so far, shared by all sources.
    max_characters : longer texts are cut there.
    spool : a folder with room for the candidates of a sample.
    threads : how many may work at once where a format takes more than reading; the articles are the same.

    Raises UserError if the source is missing, empty, damaged, or not what its format says.
    """
    candidates = _candidates(source, tally, seen, max_characters, threads)
    if source.sample_seed is not None:
        candidates = _drawn(candidates, source, tally, spool)
    for article, replacements in candidates:
        tally.keep(replacements)
        tally.stopped_at_limit = source.sample_seed is None and tally.kept == source.limit
        yield article
        if tally.stopped_at_limit:
            return


def _drawn(candidates: Iterator[Candidate], source: Source, tally: Tally, spool: Path) -> Iterator[Candidate]:
    """Yield a random sample of the candidates, in the order of their keys."""
    with Sample(spool / f"sample-{source.name}.sqlite", source.sample_seed, source.limit) as sample:
        for article, replacements in candidates:
            sample.offer(article.item_id, (*article, "\n".join(replacements)))
        tally.not_drawn = sample.offered - sample.size
        for *article, replacements in sample.drawn():
            yield Candidate(Article(*article), replacements.splitlines())


def _candidates(source: Source, tally: Tally, seen: SeenIds, max_characters: int, threads: int) -> Iterator[Candidate]:
    """Yield the rows that make an article whose id is new."""
    for row in _rows(source, tally, max_characters, threads):
        tally.read += 1
        if isinstance(row, Broken):
            tally.drop(row.name, BROKEN_ROW, shown(row.detail))
            continue
        if isinstance(row, LeftOut):
            tally.leave_out(row.reason)
            continue
        text = _text(row)
        if not isinstance(text, str) or not text.strip():
            tally.drop(row.name, NO_TEXT, "it is blank" if isinstance(text, str) else f"it is a {type(text).__name__}")
            continue
        candidate = _candidate(row, text, source.name, max_characters)
        if seen.add(candidate.article.item_id):
            yield candidate
        else:
            tally.drop(row.name, DUPLICATE_ID, shown(candidate.article.item_id))
    if not tally.read:
        raise UserError(f"{source.path}: empty; give a file with articles in it, or take {source.name} out of `articles`.")


def _rows(source: Source, tally: Tally, max_characters: int, threads: int) -> Iterator[Row | Broken | LeftOut]:
    """Yield the rows of all files, named with their file where there are several."""
    files = files_of(source)
    for file in files:
        tally.format = format_of(source, file)
        prefix = "" if file == Path(source.path) else f"{file.name if source.files else file.relative_to(source.path)} "
        expansion = Expansion(file)
        for row in reader_of(source, tally.format, max_characters, threads)(file):
            if isinstance(row, Row):
                expansion.add(LEAST_ROW + _characters(row))
            yield row._replace(name=prefix + row.name) if prefix else row


def _characters(row: Row) -> int:
    """Return how long the texts of a row are: the same one may come again and again, at the price of a few bytes."""
    values = row.fields.values() if isinstance(row.fields, dict) else [row.fields]
    return sum(len(value) for value in values if isinstance(value, str))


def _text(row: Row) -> Any:
    fields = row.fields
    return fields if isinstance(fields, str) else fields.get("text", fields.get("content"))


def _candidate(row: Row, text: str, source: str, max_characters: int) -> Candidate:
    fields = row.fields if isinstance(row.fields, dict) else {}
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
    if not title:
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


def valid_unicode(text: str) -> str:
    """Return a text with its lone surrogates replaced, which JSON may spell and UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def opening_words(text: str, characters: int = TITLE_CHARACTERS) -> str:
    """Return as many whole words as make up a title, or the beginning of a word that is longer."""
    words = " ".join(text.split(maxsplit=characters)[:characters])
    if len(words) <= characters:
        return words
    return words[: characters + 1].rpartition(" ")[0] or words[:characters]


def _digest(title: str, text: str) -> str:
    return hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()[:16]
