"""MediaWiki's XML dumps of pages and their wikitext, as Wikipedia publishes them (pages-articles)."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from xml.parsers import expat

from knowledge_map.errors import UserError
from knowledge_map.sources.opening import Unreadable, open_bytes, reason_of, shown
from knowledge_map.sources.records import Broken, LeftOut, Row
from knowledge_map.sources.wikitext import plain_text

CHUNK = 1 << 16
LONGEST_PAGE = 1 << 24  # bytes; MediaWiki itself takes pages of up to 2 MiB
FILE, CATEGORY = "6", "14"
HIDDEN = {"file", "image", "category"}  # names that are understood in every language
REDIRECT = re.compile(r"\s*#redirect\s{0,9}:?\s{0,9}\[\[", re.IGNORECASE)
KEPT = frozenset(["base", "namespace", "title", "ns", "id", "model", "text"])  # elements whose text is read


DISAMBIGUATION = (
    *("disambiguation", "disambig", "dab", "disambiguation page", "disambiguation cleanup", "hndis", "geodis", "mathdab"),
    *("human name disambiguation", "place name disambiguation", "airport disambiguation", "hospital disambiguation"),
    *("school disambiguation", "mathematical disambiguation", "letter-number combination disambiguation", "numberdis"),
    *("species latin name disambiguation", "begriffsklärung", "desambiguación", "desambiguação", "disambigua", "förgrening"),
    *("homonymie", "ujednoznacznienie", "неоднозначность", "багатозначність", "曖昧さ回避", "aimai", "消歧义", "消歧義"),
)


@dataclass(frozen=True)
class PageFilter:
    """Which pages of a dump are articles.

    Parameters
    ----------
    namespaces : numbers of the namespaces to read; 0 has the articles.
    min_characters : pages with less text than this are stubs, and left out.
    disambiguation : names of the templates that mark a page as a disambiguation; pages with one are left out.
    """

    namespaces: Sequence[int] = (0,)
    min_characters: int = 200
    disambiguation: Sequence[str] = DISAMBIGUATION

    def marks(self) -> re.Pattern[str]:
        """Return the pattern that finds a disambiguation's mark in wikitext."""
        names = "|".join(re.escape(name.replace("_", " ")).replace(r"\ ", "[ _]") for name in self.disambiguation)
        return re.compile(rf"\{{\{{\s{{0,9}}(?:{names})\s{{0,9}}(?:\||\}}\}})|__DISAMBIG__", re.IGNORECASE)


@dataclass
class Page:
    """A page as it stands in the dump."""

    number: int
    line: int
    title: str = ""
    ns: str = "0"
    id: str = ""
    model: str = "wikitext"
    text: str = ""
    redirect: bool = False


def read_rows(path: Path, pages: PageFilter, max_characters: int) -> Iterator[Row | Broken | LeftOut]:
    """Yield the pages of a dump in a stream; no more of each is cleaned than `max_characters` and the following line need.

    Raises UserError, after the last whole page, where the dump is damaged, cut short, or none at all.
    """
    marks = pages.marks() if pages.disambiguation else None
    dump = _Dump(path)
    for page in dump.pages():
        name = f"page {page.id or page.number}"
        reason = _reason(page, pages, marks)
        if reason:
            yield LeftOut(name, reason)
        elif not page.id.isdecimal() or not page.title.strip():
            yield Broken(name, f"without an id or a title (line {page.line})")
        else:
            text = plain_text(page.text, max(max_characters, pages.min_characters), dump.hidden)
            if len(text) < pages.min_characters:
                yield LeftOut(name, f"shorter than {pages.min_characters} characters")
            else:
                yield Row(name, {"id": page.id, "title": page.title, "url": dump.url(page.title), "text": text})


