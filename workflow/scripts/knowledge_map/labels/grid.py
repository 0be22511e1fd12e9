"""Grids of cells over the map and over the question region, and the areas that cells of one name make up."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from knowledge_map.map.region import Region

WHOLE = Region(0.0, 1.0, 0.0, 1.0)


@dataclass(frozen=True)
class Grid:
    """`side` x `side` equal cells over `box`; cell gy * side + gx, gy upward.

    `extent` says what the box is: `map` (the whole) or `region` (that of the questions).
    """

    extent: str
    box: Region
    side: int

    @property
    def cells(self) -> int:
        """Return how many cells there are."""
        return self.side**2

    @property
    def sides(self) -> np.ndarray:
        """Width and height of a cell in map units, float [2]."""
        return np.array([self.box.x_max - self.box.x_min, self.box.y_max - self.box.y_min]) / self.side

    def indices(self) -> tuple[np.ndarray, np.ndarray]:
        """Return gx and gy of all cells, int [cells]."""
        gy, gx = np.divmod(np.arange(self.cells), self.side)
        return gx, gy

    def centers(self) -> np.ndarray:
        """Return the centres of all cells in map units, float [cells, 2]."""
        return (np.column_stack(self.indices()) + 0.5) * self.sides + [self.box.x_min, self.box.y_min]

    def cell_of(self, positions: np.ndarray) -> np.ndarray:
        """Return the cell in which each of `positions`, float [n, 2], lies, int [n]; -1 outside the box."""
        steps = np.floor((positions - [self.box.x_min, self.box.y_min]) / self.sides).astype(int)
        gx, gy = np.clip(steps, 0, self.side - 1).T  # what lies on the upper border belongs to the last cell
        return np.where(self.box.contains(positions), gy * self.side + gx, -1)

    def parent_of(self, finer: "Grid") -> np.ndarray:
        """Return the cell of this grid that holds each cell of a `finer` one over the same box, int [finer.cells]."""
        gx, gy = (position * self.side // finer.side for position in finer.indices())
        return gy * self.side + gx


def grids(extent: str, box: Region | None, sides: list[int]) -> list[Grid]:
    """Return a grid for each of `sides`, coarse to fine; none where there is no box, or one without extent."""
    if box is None or box.x_min >= box.x_max or box.y_min >= box.y_max:
        return []
    return [Grid(extent, box, side) for side in sorted(sides)]


def areas(names: np.ndarray) -> np.ndarray:
    """Return the area of each cell, int [side, side]: cells that touch side by side and bear one name are one area.

    `names`, int [side, side], are the cells' names, -1 where a cell has none; its area is -1 as well. Areas are numbered
    in the order of their first cells.
    """
    cells = np.arange(names.size).reshape(names.shape)
    pairs = [(cells[:, :-1], cells[:, 1:]), (cells[:-1], cells[1:])]
    first, second = (np.concatenate([pair[i].ravel() for pair in pairs]) for i in (0, 1))
    same = names.ravel()[first] == names.ravel()[second]
    edges = coo_matrix((np.ones(same.sum()), (first[same], second[same])), shape=(names.size, names.size))
    parts = connected_components(edges, directed=False)[1]
    named = names.ravel() >= 0
    _, start, inverse = np.unique(parts[named], return_index=True, return_inverse=True)
    found = np.full(names.size, -1)
    found[named] = np.argsort(np.argsort(start))[inverse]
    return found.reshape(names.shape)


def area_positions(grid: Grid, area: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where the label of each cell's area is written, float [cells, 2], and which cells bear it, bool [cells].

    That is the mean of the articles' `positions`, float [n, 2], in the area, or of its cells' centres where it has none; an area
    that bends around this point has its label at the nearest point of its nearest cell. NaN and False outside of all areas.
    """
    number = int(area.max(initial=-1)) + 1
    centers, cell = grid.centers(), grid.cell_of(positions)
    article_area = np.where(cell >= 0, area[cell], -1)
    means = _means(positions, article_area, number)
    empty = np.isnan(means[:, 0])
    means[empty] = _means(centers, area, number)[empty]
    named = np.flatnonzero(area >= 0)
    distances = np.linalg.norm((centers[named] - means[area[named]]) / grid.sides, axis=1)
    order = named[np.lexsort((named, distances, area[named]))]
    bearers = order[np.unique(area[order], return_index=True)[1]]
    half = grid.sides / 2
    means = np.clip(means, centers[bearers] - half, centers[bearers] + half)
    out, bears = np.full((grid.cells, 2), np.nan), np.zeros(grid.cells, bool)
    out[named], bears[bearers] = means[area[named]], True
    return out, bears


def _means(points: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Return the mean of the points of each group, float [groups, 2], NaN where a group has none; group -1 is left out."""
    points, group = points[group >= 0], group[group >= 0]
    counts = np.bincount(group, minlength=groups)
    with np.errstate(invalid="ignore"):
        return np.column_stack([np.bincount(group, points[:, axis], groups) / counts for axis in (0, 1)])
