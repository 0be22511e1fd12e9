"""MediaWiki's XML: a dump in pieces of whole pages, and the pages in a piece. Dumps may stand one after another in a file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO, NamedTuple
from urllib.parse import quote, urlsplit
from xml.parsers import expat

from knowledge_map.common.errors import UserError
from knowledge_map.common.text import reason_of, shown

CHUNK = 1 << 20

LONGEST_HEADER = 1 << 20  # bytes

LONGEST_PAGE = 1 << 24  # bytes, of earlier revisions those that have to be held; MediaWiki itself takes texts of up to 2 MiB

DEEPEST_ELEMENT = 100  # levels; MediaWiki's dumps have five

FILE, CATEGORY = "6", "14"

HIDDEN = {"file", "image", "category"}  # names that are understood in every language

NAMESPACES = {
    # These names are understood in every language, so that no article's title can begin with one.
    **{"media": "-2", "special": "-1", "talk": "1", "user": "2", "user talk": "3", "project": "4", "project talk": "5"},
    **{"file": "6", "image": "6", "file talk": "7", "image talk": "7", "mediawiki": "8", "mediawiki talk": "9"},
    **{"template": "10", "template talk": "11", "help": "12", "help talk": "13", "category": "14", "category talk": "15"},
}

FIRST_PAGE = re.compile(rb"<page[\s>]")

DUMP_START = re.compile(rb"<mediawiki[\s>]")

DUMP_END = re.compile(rb"</mediawiki\s{0,9}>")

PAGE_END, REVISION_END = b"</page>", b"</revision>"

REVISION = re.compile(rb"<revision[\s>]")

TIMESTAMP = re.compile(rb"<timestamp>\s{0,9}([^<\s]{0,40})")

REVISION_ID = re.compile(rb"<id>\s{0,9}(\d{1,18})")

PAGE_ID = re.compile(rb"<id>\s{0,9}(\d{1,18})\s{0,9}</id>")

FORBIDDEN = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|&#(?:x([0-9a-fA-F]{1,40})|([0-9]{1,40}));")
"""Characters that XML forbids, and references by number, which may be to one. NUL is not among them: it is a hole in the file."""

ROOT, ROOT_END = b"<mediawiki>", b"</mediawiki>"

HEADER_TEXTS = {("siteinfo", "base"), ("namespaces", "namespace")}

PAGE_TEXTS = {("page", "title"), ("page", "ns"), ("page", "id")}

REVISION_TEXTS = {("revision", name) for name in ("id", "timestamp", "model", "text")}

NO_DUMP = "no MediaWiki dump; correct the path or the format."

DAMAGED = "cut short or damaged"


@dataclass(frozen=True)
class Site:
    """The wiki that was dumped.

    Attributes
    ----------
    base : the address of its main page.
    hidden : the namespaces of files and categories, in lower case.
    namespaces : the numbers of namespaces by their names in lower case.
    language : its code, such as "de"; "" if the dump has none.
    apart : what tells its pages' ids from those of another wiki before it in the same file; "" for the first one.
    """

    base: str = ""
    hidden: frozenset[str] = frozenset(HIDDEN)
    namespaces: Mapping[str, str] = field(default_factory=lambda: dict(NAMESPACES), hash=False)
    language: str = ""
    apart: str = ""

    def url(self, title: str) -> str:
        """Return a page's address, made of that of the main page; "" if the dump has none or the title is none."""
        name = title.strip().replace(" ", "_")
        if not self.base.startswith(("https://", "http://")) or {".", ".."} & set(name.split("/")):
            return ""
        before, query, _ = self.base.partition("title=")
        start = before + query if query else self.base.rpartition("/")[0] + "/"
        return start + quote(name, safe=";@$!*(),/~:", errors="replace")

    def namespace(self, title: str) -> str:
        """Return the number of the namespace that a title's prefix names; "0" if it names none."""
        prefix, colon, _ = title.partition(":")
        return self.namespaces.get(_folded(prefix), "0") if colon else "0"

    @property
    def host(self) -> str:
        """The host of its addresses; "" if the dump has none."""
        try:
            return urlsplit(self.base).netloc
        except ValueError:
            return ""


class Piece(NamedTuple):
    """Whole pages of a dump as they stand there, and the line of the file they begin in; the last piece closes the dump."""

    content: bytes
    line: int
    last: bool
    site: Site = Site()


@dataclass
class Page:
    """A page and its latest revision, of that `time`; `ns` is "" where the dump has none, `problem` why it cannot be read."""

    line: int
    title: str = ""
    ns: str = ""
    id: str = ""
    time: str = ""
    model: str = "wikitext"
    text: str = ""
    redirect: bool = False
    problem: str = ""


