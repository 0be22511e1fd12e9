"""A quadtree in which every article stands in exactly one tile: coarse tiles hold an even sample, deeper ones the rest."""

from dataclasses import dataclass

import numpy as np

BITS = 16
"""Levels below the root at which a tile is one step of a position, so that nothing can be told apart any more."""

CAPACITY = 4096
"""Articles of a tile that has others below it."""

SPARED = 1.5
"""A tile takes all that is left in its square if that is at most so many times its capacity: tiles below would be small.

Where three of four tiles of a level have others below them, only one with an article a cell at most does so."""

CELLS = 6
"""Levels below its own at which a tile is spread evenly: over 64 x 64 cells."""


@dataclass(frozen=True)
class Quadtree:
    """The tiles, coarse before fine, those of a level in Morton order, and the articles in the order of their tiles.

    Attributes
    ----------
    level : of each tile, 0 for the root; uint8 [tiles].
    code : its Morton code: as many pairs of bits as its level, y before x; uint32 [tiles].
    first : where its articles begin in `order`, and at the end their number; int64 [tiles + 1].
    order : rows of the articles, int64 [articles]; those of a tile stand in Morton order.
    """

    level: np.ndarray
    code: np.ndarray
    first: np.ndarray
    order: np.ndarray

    @property
    def children(self) -> np.ndarray:
        """Which children each tile has, as bits: 1 the lower left, 2 the lower right, 4 the upper left, 8 the upper right."""
        of = {key: tile for tile, key in enumerate(zip(self.level.tolist(), self.code.tolist(), strict=True))}
        masks = np.zeros(len(self.level), np.uint8)
        for level, code in list(of)[1:]:
            masks[of[level - 1, code >> 2]] |= 1 << (code & 3)
        return masks


def morton_codes(steps: np.ndarray) -> np.ndarray:
    """Return the bits of x and y in turn, those of y first, uint32 [n], of positions in whole steps, uint16 [n, 2]."""
    x, y = (_spread(steps[:, axis].astype(np.uint32)) for axis in (0, 1))
    return x | (y << 1)


def _spread(values: np.ndarray) -> np.ndarray:
    """Return 16-bit numbers with a zero before each bit."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | (values << shift)) & mask
    return values


def build_quadtree(steps: np.ndarray, capacity: int = CAPACITY) -> Quadtree:
    """Return the quadtree of positions in whole steps, uint16 [n, 2].

    A tile takes one article of each of its cells, of those that no coarser tile has taken, and `capacity` at most; the four tiles
    below share the rest. So a tile at the rim of a map, of which much is empty, is no denser than its neighbors. Where a cell is
    one step, there may be many of a cell. Which article of a cell comes first depends on its position alone, so that a tile stays
    what it is while positions do.
    """
    codes = morton_codes(steps)
    left = np.argsort(codes, kind="stable")  # those that no tile has taken, in Morton order
    priority = _scattered(codes)
    levels, tile_codes, taken = [], [], []
    level = 0
    while len(left) or not level:  # a map without articles has a root, too
        own = codes[left] >> np.uint32(2 * (BITS - level)) if level else np.zeros(len(left), np.uint32)
        chosen = _chosen(codes[left], own, priority[left], level, capacity)
        tiles, starts = np.unique(own[chosen], return_index=True)
        parts = np.split(left[chosen], starts[1:])
        levels += [level] * len(parts)
        tile_codes += tiles.tolist() or [0]
        taken += parts
        left = left[~chosen]
        level += 1
    first = np.concatenate([[0], np.cumsum([len(part) for part in taken])])
    return Quadtree(np.array(levels, np.uint8), np.array(tile_codes, np.uint32), first, np.concatenate(taken))


def _scattered(codes: np.ndarray) -> np.ndarray:
    """Return a number for each code that looks as if it were drawn at random, uint32 (the finalizer of MurmurHash3)."""
    with np.errstate(over="ignore"):
        mixed = (codes ^ (codes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return mixed ^ (mixed >> np.uint32(16))


def _chosen(codes: np.ndarray, tiles: np.ndarray, priority: np.ndarray, level: int, capacity: int) -> np.ndarray:
    """Return which articles their tiles take, bool [n]; the articles are in Morton order."""
    steps = max(BITS - level - CELLS, 0)  # a cell is so many halvings above one step
    cells = codes >> np.uint32(2 * steps)
    starts = _starts(tiles)
    counts = np.diff(np.append(starts, len(tiles)))
    full = counts > SPARED * capacity
    if full.size and full.mean() > 0.75:  # one at the rim that took all it has would look denser than those beside it
        full |= counts > np.add.reduceat(np.append(True, cells[1:] != cells[:-1]), starts)
    if level == BITS or not full.any():
        return np.ones(len(codes), bool)
    is_full = np.repeat(full, counts)
    parted = np.flatnonzero(is_full)
    turns = _ranks(cells[parted], priority[parted])
    chosen = ~is_full
    chosen[parted] = (_ranks(tiles[parted], priority[parted], turns) < capacity) & ((turns == 0) | (steps == 0))
    return chosen


def _ranks(groups: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """Return the rank of each item within its group by keys, the last one counting most, int64 [n]; groups are ascending."""
    order = np.lexsort((*keys, groups))
    starts = _starts(groups)
    ranks = np.empty(len(groups), np.int64)
    ranks[order] = np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))
    return ranks


def _starts(groups: np.ndarray) -> np.ndarray:
    """Return where each run of equal numbers begins."""
    return np.flatnonzero(np.append(True, groups[1:] != groups[:-1])) if len(groups) else np.zeros(0, np.int64)
