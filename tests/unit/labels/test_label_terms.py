"""Terms: which words and phrases may name a place, how they are spelled, and to which articles they apply."""

import numpy as np
import pyarrow as pa
import pytest

from knowledge_map.labels import terms as terms_module
from knowledge_map.labels.inflection import word_of_form
from knowledge_map.labels.terms import Terms, tag_terms, title_terms, word_terms
from knowledge_map.labels.words import openings, read_words


def terms_of(texts: list[str], titles: list[str] | None = None, vectors: np.ndarray | None = None) -> Terms:
    words = read_words([openings(pa.array(titles or [""] * len(texts)), pa.array(texts))])
    return word_terms(words, len(texts), np.zeros((len(texts), 2), np.float32) if vectors is None else vectors)


def applying(terms: Terms) -> dict[str, list[int]]:
    columns = terms.has.tocsc()
    return {text: sorted(columns[:, n].indices.tolist()) for n, text in enumerate(terms.texts.to_pylist())}


MOTHS = [f"It is a sea moth of the family Crambidae, number {n}." for n in "abcde"]


def test_words_and_phrases_without_stop_words_that_enough_articles_have():
    found = applying(terms_of([*MOTHS, "It is a rare bird."]))
    assert found["moth"] == found["sea moth"] == found["family Crambidae"] == [0, 1, 2, 3, 4]
    assert not {"it", "is", "the", "moth of", "rare", "bird", "a sea moth"} & {text.lower() for text in found}


def test_a_word_twice_in_an_article_applies_to_it_once():
    assert terms_of(["moth moth moth"] * 4).has.max() == 1


def test_a_term_is_spelled_as_most_articles_write_it():
    texts = ["The Ottoman Empire fell."] * 4 + ["An ottoman empire rose."] + ["On the USS Enterprise"] * 4
    assert {"Ottoman Empire", "USS"} <= set(terms_of(texts).texts.to_pylist())


def test_a_stop_word_is_part_of_a_name_where_it_is_written_so():
    found = terms_of(["A town in the United States of note.", "Two united states of mind."] * 4).texts.to_pylist()
    assert "United States" in found
    assert "States" not in found


def test_what_ends_phrases_stands_better_than_what_goes_on():
    found = terms_of([f"It is a moth, located in place{n}." for n in range(8)])
    standing = dict(zip(found.texts.to_pylist(), found.standing, strict=True))
    assert standing["moth"] > 3 * standing["located"]


def test_the_name_of_one_thing_or_person_stands_back():
    titles = ["John Smith", "John Brown", "John Miller", "John Baker"] * 2
    found = terms_of([f"{title} is a judge, and a painter." for title in titles], titles)
    standing = dict(zip(found.texts.to_pylist(), found.standing, strict=True))
    assert standing["judge"] > 3 * standing["John"]


def test_every_article_has_the_stop_words_of_its_own_language():
    bulgarian = [f"Това е нощна пеперуда от семейство {n}." for n in "абвгд"]
    found = set(terms_of([*MOTHS, *bulgarian]).texts.to_pylist())
    assert {"moth", "пеперуда"} <= found
    assert not {"е", "от", "is"} & found


def test_forms_of_a_word_are_one_term_and_it_applies_wherever_one_is():
    stems = ["moth", "bird", "fish", "tree", "lake", "ship", "star", "song", "film", "king", "coin"]
    things = [f"{stem}{ending}" for stem in stems for ending in ("", "s")]
    texts = [f"A {thing}, here." for thing in things for _ in range(4)]
    vectors = np.repeat(np.eye(11, dtype=np.float32), 8, axis=0)
    found = applying(terms_of(texts, vectors=vectors - vectors.mean(axis=0)))
    assert len(found) == 11
    assert found["moth"] == list(range(8))


def test_words_that_mean_something_else_are_no_forms():
    stems = ["moth", "bird", "fish", "tree", "lake", "ship", "star", "song", "film", "king", "coin"]
    forms = pa.array([f"{stem}{ending}" for stem in stems for ending in ("", "s")] + ["new", "news"])
    meanings = np.repeat(np.eye(13, dtype=np.float32), 2, axis=0)[: len(forms)]
    meanings[-1] = np.eye(13)[12]
    word = word_of_form(forms, meanings)
    assert word[:-2].tolist() == np.repeat(np.arange(0, 22, 2), 2).tolist()
    assert word[-2:].tolist() == [22, 23]


def test_endings_of_few_words_make_no_forms():
    meanings = np.ones((4, 1), np.float32)
    assert word_of_form(pa.array(["iran", "iraq", "moth", "moths"]), meanings).tolist() == [0, 1, 2, 3]


def test_a_title_applies_to_the_articles_of_that_title():
    terms = title_terms(pa.array(["Moth", "Bee", "Moth", ""]), np.array([0, 3]))
    assert applying(terms) == {"Moth": [0, 2]}


@pytest.mark.parametrize(
    "column",
    [
        pa.chunked_array([pa.array([["moths", "insects"], ["insects"], None, [" insects ", "1999"], ["1999"]])]),
        pa.chunked_array([pa.array(["insects", "insects", None, "insects", "moths"])]),
    ],
)
def test_tags_apply_to_the_articles_that_have_them(column):
    assert applying(tag_terms(column)) == {"insects": [0, 1, 3]}


def test_of_too_many_terms_the_commonest_stay(monkeypatch):
    monkeypatch.setattr(terms_module, "MOST", 2)
    found = applying(terms_of([f"A moth. A bee. {'An ant.' if n < 5 else ''}" for n in range(8)]))
    assert sorted(found) == ["bee", "moth"]


def test_nothing_to_name():
    assert len(terms_of(["", "..."]).texts) == 0
