"""The embedding table: every item of the map, articles first and questions after them, with its vector."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.errors import UserError
from knowledge_map.common.items import ARTICLE, ARTICLE_COLUMNS, ITEM_FIELDS, QUESTION
from knowledge_map.common.parquet import as_column, as_matrix, as_metadata, batches, open_parquet, parquet_writer, read_metadata
from knowledge_map.common.vectors import GIVEN, normalized

NUMBERS = {"float32": pa.float32(), "float16": pa.float16()}
"""The number types in which the table may keep vectors; they are read as float32."""

ROW_GROUP = 10_000
"""Rows of a row group: 40 MB of vectors of 1,024 dimensions."""


def table_schema(dimension: int, metadata: dict | None = None, stored_as: str = "float32") -> pa.Schema:
    """Return the columns of the embedding table; `metadata` is kept as JSON under the key `knowledge_map`."""
    return pa.schema(
        [*ITEM_FIELDS, pa.field("embedding", pa.list_(NUMBERS[stored_as], dimension))],
        metadata=as_metadata(metadata or {}),
    )


def merge_embeddings(
    shards: Sequence[str | Path],
    questions: str | Path,
    output: str | Path,
    dimensions: int | None = None,
    stored_as: str = "float32",
) -> None:
    """Join the embedded shards, in order, and the questions into the embedding table at `output`.

    Streamed in row groups: memory does not grow with the number of rows. The table's metadata tells model, revision,
    max tokens, prompts and precision (as configured, and what it came to), how many texts were cut at max tokens, and of how many
    dimensions the vectors were before they were cut.

    Parameters
    ----------
    dimensions : only the first so many of each vector are kept, at unit length; all if None. Source: Kusupati et al., "Matryoshka
        Representation Learning" (2022).
    stored_as : "float32", or "float16", which halves the table.

    Raises UserError where a file is damaged, the vectors of two files differ in dimension, or have fewer than `dimensions`.
    """
    parts = [(path, ARTICLE) for path in shards] + [(questions, QUESTION)]
    *of_articles, of_questions = [_description(path) for path, _ in parts]
    dimension = of_articles[0]["dimension"]
    for (path, _), description in zip(parts, [*of_articles, of_questions], strict=True):
        if description["dimension"] not in (dimension, None):
            raise UserError(f"{path}: vectors of {description['dimension']} dimensions among vectors of {dimension}.")
    if dimensions and dimensions > dimension:
        raise UserError(f"embedding.dimensions is {dimensions:,}, but the vectors have {dimension:,}; lower it.")
    cut = {"cut_from": dimension} if dimensions else {}
    dimension = dimensions or dimension
    described = _of_model(of_articles, of_questions)
    model = {name: described[name] for name in ("model", "revision", "max_tokens", "precision")}
    metadata = model | {
        "dimension": dimension,
        "article_template": of_articles[0]["template"],
        "article_prompt": of_articles[0]["prompt"],
        "question_prompt": of_questions["prompt"],
        "computed_in": sorted({precision for part in [*of_articles, of_questions] for precision in part["computed_in"]}),
        "truncated_articles": sum(part["truncated"] for part in of_articles),
        "truncated_questions": of_questions["truncated"],
        **cut,
    }
    schema = table_schema(dimension, metadata, stored_as)
    rows = 0
    with parquet_writer(output, schema) as writer:
        for path, kind in parts:
            with open_parquet(path) as file:
                for piece in batches(file, [*ARTICLE_COLUMNS, "embedding"], ROW_GROUP):
                    row = pa.array(np.arange(rows, rows + piece.num_rows, dtype=np.int32))
                    item_id, *rest, vectors = piece.columns
                    if dimensions or stored_as != "float32":
                        vectors = _stored(vectors, dimensions, stored_as)
                    columns = [row, item_id, pa.repeat(kind, piece.num_rows), *rest, vectors]
                    writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=ROW_GROUP)
                    rows += piece.num_rows


def _stored(vectors: pa.ChunkedArray, dimensions: int | None, stored_as: str) -> pa.FixedSizeListArray:
    """Return vectors cut to their first `dimensions`, at unit length, in the number type of the table."""
    matrix = as_matrix(vectors)
    if dimensions:
        matrix = normalized(matrix[:, :dimensions])
    return as_column(matrix.astype(stored_as))


def _of_model(of_articles: list[dict], of_questions: dict) -> dict:
    """Return what is said of the first part that a model made; of the first one where all vectors were given."""
    return next((part for part in [*of_articles, of_questions] if part["model"] != GIVEN), of_articles[0])


def _description(path: str | Path) -> dict:
    with open_parquet(path) as file:
        return read_metadata(file)


class EmbeddingTable:
    """The embedding table on disk, read in pieces.

    Attributes
    ----------
    rows, articles, questions : numbers of items; articles come first, those that were placed on a finished map behind the others.
    dimension : D, the length of a vector.
    metadata : what the table says of its model: model, revision, max_tokens, prompts, precision.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        with open_parquet(path) as file:
            self.rows = file.metadata.num_rows
            self.dimension = file.schema_arrow.field("embedding").type.list_size
            self.metadata = read_metadata(file)
            sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
            kinds = file.read(columns=["kind"])["kind"]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
        self.articles = pc.sum(pc.not_equal(kinds, QUESTION)).as_py() or 0
        self.questions = self.rows - self.articles

    def part(self, number: int, parts: int) -> tuple[int, int]:
        """Return the first row and the end of one of `parts` runs of rows of about equal length."""
        return self.rows * number // parts, self.rows * (number + 1) // parts

    def columns(self, names: list[str]) -> pa.Table:
        """Return whole columns (not the vectors: those go by `vectors` and `blocks`)."""
        with open_parquet(self.path) as file:
            return file.read(columns=names)

    def vectors(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Return rows start..stop as float32 [stop - start, D]."""
        stop = self.rows if stop is None else stop
        out = np.empty((stop - start, self.dimension), np.float32)
        with open_parquet(self.path) as file:
            for group in range(file.num_row_groups):
                first, last = max(start, self._starts[group]), min(stop, self._starts[group + 1])
                if first < last:
                    offset = self._starts[group]
                    out[first - start : last - start] = self._group(file, group)[first - offset : last - offset]
        return out

    def blocks(self, size: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (first row, float32 [at most size, D]) over the whole table, in order."""
        for start in range(0, self.rows, size):
            yield start, self.vectors(start, min(start + size, self.rows))

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Return the vectors of `rows` (any order, repeats allowed) as float32 [len(rows), D], one pass over the file."""
        rows = np.asarray(rows)
        out = np.empty((len(rows), self.dimension), np.float32)
        with open_parquet(self.path) as file:
            for group in range(file.num_row_groups):
                inside = np.flatnonzero((rows >= self._starts[group]) & (rows < self._starts[group + 1]))
                if len(inside):
                    out[inside] = self._group(file, group)[rows[inside] - self._starts[group]]
        return out

    def _group(self, file: pq.ParquetFile, group: int) -> np.ndarray:
        vectors = as_matrix(file.read_row_group(group, columns=["embedding"])["embedding"])
        return vectors if vectors.dtype == np.float32 else normalized(vectors)  # rounding has changed their length
