"""Placing new items on a finished map by their nearest articles in embedding space; the map stays as it is."""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.articles.carried import Unread, typed_table, types_of
from knowledge_map.articles.reading import read_articles
from knowledge_map.articles.records import Article, Source, SourceReport
from knowledge_map.articles.sampling import SeenIds
from knowledge_map.articles.shards import summary
from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.errors import UserError
from knowledge_map.common.items import ARTICLE, PLACED, QUESTION
from knowledge_map.common.parquet import as_column, open_parquet, parquet_writer
from knowledge_map.common.progress import log
from knowledge_map.common.vectors import normalized
from knowledge_map.embedding.encoders.base import TextEncoder
from knowledge_map.embedding.model import EmbeddingModel
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.insertion import best_positions
from knowledge_map.map.table import SCHEMA as MAP_SCHEMA
from knowledge_map.map.table import KnowledgeMap, excerpt
from knowledge_map.map.trust import TRUSTED, ArticlesOnMap, Trust, stretch_of
from knowledge_map.neighbors.exact import articles_nearest_to
from knowledge_map.questions.reading import read_questions

SCHEMA = pa.schema([field for field in MAP_SCHEMA if field.name not in ("row", "x_raw", "y_raw")])
"""The columns of the knowledge map, but those that only a fitted item has."""

APPENDED = ("x_raw", "y_raw", "text", "embedding")
"""What is told of new articles besides, where they are to be appended to the map."""

BATCH = 10_000

COPY = 1e-5
"""An item nearer than this to an article, by cosine, is that article again; only rounding lies between them."""


@dataclass(frozen=True)
class Projection:
    """New items on the map: positions float32 [n, 2], rows and cosine distances of the k nearest articles, [n, k], and trust."""

    positions: np.ndarray
    neighbors: np.ndarray
    distances: np.ndarray
    trust: Trust


def project(
    vectors: np.ndarray, table: EmbeddingTable, knowledge_map: KnowledgeMap, k: int, device: str, threads: int
) -> Projection:
    """Place `vectors`, float32 [n, D] of unit length, each among its k nearest articles (see `best_positions`).

    A copy of an article lands on it.
    """
    most = min(max(k, TRUSTED), table.articles)
    nearest, distances = articles_nearest_to(vectors, table, range(table.articles), most, device, threads)
    neighbors, distances = nearest[:, :k], distances[:, :k]
    articles = knowledge_map.positions[: table.articles]
    positions = best_positions(articles, neighbors, threads).clip(0, 1)
    copies = distances[:, 0] < COPY
    positions[copies] = articles[neighbors[copies, 0]]
    return Projection(positions, neighbors, distances, ArticlesOnMap(articles).trust(positions.astype(np.float64), nearest))


