"""Cells lie where they should, nest in coarser ones, and those of one name make up areas that are labelled once."""

import numpy as np
import pytest

from knowledge_map.labels.grid import WHOLE, Grid, area_positions, areas, grids
from knowledge_map.map.region import Region

BOX = Region(0.2, 0.6, 0.1, 0.3)


def test_cells_come_in_rows_from_the_bottom_with_their_centres_in_them():
    grid = Grid("region", BOX, 2)
    assert grid.centers().ravel().tolist() == pytest.approx([0.3, 0.15, 0.5, 0.15, 0.3, 0.25, 0.5, 0.25])
    assert grid.cell_of(grid.centers()).tolist() == [0, 1, 2, 3]
    assert grid.sides.tolist() == pytest.approx([0.2, 0.1])


def test_a_place_on_the_upper_border_is_in_the_last_cell_and_one_outside_in_none():
    grid = Grid("map", WHOLE, 4)
    assert grid.cell_of(np.array([[0.0, 0.0], [1.0, 1.0], [0.25, 0.0]])).tolist() == [0, 15, 1]
    assert Grid("region", BOX, 4).cell_of(np.array([[0.1, 0.2], [0.6, 0.3]])).tolist() == [-1, 15]


def test_a_cell_belongs_to_the_coarser_cell_that_its_centre_lies_in():
    fine, coarse = Grid("region", BOX, 12), Grid("region", BOX, 4)
    assert coarse.parent_of(fine).tolist() == coarse.cell_of(fine.centers()).tolist()


@pytest.mark.parametrize("box", [None, Region(0.5, 0.5, 0.1, 0.2), Region(0.1, 0.2, 0.5, 0.5)])
def test_there_is_no_grid_over_nothing(box):
    assert grids("region", box, [2, 4]) == []
    assert [grid.side for grid in grids("region", BOX, [4, 2])] == [2, 4]


def test_cells_of_one_name_that_touch_side_by_side_are_one_area():
    names = np.array([[5, 5, 7], [7, 5, 5], [5, 7, -1]])
    assert areas(names).tolist() == [[0, 0, 1], [2, 0, 0], [3, 4, -1]]


def test_an_area_is_labelled_once_at_the_middle_of_its_articles():
    grid = Grid("map", WHOLE, 2)
    positions = np.array([[0.1, 0.1], [0.9, 0.1], [0.8, 0.4]])
    where, shown = area_positions(grid, np.array([0, 0, 1, -1]), positions)
    assert shown.tolist() == [False, True, True, False]
    assert where[0].tolist() == where[1].tolist() == pytest.approx([0.6, 0.2])
    assert where[2].tolist() == pytest.approx([0.25, 0.75])  # no article: the middle of the cell
    assert np.isnan(where[3]).all()


def test_a_label_never_lies_outside_of_its_area():
    grid = Grid("map", WHOLE, 3)
    bent = np.array([0, 0, 0, 0, 1, 1, 0, 0, 0])  # around the cell in the middle
    where, shown = area_positions(grid, bent, grid.centers())
    assert shown.sum() == 2
    for cell in np.flatnonzero(shown):
        inside = np.nextafter(where[cell], grid.centers()[cell])
        assert bent[grid.cell_of(inside[None])[0]] == bent[cell]
