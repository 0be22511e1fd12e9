"""The layouts that are compared: the map, the map as it would be with light questions, and the first layout."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from knowledge_map.common.errors import UserError, corrupt_file_error
from knowledge_map.common.parquet import read_parquet
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.table import normalized
from knowledge_map.map.table import KnowledgeMap

NAMES = {"map": "map", "uniform_weight": "weight 1", "raw": "first layout"}
"""The layouts in the order in which they are shown, and what they are called there; weight 1 is the `uniform_weight` one."""


@dataclass(frozen=True)
class Layout:
    """Places of all items in one unit square, float64 [n, 2]; an article's row in the tables is its row in `articles`."""

    articles: np.ndarray
    questions: np.ndarray

    @cached_property
    def tree(self) -> cKDTree:
        """The articles, ready to be asked for neighbors."""
        return cKDTree(self.articles)


def layouts_of(
    table: EmbeddingTable, knowledge_map: KnowledgeMap, path: str | Path, uniform_weight: str | Path | None = None
) -> dict[str, Layout]:
    """Return the layouts by name: `map` (x, y), `raw` (x_raw, y_raw fitted into the unit square) and perhaps `uniform_weight`.

    `uniform_weight` is a file like layout.parquet, of a refinement without weight of questions and without placement. Raises
    UserError where the map at `path` or that file does not fit the embedding table, or a position is no number.
    """
    items = table.columns(["item_id", "kind"])
    if not all(items[name].equals(knowledge_map.table[name]) for name in items.column_names):
        raise UserError(f"{path}: its items are not those of {table.path}; delete it and run the workflow again.")
    if not table.articles:
        raise UserError(f"{table.path}: no articles, so there is nothing to measure; fix `articles` in the configuration.")
    positions: dict[str, tuple[str | Path, np.ndarray]] = {"map": (path, knowledge_map.positions)}
    if uniform_weight:
        positions["uniform_weight"] = (uniform_weight, _positions(uniform_weight, table))
    positions["raw"] = (path, knowledge_map.raw_positions)
    return {name: _layout(file, values, table.articles, name) for name, (file, values) in positions.items()}


def _positions(path: str | Path, table: EmbeddingTable) -> np.ndarray:
    columns = read_parquet(path, ["x", "y"])
    if len(columns) != table.rows:
        raise UserError(f"{path}: {len(columns):,} rows, but {table.path} has {table.rows:,}; delete it and run again.")
    return np.column_stack([columns["x"].to_numpy(), columns["y"].to_numpy()])


def _layout(path: str | Path, positions: np.ndarray, articles: int, name: str) -> Layout:
    if not np.isfinite(positions).all():
        raise corrupt_file_error(path, f"a position of the layout {name!r} is not a number")
    if name == "raw":
        positions = normalized(positions)
    positions = positions.astype(np.float64)
    return Layout(positions[:articles], positions[articles:])
