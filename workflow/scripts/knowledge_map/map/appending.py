"""Appending placed articles to a finished map: the map's tables once more, with these behind its articles."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from knowledge_map.common.parquet import as_metadata, batches, open_parquet, parquet_writer, read_metadata
from knowledge_map.common.progress import log
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.table import KnowledgeMap

BATCH = 10_000
"""Rows in memory at once, and in a row group."""


def append_articles(
    knowledge_map: str | Path,
    embeddings: str | Path,
    projection: str | Path,
    appended_map: str | Path,
    appended_table: str | Path,
) -> None:
    """Write knowledge map and embedding table of the map's articles, then those of a projection, then the map's questions.

    Nothing is fitted: what is known of the map's items stays as it is, but for the rows of the questions, which come after the
    placed articles. Answers to the quiz of the map hold for the new one. Streamed: memory does not grow with the number of items.

    Parameters
    ----------
    knowledge_map, embeddings : the tables of the finished map.
    projection : articles placed on it, as `write_projection` writes them to be appended.
    appended_map, appended_table : where to write the two tables.
    """
    articles = EmbeddingTable(embeddings).articles
    with open_parquet(projection) as file:
        placed = file.metadata.num_rows
    fitted = KnowledgeMap(knowledge_map, ["item_id", "title"])
    _append(knowledge_map, projection, articles, placed, appended_map, {"former": [fitted.name, *fitted.former]})
    _append(embeddings, projection, articles, placed, appended_table, {})
    log.info(f"{placed:,} articles appended to a map of {articles:,}")


def _append(table: str | Path, projection: str | Path, articles: int, placed: int, output: str | Path, metadata: dict) -> None:
    """Write a table with the rows of the projection behind its first `articles` rows, and `metadata` beside its own."""
    with open_parquet(table) as file, open_parquet(projection) as new:
        schema = file.schema_arrow.with_metadata(as_metadata(read_metadata(file) | metadata))
        names = [name for name in schema.names if name != "row"]
        row = 0
        with parquet_writer(output, schema) as writer:
            for piece in _pieces(file, new, names, articles):
                rows = np.arange(row, row + len(piece), dtype=np.int32)
                columns = {name: piece[name] for name in names} | {"row": rows}
                if "neighbors" in columns:
                    columns["neighbors"] = _renumbered(piece["neighbors"], articles, placed)
                writer.write_table(pa.table(columns, schema=schema), row_group_size=BATCH)
                row += len(piece)


def _pieces(file: pq.ParquetFile, new: pq.ParquetFile, names: Sequence[str], articles: int) -> Iterator[pa.Table]:
    """Yield the first `articles` rows of a file, all rows of another, and the rest of the first."""
    row = 0
    for batch in batches(file, list(names), BATCH):
        before = max(min(articles - row, len(batch)), 0)
        if before:
            yield batch.slice(0, before)
        if row + before == articles and (before or not row):
            yield from batches(new, list(names), BATCH)
        if before < len(batch):
            yield batch.slice(before)
        row += len(batch)


def _renumbered(neighbors: pa.ChunkedArray, articles: int, placed: int) -> pa.StructArray:
    """Return lists of neighbors in which every row from `articles` on, a question's, is larger by `placed`."""
    lists = neighbors.combine_chunks()
    ids, distances = (lists.field(name) for name in ("ids", "distances"))
    rows = ids.values.to_numpy()
    moved = pa.ListArray.from_arrays(ids.offsets, pa.array(np.where(rows >= articles, rows + placed, rows), pa.int32()))
    return pa.StructArray.from_arrays([moved, distances], fields=list(lists.type))
