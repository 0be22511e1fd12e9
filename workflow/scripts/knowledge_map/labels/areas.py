"""Which cell bears which name: cells that share a subject are one area, and levels agree."""

import numpy as np
from scipy.sparse import csr_matrix

from knowledge_map.labels.grid import areas

STAYS = 1.2
"""The name of the coarser cell stays until another fits so many times as well."""

AGREES = 0.1
"""What it adds to a name's fit that one of the four cells beside bears it."""

ROUNDS = 3
"""Times that all cells look at those beside them."""

TELLS_APART = 0.5
"""Least fit of another name, as a share of the best one's, that tells two areas of one name apart."""


def assign(fits: np.ndarray, own: np.ndarray, above: np.ndarray, size: np.ndarray, side: int) -> np.ndarray:
    """Return the name of each cell of a level, int [cells]; -1 where it has none.

    Parameters
    ----------
    fits : float [cells, names], how well each name fits each cell.
    own : int [cells], the name that fits a cell best; -1 where it can have none.
    above : int [cells], the name of the coarser cell that it lies in, or -1.
    size : float [cells], articles that stand for each.
    side : cells along a side of the grid.

    A cell takes its own name, that of a cell beside it, or the coarser one's, whichever fits best with `AGREES` and `STAYS`, and
    its own where none fits
    (iterated conditional modes, Besag 1986; the largest cells first). Then, of areas that bear one name, the largest keeps it,
    and others take the next that fits, unless none comes near.
    """
    every = np.arange(len(own))
    stays = (own >= 0) & (above >= 0)
    stays[stays] = STAYS * fits[every[stays], above[stays]] >= fits[every[stays], own[stays]]
    name = np.where(stays, above, own)
    order = np.lexsort((every, -size))
    order = order[own[order] >= 0].tolist()
    beside = _beside(side)
    for _ in range(ROUNDS):
        before = name.copy()
        for cell in order:
            around = name[beside[cell]]
            around = around[around >= 0]
            options = np.unique(np.concatenate([around, [own[cell]], above[cell : cell + 1][above[cell : cell + 1] >= 0]]))
            value = fits[cell, options] * (1 + AGREES * (around == options[:, None]).sum(axis=1))
            value = np.where(options == above[cell], value * STAYS, value)
            name[cell] = options[value.argmax()] if value.any() else own[cell]
        if (name == before).all():
            break
    return _distinct(name, fits, size, side)


def _beside(side: int) -> list[np.ndarray]:
    """Return the cells that touch each cell side by side."""
    cells = np.pad(np.arange(side * side).reshape(side, side), 1, constant_values=-1)
    around = np.stack([cells[1:-1, :-2], cells[1:-1, 2:], cells[:-2, 1:-1], cells[2:, 1:-1]]).reshape(4, -1)
    return [column[column >= 0] for column in around.T]


def _distinct(name: np.ndarray, fits: np.ndarray, size: np.ndarray, side: int) -> np.ndarray:
    """Return the names with those of smaller areas changed where another area of the level bears the same."""
    area = areas(name.reshape(side, side)).ravel()
    count = area.max(initial=-1) + 1
    if not count:
        return name
    inside = area >= 0
    cells = np.flatnonzero(inside)
    weight = csr_matrix((size[cells].astype(np.float32), (area[cells], cells)), (count, len(name))) @ fits
    first = np.unique(area[inside], return_index=True)[1]
    named = name[inside][first]
    held = weight[np.arange(count), named]
    order = np.lexsort((np.arange(count), -held))
    taken = np.zeros(fits.shape[1], bool)
    for one in order.tolist():
        if taken[named[one]]:
            free = np.where(taken, 0, weight[one])
            other = free.argmax()
            if free[other] >= TELLS_APART * held[one] and free[other] > 0:
                named[one] = other
        taken[named[one]] = True
    return np.where(inside, named[area], -1)