def write_projection(
    source: Source,
    kind: str,
    model: EmbeddingModel,
    load_encoder: Callable[[], TextEncoder],
    device: str,
    table: EmbeddingTable,
    knowledge_map: KnowledgeMap,
    output: str | Path,
    k: int,
    threads: int,
    max_characters: int,
    append: bool = False,
) -> None:
    """Read new items of `kind` ("articles" or "questions") from a source, embed and place them, and write them as parquet.

    Articles that are to be appended to the map (`append`) are of the kind `PLACED` and have the columns `APPENDED` as well. Those
    that the map has already, by their item_id or by the same vector, are left out. The map then needs the column item_id.

    Items that bring vectors are placed by these, and no model is loaded. Columns that the map carries are filled where the source
    carries them too. A batch at a time: memory does not grow with the file. The log counts what was dropped, and what is not of
    the type that a column has on the map.
    """
    fields = knowledge_map.carried
    schema = pa.schema([*SCHEMA, *fields, *(_appended_fields(table) if append else [])])
    types = types_of(fields)
    columns = [each for each in source.column_names.carried if each.name in types and kind == "articles"]
    unread: dict[str, Unread] = {}
    with tempfile.TemporaryDirectory() as scratch_dir, parquet_writer(output, schema) as writer:
        items = _questions(source.path) if kind == "questions" else _articles(source, max_characters, Path(scratch_dir))
        placed, known, encoder = 0, 0, None
        while batch := list(islice(items, BATCH)):
            item_ids, sources, titles, urls, texts, carried, given = zip(*batch, strict=True)
            if not all(given):
                encoder = encoder or load_encoder()
                vectors = encoder.encode(model.texts_of(titles, texts), item_ids).vectors
            else:
                vectors = np.frombuffer(b"".join(given), np.float32).reshape(len(batch), -1)
            vectors = _fitting(vectors, table)
            projection = project(vectors, table, knowledge_map, k, device, threads)
            values = [json.loads(each or "[]") for each in carried]
            beside = typed_table(list(zip(item_ids, values, strict=True)), columns, types, unread)
            written = {
                "item_id": item_ids,
                "kind": [PLACED if append else QUESTION if kind == "questions" else ARTICLE] * len(batch),
                "source": sources,
                "title": titles,
                "url": urls,
                "excerpt": [excerpt(text) for text in texts],
                "x": projection.positions[:, 0],
                "y": projection.positions[:, 1],
                "neighbors": [
                    {"ids": ids, "distances": distances}
                    for ids, distances in zip(projection.neighbors.tolist(), projection.distances.tolist(), strict=True)
                ],
                "trust": projection.trust.trust,
                "stretch": pa.array(stretch_of(projection.trust.distance, knowledge_map.typical_distance), from_pandas=True),
            }
            if append:
                raw = best_positions(knowledge_map.raw_positions[: table.articles], projection.neighbors, threads)
                stored = vectors.astype(schema.field("embedding").type.value_type.to_pandas_dtype())
                written |= dict(zip(APPENDED, [*raw.T, texts, as_column(stored)], strict=True))
            new = pa.table(written | {field.name: beside[field.name] for field in fields}, schema=schema)
            if append:
                on_map = pc.is_in(new["item_id"], knowledge_map.table["item_id"].combine_chunks())
                new = new.filter(pc.invert(pc.or_(on_map, pa.array(projection.distances[:, 0] < COPY))))
            writer.write_table(new)
            placed, known = placed + len(new), known + len(batch) - len(new)
        for name, each in unread.items():
            log.info(each.told(name))
        if known:
            log.info(f"{known:,} articles are on the map already, by their id or by the same vector: left out")
        log.info(f"{placed:,} {kind} placed on the map")


def _appended_fields(table: EmbeddingTable) -> list[pa.Field]:
    """Return the columns `APPENDED`, vectors in the number type of the embedding table."""
    with open_parquet(table.path) as file:
        embedding = file.schema_arrow.field("embedding")
    return [*(MAP_SCHEMA.field(name) for name in ("x_raw", "y_raw")), pa.field("text", pa.string()), embedding]


def _fitting(vectors: np.ndarray, table: EmbeddingTable) -> np.ndarray:
    """Return vectors cut to the dimensions of the map's. Raises UserError where they are of another space."""
    whole = table.metadata.get("cut_from", table.dimension)
    if vectors.shape[1] != whole:
        raise UserError(
            f"project: vectors of {vectors.shape[1]:,} dimensions, and {whole:,} in the map's; embed the new items by the model "
            "of the map, or name by `projection.source` a source with a column of vectors."
        )
    return vectors if whole == table.dimension else normalized(vectors[:, : table.dimension])


def _articles(source: Source, max_characters: int, scratch_dir: Path) -> Iterator[Article]:
    report = SourceReport(source.name, source.path)
    with SeenIds(scratch_dir) as seen:
        yield from read_articles(source, report, seen, max_characters, scratch_dir)
    for line in summary([report]):
        log.info(line)


def _questions(path: str | Path) -> Iterator[Article]:
    for question in read_questions([path]):
        title = " ".join(question.text.split())
        yield Article(question.item_id, QUESTION, title, "", question.text, vector=question.vector)
