"""Titles as names: what stands back, what is shown, and what words many titles share."""

import numpy as np
import pyarrow as pa
import pytest

from knowledge_map.labels.titles import is_uninformative, shared_words, shown_titles

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


ELSEWHERE = [f"Thing{number} of sort {number}" for number in range(200)]


def words_of(titles, share=0.5, elsewhere=ELSEWHERE, longest=40):
    """Return the words shared by a cell whose nearest titles are `titles`, on a map that has others elsewhere."""
    everything = pa.array(titles + elsewhere)
    nearest = np.arange(len(titles))[None]
    return shared_words(everything, ~is_uninformative(everything, longest), nearest, share, longest).get(0)


REGIMENTS = [
    f"{number}th {state} Infantry Regiment" for number, state in enumerate(["Ohio", "Iowa", "Utah", "Maine", "Texas"], 4)
]


def test_words_in_most_titles_are_shown_as_the_titles_write_them():
    assert words_of(REGIMENTS) == "Infantry Regiment"
    assert words_of([f"{year} by-election in {chr(year - 1900)}" for year in range(1965, 1972)]) == "By-election"
    assert words_of(["Церковь Николая", "Церковь Петра", "Церковь Павла", "Церковь Ильи", "Старая церковь"]) == "Церковь"


def test_a_word_of_too_few_titles_is_not_shared():
    assert words_of([*REGIMENTS[:2], "Ant", "Bee", "Cat", "Dog"]) is None
    assert words_of(REGIMENTS[:2], share=0.1) is None  # two titles may agree by chance


def test_a_word_that_is_everywhere_does_not_tell_a_place():
    assert words_of(REGIMENTS, elsewhere=[f"Regiment {n} Infantry" for n in range(200)]) is None
    assert words_of(REGIMENTS, elsewhere=[]) is None


def test_titles_that_stand_back_share_no_words():
    assert words_of([f"List of ships {number}" for number in range(10)]) is None


@pytest.mark.parametrize("titles", [[""] * 5, ["..."] * 5, ["東京都", "大阪府", "京都市"], ["🦕"] * 5, ["a b c"] * 5])
def test_titles_without_words_share_none(titles):
    assert words_of(titles) is None