def cut(stream: BinaryIO) -> Iterator[Piece]:
    """Yield the pages of all dumps in a file in pieces of about 1 MiB.

    Raises UserError, without the file's name, where there are none, one is too long, or there is no dump at all.
    """
    return _Cutter(stream).pieces()


class _Cutter:
    """Cuts a stream into pieces; holds about one piece, or of a page with a long history its newest revision so far."""

    def __init__(self, stream: BinaryIO):
        self._stream, self._held, self._line = stream, b"", 1
        self._ended = False  # whether the header that was taken last has the end of a dump
        self._left_out = 0  # lines of the page that `_held` begins with, in revisions that were left out

    def pieces(self) -> Iterator[Piece]:
        first = site = self._site()
        if not self._held:
            raise UserError("has no pages; fetch the dump anew, or give another.")
        while self._held:
            yield from self._pages(site)
            if self._held:
                line = self._line
                site = self._site()
                if not self._held and not self._ended:
                    raise UserError(f"line {line}: {DAMAGED} (a dump without an end); fetch or make the file anew.")
                if site.host != first.host:
                    site = replace(site, apart=site.host)

    def _read(self) -> bool:
        """Read on; return whether there was more."""
        chunk = self._stream.read(CHUNK)
        self._held += chunk
        return bool(chunk)

    def _take(self, end: int) -> bytes:
        taken, self._held = self._held[:end], self._held[end:]
        self._line += taken.count(b"\n")
        return taken

    def _site(self) -> Site:
        """Take the header of a dump, up to its first page; the headers before it are of dumps without pages."""
        line = self._line
        start = FIRST_PAGE.search(self._held)
        while start is None and len(self._held) <= LONGEST_HEADER and self._read():
            start = FIRST_PAGE.search(self._held)
        header = self._take(start.start() if start else len(self._held))
        self._ended = DUMP_END.search(header) is not None
        if start and (ends := list(DUMP_END.finditer(header))) and DUMP_START.search(header, ends[-1].end()):
            line += header.count(b"\n", 0, ends[-1].end())
            header = header[ends[-1].end() :]
        stripped = header.lstrip()
        return site_of(stripped, line + header.count(b"\n", 0, len(header) - len(stripped)))

    def _pages(self, site: Site) -> Iterator[Piece]:
        """Yield the pages of a dump, and take all up to the next one."""
        more = True
        while more:
            start = b"<mediawiki" in self._held and DUMP_START.search(self._held)
            if start:
                ends = list(DUMP_END.finditer(self._held, 0, start.start()))
                line = self._line
                yield Piece(self._take(ends[-1].end() if ends else start.start()), line, last=True, site=site)
                return
            end = (self._held.find if self._left_out else self._held.rfind)(PAGE_END) + len(PAGE_END)
            if end >= len(PAGE_END):
                line = self._line
                yield Piece(self._take(end), line, last=False, site=site)
                self._line, self._left_out = self._line + self._left_out, 0
                continue
            if len(self._held) > LONGEST_PAGE // 4:
                self._leave_out_revisions()
            if len(self._held) > LONGEST_PAGE:
                raise UserError(
                    f"line {self._line}: more than {LONGEST_PAGE:,} bytes without the end of a page; "
                    "give a dump of current pages (pages-articles)."
                )
            more = self._read()
        line = self._line
        yield Piece(self._take(len(self._held)), line, last=True, site=site)

    def _leave_out_revisions(self) -> None:
        """Hold, of the whole revisions of a page that goes on, only the newest one."""
        first = REVISION.search(self._held)
        if first is None:
            return
        start, end = first.start(), self._held.rfind(REVISION_END) + len(REVISION_END)
        revisions = self._held[start:end].split(REVISION_END)[:-1]
        if len(revisions) > 1:
            newest = max(enumerate(revisions), key=lambda revision: (*_age(revision[1]), revision[0]))[1] + REVISION_END
            self._left_out += self._held.count(b"\n", start, end) - newest.count(b"\n")
            self._held = self._held[:start] + newest + self._held[end:]


def _age(revision: bytes) -> tuple[str, int]:
    """Return what grows from one revision to the next: its time and its id."""
    time, number = TIMESTAMP.search(revision), REVISION_ID.search(revision)
    return time[1].decode("latin-1") if time else "", int(number[1]) if number else 0


def site_of(header: bytes, line: int = 1) -> Site:
    """Return what the header of a dump says of its wiki. Raises UserError, without the dump's name, if it is none."""
    reader = _Reader()
    reader.read(header, line)
    names = {_folded(text): key.strip() for key, text in reader.namespaces if text.strip()}
    hidden = {name for name, key in names.items() if key in (FILE, CATEGORY)}
    return Site(reader.base.strip(), frozenset(HIDDEN | hidden), NAMESPACES | names, reader.language)


def _folded(name: str) -> str:
    return " ".join(name.replace("_", " ").lower().split())


