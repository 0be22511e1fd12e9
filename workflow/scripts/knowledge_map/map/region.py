"""Boxes on the map, such as that around the questions."""

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Region:
    """A box in map coordinates, sides parallel to the axes."""

    x_min: float
    x_max: float
    y_min: float
    y_max: float

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Return which of `points`, float [n, 2], lie inside or on the border, bool [n]."""
        x, y = points[:, 0], points[:, 1]
        return (x >= self.x_min) & (x <= self.x_max) & (y >= self.y_min) & (y <= self.y_max)

    def as_dict(self) -> dict[str, float]:
        """Return the four sides by their names."""
        return asdict(self)


def question_region(points: np.ndarray, padding: float) -> Region | None:
    """Return the box around the questions' `points`, float [n, 2], padded and cut at the map's border; None without questions.

    `padding` is a fraction of the box's longer side, added on each of the four sides; a box of no extent (one question)
    counts as one of a tenth of the map.
    """
    if not len(points):
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    margin = padding * (float((high - low).max()) or 0.1)
    x_min, y_min = (float(value) for value in np.clip(low - margin, 0, 1))
    x_max, y_max = (float(value) for value in np.clip(high + margin, 0, 1))
    return Region(x_min, x_max, y_min, y_max)
