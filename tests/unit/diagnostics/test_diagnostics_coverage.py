"""What coverage promises: full where articles fill the square, none where they are one heap, and boxes that count right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from knowledge_map.diagnostics.coverage import among_articles, bounds, coverage, largest_empty_square, region_record
from knowledge_map.diagnostics.layouts import Layout

NO_QUESTIONS = np.empty((0, 2))


def test_evenly_spread_articles_have_full_entropy_and_one_heap_has_none():
    side = (np.arange(64) + 0.5) / 64
    even = coverage(Layout(np.array(np.meshgrid(side, side)).reshape(2, -1).T, NO_QUESTIONS), 64, threads=1)
    assert even["occupied_share"] == even["occupied_share_16"] == even["normalized_entropy"] == 1.0
    assert even["largest_empty_square"] == 0.0
    assert even["articles_per_cell"] == {"mean": 1.0, "mean_of_occupied": 1.0, "max": 1}
    assert even["median_neighbor_distance"] == pytest.approx(1 / 64)
    heap = coverage(Layout(np.full((50, 2), 0.35), NO_QUESTIONS), 10, threads=1)
    assert (heap["cells"], heap["occupied_cells"], heap["normalized_entropy"]) == (100, 1, 0.0)
    assert (heap["articles_per_cell"]["max"], heap["largest_empty_square"]) == (50, 0.6)


def test_a_single_article_has_no_distance_and_no_entropy():
    single = coverage(Layout(np.array([[0.5, 0.5]]), NO_QUESTIONS), 4, threads=1)
    assert single["median_neighbor_distance"] is None and single["normalized_entropy"] is None


@given(arrays.arrays(int, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=st.integers(0, 1)))
def test_the_largest_empty_square_is_the_largest_of_all_squares(counts):
    rows, columns = counts.shape
    squares = [
        side
        for side in range(1, min(rows, columns) + 1)
        for row in range(rows - side + 1)
        for column in range(columns - side + 1)
        if not counts[row : row + side, column : column + side].any()
    ]
    assert largest_empty_square(counts) == max(squares, default=0)


def test_bounds_of_nothing_are_nothing():
    assert bounds(NO_QUESTIONS) is None
    assert among_articles(Layout(np.zeros((2, 2)), NO_QUESTIONS)) is None


def test_a_question_thrown_out_is_not_among_the_articles():
    layout = Layout(np.array([[0.2, 0.2], [0.6, 0.7]]), np.array([[0.3, 0.3], [0.6, 0.7], [0.3, 0.9], [1.0, 0.5]]))
    assert among_articles(layout) == 0.5


def test_the_question_box_counts_the_articles_in_it():
    articles = np.array([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9], [0.45, 0.55]])
    layout = Layout(articles, np.array([[0.4, 0.4], [0.6, 0.6]]))
    first, second = region_record(layout, 0.0), region_record(layout, 2.0)
    assert first["box"] == pytest.approx({"x_min": 0.4, "x_max": 0.6, "y_min": 0.4, "y_max": 0.6}, abs=1e-6)
    assert (first["articles"], first["article_share"]) == (2, 0.5)
    assert first["area_share"] == pytest.approx(0.04, abs=1e-6)
    assert (second["articles"], second["area_share"]) == (4, 1.0)
    assert region_record(Layout(articles, NO_QUESTIONS), 0.1)["box"] is None
