"""Vectors that a source brings along, in a column or in a NumPy file in the order of its rows; their files beside the shards."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from knowledge_map.articles.records import Article, Source, SourceReport
from knowledge_map.common.checksum import content_digest
from knowledge_map.common.errors import UserError
from knowledge_map.common.items import ARTICLE_COLUMNS
from knowledge_map.common.parquet import as_column, as_metadata, write_parquet
from knowledge_map.common.text import reason_of
from knowledge_map.common.vectors import GIVEN, unit_vector

ROW_GROUP = 1_000


MAPPED = 10_000
"""Rows of a file of vectors after which it is mapped anew: all that was read of it would count as the job's memory."""


class VectorFile:
    """A NumPy file of vectors, [rows, D], mapped into memory: a row is read when it is asked for."""

    def __init__(self, path: Path):
        self.path, self._asked = path, 0
        try:
            vectors = self._mapped()
        except FileNotFoundError:
            raise UserError(f"{path}: no such file; fix `vectors` in the configuration.") from None
        except (OSError, ValueError, EOFError) as error:
            reason = reason_of(error)
            raise UserError(f"{path}: cannot be read as a NumPy array of floats ({reason}); save one by numpy.save.") from None
        if vectors.ndim != 2 or vectors.dtype.kind != "f":
            what = f"an array of {vectors.dtype} {list(vectors.shape)}"
            raise UserError(f"{path}: holds {what}; one of floats [rows, dimensions] is needed.")
        self._vectors = vectors
        self.rows, self.dimension = vectors.shape

    def __getitem__(self, row: int) -> np.ndarray:
        """Return a row, [D]."""
        self._asked += 1
        if self._asked % MAPPED == 0:
            self._vectors = self._mapped()
        return self._vectors[row]

    def _mapped(self) -> np.ndarray:
        return np.lib.format.open_memmap(self.path, mode="r")  # takes no objects


class GivenVectors:
    """The vectors of a source's rows, of one dimension, that of the first usable one.

    Parameters
    ----------
    source : which has a column of vectors or a file of them.

    Attributes
    ----------
    dimension : D, None before there was a usable one.
    """

    def __init__(self, source: Source):
        self._source = source
        self._column = source.column_names.vector or ""
        self._file = VectorFile(Path(source.vectors)) if source.vectors else None
        self._rows = self._normalized = self._usable = 0
        self.dimension = self._file.dimension if self._file else None

    def next(self, fields: Mapping[str, Any]) -> tuple[bytes, str]:
        """Return the vector of the next row of the source, float32 bytes, and "" or why there is none."""
        row, self._rows = self._rows, self._rows + 1
        if self._file and row >= self._file.rows:
            raise UserError(
                f"{self._file.path}: has {self._file.rows:,} vectors, and {self._source.path} has more rows; "
                "give a vector for every row, in their order."
            )
        try:
            vector, was_unit = unit_vector(self._file[row] if self._file else fields.get(self._column))
        except ValueError as error:
            return b"", str(error)
        self.dimension = self.dimension or len(vector)
        if len(vector) != self.dimension:
            return b"", f"of {len(vector):,} dimensions, where the first has {self.dimension:,}"
        self._usable += 1
        self._normalized += not was_unit
        return vector.tobytes(), ""

    def check_rows(self) -> None:
        """Raise UserError where there are more vectors than rows, once all of these were read."""
        if self._file and self._rows != self._file.rows:
            raise UserError(
                f"{self._file.path}: has {self._file.rows:,} vectors, and {self._source.path} has {self._rows:,} rows; "
                "give a vector for every row, in their order."
            )

    def tell(self, report: SourceReport) -> None:
        """Tell how the vectors were that were read."""
        were = f"{self._normalized:,} of {self._usable:,} were normalized" if self._normalized else "all were of unit length"
        report.note(f"vectors of {self.dimension or 0:,} dimensions were given; {were}")


def write_vectors(articles: Sequence[Article], shard: str, folder: Path) -> str:
    """Write the vectors of a shard's articles as an embedded shard, and return its name, a digest of shard and vectors."""
    name = f"vectors-{content_digest([shard.encode(), *(article.vector for article in articles)])[:16]}"
    vectors = np.frombuffer(b"".join(article.vector for article in articles), np.float32).reshape(len(articles), -1)
    items = {column: pa.array([getattr(article, column) for article in articles], pa.string()) for column in ARTICLE_COLUMNS}
    notes = {
        **{"model": GIVEN, "revision": None, "max_tokens": None, "precision": None, "template": "", "prompt": ""},
        **{"computed_in": [], "dimension": vectors.shape[1], "truncated": 0},
    }
    table = pa.table(items | {"embedding": as_column(vectors)}, metadata=as_metadata(notes))
    write_parquet(folder / f"{name}.parquet", table, row_group_size=ROW_GROUP)
    return name
