r"""LaTeX in questions becomes trees of MathML elements; what is no formula, or could do harm, stays text."""

import json
import time

import pytest

from knowledge_map.views.page.formulas import ATTRIBUTES, ELEMENTS, FormulaReport, formula_parts


def parts_of(text):
    return formula_parts(text, FormulaReport())


def flattened(tree):
    """Return the elements of a tree with their attributes, and all of its text."""
    name, attributes, *children = tree
    found = [(name, attributes)], ""
    for child in children:
        inner = ([], child) if isinstance(child, str) else flattened(child)
        found = (found[0] + inner[0], found[1] + inner[1])
    return found


def text_of(parts):
    return "".join(part if isinstance(part, str) else flattened(part)[1] for part in parts)


def test_a_formula_stands_between_the_texts_around_it():
    before, formula, after = parts_of(r"If $x^2 = 4$, what is x?")
    assert (before, after) == ("If ", ", what is x?")
    assert formula == [
        "math",
        {"display": "inline"},
        ["mrow", {}, ["msup", {}, ["mi", {}, "x"], ["mn", {}, "2"]], ["mo", {}, "="], ["mn", {}, "4"]],
    ]


def test_both_delimiters_are_known_several_times_in_a_text():
    parts = parts_of(r"\(a\) and $b$, \(\frac{1}{2}\)")
    assert [part if isinstance(part, str) else part[0] for part in parts] == ["math", " and ", "math", ", ", "math"]


READABLE = [
    r"\frac{a}{b}",
    r"\sqrt[3]{x}",
    r"\alpha_{\mathrm{max}} \leq 3\,\mathrm{mg}",
    r"\lim_{x\to 0} \sum_{i=1}^n \hat{x}",
    r"\begin{matrix}a & b\\c & d\end{matrix}",
    r"\left(\frac12\right)",
    r"\binom{n}{k}",
    r"\int_0^\infty e^{-x^2}\,dx",
    r"\vec{F} = m\vec{a}",
    r"{}^{14}_{6}\mathrm{C}",
    r"25\,^\circ\mathrm{C}",
    r"\text{if } x < 3",
    r"\overline{AB} \ne \mathbb{R}",
]


@pytest.mark.parametrize("latex", READABLE)
def test_what_textbooks_write_is_read(latex):
    report = FormulaReport()
    (tree,) = formula_parts(f"${latex}$", report)
    elements, text = flattened(tree)
    assert (report.formulas, report.unread) == (1, 0)
    assert {name for name, _ in elements} <= ELEMENTS
    assert "&" not in text and "\\" not in text


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $6.",
        "US$5, A$6 and C$7",
        "from $5-$10",
        "100 $ or 200 $",
        r"\$x\$",
        "$$",
        "$ x $",
        "$x",
        r"\(x",
        "a $ b",
        "",
    ],
)
def test_prices_and_lone_signs_are_no_formulas(text):
    report = FormulaReport()
    assert formula_parts(text, report) is None
    assert report.formulas == 0


UNREADABLE = [
    r"\unknown{x}",
    r"\frac",
    r"\left(",
    r"\newcommand{\a}{\a\a}\a",
    r"\def\a{xx}\a",
    r"\href{javascript:alert(1)}{x}",
    r"\href{https://example.org}{x}",
    r"\style{position:fixed;inset:0}{x}",
    r"\class{tools}{x}",
    r"\color{white}{x}",
    r"\textcolor{red\" onload=\"alert(1)}{x}",
    r"\rule{900em}{900em}",
    r"\kern-900em x",
    r"\raise 99em x",
    r"\sqrt" * 150 + "x",
    "{" * 400 + "x" + "}" * 400,
]


@pytest.mark.parametrize("latex", UNREADABLE)
def test_what_is_no_formula_or_does_more_than_draw_one_stays_as_it_is_written(latex):
    report = FormulaReport()
    text = f"before $y$, ${latex}$ behind"
    parts = formula_parts(text, report)
    assert "".join(part for part in parts if isinstance(part, str)) == text.replace("$y$", "")
    assert (report.formulas, report.unread) == (2, 1)


HOSTILE = [
    r"\text{<script>alert(1)</script>}",
    r"\text{<img src=x onerror=alert(1)>}",
    r"\mathrm{<script>}",
    "<script>alert(1)</script>",
    "<math><mtext></mtext></math><img src=x onerror=alert(1)>",
    r"\text{&lt;script&gt;}",
    r"\text{&#x3c;script&#x3e;}",
    "&lt;b&gt;",
    r"\text{</math></script>}",
    r'\text{" onclick="alert(1)}',
    r"\mathit{\text{<b>}}",
    r"\operatorname{onclick}",
]


@pytest.mark.parametrize("latex", HOSTILE)
def test_hostile_formulas_are_text_within_harmless_elements(latex):
    parts = parts_of(rf"\({latex}\)")
    assert parts is not None
    for part in parts:
        elements, _ = flattened(part)
        assert {name for name, _ in elements} <= ELEMENTS
        assert all(ATTRIBUTES[name].fullmatch(value) for _, given in elements for name, value in given.items())


def test_no_attribute_that_acts_may_stand_in_a_tree():
    assert not {"href", "style", "class", "id", "src", "xlink:href", "actiontype"} & ATTRIBUTES.keys()
    assert not [name for name in ATTRIBUTES if name.startswith("on")]


def test_what_is_shown_as_written_is_counted_and_the_first_is_named():
    report = FormulaReport()
    for text in ("plain", r"$x$", r"$\nothing{1}$ and $\nothing{2}$"):
        formula_parts(text, report)
    assert report.lines() == [
        r"questions: 3 formulas in LaTeX, of which 2 cannot be read and are shown as written (first: $\nothing{1}$)"
    ]
    assert FormulaReport().lines() == []


@pytest.mark.parametrize(
    "text", [r"\(" * 5_000, "$" * 10_000, "$a" * 5_000, "\\" * 10_000, "$" + "\\" * 9_999, "$ " * 5_000, "$" + "x^" * 400 + "$"]
)
def test_no_text_takes_long(text):
    begin = time.process_time()
    formula_parts(text, FormulaReport())
    assert time.process_time() - begin < 5


def test_trees_are_json():
    parts = parts_of(r"Is $\text{\"</script>\"}$ or $x$?")
    assert json.loads(json.dumps(parts)) == parts
