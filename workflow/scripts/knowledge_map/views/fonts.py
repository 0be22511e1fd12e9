"""Text in pictures: titles in any script as plain lines, and the installed fonts that have their characters."""

import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path

from matplotlib.font_manager import FontEntry, findfont, findSystemFonts, fontManager
from matplotlib.ft2font import FT2Font

from knowledge_map.common.progress import log
from knowledge_map.common.text import shown

BASE = "DejaVu Sans"
"""The font that comes with matplotlib; it is asked first."""

LACKING = "\N{REPLACEMENT CHARACTER}"
"""Stands for a letter that no font has."""

JOINERS = "\u200c\u200d"
"""They have no width, and decide in Indic and Arabic scripts how letters join."""

VARIANTS = "".join(map(chr, range(0xFE00, 0xFE10)))
"""They choose between the forms of a character, mostly of an emoji in color or without."""

NO_BEGINNING = "、。，．！？：；）〉》」』】〕ー…々"
"""What does not begin a line."""

USELESS = ("last resort", "lastresort", "blank", "color", "colour", "barcode", "redacted", "notdef")
"""Parts of the names of fonts that draw boxes or nothing, or that only a program with color can draw."""

LIKED = ("noto sans cjk", "noto sans", "wenquanyi", "droid sans fallback", "source han sans")
"""Fonts that are taken before others that have as many of the characters."""

MOST_NAMED = 8


@dataclass(frozen=True)
class Fonts:
    """The fonts of a picture.

    Attributes
    ----------
    families : their names for matplotlib, in the order in which they are asked for a character.
    glyphs : the code points that one of them has.
    names : what the fonts besides the first are called.
    """

    families: tuple[str, ...]
    glyphs: frozenset[int]
    names: tuple[str, ...] = ()


@dataclass
class Undrawn:
    """What a picture lacks: characters that no font has, the texts they are in, and the labels left out for them."""

    characters: Counter[str] = field(default_factory=Counter)
    texts: int = 0
    labels: int = 0

    def add(self, text: str, fonts: Fonts) -> None:
        """Count what the fonts lack of a text."""
        lacking = [character for character in text if not _is_space(character) and ord(character) not in fonts.glyphs]
        self.characters.update(character for character in lacking if character not in JOINERS)
        self.texts += bool(lacking)

    def tell(self) -> None:
        """Log what could not be drawn, if there is anything."""
        if not self.characters:
            return
        named = ", ".join(_named(character) for character, _ in self.characters.most_common(MOST_NAMED))
        rest = f" and {len(self.characters) - MOST_NAMED:,} more" if len(self.characters) > MOST_NAMED else ""
        left_out = f"; {self.labels:,} labels were left out for them" if self.labels else ""
        log.warning(
            f"no installed font has {len(self.characters):,} characters of {self.texts:,} titles and questions: {named}{rest}"
            f"{left_out}; install fonts that have them, such as Noto (Debian: fonts-noto-core, fonts-noto-cjk)"
        )


def _named(character: str) -> str:
    return f"{shown(character)} (U+{ord(character):04X} {unicodedata.name(character, 'without a name')})"


@cache
def base_fonts() -> Fonts:
    """Return the font of matplotlib alone."""
    return Fonts((BASE,), frozenset(FT2Font(str(findfont(BASE))).get_charmap()))


def fonts_for(texts: Iterable[str]) -> Fonts:
    """Return the base font and installed fonts that have what it lacks of the texts, as far as there are any.

    A font that has most of what is lacking is taken first, so that a script is drawn by one font. The same fonts and the same
    characters give the same answer. Installed fonts are looked at only where the base font lacks something.
    """
    base = base_fonts()
    lacking = {ord(character) for text in texts for character in text if not _is_space(character)} - base.glyphs
    families, names, glyphs = [*base.families], [], base.glyphs
    while lacking:
        path, name, found = max(
            ((path, name, lacking & glyphs) for path, name, glyphs in _installed()),
            key=lambda font: len(font[2]),
            default=("", "", ()),
        )
        if not found:
            break
        families.append(_registered(path))
        names.append(name)
        glyphs |= found
        lacking -= found
    if names:
        log.info(f"drawn with {', '.join(names)} besides {BASE}")
    return Fonts(tuple(families), glyphs, tuple(names))


