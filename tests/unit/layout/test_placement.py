"""Settling: questions end up among their own articles, and nobody moves who is not concerned."""

import numpy as np
import pytest

from knowledge_map.layout.placement import place_questions


@pytest.fixture
def crowd() -> np.ndarray:
    """1,000 articles all over a square, and ten questions far from each other; float64 [1010, 2]."""
    random = np.random.default_rng(0)
    questions = np.stack(np.meshgrid([10, 30, 50, 70, 90], [25, 75]), axis=-1).reshape(-1, 2)
    return np.vstack([random.uniform(0, 100, (1000, 2)), questions])


def nearest(positions: np.ndarray, questions: int, k: int) -> np.ndarray:
    """Return the k articles nearest to each question, int [questions, k]."""
    articles, asked = np.split(positions, [len(positions) - questions])
    return np.argsort(np.linalg.norm(asked[:, None] - articles, axis=2), axis=1)[:, :k]


def some_nearby(positions: np.ndarray, questions: int) -> np.ndarray:
    """Return five of the 30 articles nearest to each question, every sixth, int [questions, 5]."""
    return nearest(positions, questions, 30)[:, ::6]


def test_questions_end_up_among_their_own_articles(crowd):
    own = some_nearby(crowd, 10)
    place_questions(crowd, own, iterations=300, threads=1)
    assert (np.sort(nearest(crowd, 10, 5)) == np.sort(own)).all()


def test_an_article_from_afar_comes_in_and_moves_no_crowd_on_its_way(crowd):
    own = nearest(crowd, 10, 5)
    far = int(np.argmax(np.linalg.norm(crowd[:1000] - crowd[1000], axis=1)))
    own[0, 4] = far
    before = crowd.copy()
    place_questions(crowd, own, iterations=300, threads=1)
    assert far in nearest(crowd, 10, 5)[0]
    moved = np.linalg.norm(crowd - before, axis=1)[:1000] > 0
    assert moved[far] and moved.sum() < 60


def test_articles_that_are_not_concerned_stay_where_they_are(crowd):
    own = some_nearby(crowd, 10)
    concerned = np.unique(nearest(crowd, 10, 60))
    before = crowd.copy()
    place_questions(crowd, own, iterations=300, threads=1)
    bystanders = np.setdiff1d(np.arange(1000), concerned)
    assert (crowd[bystanders] == before[bystanders]).all()


def test_questions_in_order_with_room_around_them_do_not_move():
    angles = np.linspace(0, 2 * np.pi, 6)[:5]
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    positions = np.vstack([ring, 10 * ring, [[0, 0]]])
    before = positions.copy()
    place_questions(positions, np.arange(5)[None], iterations=100, threads=1)
    assert (positions == before).all()


def test_two_questions_share_an_article_between_them():
    random = np.random.default_rng(1)
    positions = np.vstack([random.uniform(0, 10, (200, 2)), [[2, 5], [8, 5]]])
    own = nearest(positions, 2, 3)
    shared = int(np.argmin(np.linalg.norm(positions[:200] - [5, 5], axis=1)))
    own[:, 2] = shared
    place_questions(positions, own, iterations=500, threads=1)
    assert all(shared in row for row in nearest(positions, 2, 3))


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_scale_of_the_layout_does_not_matter(crowd, scale):
    own = some_nearby(crowd, 10)
    scaled = crowd * scale
    place_questions(crowd, own, iterations=30, threads=1)
    place_questions(scaled, own, iterations=30, threads=1)
    assert np.allclose(scaled, crowd * scale, rtol=1e-6)


def test_threads_do_not_change_the_result(crowd):
    other, own = crowd.copy(), some_nearby(crowd, 10)
    place_questions(crowd, own, iterations=50, threads=1)
    place_questions(other, own, iterations=50, threads=4)
    assert crowd.tobytes() == other.tobytes()


@pytest.mark.parametrize("iterations", [0, 10])
def test_items_on_one_spot_and_questions_without_strangers_stay_finite(iterations):
    positions = np.zeros((8, 2))
    place_questions(positions, np.array([[0, 1], [2, 3]]), iterations, threads=1)
    assert np.isfinite(positions).all()
    few = np.random.default_rng(0).normal(size=(4, 2))
    before = few.copy()
    place_questions(few, np.array([[0, 1, 2]]), iterations, threads=1)
    assert (few == before).all()
