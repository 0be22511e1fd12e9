"""Which terms name a cell, and how far it lies in the direction of one: told by pairs of articles, none of them with itself."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix

from knowledge_map.labels import choice
from knowledge_map.labels.choice import choose
from knowledge_map.labels.corpus import Corpus
from knowledge_map.labels.nearest import unit
from knowledge_map.labels.subjects import Content, Naming
from knowledge_map.labels.terms import ORIGINS, Terms


def naming_of(has: np.ndarray, vectors: np.ndarray, origins: list[str]) -> Naming:
    """Return a naming by terms of these origins that the articles have, bool [articles, terms]."""
    count, terms = has.sum(axis=0), has.shape[1]
    texts = pa.array([f"{number:04}term" for number in range(terms)])  # no two begin alike
    found = Terms(
        texts, csr_matrix(has, dtype=np.float32), np.ones(terms), np.array([ORIGINS.index(origin) for origin in origins], np.int8)
    )
    corpus = Corpus(vectors.mean(axis=0), np.cov(vectors.T, bias=True), np.zeros((len(vectors), 1)))
    return Naming(found, (has.T @ vectors) / count[:, None] - vectors.mean(axis=0), corpus, 40)


def test_no_article_is_compared_with_itself():
    vectors = np.concatenate([np.eye(6), -np.eye(6)])  # each as far from their mean, 0, as the others
    vectors = np.concatenate([vectors, vectors[::-1]])
    random = np.random.default_rng(0)
    has, cell = random.random((24, 5)) < 0.3, np.arange(24) < 5
    naming = naming_of(has, vectors, ["words"] * 5)
    found = naming.likeness(vectors[cell].mean(axis=0) @ naming.directions.T, has[cell].mean(axis=0), np.arange(5))
    for number, term in enumerate(has.T):
        pairs = [
            vectors[one] @ vectors[other] / np.linalg.norm(vectors[term].mean(axis=0))
            for one in np.flatnonzero(cell)
            for other in np.flatnonzero(term)
            if one != other
        ]
        assert found[number] == pytest.approx(np.mean(pairs), abs=1e-6)


def test_how_far_an_article_lies_in_its_own_direction_is_right_on_the_average():
    random = np.random.default_rng(0)
    vectors = unit(random.normal(size=(24, 6)) + 0.5)
    has = random.random((24, 5)) < 0.3
    offset = [vectors[term].mean(axis=0) - vectors.mean(axis=0) for term in has.T]
    square = [((vectors[term] - vectors.mean(axis=0)) ** 2).sum(axis=1).mean() for term in has.T]
    assert naming_of(has, vectors, ["words"] * 5)._itself == pytest.approx(square / np.linalg.norm(offset, axis=1))


def test_a_rare_word_that_chance_has_put_into_a_cell_does_not_seem_to_be_what_the_cell_is_about():
    random = np.random.default_rng(1)
    vectors = unit(random.normal(size=(400, 50)))
    has = np.zeros((400, 300), bool)
    for column in has.T:
        column[random.choice(400, 4, replace=False)] = True
    naming = naming_of(has, vectors, ["words"] * 300)
    cells = np.array([[np.flatnonzero(column)[0], random.integers(400)] for column in has.T])
    product = np.einsum("td,td->t", vectors[cells].mean(axis=1), naming.directions)
    found = naming.likeness(product, has[cells, np.arange(300)[:, None]].mean(axis=1), np.arange(300))
    assert abs(found.mean()) < 0.05 < 0.2 < product.mean()


@pytest.mark.parametrize(("having", "name"), [([0, 5, 6, 7], "0001term"), ([0, 1, 6, 7], "0000term")])
def test_where_few_articles_lie_a_word_that_one_of_them_alone_has_names_nothing(having, name):
    vectors = unit(np.concatenate([np.tile([1.0, 0.1, 0], (8, 1)), np.tile([-1.0, 0, 0.1], (32, 1))]))
    has = np.zeros((40, 2), bool)
    has[having, 0] = has[1, 1] = True
    naming = naming_of(has, vectors, ["words", "titles"])
    members = csr_matrix((np.arange(40) < 2)[None], dtype=np.float32)
    content = Content(members, members, np.array([2]), vectors[:1] - vectors.mean(axis=0))
    (chosen,) = choose(naming, content, np.array([0]))
    assert [naming.terms.texts[term].as_py() for term in chosen] == [name]


def test_a_cell_is_named_alike_whatever_other_cells_are_named_with_it(monkeypatch):
    random = np.random.default_rng(2)
    cell = np.arange(300) % 30
    vectors = unit(random.normal(size=(300, 20)) + 2 * random.normal(size=(30, 20))[cell])
    has = (random.random((300, 60)) < 0.02) | ((np.arange(60) // 2 == cell[:, None]) & (random.random((300, 60)) < 0.6))
    naming = naming_of(has, vectors, ["words"] * 60)
    members = csr_matrix((np.ones(300, np.float32), (cell, np.arange(300))), (31, 300))  # the last holds nothing
    size = np.maximum(np.diff(members.indptr), 1)
    content = Content(members, members, size, members @ vectors / size[:, None] - vectors.mean(axis=0))
    named = choose(naming, content, np.arange(31))
    assert {len(name) for name in named[:-1]} >= {1, 2}
    assert all(set(name) & {2 * number, 2 * number + 1} for number, name in enumerate(named[:-1]))
    assert named[-1] == ()
    for limit in ("TOGETHER", "MEMBERS"):
        monkeypatch.setattr(choice, limit, 7)
        assert choose(naming, content, np.arange(31)) == named
