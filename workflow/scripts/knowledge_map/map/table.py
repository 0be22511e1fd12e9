"""The knowledge map as a table: every item with its position in the plane, an excerpt and its nearest neighbors."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.errors import corrupt_file_error
from knowledge_map.common.items import ARTICLE, ITEM_COLUMNS, ITEM_FIELDS
from knowledge_map.common.parquet import batches, open_parquet, parquet_writer, read_parquet
from knowledge_map.map.region import Region, question_region

EXCERPT = 100
"""Most characters of an excerpt."""

SCHEMA = pa.schema(
    [
        *ITEM_FIELDS,
        ("excerpt", pa.string()),
        ("x", pa.float32()),
        ("y", pa.float32()),
        ("x_raw", pa.float32()),
        ("y_raw", pa.float32()),
        ("neighbors", pa.struct([("ids", pa.list_(pa.int32())), ("distances", pa.list_(pa.float32()))])),
    ]
)


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
    embeddings: str | Path,
    layout: str | Path,
    neighbors: str | Path,
    texts: Iterable[str],
    output: str | Path,
    carried: str | Path | None = None,
) -> None:
    """Join items, layout, neighbor graph, excerpts and carried columns into the knowledge map, a batch of rows at a time.

    Parameters
    ----------
    carried : the table of carried columns, a row for each article in the order of the embedding table; None without any.
    """
    texts = iter(texts)
    size = 10_000
    fields = carried_fields(carried) if carried else []
    own = _carried_batches(carried, size) if carried else iter(())
    schema = pa.schema([*SCHEMA, *fields])
    with parquet_writer(output, schema) as writer:
        with open_parquet(embeddings) as items, open_parquet(layout) as positions, open_parquet(neighbors) as graph:
            pieces = zip(
                batches(items, list(ITEM_COLUMNS), size),
                batches(positions, ["x", "y", "x_raw", "y_raw"], size),
                batches(graph, ["neighbors", "distances"], size),
                strict=True,
            )
            for item, position, near in pieces:
                excerpts = pa.array([excerpt(next(texts)) for _ in range(len(item))], pa.string())
                lists = [column.combine_chunks() for column in near.columns]
                neighbors_of = pa.StructArray.from_arrays(lists, fields=list(SCHEMA.field("neighbors").type))
                columns = [*item.columns, excerpts, *position.columns, neighbors_of]
                if carried:
                    columns += _beside(item, next(own, None), fields, carried)
                writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=size)


def carried_fields(path: str | Path) -> list[pa.Field]:
    """Return the carried columns of such a table, or of a knowledge map."""
    with open_parquet(path) as file:
        return [field for field in file.schema_arrow if field.name not in SCHEMA.names]


def _carried_batches(path: str | Path, size: int) -> Iterator[pa.Table]:
    with open_parquet(path) as file:
        yield from batches(file, file.schema_arrow.names, size)


def _beside(items: pa.Table, carried: pa.Table | None, fields: Sequence[pa.Field], path: str | Path) -> list[pa.ChunkedArray]:
    """Return the carried columns of a batch of items: those of its articles, which come first, and none of questions.

    Raises UserError where the articles are others than the table has.
    """
    articles = items["item_id"].filter(pc.equal(items["kind"], ARTICLE))
    if not articles.equals(carried["item_id"] if carried else pa.chunked_array([], pa.string())):
        raise corrupt_file_error(path, "its articles are not those of the map")
    questions = len(items) - len(articles)
    chunks = {field.name: carried[field.name].chunks if carried else [] for field in fields}
    return [pa.chunked_array([*chunks[field.name], pa.nulls(questions, field.type)], field.type) for field in fields]


class KnowledgeMap:
    """The finished map in memory, as columns: no Python object per item.

    Attributes
    ----------
    path : where the map lies.
    table : the knowledge map as an Arrow table without neighbors.
    positions, raw_positions : x, y and x_raw, y_raw as float32 [rows, 2].
    is_article : bool [rows].
    carried : the carried columns that the map has, which are not loaded.
    """

    def __init__(self, path: str | Path, columns: Sequence[str] = ()):
        self.path = Path(path)
        names = ["kind", "x", "y", "x_raw", "y_raw", *columns]
        self.table = read_parquet(path, columns=names)
        self.positions = self._pair("x", "y")
        self.raw_positions = self._pair("x_raw", "y_raw")
        self.is_article = pc.equal(self.table["kind"], ARTICLE).to_numpy()
        self.carried = carried_fields(path)

    def question_region(self, padding: float) -> Region | None:
        """Return the padded box of the questions; None where there are none."""
        return question_region(self.positions[~self.is_article], padding)

    def _pair(self, first: str, second: str) -> np.ndarray:
        return np.column_stack([self.table[first].to_numpy(), self.table[second].to_numpy()])


def rows_of_titles(titles: pa.ChunkedArray, wanted: list[str | None]) -> np.ndarray:
    """Return for each wanted title the first row that has it, -1 where none does, int [wanted]; capitals do not matter."""
    values = pa.array(wanted, pa.string())
    for change in (pc.utf8_trim_whitespace, pc.utf8_lower):
        titles, values = change(titles), change(values)
    return pc.index_in(values, titles.combine_chunks(), skip_nulls=True).fill_null(-1).to_numpy(zero_copy_only=False)
