"""Wikitext to plain text: what a reader of the page sees as prose.

A linear scan drops what is no prose and may be nested: templates, tables, references, files, categories, comments, tags. What is
left is cleaned line by line, and only as far as asked for. Parsers of all of wikitext take six times as long, hostile pages the
square of their length, and leave more markup behind: benchmarks/mediawiki.py.
"""

import html
import re
from collections.abc import Iterator

LONGEST_SHOWN = 2_000  # characters of a template within a sentence

DEEPEST_SHOWN = 5  # templates in templates, and links in links, that may be part of a sentence; each level is read once more

TOKENS = re.compile(
    # All begin with one of a few characters, by which the search for them is fast.
    r"""[<{}|\[\]](?:
    (?<=<)(?:
        (?P<comment>!--)
        |(?P<verbatim>nowiki|pre|math|chem|ce|syntaxhighlight|source|score|timeline|gallery|imagemap|hiero|graph|templatedata)
         \b(?P<attributes>[^<>]*)>
        |ref\b[^<>]*/>
        |(?P<open_ref>ref\b[^<>]*>)
        |(?P<close_ref>/ref\b[^<>]*>)
        |sup>(?P<power>[0-9+−-]{1,9})</sup>
        |/?(?P<tag>[a-z][a-z0-9]*)\b[^<>]*>
    )
    |(?<=\{)(?:(?P<open_template>\{)|(?<![^\n :]\{)(?P<open_table>\|))
    |(?<=\})(?P<close_template>\})
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

POWERS = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")

LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,10}){0,3}|simple")  # the prefix of a link to the same article in another language

SHOWN: dict[str, tuple[str, ...]] = {
    # English templates that stand within sentences, and which of their arguments a reader sees.
    **dict.fromkeys(["convert", "cvt"], ("1", "2")),
    **dict.fromkeys(["lang", "script", "transl", "transliteration"], ("2",)),
    **dict.fromkeys(
        ["abbr", "big", "em", "lang-", "math", "mvar", "nobr", "nowrap", "num", "small", "smaller", "strong"], ("1",)
    ),
    **dict.fromkeys(
        ["tooltip", "val", "var", "not a typo", "sic", "as written", "linktext", "visible anchor", "vanchor"], ("1",)
    ),
    **dict.fromkeys(["angbr", "angle bracket", "ipa", "nihongo", "sc", "smallcaps", "sub", "sup", "vr", "flag"], ("1",)),
    **dict.fromkeys(["blockquote", "bquote", "cquote", "quote"], ("1", "text", "quote")),
    "as of": ("0", "1"),
    "circa": ("c.", "1"),
}

JOINED = {**dict.fromkeys(["chem", "chem2"], ""), **dict.fromkeys(["frac", "fraction", "sfrac"], "/")}
"""Templates that show all of their arguments, and what stands between these."""

CHARACTERS = {
    **dict.fromkeys(["ndash", "en dash", "endash"], "–"),
    **dict.fromkeys(["mdash", "em dash", "emdash", "mdashb"], "—"),
    **dict.fromkeys(["snd", "spnd", "spaced ndash", "spaced en dash"], " – "),
    **dict.fromkeys(["nbsp", "space", "thin space", "thinsp"], " "),
    **dict.fromkeys(["'", "`"], "'"),
    "'s": "'s",
    "eqm": "⇌",
    "c.": "c. ",
    "=": "=",
    "times": "×",
}  # templates that stand for a character

RANGES = ("to", "and", "or", "by", "x", "-", "–")

EXTERNAL_LINK = re.compile(r"\[(?:(?:[a-z]+:)?//|mailto:)[^\]\s]{1,2000}(?:\s([^\]]{0,2000}))?\]", re.IGNORECASE)

ENTITY = re.compile(r"&#?\w{1,40};")

MAGIC_WORD = re.compile(r"__[A-Z]{3,30}__")

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


def plain_text(wikitext: str, at_least: int, hidden: frozenset[str], without: frozenset[str] = frozenset()) -> str:
    """Return the prose of a page: each paragraph, list item and heading is a line; headings with nothing below them are left out.

    Takes time in proportion to the length, whatever the wikitext.

    Parameters
    ----------
    at_least : cleaning stops once there are more characters than this.
    hidden : names of namespaces in lower case, links to which do not show: those of files and categories.
    without : headings in lower case; what is below one of them is left out.
    """
    lines: list[str] = []
    headings: list[tuple[int, str]] = []  # with nothing below them so far
    length = 0
    left_out = 0  # the level of the heading below which nothing is read; 0 for none
    for line in _lines(_prose(wikitext, hidden)):
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


def _prose(wikitext: str, hidden: frozenset[str]) -> Iterator[str]:
    """Yield the wikitext piece by piece, without what is nested and no prose, and without tags.

    What is never closed loses its bracket and keeps its content; so does what was never opened.
    """
    parts: list[str] = []
    opened: list[tuple[str, int]] = []  # what is open, and which of the parts begins it
    depth = dict.fromkeys(("ref", "table", "template", "link"), 0)
    unclosed: set[str] = set()
    position = 0
    while token := TOKENS.search(wikitext, position):
        parts.append(_escaped(wikitext[position : token.start()]))
        position = token.end()
        action, _, kind = (token.lastgroup or "").partition("_")
        if action == "open":
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
                parts[start:] = [_link("".join(parts[start:]), hidden)]
            elif kind == "template" and depth[kind] < DEEPEST_SHOWN:
                parts[start:] = [_shown(parts, start)]
            elif kind != "link":
                del parts[start:]
        elif action == "comment":
            end = wikitext.find("-->", position)
            position = len(wikitext) if end < 0 else end + 3
        elif action == "power":
            parts.append(token["power"].translate(POWERS))
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


def _link(content: str, hidden: frozenset[str]) -> str:
    """Return what shows of a link: nothing of a file or category, nor of a link to the article in another language."""
    target, bar, label = content.partition("|")
    prefix, colon, _ = target.partition(":")
    prefix = prefix.strip().lower().replace("_", " ")
    if colon and prefix and (prefix in hidden or (not bar and LANGUAGE.fullmatch(prefix))):
        return ""
    if "\n" in target:  # no link, but brackets that met by chance
        return content
    return label if label.strip() else target.strip().removeprefix(":")


def _shown(parts: list[str], start: int) -> str:
    """Return what a template within a sentence shows; "" for all others."""
    first = parts[start + 1] if start + 1 < len(parts) else ""
    name = first.partition("|")[0].strip().lower().replace("_", " ")
    if name in CHARACTERS:
        return CHARACTERS[name]
    known = SHOWN.get("lang-" if name.startswith("lang-") else name)
    if (known is None and name not in JOINED) or sum(map(len, parts[start:])) > LONGEST_SHOWN:
        return ""
    arguments = _arguments("".join(parts[start:]))
    if name in JOINED:
        shown = [value for key, value in arguments.items() if key.isdecimal() and value]
        return JOINED[name].join(["1", *shown] if len(shown) == 1 and JOINED[name] else shown)
    if name in ("convert", "cvt") and arguments.get("2") in RANGES:
        known = ("1", "2", "3", "4")
    elif name == "as of":
        arguments["0"] = "As of"
    elif name == "circa":
        arguments["c."] = "c."
    return " ".join(arguments[key] for key in known if arguments.get(key))


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
