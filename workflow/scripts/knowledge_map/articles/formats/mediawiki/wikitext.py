"""Wikitext to plain text: what a reader of the page sees as prose.

A linear scan drops what is no prose and may be nested: templates, tables, references, files, categories, comments, tags. What is
left is cleaned line by line, and only as far as asked for. Parsers of all of wikitext take six times as long, hostile pages the
square of their length, and leave more markup behind: benchmarks/mediawiki.py.
"""

import html
import re
from collections.abc import Iterator

from knowledge_map.articles.formats.mediawiki.links import shown_of_link
from knowledge_map.articles.formats.mediawiki.templates import PREFIXES, Place, power, template

NOWHERE = Place()

LONGEST_SHOWN = 2_000  # characters of a template within a sentence

DEEPEST_SHOWN = 5  # templates in templates, and links in links, that may be part of a sentence; each level is read once more

TOKENS = re.compile(
    # All begin with one of a few characters, by which the search for them is fast.
    r"""[<{}|\[\]](?:
    (?<=<)(?:
        (?P<comment>!--)
        |(?P<verbatim>nowiki|pre|math|chem|ce|syntaxhighlight|source|score|timeline|gallery|imagemap|hiero|graph|templatedata
            |includeonly|mapframe|maplink|inputbox|categorytree|indicator)
         \b(?P<attributes>[^<>]*)>
        |ref\b[^<>]*/>
        |(?P<open_ref>ref\b[^<>]*>)
        |(?P<close_ref>/ref\b[^<>]*>)
        |sup>(?P<power>[0-9+−-]{1,9})</sup>
        |/?(?P<tag>[a-z][a-z0-9]*)\b[^<>]*>
    )
    |(?<=\{)(?:(?P<open_template>\{)|(?<![^\n :]\{)(?P<open_table>\|)|(?<=-\{)(?P<open_variant>))
    |(?<=\})(?:(?P<close_template>\})|(?P<close_variant>-))
    |(?<=\[)(?P<open_link>\[)
    |(?<=\])(?P<close_link>\])
    |(?<=\|)(?<![^\n ]\|)(?P<close_table>\})(?!\})
    )""",
    re.IGNORECASE | re.VERBOSE,
)

BLOCKS = frozenset(
    [
        *("blockquote", "center", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "poem"),
        *("pre", "table", "td", "th", "tr", "ul"),
    ]
)

VARIANT_FLAG = re.compile(r"[A-Z-]?|[a-z]{2,3}(?:-[a-z]{2,10}){0,2}", re.ASCII)

VARIANT = re.compile(r"(?:^|[;；])\s{0,99}(?:[^;；:：=]{0,99}=>\s{0,9})?([a-z]{2,3}(?:-[a-z]{2,10}){0,2})\s{0,9}[:：]", re.ASCII)

VARIANTS = ("zh", "zh-hans", "zh-cn", "zh-sg", "zh-my", "zh-hant", "zh-tw", "zh-hk", "zh-mo")
"""Of the Chinese variants that there are, the first one is shown; of other languages the first that is given."""

EXTERNAL_LINK = re.compile(r"\[(?:(?:[a-z]+:)?//|mailto:)[^\]\s]{1,2000}(?:\s([^\]]{0,2000}))?\]", re.IGNORECASE)

ENTITY = re.compile(r"&#?\w{1,40};")

MAGIC_LETTER = r"[A-Z\u00a1-\u1fff\u200b-\u2027\u2030-\u2fff\u3040-\ufeff\U00010000-\U0010ffff]"

MAGIC_WORD = re.compile(rf"__{MAGIC_LETTER}(?:{MAGIC_LETTER}|_(?!_)){{1,40}}__")
"""A switch such as `__NOTOC__`, in any script; words in small Latin letters are none."""

EMPHASIS = re.compile(r"'{2,}")

LEFT_OVER = re.compile(r"\[\[|\]\]|\{\{|\}\}")

HOLES = [
    # What a dropped template or reference leaves behind, once every space is a single one.
    (re.compile(r",(?: ?,){1,20}"), ","),
    (re.compile(r"([(\[]) ?(?:[,;:/] ?){1,20}"), r"\1"),
    (re.compile(r"(?: ?[,;:]){1,20} ?([)\]])"), r"\1"),
    (re.compile(r"([(\[]) "), r"\1"),
    (re.compile(r" ([)\]])"), r"\1"),
    (re.compile(r" ?(?:\(\)|\[\])"), ""),
]

LOOSE_STOP = re.compile(r" ([,.])(?= |$)")


