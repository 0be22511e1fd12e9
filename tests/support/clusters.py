"""Vectors in clusters, and their neighbor graph."""

import numpy as np


def clustered(rows: int, dimension: int, clusters: int, spread: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return unit vectors, float32 [rows, dimension], around so many centres, and which centre each belongs to."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(1000).normal(size=(clusters, dimension))
    member = random.integers(clusters, size=rows)
    vectors = centres[member] + spread * random.normal(size=(rows, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), member


def graph_of(vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest others of each vector and their cosine distances."""
    distances = 1 - vectors @ vectors.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :k].astype(np.int32)
    return nearest, np.maximum(np.take_along_axis(distances, nearest, 1), 0).astype(np.float32)