def pages_of(piece: Piece) -> list[Page]:
    """Return the pages of a piece. Raises UserError, without the dump's name, where it is damaged.

    A page that only has a character that XML forbids, or bytes that are not UTF-8, is among them with its `problem`.
    """
    try:
        return _read_pages(piece, piece.content)
    except UserError:
        content, unreadable = _without_unreadable(piece)
        if not unreadable:
            raise
        return sorted(unreadable + _read_pages(piece, content), key=lambda page: page.line)


def _read_pages(piece: Piece, content: bytes) -> list[Page]:
    reader = _Reader()
    reader.read(ROOT + content + (b"" if piece.last else ROOT_END), piece.line, whole=True)
    return reader.pages


def _without_unreadable(piece: Piece) -> tuple[bytes, list[Page]]:
    """Return the content of a piece with empty lines in place of the pages that cannot be read, and these."""
    parts, unreadable, line = [], [], piece.line
    for part in re.split(rb"(?<=</page>)", piece.content):
        start = FIRST_PAGE.search(part)
        problem = _problem(part) if start and part.endswith(PAGE_END) else ""
        if start and problem:
            number = PAGE_ID.search(part)
            at = line + part.count(b"\n", 0, start.start())
            unreadable.append(Page(at, id=number[1].decode() if number else "", problem=problem))
            parts.append(part[: start.start()] + b"\n" * part.count(b"\n", start.start()))
        else:
            parts.append(part)
        line += part.count(b"\n")
    return b"".join(parts), unreadable


def _problem(page: bytes) -> str:
    """Return which forbidden character makes a page unreadable; "" if there is none."""
    for found in FORBIDDEN.finditer(page):
        hexadecimal, decimal = found.groups()
        code = int(hexadecimal, 16) if hexadecimal else int(decimal) if decimal else ord(found[0].decode("utf-8"))
        if _is_forbidden(code):
            return f"has the character U+{code:04X}, which XML forbids"
    try:
        page.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"has the byte 0x{page[error.start]:02X}, which is not UTF-8"
    return ""


def _is_forbidden(code: int) -> bool:
    return (code < 0x20 and code not in (9, 10, 13)) or 0xD800 <= code < 0xE000 or code in (0xFFFE, 0xFFFF) or code > 0x10FFFF


@dataclass
class _Reader:
    """What stands in a part of a dump.

    There is no document type in a dump, hence there are no entities: one that has it is refused, and an entity is damage.
    """

    base: str = ""
    language: str = ""
    namespaces: list[tuple[str, str]] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    _elements: list[str] = field(default_factory=lambda: [""])
    _key: str = ""
    _words: list[str] = field(default_factory=list)
    _page: Page | None = None
    _revision: dict[str, str] = field(default_factory=dict)
    _newest: tuple[str, int] = ("", 0)

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
        if not above:
            if name != "mediawiki":
                raise UserError(f"begins with <{shown(name)}>: {NO_DUMP}")
            self.language = attributes.get("xml:lang", "")
        self._elements.append(name)
        if len(self._elements) > DEEPEST_ELEMENT:
            raise self._damage(f"nested more than {DEEPEST_ELEMENT} levels deep")
        if name == "page" and above == "mediawiki":
            self._page, self._newest = Page(self._line()), ("", 0)
        elif name == "redirect" and self._page:
            self._page.redirect = True
        elif name == "revision":
            self._revision = {}
        elif (above, name) in PAGE_TEXTS or (above, name) in REVISION_TEXTS or (above, name) in HEADER_TEXTS:
            self._words, self._key = [], attributes.get("key", "")
            self._parser.CharacterDataHandler = self._words.append

    def _end(self, name: str) -> None:
        self._elements.pop()
        above = self._elements[-1]
        if name == "page" and above == "mediawiki" and self._page:
            self.pages.append(self._page)
            self._page = None
        elif name == "revision" and self._page:
            self._take_newest(self._page)
        elif (above, name) in PAGE_TEXTS or (above, name) in REVISION_TEXTS or (above, name) in HEADER_TEXTS:
            self._parser.CharacterDataHandler = None
            text = "".join(self._words)
            if above == "revision":
                self._revision[name] = text
            elif self._page and above == "page":
                setattr(self._page, name, text.strip() if name == "ns" else text)
            elif name == "base":
                self.base = text
            elif name == "namespace":
                self.namespaces.append((self._key, text))

    def _take_newest(self, page: Page) -> None:
        """Take the revision that ends here if none before it is newer."""
        number = self._revision.get("id", "").strip()
        age = self._revision.get("timestamp", "").strip(), int(number) if number.isdecimal() and len(number) < 19 else 0
        if age >= self._newest:
            self._newest, page.time = age, age[0]
            page.model, page.text = self._revision.get("model", "wikitext"), self._revision.get("text", "")
