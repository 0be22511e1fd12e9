"""The articles in MediaWiki's XML dumps of pages and their wikitext, as Wikipedia publishes them (pages-articles)."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from knowledge_map.articles.decompression import Unreadable, open_bytes
from knowledge_map.articles.formats.base import ReadSettings
from knowledge_map.articles.formats.mediawiki.dump import Page, Piece, Site, cut, pages_of
from knowledge_map.articles.formats.mediawiki.links import categories_of, languages_of
from knowledge_map.articles.formats.mediawiki.templates import Place
from knowledge_map.articles.formats.mediawiki.wikitext import plain_text
from knowledge_map.articles.records import InvalidRow, Row, SkippedRow
from knowledge_map.common.errors import UserError
from knowledge_map.common.parallel import in_order, processes
from knowledge_map.common.text import shown

REDIRECT = re.compile(r"\s*#redirect\s{0,9}:?\s{0,9}\[\[", re.IGNORECASE)

DISAMBIGUATION = (
    *("disambiguation", "disambig", "dab", "disambiguation page", "disambiguation cleanup", "hndis", "geodis", "mathdab"),
    *("human name disambiguation", "place name disambiguation", "airport disambiguation", "hospital disambiguation"),
    *("school disambiguation", "mathematical disambiguation", "letter-number combination disambiguation", "numberdis"),
    *("species latin name disambiguation", "begriffsklärung", "desambiguación", "desambiguação", "disambigua", "förgrening"),
    *("homonymie", "ujednoznacznienie", "неоднозначность", "багатозначність", "曖昧さ回避", "aimai", "消歧义", "消歧義"),
)

SECTIONS = (
    *("references", "notes", "footnotes", "notes and references", "references and notes", "citations", "sources"),
    *("bibliography", "further reading", "external links", "see also", "einzelnachweise", "weblinks", "literatur"),
    *("siehe auch", "notes et références", "références", "liens externes", "voir aussi", "bibliographie"),
    *("referencias", "enlaces externos", "véase también", "bibliografía", "note", "collegamenti esterni", "voci correlate"),
    *("referências", "ligações externas", "ver também", "примечания", "ссылки", "литература", "см. также"),
    *("脚注", "外部リンク", "関連項目", "参考文献", "参考资料", "外部链接", "参见"),
)

FURTHER: dict[str, Callable[[Page, Site], Any]] = {
    "page_id": lambda page, site: int(page.id),
    "revision_time": lambda page, site: page.time,
    "length": lambda page, site: len(page.text.encode("utf-8", "surrogatepass")),
    "categories": lambda page, site: categories_of(page.text, site.namespaces),
    "interlanguage_links": lambda page, site: len(languages_of(page.text)),
}
"""What a page has besides title and text, made where a column is wanted; the length is that of its wikitext in bytes."""


@dataclass(frozen=True)
class PageFilter:
    """Which pages of a dump are articles, and which of their sections are read.

    Parameters
    ----------
    namespaces : numbers of the namespaces to read; 0 has the articles.
    min_characters : pages with less text than this are stubs, and left out.
    disambiguation : names of the templates that mark a page as a disambiguation; pages with one are left out.
    without_sections : headings in lower case; a section below one of them is no part of the text.
    """

    namespaces: Sequence[int] = (0,)
    min_characters: int = 200
    disambiguation: Sequence[str] = DISAMBIGUATION
    without_sections: Sequence[str] = SECTIONS

    def reason_against(self, page: Page) -> tuple[str, str] | None:
        """Return why a page is no article, as far as its wikitext tells, and by which setting; None if it may be one."""
        if page.ns not in map(str, self.namespaces):
            return "in another namespace", "mediawiki.namespaces"
        if page.redirect or REDIRECT.match(page.text):
            return "a redirect", ""
        if page.model != "wikitext":
            return "not wikitext", ""
        if self.disambiguation and (self._mark().search(page.text) or "__DISAMBIG__" in page.text):
            return "a disambiguation", "mediawiki.disambiguation"
        return None

    def _mark(self) -> re.Pattern[str]:
        names = "|".join(re.escape(name.replace("_", " ")).replace(r"\ ", "[ _]") for name in self.disambiguation)
        return re.compile(rf"\{{\{{\s{{0,9}}(?:{names})\s{{0,9}}(?:\||\}}\}})", re.IGNORECASE)


def read_rows(path: Path, settings: ReadSettings) -> Iterator[Row | InvalidRow | SkippedRow]:
    """Yield the pages of a dump in their order; no more of each is cleaned than `max_characters` and the following line need.

    Several threads decompress and clean some MiB ahead. Memory holds these, however large the dump is.

    Raises UserError where the dump is corrupt, cut short, or not a dump at all.
    """
    pages, threads = PageFilter(**settings.options), settings.threads
    try:
        with processes(threads) as pool, open_bytes(path, threads) as stream:
            wanted = frozenset(FURTHER).intersection(settings.columns.settings())
            work = partial(_rows, pages=pages, max_characters=settings.max_characters, wanted=wanted)
            for rows in in_order(pool, work, cut(stream), 2 * threads):
                yield from rows
    except Unreadable:
        raise
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _rows(piece: Piece, pages: PageFilter, max_characters: int, wanted: frozenset[str]) -> list[Row | InvalidRow | SkippedRow]:
    return [_row(page, piece.site, pages, max_characters, wanted) for page in pages_of(piece)]


def _row(page: Page, site: Site, pages: PageFilter, max_characters: int, wanted: frozenset[str]) -> Row | InvalidRow | SkippedRow:
    name = f"page {shown(page.id, 20)} (line {page.line})"
    if page.problem:
        return InvalidRow(name, page.problem)
    page.ns = page.ns or site.namespace(page.title)
    against = pages.reason_against(page)
    if against:
        return SkippedRow(name, *against)
    if not page.id.isdecimal() or not page.title.strip():
        return InvalidRow(name, "without an id or a title")
    text = plain_text(
        page.text,
        max(max_characters, pages.min_characters),
        site.hidden,
        frozenset(pages.without_sections),
        Place(page.title, site.language),
    )
    if len(text) < pages.min_characters:
        return SkippedRow(name, f"shorter than {pages.min_characters} characters", "mediawiki.min_characters")
    number = f"{site.apart}:{page.id}" if site.apart else page.id
    further = {column: value(page, site) for column, value in FURTHER.items() if column in wanted}
    return Row(name, {"id": number, "title": page.title, "url": site.url(page.title), "text": text, **further})
