"""Layouts on disk, and how a layout is fitted into the unit square."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.common.parquet import as_metadata, read_parquet, write_parquet


def write_layout(path: str | Path, notes: dict | None = None, **coordinates: np.ndarray) -> None:
    """Write row and columns of coordinates, each float32 [N], and `notes` into the table's metadata."""
    rows = len(next(iter(coordinates.values())))
    table = {"row": np.arange(rows, dtype=np.int32)} | {name: values.astype(np.float32) for name, values in coordinates.items()}
    write_parquet(path, pa.table(table, metadata=as_metadata(notes) if notes else None))


def read_layout(path: str | Path) -> np.ndarray:
    """Return UMAP's layout, float32 [N, 2]."""
    table = read_parquet(path, ["x_raw", "y_raw"])
    return np.column_stack([table["x_raw"].to_numpy(), table["y_raw"].to_numpy()])


def normalized(layout: np.ndarray) -> np.ndarray:
    """Return a layout moved and scaled into [0, 1] x [0, 1], both axes by the same factor, centred; float32 [N, 2].

    One factor, because scaling the axes apart would change who is nearest to whom.
    """
    layout = layout.astype(np.float64)
    low, high = layout.min(axis=0), layout.max(axis=0)
    scale = float((high - low).max()) or 1.0
    return np.clip((layout - (low + high) / 2) / scale + 0.5, 0, 1).astype(np.float32)
