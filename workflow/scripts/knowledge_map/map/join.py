"""Joining items, layout, neighbor graph, texts and carried columns into the knowledge map."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.errors import corrupt_file_error
from knowledge_map.common.items import ARTICLE, ITEM_COLUMNS
from knowledge_map.common.parquet import as_metadata, batches, open_parquet, parquet_writer, read_metadata, read_parquet
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.table import SCHEMA, KnowledgeMap, carried_fields, excerpt
from knowledge_map.map.trust import stretch_of, trust_of_map, typical_distance
from knowledge_map.neighbors.graph import neighbor_blocks


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
    former: str | Path | None = None,
) -> None:
    """Join items, layout, neighbor graph, excerpts, trust and carried columns into the knowledge map, a batch of rows at a time.

    Parameters
    ----------
    carried : the table of carried columns, a row for each article in the order of the embedding table; None without any.
    former : the knowledge map from which the layout has grown; None where it began anew.

    The map's metadata say what a stretch of 1 is, `typical_distance`: items that are placed later are measured by it, too. And
    they name the maps from which it has grown, `former`: answers to their quizzes hold for this one. What the layout notes of
    itself (`GrownLayout.settled`) is among them, for the next map.
    """
    texts = iter(texts)
    size = 10_000
    fields = carried_fields(carried) if carried else []
    own = _carried_batches(carried, size) if carried else iter(())
    trust, stretch, typical = _trust(embeddings, layout, neighbors)
    with open_parquet(layout) as file:
        notes = read_metadata(file)
    schema = pa.schema([*SCHEMA, *fields], as_metadata({"typical_distance": typical} | notes | _lineage(former)))
    first = 0
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
                rows = slice(first, first + len(item))
                trusted = [pa.array(values[rows], from_pandas=True) for values in (trust, stretch)]  # none is NaN there
                columns = [*item.columns, excerpts, *position.columns, neighbors_of, *trusted]
                if carried:
                    columns += _beside(item, next(own, None), fields, carried)
                writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=size)
                first = rows.stop


def _lineage(former: str | Path | None) -> dict[str, list[str]]:
    """Return the names of the maps from which a map has grown; nothing where it began anew."""
    if former is None:
        return {}
    knowledge_map = KnowledgeMap(former, ["item_id", "title"])
    return {"former": [knowledge_map.name, *knowledge_map.former]}


def _trust(embeddings: str | Path, layout: str | Path, neighbors: str | Path) -> tuple[np.ndarray, np.ndarray, float | None]:
    """Return trust and stretch of every item, float32 [N], and the distance on the map that is a stretch of 1."""
    articles = EmbeddingTable(embeddings).articles
    columns = read_parquet(layout, ["x", "y"])
    positions = np.column_stack([columns["x"].to_numpy(), columns["y"].to_numpy()])
    found = trust_of_map(positions, articles, neighbor_blocks(neighbors))
    typical = typical_distance(found.distance[:articles])
    return found.trust, stretch_of(found.distance, typical), typical


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
