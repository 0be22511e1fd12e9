r"""LaTeX in texts, `$…$` and `\(…\)`, as trees of MathML elements.

The page makes its elements from these trees, one by one, and nothing in a text is ever read as markup. The markup that
latex2mathml returns would not do: it undoes the escaping, so that `\text{<script>}` becomes an element. Only the elements and
attributes of MathML that draw a formula may stand in a tree; a formula with anything else, such as a link or a style, stays as it
is written.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from latex2mathml.converter import Converter

from knowledge_map.common.text import shown

Tree = list
"""A MathML element for JSON: its name, its attributes, and its children, which are trees or one text."""

LONGEST = 1_000
"""Characters of a formula."""

DEEPEST = 60
"""Elements within each other."""

FORMULA = re.compile(
    rf"\\\((?P<round>.{{1,{LONGEST}}}?)\\\)"
    rf"|(?<![\\$\w])\$(?![\s$])(?P<dollars>(?:\\.|[^\\$]){{1,{LONGEST}}}?)(?<!\s)\$(?![$\d])",
    re.DOTALL,
)
"""A formula. As Pandoc has it, no blank follows the first `$` or precedes the last, no digit follows: $5 and $6 are prices."""

DEFINITION = re.compile(r"\\(?:re|provide)?newcommand|\\def(?![a-zA-Z])")
"""Commands that define commands; a few of them in a row write more than memory holds."""

ELEMENTS = frozenset(
    [
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "mspace",
        "msup",
        "msub",
        "msubsup",
        "mover",
        "munder",
        "munderover",
        "mfrac",
        "msqrt",
        "mroot",
        "mtable",
        "mtr",
        "mtd",
        "mstyle",
        "mpadded",
        "mphantom",
    ]
)

WORD = re.compile(r"[a-z]+( [a-z]+)*")
NUMBER = re.compile(r"[+-]?[0-9]")
LENGTH = re.compile(r"[+-]?([0-9]?(\.[0-9]{1,4})?(em|ex)|[0-9]{0,2}(\.[0-9]{1,4})?(px|pt|mu)|0)")
LENGTHS = re.compile(rf"{LENGTH.pattern}( {LENGTH.pattern})*")

ATTRIBUTES = {
    **dict.fromkeys(("display", "displaystyle", "stretchy", "fence", "form", "separator", "largeop", "symmetric"), WORD),
    **dict.fromkeys(("accent", "accentunder", "movablelimits", "mathvariant"), WORD),
    **dict.fromkeys(("columnalign", "columnlines", "rowlines"), WORD),
    **dict.fromkeys(("width", "height", "depth", "voffset", "lspace", "rspace", "minsize", "maxsize", "linethickness"), LENGTH),
    **dict.fromkeys(("mathsize", "columnspacing", "rowspacing"), LENGTHS),
    "scriptlevel": NUMBER,
}
"""What the value of each attribute may look like."""


class FormulaError(ValueError):
    """A formula that cannot be shown as one."""


@dataclass
class FormulaReport:
    """How many formulas there are, and which are shown as they are written."""

    formulas: int = 0
    unread: int = 0
    first_unread: str = ""

    def lines(self) -> list[str]:
        """Return what there is to tell."""
        if not self.formulas:
            return []
        line = f"questions: {self.formulas:,} formula{'s' * (self.formulas != 1)} in LaTeX"
        if self.unread:
            line += f", of which {self.unread:,} cannot be read and are shown as written (first: {self.first_unread})"
        return [line]


def formula_parts(text: str, report: FormulaReport) -> list[str | Tree] | None:
    """Return a text as its parts, formulas as trees and what is between them as it is; None where it has no formula.

    What looks like a formula and cannot be read as one is counted in `report` and stays text.
    """
    parts: list[str | Tree] = []
    written = 0
    for found in FORMULA.finditer(text):
        report.formulas += 1
        try:
            tree = formula_tree(found["round"] or found["dollars"])
        except FormulaError:
            report.unread += 1
            report.first_unread = report.first_unread or shown(found[0], 60)
            continue
        parts += [text[written : found.start()], tree]
        written = found.end()
    return [part for part in [*parts, text[written:]] if part] if parts else None


def formula_tree(latex: str) -> Tree:
    """Return the tree of a formula without its delimiters. Raises FormulaError where it cannot be shown as one."""
    if DEFINITION.search(latex):
        raise FormulaError("it defines a command")
    try:
        element = Converter().convert_to_element(latex)
    except Exception as error:  # it raises a dozen types, which have nothing in common
        raise FormulaError(f"it is not LaTeX ({type(error).__name__})") from None
    del element.attrib["xmlns"]
    return _tree(element)


def _tree(element: Element, depth: int = 0) -> Tree:
    if element.tag not in ELEMENTS or depth > DEEPEST:
        raise FormulaError(f"it has <{element.tag}>")
    for name, value in element.attrib.items():
        if name not in ATTRIBUTES or not ATTRIBUTES[name].fullmatch(value):
            raise FormulaError(f"it has the attribute {name}={value!r}")
    text = html.unescape(element.text or "")  # the converter writes its signs as entities
    if text.startswith("\\") and len(text) > 1:
        raise FormulaError(f"it has the unknown command {text}")
    return [element.tag, dict(element.attrib), *([text] if text else []), *_trees(element, depth + 1)]


def _trees(elements: Iterable[Element], depth: int) -> list[Tree]:
    return [_tree(element, depth) for element in elements]
