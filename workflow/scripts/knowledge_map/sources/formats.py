"""Which format a file is in, and who reads it."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from knowledge_map.errors import UserError
from knowledge_map.sources import delimited, json_lines, mediawiki, parquet, pickles
from knowledge_map.sources.opening import COMPRESSIONS, UTF8_MARK, open_bytes
from knowledge_map.sources.records import Broken, LeftOut, Row, Source

Reader = Callable[[Path], Iterator[Row | Broken | LeftOut]]

READERS: dict[str, Reader] = {
    "jsonl": json_lines.read_rows,
    "parquet": parquet.read_rows,
    "csv": partial(delimited.read_rows, delimiter=","),
    "tsv": partial(delimited.read_rows, delimiter="\t"),
    "pickle": pickles.read_rows,
    "mediawiki": mediawiki.read_rows,
}

SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".xml": "mediawiki",
}

HEAD = 1 << 16  # bytes that a format is guessed from


def reader_of(source: Source, format: str, max_characters: int, threads: int) -> Reader:
    """Return who reads a format of `READERS` the way the source's settings ask for."""
    if format == "mediawiki":
        pages = mediawiki.PageFilter(**source.mediawiki or {})
        return partial(mediawiki.read_rows, pages=pages, max_characters=max_characters, threads=threads)
    return READERS[format]


def format_of(source: Source, path: Path) -> str:
    """Return the format to read `path` in: the one configured, or the one its content and its name speak for.

    Raises UserError if the file is empty or of no format that is read here.
    """
    if source.format not in ("auto", *READERS):
        raise UserError(f"articles: {source.name}: no format `{source.format}`; use auto or one of {', '.join(READERS)}.")
    with open_bytes(path) as stream:
        head = stream.read(HEAD)
    if not head:
        raise UserError(f"{path}: empty; give a file with articles in it, or take {source.name} out of `articles`.")
    found = source.format if source.format != "auto" else _by_magic(head) or _by_name(path) or _by_text(head)
    if found is None:
        raise UserError(f"{path}: its format cannot be told; set `format` of {source.name} to one of {', '.join(READERS)}.")
    return found


def _by_magic(head: bytes) -> str | None:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.removeprefix(UTF8_MARK).lstrip().startswith(b"<") and b"<mediawiki" in head[:4096]:
        return "mediawiki"
    return "pickle" if re.match(rb"\x80[\x02-\x05]", head) else None


def _by_name(path: Path) -> str | None:
    name = path.name.lower()
    for suffix in COMPRESSIONS:
        name = name.removesuffix(suffix)
    return SUFFIXES.get(Path(name).suffix)


def _by_text(head: bytes) -> str | None:
    """Return the format of a text that begins with a JSON object or array, or with a header that has a text column."""
    text = head.removeprefix(UTF8_MARK).decode("utf-8", "replace").lstrip()
    if text.startswith(("{", "[")):
        return "jsonl"
    header = text.partition("\n")[0]
    for name, delimiter in (("tsv", "\t"), ("csv", ",")):
        if {"text", "content"} & {column.strip('\r" ') for column in header.split(delimiter)}:
            return name
    return None
