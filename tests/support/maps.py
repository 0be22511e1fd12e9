"""Small maps on disk for tests: vectors, positions and titles in the files that the workflow would have made."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.common.parquet import write_parquet
from knowledge_map.diagnostics.measurement import Settings
from knowledge_map.embedding.table import table_schema
from knowledge_map.map.table import SCHEMA

SETTINGS = Settings(
    k=[5, 10, 50],
    recall_k=[1, 5, 15],
    reach=50,
    padding=[0.1, 0.5],
    target_overlap=0.6,
    tolerance=0.01,
    exact_up_to=1000,
    sample=100,
    triplets=5000,
    pairs=2000,
    cells=64,
    resamples=100,
    shown=40,
    seed=3,
)
"""Diagnostics of a small map: every article is measured, and few numbers are drawn."""


def on_arc(articles: int, questions: int, seed: int = 0) -> np.ndarray:
    """Return unit vectors on a quarter circle, float32 [n, 2]: their cosine falls just as their distance in the plane grows."""
    angles = np.random.default_rng(seed).uniform(0, np.pi / 2, articles + questions)
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def random_vectors(n: int, dimension: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def write_map(
    folder: Path, vectors: np.ndarray, questions: int, positions: np.ndarray, raw: np.ndarray, titles: list[str] | None = None
) -> tuple[Path, Path]:
    """Write knowledge map and embedding table of these items and return their paths; row groups are small on purpose."""
    rows, dimension = vectors.shape
    articles = rows - questions
    item_ids = [f"article:{n}" for n in range(articles)] + [f"question:{n}" for n in range(questions)]
    titles = titles or [f"Item {n}" for n in range(rows)]
    shared = [
        pa.array(np.arange(rows, dtype=np.int32)),
        pa.array(item_ids),
        pa.array(["article"] * articles + ["question"] * questions),
        pa.array(["corpus"] * rows),
        pa.array(titles),
        pa.array(["https://example.org"] * rows),
    ]
    matrix = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimension)
    embeddings = pa.Table.from_arrays([*shared, matrix], schema=table_schema(dimension, {"dimension": dimension}))
    write_parquet(folder / "embeddings.parquet", embeddings, row_group_size=37)
    none = pa.array([{"ids": [], "distances": []}] * rows, SCHEMA.field("neighbors").type)
    trusted = [pa.array([value] * rows, pa.float32()) for value in (0.4, 1.0)]
    coordinates = [pa.array(column.astype(np.float32)) for column in (*positions.T, *raw.T)]
    write_parquet(
        folder / "knowledge_map.parquet",
        pa.Table.from_arrays([*shared, pa.array(titles), *coordinates, none, *trusted], schema=SCHEMA),
        41,
    )
    return folder / "knowledge_map.parquet", folder / "embeddings.parquet"
