"""The deformation of a whole layout: triplets in order, nothing folded, and the same again."""

import logging

import numpy as np
import pytest
from scipy.spatial import cKDTree

from knowledge_map.diagnostics.measures import random_triplets, triplets_kept
from knowledge_map.layout.deformation import Sample, put_back, put_in_order


def bent_away(n: int = 1_500, seed: int = 0) -> tuple[np.ndarray, Sample]:
    """Return a layout on which a plane of meanings lies bent, float64 [n, 2], and all its articles."""
    random = np.random.default_rng(seed)
    u, v = random.uniform(-1, 1, (2, n))
    vectors = np.column_stack([u, v, np.full(n, 2.0)])
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    layout = 40 * np.column_stack([u + 0.4 * v**2 + 0.15 * random.normal(size=n), 0.5 * v])
    return layout, Sample(np.arange(n), vectors)


def kept(positions: np.ndarray, sample: Sample) -> float:
    triplets = random_triplets(len(positions), 50_000, np.random.default_rng(1))
    return triplets_kept(sample.vectors, positions, triplets).mean()


@pytest.mark.parametrize(("articles", "drawn"), [(60, "12,000"), (1_500, "100,000")])
def test_more_triplets_are_in_order(articles, drawn, caplog):
    caplog.set_level(logging.INFO, "knowledge_map")
    layout, sample = bent_away(articles)
    before = kept(layout, sample)
    put_in_order(layout, sample, seed=3)
    assert kept(layout, sample) > before + 0.015
    assert f"of {drawn} random triplets" in caplog.text


def test_what_the_sample_tells_holds_for_the_others():
    layout, everything = bent_away()
    before = kept(layout, everything)
    some = everything.rows[::5]
    put_in_order(layout, Sample(some, everything.vectors[some]), seed=3)
    assert kept(layout, everything) > before + 0.01


@pytest.mark.parametrize("meanings", ["a plane", "noise"])
def test_nothing_is_folded(meanings):
    layout, sample = bent_away()
    if meanings == "noise":
        vectors = np.random.default_rng(4).normal(size=sample.vectors.shape).astype(np.float32)
        sample = Sample(sample.rows, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    low, high = layout.min(axis=0), layout.max(axis=0)
    grid = np.stack(np.meshgrid(*np.linspace(low, high, 100).T), axis=-1)
    positions = np.vstack([layout, grid.reshape(-1, 2)])
    put_in_order(positions, sample, seed=3)
    moved = positions[len(layout) :].reshape(grid.shape)
    assert not np.allclose(moved, grid)
    across, up = np.diff(moved, axis=1)[:-1], np.diff(moved, axis=0)[:, :-1]
    assert (across[..., 0] * up[..., 1] > across[..., 1] * up[..., 0]).all()


def test_neighbors_stay_neighbors():
    layout, sample = bent_away()
    before = cKDTree(layout).query(layout, k=6)[1]
    put_in_order(layout, sample, seed=3)
    after = cKDTree(layout).query(layout, k=6)[1]
    assert np.mean([len(np.intersect1d(*pair)) for pair in zip(before, after, strict=True)]) > 5


@pytest.mark.slow
def test_the_same_seed_gives_the_same_layout_and_place_and_size_do_not_matter():
    layout, sample = bent_away()
    one, again, elsewhere = layout.copy(), layout.copy(), 3 * layout - 7
    for each in (one, again, elsewhere):
        put_in_order(each, sample, seed=3)
    assert one.tobytes() == again.tobytes()
    assert elsewhere == pytest.approx(3 * one - 7, abs=1e-3)


@pytest.mark.parametrize(
    "layout", [np.zeros((5, 2)), np.column_stack([np.arange(5.0), np.zeros(5)]), np.eye(2), np.zeros((0, 2))]
)
def test_few_items_and_items_on_a_line_do_no_harm(layout):
    vectors = np.eye(5, 3, dtype=np.float32)[: len(layout)] + np.float32(0.1)
    put_in_order(layout, Sample(np.arange(len(layout)), vectors), seed=3)
    assert np.isfinite(layout).all()


def test_known_items_are_bent_back_and_take_the_others_along():
    layout, sample = bent_away()
    moved = layout.copy()
    put_in_order(moved, sample, seed=3)
    known = sample.rows[::3]
    before = np.linalg.norm(moved - layout, axis=1)
    put_back(moved, known, layout[known])
    after = np.linalg.norm(moved - layout, axis=1)
    assert np.median(after) < 0.1 * np.median(before)
    assert np.quantile(after, 0.99) < 0.5 * np.quantile(before, 0.99)


@pytest.mark.parametrize("known", [0, 1, 5])
def test_few_known_items_or_none_do_no_harm(known):
    layout = np.random.default_rng(2).normal(size=(5, 2))
    moved = layout.copy()
    put_back(moved, np.arange(known), layout[:known])
    assert moved == pytest.approx(layout, abs=1e-9)
