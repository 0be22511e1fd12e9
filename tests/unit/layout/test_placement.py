"""Placement: neighbors within reach become neighbors on the map, questions first, and nobody moves who is not concerned."""

import numpy as np
import pytest

from knowledge_map.layout.placement import place

pytestmark = pytest.mark.slow  # places a thousand articles

ARTICLES = 1000


@pytest.fixture
def crowd() -> np.ndarray:
    """1,000 articles all over a square, and ten questions far from each other; float64 [1010, 2]."""
    random = np.random.default_rng(0)
    questions = np.stack(np.meshgrid([10, 30, 50, 70, 90], [25, 75]), axis=-1).reshape(-1, 2)
    return np.vstack([random.uniform(0, 100, (ARTICLES, 2)), questions])


def nearest(positions: np.ndarray, k: int, articles: int = ARTICLES) -> np.ndarray:
    """Return the k articles nearest to each item on the map, without itself, int [N, k]."""
    away = np.linalg.norm(positions[:, None] - positions[None, :articles], axis=2)
    away[np.arange(articles), np.arange(articles)] = np.inf
    return np.argsort(away, axis=1)[:, :k]


def kept(positions: np.ndarray, targets: np.ndarray, rows: slice = slice(None)) -> float:
    """Return which share of the targets, -1 aside, are among as many articles nearest on the map."""
    found = (nearest(positions, targets.shape[1])[rows, :, None] == targets[rows, None, :]).any(axis=1)
    return float(found[targets[rows] >= 0].mean())


def placed(positions: np.ndarray, targets: np.ndarray, heavy: bool = True, iterations: int = 200, threads: int = 1) -> np.ndarray:
    after = positions.copy()
    place(after, targets, ARTICLES, heavy, iterations, threads)
    return after


@pytest.fixture
def in_order(crowd) -> np.ndarray:
    """What the crowd's nearest are already, and of each question five of its nine nearest; int [1010, 5]."""
    targets = nearest(crowd, 5)
    targets[ARTICLES:] = nearest(crowd, 9)[ARTICLES:, ::2]
    return targets


def test_questions_end_up_among_their_own_articles(crowd, in_order):
    assert kept(crowd, in_order, slice(ARTICLES, None)) < 0.7
    assert kept(placed(crowd, in_order), in_order, slice(ARTICLES, None)) > 0.97


def test_articles_find_neighbors_that_are_within_reach(crowd):
    targets = nearest(crowd, 5)
    shaken = crowd + np.random.default_rng(1).normal(scale=1.0, size=crowd.shape)
    assert kept(placed(shaken, targets), targets) > kept(shaken, targets) + 0.1


def test_the_articles_around_a_question_hold_on_to_their_own_neighbors(crowd, in_order):
    around = np.unique(in_order[ARTICLES:])
    after = placed(crowd, in_order)
    found = (nearest(after, 5)[around, :, None] == in_order[around, None, :]).any(axis=1)
    assert found.mean() > 0.75


def test_light_questions_count_as_much_as_articles(crowd, in_order):
    heavy, light = placed(crowd, in_order), placed(crowd, in_order, heavy=False)
    assert kept(light, in_order, slice(0, ARTICLES)) > kept(heavy, in_order, slice(0, ARTICLES))


def test_a_target_that_is_far_away_moves_nobody(crowd):
    targets = np.full((len(crowd), 1), -1)
    targets[ARTICLES] = np.argmax(np.linalg.norm(crowd[:ARTICLES] - crowd[ARTICLES], axis=1))
    assert (placed(crowd, targets) == crowd).all()


def test_articles_that_are_not_concerned_stay_where_they_are(crowd):
    targets = np.full((len(crowd), 5), -1)
    targets[ARTICLES:] = nearest(crowd, 9)[ARTICLES:, ::2]
    after, concerned = placed(crowd, targets), np.unique(nearest(crowd, 60)[ARTICLES:])
    bystanders = np.setdiff1d(np.arange(ARTICLES), concerned)
    assert (after[bystanders] == crowd[bystanders]).all() and (after != crowd).any()


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_scale_of_the_layout_does_not_matter(crowd, in_order, scale):
    assert np.allclose(placed(crowd * scale, in_order, iterations=30), placed(crowd, in_order, iterations=30) * scale, rtol=1e-6)


def test_threads_do_not_change_the_result(crowd, in_order, monkeypatch):
    monkeypatch.setattr("knowledge_map.layout.placement.PART", 90)
    one, four = (placed(crowd, in_order, iterations=50, threads=threads) for threads in (1, 4))
    assert one.tobytes() == four.tobytes()


def test_items_on_one_spot_stay_finite():
    positions = np.zeros((30, 2))
    place(positions, np.tile([[0, 1]], (30, 1)), 28, heavy_questions=True, iterations=10, threads=1)
    assert np.isfinite(positions).all()


@pytest.mark.parametrize(("articles", "iterations"), [(4, 10), (20, 0)])
def test_without_strangers_or_iterations_nothing_moves(articles, iterations):
    positions = np.random.default_rng(0).normal(size=(articles + 1, 2))
    before = positions.copy()
    place(positions, np.tile([[0, 1, 2]], (articles + 1, 1)), articles, True, iterations, threads=1)
    assert (positions == before).all()
