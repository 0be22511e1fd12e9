"""Embedding shards and questions: in blocks that are saved as they are finished, and taken up again after an interruption."""

import hashlib
import json
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from knowledge_map.files import batches, open_parquet, parquet_writer, write_parquet
from knowledge_map.model import Embedded, EmbeddingModel
from knowledge_map.progress import Progress, log
from knowledge_map.questions import Question
from knowledge_map.shards import check_shard
from knowledge_map.table import QUESTION, as_matrix, as_metadata, read_metadata

if TYPE_CHECKING:  # torch takes seconds to import, and a shard whose blocks are all saved does not need it
    from knowledge_map.encoding import Encoder
    from knowledge_map.encoding.tokenizing import Tokenized

BLOCK = 1_000
"""Texts of a saved block."""

AHEAD = 2
"""Blocks that are tokenized while another is embedded."""

COLUMNS = ["item_id", "source", "title", "url"]

WAIT = 60
"""Seconds between two words of a job that waits for another."""


def embed_shard(
    shard: str | Path,
    output: str | Path,
    partial: str | Path,
    model: EmbeddingModel,
    load_encoder: Callable[[], "Encoder"],
    block_size: int = BLOCK,
) -> None:
    """Embed the articles of one shard into a parquet file of item_id, source, title, url and embedding.

    Every `block_size` articles are saved in the folder `partial`; a job that starts again goes on after the blocks that
    are whole and belong to this shard and model. Blocks are embedded independently of each other, so an interrupted run
    ends with the same bytes as one that never was. While another process is at work on the same shard (a job may outlive the
    Snakemake that sent it to a cluster), this one waits, and leaves what the other has finished as it is. Raises UserError
    where the shard's content does not match its name.
    """
    shard, output, partial = Path(shard), Path(output), Path(partial)
    rows = check_shard(shard)
    with _turn(partial.with_suffix(".lock")) as waited, open_parquet(shard) as articles:
        if waited and output.exists():
            log.info(f"{output}: finished by the other process")
            return
        blocks = SavedBlocks(partial, {"shard": shard.stem, "model": model.key(), "block_size": block_size})
        missing = [number for number in range(-(-rows // block_size)) if blocks.load(number) is None]
        if missing:
            _embed_blocks(articles, missing, blocks, load_encoder(), block_size)
        _join_blocks(articles, blocks, output, model, block_size)
        shutil.rmtree(partial)


def _embed_blocks(
    articles: pq.ParquetFile,
    missing: list[int],
    blocks: "SavedBlocks",
    encoder: "Encoder",
    block_size: int,
) -> None:
    """Embed and save the blocks whose numbers are in `missing`."""
    rows = articles.metadata.num_rows
    left = sum(min(block_size, rows - number * block_size) for number in missing)
    progress = Progress(rows, "articles", done=rows - left)
    if progress.done:
        log.info(f"{progress.done:,} of {rows:,} articles were embedded by an earlier run")
    for number, item_ids, tokenized in _tokenized_ahead(articles, missing, encoder, block_size):
        blocks.save(number, encoder.embed(tokenized, item_ids))
        log.info(f"block {number} saved")
        progress.advance(len(item_ids))


def _tokenized_ahead(
    articles: pq.ParquetFile, wanted: Iterable[int], encoder: "Encoder", block_size: int
) -> Iterator[tuple[int, list[str], "Tokenized"]]:
    """Yield number, item ids and tokens of the wanted blocks; another thread reads the next texts meanwhile."""
    waiting = deque()
    with ThreadPoolExecutor(1, "tokenizer") as other:
        for number, block in enumerate(batches(articles, ["item_id", "title", "text"], block_size)):
            if number not in wanted:
                continue
            item_ids, titles, texts = (column.to_pylist() for column in block.columns)
            waiting.append((number, item_ids, other.submit(encoder.tokenize, titles, texts)))
            if len(waiting) > AHEAD:
                number, item_ids, tokenized = waiting.popleft()
                yield number, item_ids, tokenized.result()
        for number, item_ids, tokenized in waiting:
            yield number, item_ids, tokenized.result()


def _join_blocks(
    articles: pq.ParquetFile, blocks: "SavedBlocks", output: str | Path, model: EmbeddingModel, block_size: int
) -> None:
    """Write the shard's items beside the vectors of its blocks."""
    rows = articles.metadata.num_rows
    # Read twice, since what is counted stands at the head of the file; so memory holds one block.
    truncated, computed_in = 0, set()
    for number in range(-(-rows // block_size)):
        block = blocks.load(number)
        truncated += block.truncated
        computed_in.add(block.computed_in)
    log.info(f"{rows:,} articles embedded, {truncated:,} of them cut at {model.max_tokens} tokens")
    metadata = describe(model, block.prompt, block.vectors.shape[1], truncated, computed_in)
    schema = pa.schema([*((name, pa.string()) for name in COLUMNS), _vector_field(metadata["dimension"])])
    with parquet_writer(output, schema.with_metadata(as_metadata(metadata))) as writer:
        for number, items in enumerate(batches(articles, COLUMNS, block_size)):
            vectors = as_column(blocks.load(number).vectors)
            writer.write_table(pa.Table.from_arrays([*items.columns, vectors], schema=writer.schema))


def embed_questions(
    questions: list[Question], output: str | Path, model: EmbeddingModel, load_encoder: Callable[[], "Encoder"]
) -> None:
    """Embed the questions into a parquet file of the shard's columns, and their text and question_data (JSON) beside them.

    Without questions the file has no rows, and no model is loaded.
    """
    embedded = Embedded(np.empty((0, 1), np.float32), 0, "", "")
    if questions:
        texts = [question.text for question in questions]
        embedded = load_encoder().encode(texts, texts, [question.item_id for question in questions])
    dimension, computed_in = (embedded.vectors.shape[1], {embedded.computed_in}) if questions else (None, set())
    metadata = describe(model, embedded.prompt, dimension, embedded.truncated, computed_in)
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
    log.info(f"{len(questions):,} questions embedded, {embedded.truncated:,} of them cut at {model.max_tokens} tokens")


def describe(model: EmbeddingModel, prompt: str, dimension: int | None, truncated: int, computed_in: set[str]) -> dict:
    """Return what a file of vectors says of their making; prompt and number types are those that were used."""
    used = {"prompt": prompt, "computed_in": sorted(computed_in)}
    return asdict(model) | used | {"dimension": dimension, "truncated": truncated}


class SavedBlocks:
    """Blocks of vectors in a folder, each written whole and flushed before it gets its name.

    `belongs` tells what the blocks are of (shard, model, block size); a block of anything else, or a damaged one, counts
    as missing.
    """

    def __init__(self, folder: Path, belongs: dict):
        self.folder, self.belongs = folder, belongs

    def save(self, number: int, block: Embedded) -> None:
        said = {"truncated": block.truncated, "prompt": block.prompt, "computed_in": block.computed_in}
        notes = self.belongs | {"number": number} | said | {"digest": _digest(block)}
        table = pa.table({"embedding": as_column(block.vectors)}, metadata=as_metadata(notes))
        write_parquet(self._path(number), table)

    def load(self, number: int) -> Embedded | None:
        path = self._path(number)
        if not path.exists():
            return None
        try:
            with open_parquet(path) as file:
                notes = read_metadata(file)
                if any(notes.get(name) != value for name, value in (self.belongs | {"number": number}).items()):
                    return None
                said = (notes[name] for name in ("truncated", "prompt", "computed_in"))
                block = Embedded(as_matrix(file.read()["embedding"]), *said)
        except Exception as error:  # the file's footer has no checksum: a flipped bit there can raise anything
            log.warning(f"{path}: damaged ({error}); it is embedded again now.")
            return None
        if notes.get("digest") != _digest(block):
            log.warning(f"{path}: damaged; it is embedded again now.")
            return None
        return block

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}.parquet"


def _digest(block: Embedded) -> str:
    notes = json.dumps([block.vectors.shape, block.truncated, block.prompt, block.computed_in])
    return hashlib.sha256(notes.encode() + block.vectors.tobytes()).hexdigest()


def as_column(vectors: np.ndarray) -> pa.FixedSizeListArray:
    """Return float32 [n, D] as an Arrow column, without copying."""
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])


def _vector_field(dimension: int) -> pa.Field:
    return pa.field("embedding", pa.list_(pa.float32(), dimension))


@contextmanager
def _turn(path: Path) -> Iterator[bool]:
    """Hold the lock at `path`, and tell whether another process held it before. The lock is removed after a good end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    waited = False
    while not lock.is_locked:
        try:
            lock.acquire(timeout=WAIT if waited else 0, poll_interval=1)
        except Timeout:
            waited = True
            log.info(f"{path}: another process is embedding this shard; waiting until it has finished or was ended")
    try:
        yield waited
        # Whoever gets the removed lock finds the output.
        path.unlink(missing_ok=True)
    finally:
        lock.release()
