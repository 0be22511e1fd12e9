"""What neighbors and ranks promise: those of brute force, whatever the blocks, and no article near to itself."""

import numpy as np
import pytest
from maps import random_vectors, write_map

from knowledge_map.diagnostics import neighborhoods
from knowledge_map.diagnostics.layouts import Layout
from knowledge_map.diagnostics.neighborhoods import (
    article_neighborhoods,
    copies_in_embedding_space,
    cosine_ranks,
    cosine_similarities,
    nearest_by_cosine,
    nearest_in_plane,
    pairs_within,
    plane_ranks,
    without_self,
)
from knowledge_map.embedding.table import EmbeddingTable

NO_QUESTIONS = np.empty((0, 2))


@pytest.fixture
def small_blocks(monkeypatch):
    """Make the table several blocks, the last with questions, and the queries several parts."""
    monkeypatch.setattr(neighborhoods, "ROW_GROUP", 64)
    monkeypatch.setattr(neighborhoods, "QUERIES", 3)
    monkeypatch.setattr(neighborhoods, "PAIRS", 5)
    monkeypatch.setattr(neighborhoods, "COUNTED", 128)
    monkeypatch.setattr(neighborhoods, "BINS", 16)


def table_of(folder, vectors: np.ndarray, questions: int) -> EmbeddingTable:
    return EmbeddingTable(write_map(folder, vectors, questions, vectors[:, :2], vectors[:, :2])[1])


def test_neighbors_and_ranks_in_embedding_space_agree_with_brute_force(tmp_path, small_blocks):
    vectors = random_vectors(500 + 7, 16)
    vectors[[40, 90, 300]] = vectors[10]  # equally near ones, in different blocks
    table, queries = table_of(tmp_path, vectors, 7), np.vstack([vectors[500:], vectors[[10]]])
    similarities = queries.astype(float) @ vectors[:500].astype(float).T
    order = np.argsort(-similarities.round(7), axis=1, kind="stable")
    nearest = nearest_by_cosine(table, queries, 20, threads=1)
    np.testing.assert_array_equal(nearest, order[:, :20])
    assert nearest[7, :4].tolist() == [10, 40, 90, 300]
    rows = order[:, ::25]
    found, ranks = cosine_ranks(table, queries, rows, threads=2)
    own = np.take_along_axis(similarities, rows, axis=1)
    np.testing.assert_allclose(found, own, atol=1e-6)
    np.testing.assert_allclose(cosine_similarities(table, queries, rows), own, atol=1e-6)
    np.testing.assert_array_equal(ranks, 1 + (similarities[:, None, :] > own[:, :, None] + 1e-6).sum(axis=2))


def test_an_article_is_not_counted_among_those_near_to_it(tmp_path, small_blocks):
    vectors = random_vectors(200, 8)
    table, rows = table_of(tmp_path, vectors, 0), np.array([3, 77, 199])
    layout = Layout(vectors[:, :2].astype(float), NO_QUESTIONS)
    around = article_neighborhoods(table, {"map": layout}, rows, 12, threads=1)
    expected = np.tile(np.arange(1, 13), (3, 1))
    np.testing.assert_array_equal(cosine_ranks(table, vectors[rows], around.embedding, threads=1, own=rows)[1], expected)
    in_plane = plane_ranks(layout, layout.articles[rows], around.layouts["map"], threads=1, are_articles=True)[1]
    np.testing.assert_array_equal(in_plane, expected)


def test_neighbors_in_the_plane_come_nearest_first():
    layout = Layout(np.array([[0.0, 0.0], [0.3, 0.0], [0.1, 0.0]]), NO_QUESTIONS)
    assert nearest_in_plane(layout, np.array([[0.0, 0.0]]), 9, threads=1).tolist() == [[0, 2, 1]]


def test_ranks_in_the_plane_count_the_articles_that_are_nearer():
    layout = Layout(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 3.0]]), NO_QUESTIONS)
    distances, ranks = plane_ranks(layout, np.array([[0.0, 0.0]]), np.array([[3, 1, 2, 0]]), threads=1)
    assert distances.tolist() == [[3.0, 1.0, 1.0, 0.0]]
    assert ranks.tolist() == [[4, 2, 2, 1]]


@pytest.mark.parametrize(("bins", "counted"), [(4096, 400_000), (2, 900), (300, 1)])
def test_ranks_in_the_plane_agree_with_brute_force(bins, counted, monkeypatch):
    monkeypatch.setattr(neighborhoods, "BINS", bins)
    monkeypatch.setattr(neighborhoods, "COUNTED", counted)
    rng = np.random.default_rng(1)
    layout, points = Layout(rng.normal(size=(300, 2)), NO_QUESTIONS), rng.normal(size=(20, 2))
    rows = rng.integers(0, 300, (20, 9))
    distances = np.linalg.norm(layout.articles[None] - points[:, None], axis=2)
    own = np.take_along_axis(distances, rows, axis=1)
    expected = 1 + (distances[:, None, :] < own[:, :, None]).sum(axis=2)
    np.testing.assert_array_equal(plane_ranks(layout, points, rows, threads=2)[1], expected)


def test_articles_on_one_spot_all_rank_first():
    layout = Layout(np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [0.9, 0.5]]), NO_QUESTIONS)
    ranks = plane_ranks(layout, layout.articles[[0]], np.array([[1, 2, 3]]), threads=1, are_articles=True)[1]
    assert ranks.tolist() == [[1, 1, 3]]


def test_an_article_hidden_under_its_doubles_keeps_k_neighbors():
    neighbors = np.array([[4, 0, 2], [4, 7, 2]])
    assert without_self(neighbors, np.array([0, 1])).tolist() == [[4, 2], [4, 7]]


@pytest.mark.parametrize("dimension", [3, 64])
def test_copies_are_counted_in_pairs_and_rounding_does_not_hide_them(tmp_path, small_blocks, dimension):
    vectors = random_vectors(150 + 2, dimension)
    vectors[[20, 120]] = vectors[5]  # three of a kind: three pairs, in different blocks
    vectors[60] = vectors[61] + np.float32(1e-7)
    vectors[150:] = vectors[0]  # a question is no copy of an article
    assert copies_in_embedding_space(table_of(tmp_path, vectors, 2), seed=0) == 4


def test_places_on_one_spot_are_counted_in_pairs():
    assert pairs_within(np.array([[0.1, 0.2], [0.5, 0.5], [0.1, 0.2], [0.1, 0.2]]), 0) == 3
    assert pairs_within(np.array([[0.1, 0.2]]), 0) == 0
