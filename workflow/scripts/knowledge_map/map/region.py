"""Boxes on the map: that around the questions, and those of domains."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from knowledge_map.questions.domains import Domain

OUTER_PERCENTILES = (5, 95)
"""Between these, a domain's questions decide its region."""


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
    return _padded(points.min(axis=0), points.max(axis=0), padding) if len(points) else None


def domain_region(points: np.ndarray, padding: float) -> Region | None:
    """Return the box of a domain's questions as `question_region` does, but without those that lie far from the others.

    Each side is the 5th or the 95th percentile of their `points`, float [n, 2], before it is padded.
    """
    if not len(points):
        return None
    low, high = np.percentile(points, OUTER_PERCENTILES, axis=0)
    return _padded(low, high, padding)


def domain_regions(domains: Sequence[Domain], members: np.ndarray, points: np.ndarray, padding: float) -> list[Region | None]:
    """Return the region of each domain: the one it has been given, else that of its questions, None where it has none.

    Parameters
    ----------
    members : which questions each domain has, bool [domains, questions].
    points : where the questions are, float [questions, 2].
    padding : as `question_region` takes it.
    """
    return [
        Region(*domain.sides) if domain.sides else domain_region(points[own], padding)
        for domain, own in zip(domains, members, strict=True)
    ]


def _padded(low: np.ndarray, high: np.ndarray, padding: float) -> Region:
    """Return the box between two corners, float [2], padded and cut at the map's border."""
    margin = padding * (float((high - low).max()) or 0.1)
    x_min, y_min = (float(value) for value in np.clip(low - margin, 0, 1))
    x_max, y_max = (float(value) for value in np.clip(high + margin, 0, 1))
    return Region(x_min, x_max, y_min, y_max)