def plain_text(
    wikitext: str,
    at_least: int,
    hidden: frozenset[str],
    without: frozenset[str] = frozenset(),
    place: Place = NOWHERE,
) -> str:
    """Return the prose of a page: each paragraph, list item and heading is a line; headings with nothing below them are left out.

    Takes time in proportion to the length, whatever the wikitext.

    Parameters
    ----------
    at_least : cleaning stops once there are more characters than this.
    hidden : names of namespaces in lower case, links to which do not show: those of files and categories.
    without : headings in lower case; what is below one of them is left out.
    place : the page, of which some templates tell.
    """
    lines: list[str] = []
    headings: list[tuple[int, str]] = []  # with nothing below them so far
    length = 0
    left_out = 0  # the level of the heading below which nothing is read; 0 for none
    for line in _lines(_prose(wikitext, hidden, place)):
        level, content = _heading(line)
        if left_out and (not level or level > left_out):
            continue
        text = _cleaned(content)
        if level:
            left_out = level if text.lower() in without else 0
            headings = [heading for heading in headings if heading[0] < level] + [(level, text)]
        elif text:
            shown = [title for _, title in headings if title] + [text]
            lines += shown
            length += sum(map(len, shown)) + len(shown)
            headings = []
            if length > at_least + 1:
                break
    return "\n".join(lines)


def _prose(wikitext: str, hidden: frozenset[str], place: Place) -> Iterator[str]:
    """Yield the wikitext piece by piece, without what is nested and no prose, and without tags.

    What is never closed loses its bracket and keeps its content; so does what was never opened.
    """
    parts: list[str] = []
    opened: list[tuple[str, int]] = []  # what is open, and which of the parts begins it
    depth: dict[str, int] = dict.fromkeys(("ref", "table", "template", "link", "variant"), 0)
    unclosed: set[str] = set()
    position = 0
    while token := TOKENS.search(wikitext, position):
        parts.append(_escaped(wikitext[position : token.start()]))
        position = token.end()
        action, _, kind = (token.lastgroup or "").partition("_")
        if kind == "variant":
            if action == "open":
                parts[-1] = parts[-1][:-1]
                opened.append((kind, len(parts)))
                depth[kind] += 1
                parts.append("-{")  # which stays if it is never closed
            elif opened and opened[-1][0] == kind:
                _, start = opened.pop()
                depth[kind] -= 1
                parts[start:] = [_variant("".join(parts[start + 1 :]))]
            else:
                parts.append("}-")
        elif action == "open":
            opened.append((kind, len(parts)))
            depth[kind] += 1
            parts.append("")
        elif action == "close" and depth[kind]:
            while True:
                last, start = opened.pop()
                depth[last] -= 1
                if last == kind:
                    break
            if kind == "link" and depth[kind] < DEEPEST_SHOWN:
                parts[start:] = [shown_of_link("".join(parts[start:]), hidden)]
            elif kind == "template" and parts[start + 1 : start + 2] and parts[start + 1].startswith("{"):
                if wikitext.startswith("}", position):
                    parts[start:] = [_default("".join(parts[start:]))]
                    position += 1
                else:  # a brace too many before a template
                    parts[start + 1] = parts[start + 1][1:]
                    parts[start:] = [_shown(parts, start, place)]
            elif kind == "template" and depth[kind] < DEEPEST_SHOWN:
                parts[start:] = [_shown(parts, start, place)]
            elif kind != "link":
                del parts[start:]
        elif action == "comment":
            end = wikitext.find("-->", position)
            position = len(wikitext) if end < 0 else end + 3
        elif action == "power":
            parts.append(power(token["power"]))
        elif action == "tag":
            tag = token["tag"].lower()
            parts.append("\n" if tag in BLOCKS else " " if tag == "br" else "")
        elif action == "attributes":
            tag = token["verbatim"].lower()
            end = None
            if not token["attributes"].endswith("/") and tag not in unclosed:
                end = re.compile(rf"</{tag}\s*>", re.IGNORECASE).search(wikitext, position)
            if end:
                parts.append(_verbatim(tag, wikitext[position : end.start()]))
                position = end.end()
            else:
                unclosed.add(tag)
        if not opened:
            yield "".join(parts)
            parts.clear()
    yield "".join(parts) + _escaped(wikitext[position:])


def _escaped(text: str) -> str:
    """Return text whose angle brackets, of which the tags are gone, are taken for nothing else any more."""
    return text.replace("<", "&lt;")


