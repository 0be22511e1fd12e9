"""The knowledge map as a table: every item with its position in the plane, an excerpt and its nearest neighbors."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.checksum import content_digest
from knowledge_map.common.items import ITEM_FIELDS, PLACED, QUESTION
from knowledge_map.common.parquet import open_parquet, read_metadata, read_parquet
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
        ("trust", pa.float32()),
        ("stretch", pa.float32()),
    ]
)


def excerpt(text: str, characters: int = EXCERPT) -> str:
    """Return the opening of `text` on one line, whole words, at most `characters` long, with an ellipsis where it was cut."""
    text = " ".join(text.split(maxsplit=characters)[:characters])  # more words than that cannot fit
    if len(text) <= characters:
        return text
    cut = text[: characters - 1]
    return (cut[: cut.rfind(" ")] if " " in cut else cut).rstrip(" ,;:") + "…"


def carried_fields(path: str | Path) -> list[pa.Field]:
    """Return the carried columns of such a table, or of a knowledge map."""
    with open_parquet(path) as file:
        return [field for field in file.schema_arrow if field.name not in SCHEMA.names]


class KnowledgeMap:
    """The finished map in memory, as columns: no Python object per item.

    Attributes
    ----------
    path : where the map lies.
    table : the knowledge map as an Arrow table without neighbors.
    positions, raw_positions : x, y and x_raw, y_raw as float32 [rows, 2].
    is_article : bool [rows].
    placed : how many of the articles, the last ones, were placed on the finished map.
    carried : the carried columns that the map has, which are not loaded.
    typical_distance : the distance on the map that is a stretch of 1; None where there is none.
    former : the names of the maps from which it has grown, the last one first.
    """

    def __init__(self, path: str | Path, columns: Sequence[str] = ()):
        self.path = Path(path)
        names = ["kind", "x", "y", "x_raw", "y_raw", *columns]
        self.table = read_parquet(path, columns=names)
        self.positions = self._pair("x", "y")
        self.raw_positions = self._pair("x_raw", "y_raw")
        self.is_article = pc.not_equal(self.table["kind"], QUESTION).to_numpy()
        self.placed = pc.sum(pc.equal(self.table["kind"], PLACED)).as_py() or 0
        self.carried = carried_fields(path)
        with open_parquet(path) as file:
            metadata = read_metadata(file)
        self.typical_distance: float | None = metadata.get("typical_distance")
        self.former: list[str] = metadata.get("former", [])

    @property
    def name(self) -> str:
        """What names this map: it follows from all positions and from the questions. Needs the columns item_id and title."""
        questions = self.table.select(["item_id", "title"]).filter(pa.array(~self.is_article))
        names = [[question["item_id"], question["title"]] for question in questions.to_pylist()]
        return content_digest([self.positions.tobytes(), json.dumps(names).encode()])[:16]

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
