"""Small maps on disk with labels."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml

from knowledge_map.common.parquet import write_parquet
from knowledge_map.embedding.table import EmbeddingTable, table_schema
from knowledge_map.labels.cells import LabelSettings, knn_labels
from knowledge_map.map.region import Region
from knowledge_map.map.table import SCHEMA as MAP_SCHEMA
from knowledge_map.map.table import KnowledgeMap

COLUMNS = ["item_id", "source", "title", "url", "excerpt", "neighbors", "trust", "stretch"]

HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "$\\frac{1}{",
    "null\x00bell\x07\r\nline\u2028end",
    "東京",
    "\u202eright to left",
    "שלום עולם",
    "&amp; <b>",
    "word " * 400,
    "x" * 10_000,
    "",
    " ",
    "🦕 emoji",
    "%s {0} {{ title }} {% raw %}",
]

SETTINGS = yaml.safe_load((Path(__file__).parents[2] / "workflow/schemas/config.schema.yaml").read_text())["properties"]["labels"]

DEFAULTS = {name: part["default"] for name, part in SETTINGS["properties"].items()}


def small_map(
    folder: Path,
    articles: int = 200,
    questions: int = 3,
    titles: list[str] | None = None,
    positions: np.ndarray | None = None,
    vectors: np.ndarray | None = None,
) -> tuple[KnowledgeMap, EmbeddingTable]:
    """Write a map of positions and vectors, random unless given, and return it."""
    random, total, dimension = np.random.default_rng(7), articles + questions, 8
    titles = titles or [f"Article {number}" for number in range(articles)]
    if vectors is None:
        vectors = random.normal(size=(total, dimension)).astype(np.float32)
    if positions is None:
        positions = random.uniform(0.05, 0.95, (total, 2)).astype(np.float32)
    common = {
        "row": np.arange(total, dtype=np.int32),
        "item_id": [f"article:{row}" for row in range(articles)] + [f"question:{row}" for row in range(questions)],
        "kind": ["article"] * articles + ["question"] * questions,
        "source": ["test"] * total,
        "title": titles + [f"Why {row}?" for row in range(questions)],
        "url": ["https://example.org/"] * articles + [""] * questions,
    }
    vector_column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimension)
    write_parquet(folder / "embeddings.parquet", pa.table({**common, "embedding": vector_column}, schema=table_schema(dimension)))
    mapped = {
        "excerpt": [f"About {title[:50]}" for title in common["title"]],
        **dict(zip(["x", "y", "x_raw", "y_raw"], [*positions.T, *positions.T], strict=True)),
        "neighbors": [{"ids": list(range(min(3, articles))), "distances": [0.1] * min(3, articles)}] * total,
        "trust": [0.4] * total,
        "stretch": [1.0] * total,
    }
    write_parquet(folder / "knowledge_map.parquet", pa.table({**common, **mapped}, schema=MAP_SCHEMA))
    return KnowledgeMap(folder / "knowledge_map.parquet", COLUMNS), EmbeddingTable(folder / "embeddings.parquet")


def labelled(
    small: tuple[KnowledgeMap, EmbeddingTable],
    *grid: int,
    region: Region | None = None,
    threads: int = 1,
    texts: pa.StringArray | None = None,
    **changes,
):
    """Return the labels of a small map, with settings that differ from the defaults in `changes`; its texts are its excerpts."""
    knowledge_map, table = small
    if texts is None:
        texts = knowledge_map.table["excerpt"].filter(pa.array(knowledge_map.is_article)).combine_chunks()
    return knn_labels(knowledge_map, table, [texts], LabelSettings.of(DEFAULTS | {"grid": list(grid)} | changes), region, threads)