def _verbatim(tag: str, content: str) -> str:
    """Return what shows of content that is no wikitext: preformatted text, and formulas that are as simple as text."""
    if tag in ("nowiki", "pre") or (tag == "math" and not re.search(r"[\\{}^_]", content)):
        return re.sub(r"[\[\]{}'<&|=*#:;!/]", lambda character: f"&#{ord(character[0])};", content)
    return ""


def _variant(content: str) -> str:
    """Return what shows of `-{…}-`, in which the text of several variants of a language stands, such as zh-hans and zh-hant."""
    flags, bar, rules = content.partition("|")
    given = {flag.strip() for flag in flags[:200].split(";")}
    if bar and all(map(VARIANT_FLAG.fullmatch, given)):
        if given & {"H", "T", "-"}:  # only for elsewhere
            return ""
        if "R" in given or not any(len(flag) == 1 for flag in given):
            return rules
        content = rules
    _, *found = VARIANT.split(content)
    if not found or not VARIANT.match(content):
        return content
    texts: dict[str, str] = {}
    for variant, text in zip(found[::2], found[1::2], strict=True):
        texts.setdefault(variant, text.strip().rstrip(";；").rstrip())
    shown = next((variant for variant in VARIANTS if variant in texts), found[0])
    return texts[shown]


def _default(content: str) -> str:
    """Return what shows of a parameter on the page of a template itself, its default."""
    return [*content.split("|", 2), ""][1]


def _shown(parts: list[str], start: int, place: Place) -> str:
    """Return what a template within a sentence shows; "" for all others."""
    first = parts[start + 1] if start + 1 < len(parts) else ""
    name, colon, after = first.partition("|")[0].partition(":")
    prefixed = bool(colon) and name.strip().lower() in PREFIXES
    if prefixed:
        name, colon, _ = after.partition(":")
    show = template(name + colon)
    if show is None or sum(map(len, parts[start:])) > LONGEST_SHOWN:
        return ""
    content = "".join(parts[start:])
    for _ in range(prefixed + bool(colon)):
        content = content.partition(":")[2]
    return show(_arguments(f"|{content}" if colon else content), place)


def _arguments(content: str) -> dict[str, str]:
    """Return a template's arguments by name, those without one by their number from 1."""
    arguments, number = {}, 0
    for piece in content.split("|")[1:]:
        name, equals, value = piece.partition("=")
        name = name.strip()
        if not equals or not re.fullmatch(r"[\w -]{1,30}", name):
            number += 1
            name, value = str(number), piece
        arguments[name.lower()] = value.strip()
    return arguments


def _lines(pieces: Iterator[str]) -> Iterator[str]:
    """Yield the lines of a text that comes in pieces."""
    begun: list[str] = []
    for piece in pieces:
        begun.append(piece)
        if "\n" in piece:
            *lines, last = "".join(begun).split("\n")
            yield from lines
            begun = [last]
    yield "".join(begun)


def _heading(line: str) -> tuple[int, str]:
    """Return a heading's level and text; level 0 and the line itself if it is none."""
    line = line.strip()
    level = min(6, len(line) - len(line.lstrip("=")), len(line) - len(line.rstrip("=")))
    if not level or len(line) <= 2 * level:
        return 0, line
    return level, line[level:-level].strip(" =")


def _cleaned(line: str) -> str:
    """Return a line of prose without markup, or "" if there is nothing to read in it."""
    if line.startswith("|") or (line.startswith("!") and ("!!" in line or "|" in line)):  # of a table that was never closed
        return ""
    text = line.lstrip("*#:; ")
    if "__" in text:
        text = MAGIC_WORD.sub("", text)
    if "''" in text:
        text = EMPHASIS.sub(_apostrophes, text)
    if "[" in text:
        text = EXTERNAL_LINK.sub(r"\1", text)
    if "&" in text:
        text = ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    text = _tidied(text)
    return text if any(map(str.isalnum, text)) else ""


def _tidied(text: str) -> str:
    """Return text without left-over markup, empty brackets, or spaces where something was dropped."""
    if "[[" in text or "]]" in text or "{{" in text or "}}" in text:
        text = LEFT_OVER.sub("", text)
    text = " ".join(text.split())
    if "(" in text or "[" in text or ",," in text or ", ," in text:
        for pattern, replacement in HOLES:
            text = pattern.sub(replacement, text)
    if " ," in text or " ." in text:
        text = LOOSE_STOP.sub(r"\1", text)
    return text.strip().lstrip(",; ")


def _apostrophes(run: re.Match[str]) -> str:
    """Return the apostrophes that show of a run of them: emphasis takes two, three or five."""
    length = len(run[0])
    return "'" * (1 if length == 4 else max(0, length - 5))
