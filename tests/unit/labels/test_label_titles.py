"""Titles as names: what stands back, and what is shown."""

import pyarrow as pa
import pytest

from knowledge_map.labels.titles import is_uninformative, shown_titles

UNINFORMATIVE = [
    "List of minor planets: 325001–326000", "Lists of films", "Outline of biology", "Index of physics articles (P)",
    "Glossary of chess", "Liste der Kulturdenkmäler", "Lista de municipios", "Anexo:Equipos",
    "Slope (disambiguation)", "Wien (Begriffsklärung)", "Scammon (surname)", "Ada (given name)", "Ada (name)",
    "1473", "1420s", "44 BC", "1996 in Bangladesh", "1934–35 in Scottish football", "1990s in music", "18th century",
    "12th century in poetry", "March", "March 5", "5 March 1921", "June 1921", "1992–93", "477", "(...)", "", "  ", "!!!",
    "A title of rather more than forty characters, which no map has room for",
]  # fmt: skip
NAMING = [
    "Cell biology", "Listeria", "Indexing", "The List", "Mercury (planet)", "2002 MBNA Platinum 400", "March of Dimes",
    "May Day", "Century", "Vitamin B12", "東京", "Санкт-Петербург", "القاهرة", "Surname Viet Given Name Nam", "1AM",
    "A short name (with much explanation behind it in brackets, which is not shown)",
]  # fmt: skip


@pytest.mark.parametrize("title", UNINFORMATIVE)
def test_lists_dates_numbers_and_long_titles_stand_back(title):
    assert is_uninformative(pa.array([title]), 40).tolist() == [True]


@pytest.mark.parametrize("title", NAMING)
def test_other_titles_do_not_stand_back(title):
    assert is_uninformative(pa.array([title]), 40).tolist() == [False]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Mercury (planet)", "Mercury"),
        ("Mercury  (planet) ", "Mercury"),
        ("C (programming language)", "C (programming language)"),
        ("Go (game)", "Go (game)"),
        ("1984 (novel)", "1984 (novel)"),
        ("(500) Days of Summer", "(500) Days of Summer"),
        ("(only this)", "(only this)"),
        ("sin(x)", "sin(x)"),
        ("Title (b) (c)", "Title (b)"),
        ("line\nbreak (x)", "line break"),
        ("\u202eturned", "turned"),
        ("null\x00bell\x07", "null bell"),
        ("", ""),
        (" ", ""),
        ("<b>&amp;", "<b>&amp;"),
        ("word " * 400, "word word word word word word word word…"),
        ("x" * 10_000, "x" * 39 + "…"),
    ],
)
def test_a_title_is_shown_on_one_line_without_what_tells_namesakes_apart(title, shown):
    assert shown_titles(pa.array([title]), 40).to_pylist() == [shown]


def test_namesakes_keep_what_tells_them_apart():
    titles = ["Mercury (planet)", "Mercury (element)", "Saturn (planet)", "Virus (novel)", "Virus"]
    assert shown_titles(pa.array(titles), 40).to_pylist() == [
        "Mercury (planet)",
        "Mercury (element)",
        "Saturn",
        "Virus (novel)",
        "Virus",
    ]
