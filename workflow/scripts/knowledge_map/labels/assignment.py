"""Which candidate names which cell of a level: the best first, each name to one area."""

import numpy as np

from knowledge_map.labels.candidates import LAST, Candidates


def assign(candidates: Candidates, side: int) -> Candidates:
    """Return the candidates that name the cells of a level, one for each cell that has any, in the order of the cells.

    They are assigned by rank and then by score. Each cell has one name; a name that was assigned goes to another cell only
    where that touches a cell with this name. A candidate of the rank `LAST` is eligible only where its cell has no other. A
    cell whose candidates all came too late takes the first of them: a name twice on a level is better than a cell without one.

    `side` is the number of cells along a side of the level's grid.
    """
    better = np.zeros(side * side, bool)
    better[candidates.cell[candidates.rank < LAST]] = True
    eligible = np.flatnonzero((candidates.rank < LAST) | ~better[candidates.cell])
    keys = (candidates.article, candidates.cell, -candidates.score, candidates.rank)
    order = eligible[np.lexsort([key[eligible] for key in keys])]
    assigned, first_refused, taken = np.full(side * side, -1), np.full(side * side, -1), set()
    # A frame of cells without a name, so that every cell has four neighbors.
    wide = side + 2
    names = [-1] * (wide * wide)
    cells = candidates.cell[order].tolist()
    for candidate, cell, name in zip(order.tolist(), cells, candidates.name[order].tolist(), strict=True):
        at = (cell // side + 1) * wide + cell % side + 1
        if names[at] >= 0:
            continue
        if name not in taken or name in (names[at - 1], names[at + 1], names[at - wide], names[at + wide]):
            assigned[cell], names[at] = candidate, name
            taken.add(name)
        elif first_refused[cell] < 0:
            first_refused[cell] = candidate
    assigned = np.where(assigned < 0, first_refused, assigned)
    return candidates.take(assigned[assigned >= 0])
