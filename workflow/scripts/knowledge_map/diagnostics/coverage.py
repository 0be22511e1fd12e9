"""How evenly articles use the plane, and what lies in the box around the questions."""

import math

import numpy as np

from knowledge_map.diagnostics.layouts import Layout
from knowledge_map.diagnostics.rounding import distance, mean, rounded
from knowledge_map.map.region import question_region

OCCUPIED = 0.5
"""Least share of occupied cells on a map that is used well; see `occupied_cells`."""


def coverage(layout: Layout, cells: int, threads: int) -> dict:
    """Return how evenly the articles lie in the unit square, in a grid of `cells` x `cells`.

    The entropy of the counts per cell is given as a share of the greatest possible, that of articles spread over as many
    cells as they can fill: 1 is perfectly even. The largest empty square is given by its side, as a share of the map's.
    """
    articles = layout.articles
    grid = articles_per_cell(articles, cells)
    counts = grid.ravel()
    occupied = counts[counts > 0]
    shares = occupied / len(articles)
    greatest = np.log(min(len(articles), len(counts)))
    quartiles = np.quantile(articles, [0.25, 0.5, 0.75], axis=0)
    filled, of = occupied_cells(articles)
    nearest, _ = layout.tree.query(articles, k=range(1, min(2, len(articles)) + 1), workers=threads)
    return {
        "cells": len(counts),
        "occupied_cells": len(occupied),
        "occupied_share": rounded(len(occupied) / len(counts)),
        "occupied_share_16": rounded(filled / of),
        "normalized_entropy": rounded(-(shares * np.log(shares)).sum() / greatest) if greatest else None,
        "largest_empty_square": rounded(largest_empty_square(grid) / cells),
        "articles_per_cell": {
            "mean": rounded(counts.mean()),
            "mean_of_occupied": rounded(occupied.mean()),
            "max": int(counts.max()),
        },
        "median_neighbor_distance": distance(np.median(nearest[:, 1])) if len(articles) > 1 else None,
        "x_quartiles": {name: rounded(value) for name, value in zip(QUARTILES, quartiles[:, 0], strict=True)},
        "y_quartiles": {name: rounded(value) for name, value in zip(QUARTILES, quartiles[:, 1], strict=True)},
    }


QUARTILES = ("lower", "median", "upper")


def articles_per_cell(articles: np.ndarray, cells: int) -> np.ndarray:
    """Return the number of articles in every cell of the map, int [cells, cells], rows from the bottom, columns from the left."""
    counts, _, _ = np.histogram2d(articles[:, 1], articles[:, 0], bins=cells, range=[[0, 1], [0, 1]])
    return counts.astype(int)


def occupied_cells(articles: np.ndarray) -> tuple[int, int]:
    """Return how many cells hold one of the articles, float [n, 2], and how many cells there are, about one for every 16.

    The number of cells grows with the articles, so the measure means the same at every size. Articles thrown at random over
    the square would occupy all cells, over a disc in it 79 %. Refined layouts of 550, 24,000 and 250,000 articles occupied
    92, 66 and 68 %, the plain UMAP layouts of the same 64, 47 and 47 %: below `OCCUPIED` half of the map is bare, and the
    articles hide each other in the rest.
    """
    side = max(1, math.isqrt(len(articles) // 16))
    cell = np.clip((articles * side).astype(int), 0, side - 1)
    return len(np.unique(cell[:, 0] * side + cell[:, 1])), side * side


def largest_empty_square(counts: np.ndarray) -> int:
    """Return the side, in cells, of the largest square of cells without an article; `counts` is int [rows, columns].

    A square that ends in an empty cell is one larger than the smallest of those that end above it, beside it and aslant.
    """
    sides = np.zeros(np.add(counts.shape, 1), int)
    for row, column in np.argwhere(counts == 0):
        sides[row + 1, column + 1] = 1 + min(sides[row, column], sides[row, column + 1], sides[row + 1, column])
    return int(sides.max())


def bounds(points: np.ndarray) -> dict[str, float] | None:
    """Return the box around `points`, float [n, 2]; None around none."""
    if not len(points):
        return None
    (x_min, y_min), (x_max, y_max) = points.min(axis=0), points.max(axis=0)
    return {"x_min": rounded(x_min), "x_max": rounded(x_max), "y_min": rounded(y_min), "y_max": rounded(y_max)}


def among_articles(layout: Layout) -> float | None:
    """Return the share of the questions that lie within the bounds of the articles; None without questions."""
    low, high = layout.articles.min(axis=0), layout.articles.max(axis=0)
    return mean(((layout.questions >= low) & (layout.questions <= high)).all(axis=1))


def region_record(layout: Layout, padding: float) -> dict:
    """Return the question box with this padding, the articles in it, and its share of the map; nulls without questions."""
    region = question_region(layout.questions, padding)
    if region is None:
        return {"padding": padding, "box": None, "articles": None, "article_share": None, "area_share": None}
    inside = region.contains(layout.articles)
    return {
        "padding": padding,
        "box": {side: rounded(value) for side, value in region.as_dict().items()},
        "articles": int(inside.sum()),
        "article_share": mean(inside),
        "area_share": rounded((region.x_max - region.x_min) * (region.y_max - region.y_min)),
    }
