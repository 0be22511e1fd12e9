"""Embedding shards and questions: in blocks that are saved as they are finished, and taken up again after an interruption."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from knowledge_map.articles.shards import check_shard
from knowledge_map.common.afresh import GoOnAfreshError
from knowledge_map.common.items import ARTICLE_COLUMNS, QUESTION
from knowledge_map.common.parquet import as_column, as_metadata, batches, open_parquet, parquet_writer, write_parquet
from knowledge_map.common.progress import Progress, log
from knowledge_map.common.vectors import GIVEN
from knowledge_map.embedding.blocks import BLOCK, SavedBlocks, exclusive_lock
from knowledge_map.embedding.encoders.base import Embedded, NoRoomError, TextBlock, TextEncoder
from knowledge_map.embedding.memory_guard import MemoryGuard
from knowledge_map.embedding.model import EmbeddingModel
from knowledge_map.questions.records import Question


def embed_shard(
    shard: str | Path,
    output: str | Path,
    partial: str | Path,
    model: EmbeddingModel,
    load_encoder: Callable[[], TextEncoder],
    block_size: int = BLOCK,
    device_memory: float | None = None,
) -> None:
    """Embed the articles of one shard into a parquet file of item_id, source, title, url and embedding.

    Every `block_size` articles are saved in the folder `partial`; a job that starts again goes on after the blocks that
    are whole and belong to this shard and model. Blocks are embedded independently of each other, so an interrupted run
    ends with the same bytes as one that never was. While another process is at work on the same shard (a job may outlive the
    Snakemake that sent it to a cluster), this one waits, and leaves what the other has finished as it is. Raises UserError
    where the shard's content does not match its name.

    With a share of `device_memory`, GoOnAfreshError is raised as soon as a fresh process should go on, because memory has grown
    above it or has run out; see MemoryGuard.
    """
    shard, output, partial = Path(shard), Path(output), Path(partial)
    rows = check_shard(shard)
    with exclusive_lock(partial.with_suffix(".lock")) as waited, open_parquet(shard) as articles:
        if waited and output.exists():
            log.info(f"{output}: finished by the other process")
            return
        blocks = SavedBlocks(partial, {"shard": shard.stem, "model": model.key(), "block_size": block_size})
        missing = [number for number in range(-(-rows // block_size)) if blocks.load(number) is None]
        if missing:
            encoder = load_encoder()
            guard = MemoryGuard(encoder, device_memory) if device_memory is not None else None
            _embed_blocks(articles, missing, blocks, model, encoder, block_size, guard)
        _join_blocks(articles, blocks, output, model, block_size)
        shutil.rmtree(partial)


def _embed_blocks(
    articles: pq.ParquetFile,
    missing: list[int],
    blocks: SavedBlocks,
    model: EmbeddingModel,
    encoder: TextEncoder,
    block_size: int,
    guard: MemoryGuard | None,
) -> None:
    """Embed and save the blocks whose numbers are in `missing`."""
    rows = articles.metadata.num_rows
    left = sum(min(block_size, rows - number * block_size) for number in missing)
    progress = Progress(rows, "articles", done=rows - left, usage=encoder.usage)
    if progress.done:
        log.info(f"{progress.done:,} of {rows:,} articles were embedded by an earlier run")
    texts = _text_blocks(articles, missing, model, block_size)
    saved = 0
    try:
        for number, embedded in zip(missing, encoder.encode_blocks(texts), strict=True):
            blocks.save(number, embedded)
            saved += 1
            log.info(f"block {number} saved")
            progress.advance(len(embedded.vectors))
            if guard and number != missing[-1]:
                guard.look()
    except NoRoomError as error:
        if not guard or not saved:
            raise
        raise GoOnAfreshError(str(error).partition(";")[0]) from None  # there was room before


def _text_blocks(articles: pq.ParquetFile, wanted: list[int], model: EmbeddingModel, block_size: int) -> Iterator[TextBlock]:
    """Yield the wanted blocks, whose numbers ascend, as texts in the model's template."""
    for number, block in enumerate(batches(articles, ["item_id", "title", "text"], block_size)):
        if number in wanted:
            item_ids, titles, texts = (column.to_pylist() for column in block.columns)
            yield TextBlock(item_ids, model.texts_of(titles, texts))


