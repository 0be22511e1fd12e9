"""MediaWiki's XML: a dump in pieces of whole pages, and the pages in a piece."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple
from urllib.parse import quote
from xml.parsers import expat

from knowledge_map.common.errors import UserError
from knowledge_map.common.text import reason_of, shown

CHUNK = 1 << 20

LONGEST_HEADER = 1 << 20  # bytes

LONGEST_PAGE = 1 << 24  # bytes; MediaWiki itself takes pages of up to 2 MiB

DEEPEST_ELEMENT = 100  # levels; MediaWiki's dumps have five

FILE, CATEGORY = "6", "14"

HIDDEN = {"file", "image", "category"}  # names that are understood in every language

FIRST_PAGE = re.compile(rb"<page[\s>]")

PAGE_END = b"</page>"

ROOT, ROOT_END = b"<mediawiki>", b"</mediawiki>"

HEADER_TEXTS = {("siteinfo", "base"), ("namespaces", "namespace")}

PAGE_TEXTS = {("page", "title"), ("page", "ns"), ("page", "id"), ("revision", "model"), ("revision", "text")}

NO_DUMP = "no MediaWiki dump; correct the path or the format."

DAMAGED = "cut short or damaged"


@dataclass(frozen=True)
class Site:
    """The wiki that was dumped: the address of its main page, and the namespaces of files and categories in lower case."""

    base: str = ""
    hidden: frozenset[str] = frozenset(HIDDEN)

    def url(self, title: str) -> str:
        """Return a page's address, made of that of the main page; "" if the dump has none or the title is none."""
        name = title.strip().replace(" ", "_")
        if not self.base.startswith(("https://", "http://")) or {".", ".."} & set(name.split("/")):
            return ""
        before, query, _ = self.base.partition("title=")
        start = before + query if query else self.base.rpartition("/")[0] + "/"
        return start + quote(name, safe=";@$!*(),/~:", errors="replace")


class Piece(NamedTuple):
    """Whole pages of a dump as they stand there, and the line of the dump they begin in; the last piece closes the dump."""

    content: bytes
    line: int
    last: bool


@dataclass
class Page:
    """A page and its latest revision."""

    line: int
    title: str = ""
    ns: str = "0"
    id: str = ""
    model: str = "wikitext"
    text: str = ""
    redirect: bool = False


def cut(stream: BinaryIO) -> tuple[bytes, Iterator[Piece]]:
    """Return what precedes the first page of a dump, and its pages in pieces of about 1 MiB.

    Reading these raises UserError, without the dump's name, where there are none or one is too long.
    """
    held, start = b"", None
    while start is None and len(held) <= LONGEST_HEADER and (chunk := stream.read(CHUNK)):
        held += chunk
        start = FIRST_PAGE.search(held)
    end = start.start() if start else len(held)
    return held[:end], _pieces(held[end:], stream, 1 + held.count(b"\n", 0, end))


def _pieces(held: bytes, stream: BinaryIO, line: int) -> Iterator[Piece]:
    if not held:
        raise UserError("has no pages; fetch the dump anew, or give another.")
    more = True
    while more:
        end = held.rfind(PAGE_END) + len(PAGE_END)
        if end >= len(PAGE_END):
            yield Piece(held[:end], line, last=False)
            line += held.count(b"\n", 0, end)
            held = held[end:]
        elif len(held) > LONGEST_PAGE:
            raise UserError(
                f"line {line}: more than {LONGEST_PAGE:,} bytes without the end of a page; "
                "give a dump of current pages (pages-articles)."
            )
        more = stream.read(CHUNK)
        held += more
    yield Piece(held, line, last=True)


def site_of(header: bytes) -> Site:
    """Return what the header of a dump says of its wiki. Raises UserError, without the dump's name, if it is none."""
    reader = _Reader()
    reader.read(header, 1)
    names = {text.strip().lower() for key, text in reader.namespaces if key in (FILE, CATEGORY)}
    return Site(reader.base.strip(), frozenset(HIDDEN | names))


def pages_of(piece: Piece) -> list[Page]:
    """Return the pages of a piece. Raises UserError, without the dump's name, where it is damaged."""
    reader = _Reader()
    reader.read(ROOT + piece.content + (b"" if piece.last else ROOT_END), piece.line, whole=True)
    return reader.pages


@dataclass
class _Reader:
    """What stands in a part of a dump.

    There is no document type in a dump, hence there are no entities: one that has it is refused, and an entity is damage.
    """

    base: str = ""
    namespaces: list[tuple[str, str]] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    _elements: list[str] = field(default_factory=lambda: [""])
    _key: str = ""
    _words: list[str] = field(default_factory=list)
    _page: Page | None = None

    def read(self, content: bytes, line: int, whole: bool = False) -> None:
        self._parser = parser = expat.ParserCreate("UTF-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        self._before = line - 1
        try:
            parser.Parse(content, whole)
        except expat.ExpatError as error:
            raise self._damage(reason_of(error).partition(":")[0]) from None

    def _damage(self, reason: str) -> UserError:
        page = f", page {shown(self._page.title)}" if self._page and self._page.title else ""
        problem = f"{DAMAGED} ({reason}); fetch or make the file anew."
        return UserError(f"line {self._line()}{page}: {problem if len(self._elements) > 1 else NO_DUMP}")

    def _line(self) -> int:
        return self._before + self._parser.CurrentLineNumber

    def _refuse(self, *_: object) -> None:
        raise UserError(
            f"line {self._line()}: has a document type, which no MediaWiki dump has and which may define entities; "
            "give a dump as MediaWiki writes it."
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        above = self._elements[-1]
        if not above and name != "mediawiki":
            raise UserError(f"begins with <{shown(name)}>: {NO_DUMP}")
        self._elements.append(name)
        if len(self._elements) > DEEPEST_ELEMENT:
            raise self._damage(f"nested more than {DEEPEST_ELEMENT} levels deep")
        if name == "page" and above == "mediawiki":
            self._page = Page(self._line())
        elif name == "redirect" and self._page:
            self._page.redirect = True
        elif (above, name) in PAGE_TEXTS or (above, name) in HEADER_TEXTS:
            self._words, self._key = [], attributes.get("key", "")
            self._parser.CharacterDataHandler = self._words.append

    def _end(self, name: str) -> None:
        self._elements.pop()
        above = self._elements[-1]
        if name == "page" and above == "mediawiki":
            self.pages.append(self._page)
            self._page = None
        elif (above, name) in PAGE_TEXTS | HEADER_TEXTS:
            self._parser.CharacterDataHandler = None
            text = "".join(self._words)
            if self._page and (above, name) in PAGE_TEXTS:
                setattr(self._page, name, text)
            elif name == "base":
                self.base = text
            elif name == "namespace":
                self.namespaces.append((self._key, text))
