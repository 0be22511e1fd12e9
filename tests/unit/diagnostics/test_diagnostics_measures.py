"""What the measures promise: they say what their names say, agree with other implementations, and know their chance levels."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness

from knowledge_map.diagnostics.measures import (
    correlation,
    distance_ranks,
    interval,
    moments,
    overlap,
    overlap_by_chance,
    random_pairs,
    random_triplets,
    rank_fidelity,
    rank_fidelity_by_chance,
    resampled_means,
    triplets_kept,
)


def neighbors_and_ranks(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each point's others, nearest first, int [n, n - 1], and the rank of every point for every other, int [n, n]."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, -1)
    order = np.argsort(distances, axis=1)
    ranks = np.argsort(order, axis=1)
    return order[:, 1:], ranks


def test_overlap_is_the_share_in_both_lists_whatever_the_order():
    assert overlap(np.array([[1, 2, 3, 4], [1, 2, 3, 4]]), np.array([[4, 3, 2, 1], [1, 9, 8, 7]])).tolist() == [1.0, 0.25]


def test_overlap_with_a_longer_list_looks_through_all_of_it():
    assert overlap(np.array([[1, 2]]), np.array([[9, 8, 2, 7, 1]])).tolist() == [1.0]


def test_overlap_of_nothing_is_nothing():
    assert overlap(np.empty((3, 0), int), np.empty((3, 0), int)).size == 0


def test_overlap_with_articles_drawn_at_random_is_its_chance_level():
    rng = np.random.default_rng(0)
    drawn = np.array([rng.permutation(20)[:6] for _ in range(4000)])
    assert overlap(np.tile(np.arange(6), (4000, 1)), drawn).mean() == pytest.approx(overlap_by_chance(6, 20), abs=0.01)


@pytest.mark.parametrize("k", [1, 5, 12])
def test_trustworthiness_and_continuity_are_those_of_scikit_learn(k):
    rng = np.random.default_rng(1)
    space = rng.normal(size=(80, 6))
    plane = space[:, :2] + rng.normal(scale=0.3, size=(80, 2))
    (in_space, space_ranks), (in_plane, plane_ranks) = neighbors_and_ranks(space), neighbors_and_ranks(plane)
    trust = rank_fidelity(np.take_along_axis(space_ranks, in_plane[:, :k], 1), 80).mean()
    assert trust == pytest.approx(trustworthiness(space, plane, n_neighbors=k))
    # Continuity is trustworthiness with the spaces exchanged.
    continuity = rank_fidelity(np.take_along_axis(plane_ranks, in_space[:, :k], 1), 80).mean()
    assert continuity == pytest.approx(trustworthiness(plane, space, n_neighbors=k))
    assert trust != pytest.approx(continuity)


def test_rank_fidelity_of_random_ranks_is_its_chance_level():
    rng = np.random.default_rng(2)
    ranks = np.array([rng.permutation(60)[:7] + 1 for _ in range(4000)])
    assert rank_fidelity(ranks, 61).mean() == pytest.approx(rank_fidelity_by_chance(7, 61), abs=0.005)


def test_rank_fidelity_is_not_defined_for_half_of_all_items():
    assert rank_fidelity(np.ones((4, 5), int), 10).size == 0
    assert rank_fidelity_by_chance(5, 10) is None


def test_triplets_are_distinct_and_cover_all_items():
    triplets = random_triplets(5, 2_000, np.random.default_rng(0))
    assert all(len(set(triplet)) == 3 for triplet in triplets.tolist())
    counts = np.unique(triplets, axis=0, return_counts=True)[1]
    assert len(counts) == 5 * 4 * 3
    assert counts.min() > 10  # of 33 expected, so that none is rare
    assert random_triplets(2, 10, np.random.default_rng(0)).shape == (0, 3)


def test_pairs_are_of_different_items():
    pairs = random_pairs(3, 500, np.random.default_rng(0))
    assert {tuple(pair) for pair in pairs.tolist()} == {(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)}
    assert random_pairs(1, 10, np.random.default_rng(0)).shape == (0, 2)


def test_a_triplet_is_lost_where_the_farther_one_comes_nearer():
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    triplets = np.array([[0, 1, 2], [0, 2, 1]])
    assert triplets_kept(vectors, vectors, triplets).all()
    assert not triplets_kept(vectors, vectors[[0, 2, 1]], triplets).any()


def test_the_correlation_of_distance_ranks_is_spearmans():
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(50, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    positions, pairs = vectors[:, :2].round(1), random_pairs(50, 300, rng)  # rounded, so that distances are equal too
    far = np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1).round(12)
    cosine = 1 - (vectors[pairs[:, 0]] * vectors[pairs[:, 1]]).sum(axis=1)
    ranks = distance_ranks(vectors, positions, pairs)
    assert correlation(moments(ranks).mean(axis=0)[None])[0] == pytest.approx(spearmanr(cosine, far)[0], abs=1e-3)


def test_a_resampled_correlation_is_that_of_repeated_pairs():
    columns = np.random.default_rng(4).normal(size=(30, 2))
    times = np.arange(30) % 3
    expected = np.corrcoef(np.repeat(columns, times, axis=0).T)[0, 1]
    assert correlation(times[None] @ moments(columns) / times.sum())[0] == pytest.approx(expected)


def test_the_interval_of_a_mean_is_as_wide_as_its_standard_error_says():
    rng = np.random.default_rng(5)
    values = rng.normal(10, 2, 400)
    resampled = resampled_means(np.column_stack([values, -values]), 2000, rng)
    error = 1.96 * values.std() / 20
    assert interval(resampled[:, 0]) == pytest.approx((values.mean() - error, values.mean() + error), abs=0.03)
    np.testing.assert_allclose(resampled[:, 0], -resampled[:, 1])  # columns are resampled alike


def test_the_interval_of_nothing_is_nothing():
    assert interval(np.empty(0)) is None
    assert interval(np.array([np.nan])) is None
