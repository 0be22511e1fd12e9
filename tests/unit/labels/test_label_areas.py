"""Cells that share a subject are one area; levels agree; two areas bear one name only where nothing tells them apart."""

import numpy as np

from knowledge_map.labels.areas import assign

NONE = -1


def assigned(fits: list[list[float]], above: list[int] | None = None, side: int = 2) -> list[int]:
    """Return the names of cells of the given fits; a cell whose fits are all 0 has no name."""
    table = np.array(fits, float)
    own = np.where(table.any(axis=1), table.argmax(axis=1), NONE)
    inherited = np.array(above) if above else np.full(len(table), NONE)
    return assign(table, own, inherited, np.ones(len(table)), side).tolist()


def test_a_cell_takes_the_name_that_fits_best():
    assert assigned([[3, 1], [0, 0], [0, 0], [1, 3]]) == [0, NONE, NONE, 1]


def test_a_cell_takes_the_name_beside_it_where_that_fits_nearly_as_well():
    assert assigned([[3, 1], [1, 1.05], [0, 0], [0, 0]]) == [0, 0, NONE, NONE]
    assert assigned([[3, 1], [1, 2], [0, 0], [0, 0]]) == [0, 1, NONE, NONE]


def test_the_name_of_the_coarser_cell_stays_until_another_says_more():
    assert assigned([[1, 1.1]] * 4, above=[0] * 4) == [0] * 4
    assert assigned([[1, 2]] * 4, above=[0] * 4) == [1] * 4


def test_the_end_of_a_row_does_not_touch_the_start_of_the_next():
    fits = [[0, 0, 0]] * 9
    fits[2], fits[3] = [3, 1, 0], [2, 0, 1.9]
    assert assigned(fits, side=3)[2:4] == [0, 2]


def test_of_two_areas_with_one_name_the_smaller_takes_another_that_fits():
    assert assigned([[3, 0, 1], [0, 0, 0], [0, 0, 0], [2, 0, 1.5]]) == [0, NONE, NONE, 2]


def test_two_areas_bear_one_name_where_nothing_tells_them_apart():
    assert assigned([[3, 0], [0, 0], [0, 0], [2, 0.1]]) == [0, NONE, NONE, 0]


def test_no_names_at_all():
    assert assign(np.zeros((4, 0)), np.full(4, NONE), np.full(4, NONE), np.ones(4), 2).tolist() == [NONE] * 4
