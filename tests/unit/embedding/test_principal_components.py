"""Principal components of the embedding table are those of the whole matrix, however it is cut into blocks."""

import numpy as np
import pytest
from maps import random_vectors, write_map

from knowledge_map.embedding import principal_components
from knowledge_map.embedding.principal_components import principal_component
from knowledge_map.embedding.table import EmbeddingTable


@pytest.fixture
def table(tmp_path):
    def table(vectors: np.ndarray) -> EmbeddingTable:
        positions = np.zeros((len(vectors), 2))
        return EmbeddingTable(write_map(tmp_path, vectors, 5, positions, positions)[1])

    return table


@pytest.mark.parametrize("number", [1, 3, 6, 9])
def test_it_is_that_of_the_centered_matrix_scaled_to_one(table, monkeypatch, number):
    monkeypatch.setattr(principal_components, "ROW_GROUP", 50)
    vectors = random_vectors(200, 6) * np.array([3, 2, 1, 0.7, 0.5, 0.3], np.float32)
    centered = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    directions = np.linalg.svd(centered, full_matrices=False)[2]
    direction = directions[min(number, 6) - 1]
    expected = centered @ (direction * np.sign(direction[np.abs(direction).argmax()]))
    expected = (expected - expected.min()) / (expected.max() - expected.min())
    np.testing.assert_allclose(principal_component(table(vectors), number), expected, atol=1e-4)


def test_vectors_that_are_all_alike_have_none(table):
    vectors = np.tile(np.array([[1, 0]], np.float32), (20, 1))
    assert np.isin(principal_component(table(vectors), 1), [0.5]).all()
