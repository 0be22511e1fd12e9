"""The knowledge map as a table: every item with its place in the plane, an excerpt and its nearest neighbors."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from knowledge_map.files import batches, open_parquet, parquet_writer, read_parquet
from knowledge_map.table import ARTICLE, EmbeddingTable

EXCERPT = 100
"""Most characters of an excerpt."""

SCHEMA = pa.schema(
    [
        ("row", pa.int32()),
        ("item_id", pa.string()),
        ("kind", pa.string()),
        ("source", pa.string()),
        ("title", pa.string()),
        ("url", pa.string()),
        ("excerpt", pa.string()),
        ("x", pa.float32()),
        ("y", pa.float32()),
        ("x_raw", pa.float32()),
        ("y_raw", pa.float32()),
        ("neighbors", pa.struct([("ids", pa.list_(pa.int32())), ("distances", pa.list_(pa.float32()))])),
    ]
)


def normalized(layout: np.ndarray) -> np.ndarray:
    """Return a layout moved and scaled into [0, 1] x [0, 1], both axes by the same factor, centred; float32 [N, 2].

    One factor, because scaling the axes apart would change who is nearest to whom.
    """
    layout = layout.astype(np.float64)
    low, high = layout.min(axis=0), layout.max(axis=0)
    scale = float((high - low).max()) or 1.0
    return np.clip((layout - (low + high) / 2) / scale + 0.5, 0, 1).astype(np.float32)


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


def excerpt(text: str, characters: int = EXCERPT) -> str:
    """Return the opening of `text` on one line, whole words, at most `characters` long, with an ellipsis where it was cut."""
    text = " ".join(text.split(maxsplit=characters)[:characters])  # more words than that cannot fit
    if len(text) <= characters:
        return text
    cut = text[: characters - 1]
    return (cut[: cut.rfind(" ")] if " " in cut else cut).rstrip(" ,;:") + "…"


def iterate_texts(shards: Sequence[str | Path], questions: str | Path, batch: int = 1_000) -> Iterator[str]:
    """Yield the text of every item in the order of the embedding table, reading a batch at a time."""
    for path in [*shards, questions]:
        with open_parquet(path) as file:
            for rows in file.iter_batches(batch, columns=["text"]):
                yield from rows.column(0).to_pylist()


def write_knowledge_map(
    embeddings: str | Path, layout: str | Path, neighbors: str | Path, texts: Iterable[str], output: str | Path
) -> None:
    """Join items, layout, neighbor graph and excerpts into the knowledge map, a batch of rows at a time."""
    texts = iter(texts)
    size = 10_000
    with parquet_writer(output, SCHEMA) as writer:
        with open_parquet(embeddings) as items, open_parquet(layout) as places, open_parquet(neighbors) as graph:
            pieces = zip(
                batches(items, ["row", "item_id", "kind", "source", "title", "url"], size),
                batches(places, ["x", "y", "x_raw", "y_raw"], size),
                batches(graph, ["neighbors", "distances"], size),
                strict=True,
            )
            for item, place, near in pieces:
                excerpts = pa.array([excerpt(next(texts)) for _ in range(len(item))], pa.string())
                lists = [column.combine_chunks() for column in near.columns]
                neighbors_of = pa.StructArray.from_arrays(lists, fields=list(SCHEMA.field("neighbors").type))
                columns = [*item.columns, excerpts, *place.columns, neighbors_of]
                writer.write_table(pa.Table.from_arrays(columns, schema=SCHEMA), row_group_size=size)


class KnowledgeMap:
    """The finished map in memory, as columns: no Python object per item.

    Attributes
    ----------
    table : the knowledge map as an Arrow table without neighbors.
    places, raw_places : x, y and x_raw, y_raw as float32 [rows, 2].
    is_article : bool [rows].
    """

    def __init__(self, path: str | Path, columns: Sequence[str] = ()):
        names = ["kind", "x", "y", "x_raw", "y_raw", *columns]
        self.table = read_parquet(path, columns=names)
        self.places = self._pair("x", "y")
        self.raw_places = self._pair("x_raw", "y_raw")
        self.is_article = pc.equal(self.table["kind"], ARTICLE).to_numpy()

    def question_region(self, padding: float) -> Region | None:
        """Return the padded box of the questions; None where there are none."""
        return question_region(self.places[~self.is_article], padding)

    def _pair(self, first: str, second: str) -> np.ndarray:
        return np.column_stack([self.table[first].to_numpy(), self.table[second].to_numpy()])


def rows_of_titles(titles: pa.ChunkedArray, wanted: list[str | None]) -> np.ndarray:
    """Return for each wanted title the first row that has it, -1 where none does, int [wanted]; capitals do not matter."""
    values = pa.array(wanted, pa.string())
    for change in (pc.utf8_trim_whitespace, pc.utf8_lower):
        titles, values = change(titles), change(values)
    return pc.index_in(values, titles.combine_chunks(), skip_nulls=True).fill_null(-1).to_numpy(zero_copy_only=False)


def map_metadata(table: EmbeddingTable, knowledge_map: KnowledgeMap, umap_params: dict, padding: float) -> dict:
    """Return the lab's description of a map: counts, dimension, UMAP parameters, question region."""
    region = knowledge_map.question_region(padding)
    return {
        "total_items": table.rows,
        "num_questions": table.questions,
        "num_articles": table.articles,
        "embedding_dim": table.dimension,
        "umap_params": umap_params,
        "question_region": region.as_dict() if region else None,
    }
