"""The knowledge map as the lab's pickle, written as a stream so that memory does not grow with the number of items."""

import io
import json
import pickle
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from knowledge_map.common.checksum import verified_length
from knowledge_map.common.files import atomic_write
from knowledge_map.common.items import PLACED, QUESTION
from knowledge_map.common.parquet import as_matrix, batches, open_parquet
from knowledge_map.common.progress import Progress
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.table import KnowledgeMap


def map_metadata(
    table: EmbeddingTable, knowledge_map: KnowledgeMap, umap_params: dict, padding: float, grown: bool = False
) -> dict:
    """Return the lab's description of a map: counts, dimension, UMAP parameters, question region.

    Of a map that has grown from a former one it says so: the reducer is that of the former map, and was not fitted on new items.
    So it does of one to which placed articles were appended, and how many.
    """
    region = knowledge_map.question_region(padding)
    reducer = {"umap_reducer_from": "former map"} if grown else {}
    placed = {"num_placed": knowledge_map.placed} if knowledge_map.placed else {}
    return (
        reducer
        | placed
        | {
            "total_items": table.rows,
            "num_questions": table.questions,
            "num_articles": table.articles,
            "embedding_dim": table.dimension,
            "umap_params": umap_params,
            "question_region": region.as_dict() if region else None,
        }
    )


BATCH = 1_000
"""Items in memory at once."""


def write_map_pickle(
    knowledge_map: str | Path,
    embeddings: str | Path,
    texts: Iterable[str],
    question_data: Iterable[str],
    metadata: dict,
    reducer: str | Path,
    output: str | Path,
) -> None:
    """Write {'metadata': {…}, 'items': [{text, title, source, embedding, x, y, x_raw, y_raw}, …], 'umap_reducer': UMAP}.

    Questions come after the articles and have `question_data` as well. Plain `pickle.load` opens the file.

    Items are read a batch at a time from the two tables, from `texts` (one an item) and from `question_data` (JSON, one a
    question), and the reducer's pickle is copied in as it stands: the file is a pickle program put together from the
    programs of its parts. None of the parts before the reducer remembers an object (the pickle `memo`), so the
    reducer's references still count from zero.
    """
    with atomic_write(output) as temporary, temporary.open("wb") as out:
        out.write(pickle.PROTO + bytes([5]) + pickle.EMPTY_DICT + pickle.MARK)
        out.write(_program("metadata") + _program(metadata))
        out.write(_program("items") + pickle.EMPTY_LIST)
        progress = Progress(metadata["total_items"], "items")
        for items in _items(knowledge_map, embeddings, iter(texts), iter(question_data)):
            out.write(pickle.MARK + b"".join(map(_program, items)) + pickle.APPENDS)
            progress.advance(len(items))
        out.write(_program("umap_reducer"))
        seal = Path(reducer).stat().st_size - verified_length(reducer)
        with Path(reducer).open("rb") as program:
            program.seek(len(pickle.PROTO) + 1)
            shutil.copyfileobj(program, out, 1 << 20)
        # The reducer's program ends with STOP, which must wait for the end of ours; behind it is the seal of its file.
        out.truncate(out.seek(-seal - len(pickle.STOP), io.SEEK_CUR))
        out.write(pickle.SETITEMS + pickle.STOP)


def _program(value: object) -> bytes:
    """Return the pickle program that puts `value` on the stack: without protocol, memo and stop."""
    buffer = io.BytesIO()
    # Protocol 3 has no frames, which would enclose the STOP; `fast` leaves the memo out.
    pickler = pickle.Pickler(buffer, protocol=3)
    pickler.fast = True
    pickler.dump(value)
    return buffer.getvalue()[len(pickle.PROTO) + 1 : -len(pickle.STOP)]


def _items(
    knowledge_map: str | Path, embeddings: str | Path, texts: Iterator[str], question_data: Iterator[str]
) -> Iterator[list[dict]]:
    columns = ["kind", "title", "source", "x", "y", "x_raw", "y_raw"]
    with open_parquet(knowledge_map) as positions, open_parquet(embeddings) as vectors:
        pairs = zip(batches(positions, columns, BATCH), batches(vectors, ["embedding"], BATCH), strict=True)
        for position, vector in pairs:
            items = position.to_pylist()
            for item, embedding in zip(items, as_matrix(vector["embedding"]).tolist(), strict=True):
                item["text"] = next(texts)
                item["embedding"] = embedding
                if (kind := item.pop("kind")) == PLACED:
                    item["placed"] = True
                elif kind == QUESTION:
                    item["question_data"] = json.loads(next(question_data))
            yield items
