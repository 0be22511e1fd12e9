"""Files of embedded items as the embedding jobs write them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.common.parquet import as_column, write_parquet

NOTES = {"model": "m", "revision": "r", "max_tokens": 64, "precision": "auto", "template": "{text}", "prompt": ""}

NOTES |= {"computed_in": ["float32"]}


def vectors_of(rows: int, dimension: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)


def write_embedded(path: Path, vectors: np.ndarray, row_group: int = 10_000, **notes) -> Path:
    """Write vectors the way a shard or the questions are left by their embedding job."""
    strings = {name: [f"{path.stem} {name} {n}" for n in range(len(vectors))] for name in ("item_id", "source", "title", "url")}
    notes = NOTES | {"dimension": vectors.shape[1] if len(vectors) else None, "truncated": 1} | notes
    columns = {name: pa.array(values, pa.string()) for name, values in strings.items()} | {"embedding": as_column(vectors)}
    write_parquet(path, pa.table(columns, metadata={"knowledge_map": json.dumps(notes)}), row_group)
    return path