def _reason(page: Page, pages: PageFilter, marks: re.Pattern[str] | None) -> str | None:
    """Return why a page is no article, as far as its wikitext tells; None if it may be one."""
    if page.ns not in map(str, pages.namespaces):
        return "in another namespace"
    if page.redirect or REDIRECT.match(page.text):
        return "a redirect"
    if page.model != "wikitext":
        return "not wikitext"
    if marks and marks.search(page.text):
        return "a disambiguation"
    return None


@dataclass
class _Dump:
    """The pages of one dump. There is no document type in a dump, hence there are no entities: one that has it is refused."""

    path: Path
    base: str = ""
    hidden: frozenset[str] = frozenset(HIDDEN)
    _elements: list[str] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)
    _attributes: dict[str, str] = field(default_factory=dict)
    _page: Page | None = None
    _whole: deque[Page] = field(default_factory=deque)
    _number: int = 0

    def pages(self) -> Iterator[Page]:
        """Yield the pages one after the other. Raises UserError where the dump cannot be read on."""
        self._parser = parser = expat.ParserCreate("UTF-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        begun = 0  # bytes since the last whole page
        try:
            with open_bytes(self.path) as stream:
                while chunk := stream.read1(CHUNK):
                    parser.Parse(chunk, False)
                    begun = 0 if self._whole else begun + len(chunk)
                    while self._whole:
                        yield self._whole.popleft()
                    if begun > LONGEST_PAGE:
                        raise UserError(
                            f"{self.path}: {self._place()}: more than {LONGEST_PAGE:,} bytes without the end of a page; "
                            "give a dump of current pages (pages-articles)."
                        )
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            yield from self._whole
            problem = "cut short or damaged" if self._number else "no MediaWiki dump, or damaged"
            raise UserError(
                f"{self.path}: {self._place()}: {problem} ({reason_of(error)}); fetch or make the file anew."
            ) from None
        except Unreadable as error:
            raise UserError(f"{error} ({self._place()})") from None

    def url(self, title: str) -> str:
        """Return a page's address, made of that of the main page; "" if the dump has none or the title is none."""
        name = title.strip().replace(" ", "_")
        if not self.base.startswith(("https://", "http://")) or {".", ".."} & set(name.split("/")):
            return ""
        before, query, _ = self.base.partition("title=")
        start = before + query if query else self.base.rpartition("/")[0] + "/"
        return start + quote(name, safe=";@$!*(),/~:", errors="replace")

    def _place(self) -> str:
        page = f", page {shown(self._page.title)}" if self._page and self._page.title else ""
        return f"line {self._parser.CurrentLineNumber}{page}, after {self._number:,} whole pages"

    def _refuse(self, *_: object) -> None:
        raise UserError(
            f"{self.path}: line {self._parser.CurrentLineNumber}: has a document type, which no MediaWiki dump has and which may "
            "define entities; give a dump as MediaWiki writes it."
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._elements and name != "mediawiki":
            raise UserError(f"{self.path}: no MediaWiki dump, but <{shown(name)}>; correct the path or the format.")
        self._elements.append(name)
        if len(self._elements) == 2 and name == "page":
            self._page = Page(self._number + 1, self._parser.CurrentLineNumber)
        elif name == "redirect" and self._page:
            self._page.redirect = True
        if name in KEPT:
            self._words, self._attributes = [], attributes
            self._parser.CharacterDataHandler = self._words.append

    def _end(self, name: str) -> None:
        above = self._elements[-2:-1]
        self._elements.pop()
        if name in KEPT:
            self._parser.CharacterDataHandler = None
            self._keep(name, above, "".join(self._words))
        elif name == "page" and len(self._elements) == 1 and self._page:
            self._number += 1
            self._whole.append(self._page)
            self._page = None

    def _keep(self, name: str, above: list[str], text: str) -> None:
        if self._page and (above == ["page"] or above == ["revision"] and name in ("model", "text")):
            setattr(self._page, name, text)
        elif name == "base" and above == ["siteinfo"]:
            self.base = text.strip()
        elif name == "namespace" and self._attributes.get("key") in (FILE, CATEGORY):
            self.hidden |= {text.strip().lower()}
