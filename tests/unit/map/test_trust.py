"""Trust and stretch of every item: what they are by definition, where less is known, and that they are the mean recall."""

import numpy as np
import pytest

from knowledge_map.map.trust import STRETCHED, TRUSTED, ArticlesOnMap, stretch_of, trust_of_map, typical_distance

ARTICLES, QUESTIONS = 120, 30
ROWS = ARTICLES + QUESTIONS


def graph_of(vectors: np.ndarray, k: int) -> np.ndarray:
    """Return the rows of the k nearest items of each item, int [n, k]."""
    distances = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


def by_definition(positions: np.ndarray, graph: np.ndarray, row: int) -> tuple[float, float]:
    """Return trust and the distance to the nearest of one item, without any array tricks."""
    nearest = [other for other in graph[row] if other < ARTICLES][:TRUSTED]
    if not nearest:
        return np.nan, np.nan
    away = np.linalg.norm(positions[:ARTICLES] - positions[row], axis=1)
    if row < ARTICLES:
        away[row] = np.inf
    around = np.argsort(away, kind="stable")[: len(nearest)]
    return len({*nearest} & {*around.tolist()}) / len(nearest), float(np.mean(away[nearest[:STRETCHED]]))


@pytest.mark.parametrize("k", [3, TRUSTED, 40])
def test_trust_is_the_share_of_nearest_articles_that_are_nearest_on_the_map(k):
    random = np.random.default_rng(k)
    vectors = random.normal(size=(ROWS, 3))
    positions = (vectors[:, :2] + random.normal(scale=0.3, size=(ROWS, 2))).astype(np.float32)
    graph = graph_of(vectors, k)
    blocks = np.array_split(graph, 4)
    found = trust_of_map(positions, ARTICLES, blocks)
    expected = np.array([by_definition(positions.astype(float), graph, row) for row in range(ROWS)])
    np.testing.assert_allclose(found.trust, expected[:, 0], atol=1e-6)
    np.testing.assert_allclose(found.distance, expected[:, 1], rtol=1e-5)
    assert 0.1 < np.nanmean(found.trust) < 0.9


def test_a_map_that_keeps_all_neighbors_is_trusted_wholly_and_one_that_keeps_none_not_at_all():
    line = np.column_stack([np.arange(ROWS) ** 1.1, np.zeros(ROWS)])
    graph = graph_of(line[:ARTICLES], TRUSTED)
    assert (trust_of_map(line, ARTICLES, [graph]).trust == 1).all()
    halves = np.arange(ROWS) % ARTICLES < ARTICLES // 2
    folded = np.column_stack([np.where(halves, line[:, 0], line[::-1, 0]), np.zeros(ROWS)])
    assert trust_of_map(folded, ARTICLES, [graph]).trust.mean() < 0.7


def test_an_item_whose_neighbors_are_all_questions_has_no_trust():
    positions = np.random.default_rng(0).random((ROWS, 2))
    graph = np.full((ROWS, 2), ARTICLES)
    graph[0] = [ARTICLES, 5]
    found = trust_of_map(positions, ARTICLES, [graph])
    assert np.isfinite([found.trust[0], found.distance[0]]).all()
    assert np.isnan(found.trust[1:]).all() and np.isnan(found.distance[1:]).all()


def test_items_that_all_lie_on_one_spot_have_a_trust_and_no_stretch():
    positions = np.full((ROWS, 2), 0.5)
    found = trust_of_map(positions, ARTICLES, [graph_of(np.random.default_rng(1).normal(size=(ROWS, 3)), TRUSTED)])
    assert ((found.trust >= 0) & (found.trust <= 1)).all() and (found.distance == 0).all()
    assert typical_distance(found.distance) is None
    assert np.isnan(stretch_of(found.distance, None)).all()


def test_fewer_articles_than_are_compared_are_all_compared():
    positions = np.random.default_rng(2).random((5, 2))
    assert (trust_of_map(positions, 5, [graph_of(positions, 4)]).trust == 1).all()
    new = ArticlesOnMap(positions).trust(np.array([[0.5, 0.5]]), np.array([[4, 2, 0, 1, 3]]))
    assert new.trust == [1]


def test_half_of_the_articles_are_stretched_more_than_one():
    distances = np.random.default_rng(3).random(ARTICLES)
    distances[7] = np.nan
    stretch = stretch_of(distances, typical_distance(distances))
    assert np.nanmedian(stretch) == pytest.approx(1) and np.isnan(stretch[7])
