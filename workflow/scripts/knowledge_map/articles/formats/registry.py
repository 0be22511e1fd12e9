"""All formats of article files, and which of them a file is in."""

from pathlib import Path

from knowledge_map.articles import formats
from knowledge_map.articles.decompression import COMPRESSIONS, UTF8_MARK, open_bytes
from knowledge_map.articles.foreign import XML, refuse_foreign
from knowledge_map.articles.formats.base import ArticleFormat
from knowledge_map.articles.records import Source
from knowledge_map.common.errors import UserError
from knowledge_map.common.registry import offered

HEAD = 1 << 16
"""Bytes at the beginning of a file from which its format is told."""


ARTICLE_FORMATS: dict[str, ArticleFormat] = {each.name: each for each in offered(formats, "FORMATS")}
"""The formats of every module in this folder, by name."""

XML_FORMAT = next((each for each in ARTICLE_FORMATS.values() if ".xml" in each.suffixes), None)


def format_of(source: Source, path: Path) -> ArticleFormat:
    """Return the format to read `path` in: the one configured, or the one that its content and its name speak for.

    Raises UserError if the file is empty, is of no format that is read here, or is not what `format` says.
    """
    names = ", ".join(ARTICLE_FORMATS)
    if source.format not in ("auto", *ARTICLE_FORMATS):
        raise UserError(f"articles: {source.name}: no format `{source.format}`; use auto or one of {names}.")
    head = opening_bytes(path)
    if not head:
        raise UserError(f"{path}: empty; give a file with articles in it, or take {source.name} out of `articles`.")
    certain = _by_first_bytes(head)
    if certain is None:
        refuse_foreign(path, head)
    if source.format != "auto" and certain and certain.name != source.format:
        raise UserError(
            f"{path}: is {certain.name}, and not {source.format}; set `format` of {source.name} to {certain.name} or auto."
        )
    found = ARTICLE_FORMATS.get(source.format) or certain or _by_name(path) or _by_opening(head)
    if found is not certain and found is not XML_FORMAT and XML.match(head):
        raise UserError(f"{path}: is XML, of which only the dumps of MediaWiki are read; save its texts as JSON Lines or CSV.")
    if found is None:
        raise UserError(f"{path}: its format cannot be told; set `format` of {source.name} to one of {names}.")
    return found


def opening_bytes(path: Path) -> bytes:
    """Return the first bytes of a file, decompressed."""
    with open_bytes(path) as stream:
        return stream.read(HEAD)


def opening_of(path: Path) -> tuple[ArticleFormat | None, str]:
    """Return the format that the first bytes of a file are sure of, if any, and how it opens as text."""
    head = opening_bytes(path)
    return _by_first_bytes(head), _opening(head)


def _by_first_bytes(head: bytes) -> ArticleFormat | None:
    return next((each for each in ARTICLE_FORMATS.values() if each.first_bytes and each.first_bytes.match(head)), None)


def _by_name(path: Path) -> ArticleFormat | None:
    name = path.name.lower()
    for suffix in COMPRESSIONS:
        name = name.removesuffix(suffix)
    return next((each for each in ARTICLE_FORMATS.values() if name.endswith(each.suffixes)), None)


def _by_opening(head: bytes) -> ArticleFormat | None:
    text = _opening(head)
    return next((each for each in ARTICLE_FORMATS.values() if each.opens_like(text)), None)


def _opening(head: bytes) -> str:
    return head.removeprefix(UTF8_MARK).decode("utf-8", "replace").lstrip()