@cache
def _installed() -> list[tuple[str, str, frozenset[int]]]:
    """Return path, name and code points of the installed fonts that can be drawn, those that are liked best first."""
    found = []
    # What matplotlib keeps in its cache may be older than the fonts of this machine.
    for path in sorted(set(findSystemFonts())):
        try:
            font = FT2Font(path)
            name, style, glyphs = font.family_name, font.style_name, frozenset(font.get_charmap())
        except (OSError, RuntimeError, ValueError):
            continue
        if font.scalable and not any(word in f"{name} {Path(path).stem}".lower() for word in USELESS):
            liked = next((rank for rank, each in enumerate(LIKED) if each in name.lower()), len(LIKED))
            plain_style = style.lower() in ("regular", "book", "roman", "normal", "medium")
            found.append((not plain_style, "mono" in name.lower(), liked, name, path, glyphs))
    return [(path, name, glyphs) for *_, name, path, glyphs in sorted(found, key=lambda font: font[:-1])]


def _registered(path: str) -> str:
    """Return the name by which matplotlib finds exactly this font file, whatever weight is asked for."""
    name = f"knowledge map {path}"
    if all(entry.name != name for entry in fontManager.ttflist):
        fontManager.ttflist += [FontEntry(fname=path, name=name, weight=weight) for weight in ("normal", "bold")]
    return name


def plain(text: str, most: int, fonts: Fonts | None = None) -> str:
    """Return a text on one line, without control characters, cut at so many columns; what the fonts lack becomes �.

    Parameters
    ----------
    text : a title or a question, in any script.
    most : columns of the line at most; Chinese, Japanese and Korean characters take two.
    fonts : what it is drawn with; the base font if None.
    """
    return _replaced(one_line(text, most), fonts or base_fonts(), keep_symbols=True)


def plain_label(text: str, most: int, fonts: Fonts | None = None) -> str:
    """Return a label as `plain` does, without the symbols that the fonts lack; "" where they lack most of its letters."""
    fonts, line = fonts or base_fonts(), one_line(text, most)
    letters = [character for character in line if unicodedata.category(character)[0] in "LN"]
    lacking = sum(ord(character) not in fonts.glyphs for character in letters)
    return "" if 2 * lacking > len(letters) else _replaced(line, fonts, keep_symbols=False)


def one_line(text: str, most: int) -> str:
    """Return a text on one line of at most so many columns, without control characters and marks of direction."""
    kept = []
    for character in text[: 8 * most]:
        if character in JOINERS:
            joins = kept and unicodedata.category(kept[-1])[0] in "LM"
            kept.append(character if joins else "")
        elif unicodedata.category(character) == "Cf" or character in VARIANTS:
            continue
        else:
            kept.append(" " if _is_space(character) else character)
    return _cut(" ".join("".join(kept).split()), most)


def _is_space(character: str) -> bool:
    return unicodedata.category(character)[0] in "CZ"


def _replaced(line: str, fonts: Fonts, keep_symbols: bool) -> str:
    """Return a line in which � stands for what the fonts lack, and nothing for symbols and marks unless they are kept."""
    kept = []
    for character in line:
        if ord(character) in fonts.glyphs or character == " ":
            kept.append(character)
        elif unicodedata.category(character)[0] in "LNP" or (keep_symbols and unicodedata.category(character)[0] == "S"):
            kept.append(LACKING)
    return " ".join("".join(kept).split())


def _cut(line: str, most: int) -> str:
    if columns_of(line) <= most:
        return line
    kept, left = [], most - 1
    for character in line:
        left -= columns_of(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def columns_of(text: str) -> int:
    """Return how many columns a text takes: two for a wide character, none for one that joins or stands on another."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrapped(text: str, columns: int, break_long_words: bool = True) -> list[str]:
    """Return a text in lines of so many columns, as `textwrap.wrap` does; between wide characters a line may end.

    Parameters
    ----------
    text : one line.
    columns : of a line at most.
    break_long_words : whether words of more columns are broken; if not, they stand in a line of their own.
    """
    if columns_of(text) == len(text):
        return textwrap.wrap(text, columns, break_long_words=break_long_words)
    lines, line = [], ""
    for piece in chain.from_iterable(_broken(piece, columns) if break_long_words else [piece] for piece in _pieces(text)):
        if line and columns_of(line + piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += piece if line or piece != " " else ""
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Return the parts between which a line may end: words, single wide characters, and spaces."""
    pieces: list[str] = []
    for character in text:
        alone = character == " " or (_columns(character) == 2 and character not in NO_BEGINNING)
        joins = pieces and pieces[-1] != " " and not alone
        if joins and (character in NO_BEGINNING or _columns(character) == 0 or _columns(pieces[-1][0]) == 1):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _broken(word: str, columns: int) -> list[str]:
    parts = [""]
    for character in word:
        if columns_of(parts[-1]) + _columns(character) > columns:
            parts.append("")
        parts[-1] += character
    return parts