def _join_blocks(
    articles: pq.ParquetFile, blocks: SavedBlocks, output: str | Path, model: EmbeddingModel, block_size: int
) -> None:
    """Write the shard's items beside the vectors of its blocks."""
    rows = articles.metadata.num_rows
    # Read twice, since what is counted stands at the head of the file; so memory holds one block.
    truncated, computed_in, prompt, dimension = 0, set(), "", 0
    for number in range(-(-rows // block_size)):
        block = blocks.read(number)
        truncated += block.truncated
        computed_in.add(block.computed_in)
        prompt, dimension = block.prompt, block.vectors.shape[1]
    log.info(f"{rows:,} articles embedded, {truncated:,} of them cut at {model.max_tokens} tokens")
    metadata = describe(model, prompt, dimension, truncated, computed_in)
    schema = pa.schema([*((name, pa.string()) for name in ARTICLE_COLUMNS), _vector_field(dimension)])
    with parquet_writer(output, schema.with_metadata(as_metadata(metadata))) as writer:
        for number, items in enumerate(batches(articles, list(ARTICLE_COLUMNS), block_size)):
            vectors = as_column(blocks.read(number).vectors)
            writer.write_table(pa.Table.from_arrays([*items.columns, vectors], schema=writer.schema))


def embed_questions(
    questions: list[Question], output: str | Path, model: EmbeddingModel, load_encoder: Callable[[], TextEncoder]
) -> None:
    """Embed the questions into a parquet file of the shard's columns, and their text and question_data (JSON) beside them.

    Questions that all bring vectors keep them. Then, and without questions, no model is loaded.
    """
    embedded = Embedded(np.empty((0, 1), np.float32), 0, "", "")
    given = bool(questions) and all(question.vector for question in questions)
    if given:
        embedded = Embedded(np.stack([np.frombuffer(question.vector, np.float32) for question in questions]), 0, "", GIVEN)
    elif questions:
        texts = [question.text for question in questions]
        embedded = load_encoder().encode(model.texts_of(texts, texts), [question.item_id for question in questions])
    dimension, computed_in = (embedded.vectors.shape[1], {embedded.computed_in}) if questions else (None, set())
    metadata = describe(model, embedded.prompt, dimension, embedded.truncated, computed_in)
    if given:
        metadata |= {"model": GIVEN, "revision": None, "computed_in": []}
    strings = {
        "item_id": [q.item_id for q in questions],
        "source": [QUESTION] * len(questions),
        "title": [" ".join(q.text.split()) for q in questions],
        "url": [""] * len(questions),
        "text": [q.text for q in questions],
        "question_data": [json.dumps(q.data, ensure_ascii=True) for q in questions],
    }
    arrays = {name: pa.array(values, pa.string()) for name, values in strings.items()}
    table = pa.table(arrays | {"embedding": as_column(embedded.vectors)}, metadata=as_metadata(metadata))
    write_parquet(output, table)
    if given:
        log.info(f"{len(questions):,} questions brought vectors along, of {embedded.vectors.shape[1]:,} dimensions")
        return
    log.info(f"{len(questions):,} questions embedded, {embedded.truncated:,} of them cut at {model.max_tokens} tokens")


def describe(model: EmbeddingModel, prompt: str, dimension: int | None, truncated: int, computed_in: set[str]) -> dict:
    """Return what a file of vectors says of their making; prompt and number types are those that were used."""
    used = {"prompt": prompt, "computed_in": sorted(computed_in)}
    return asdict(model) | used | {"dimension": dimension, "truncated": truncated}


def _vector_field(dimension: int) -> pa.Field:
    return pa.field("embedding", pa.list_(pa.float32(), dimension))
