"""The labels as tables: every cell with its candidates, what a picture shows of a level, and what Embedding Atlas reads."""

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.files import atomic_write
from knowledge_map.common.parquet import write_parquet
from knowledge_map.labels.grid import WHOLE, Grid
from knowledge_map.map.region import Region

CANDIDATE = pa.struct(
    [
        ("row", pa.int32()),
        ("title", pa.string()),
        ("distance", pa.float32()),
        ("similarity", pa.float32()),
        ("is_uninformative", pa.bool_()),
    ]
)

SCHEMA = pa.schema(
    [
        ("extent", pa.string()),
        ("level", pa.int32()),
        ("grid", pa.int32()),
        ("gx", pa.int32()),
        ("gy", pa.int32()),
        ("center_x", pa.float32()),
        ("center_y", pa.float32()),
        ("cell_width", pa.float32()),
        ("cell_height", pa.float32()),
        ("label", pa.string()),
        ("label_row", pa.int32()),
        ("from_words", pa.bool_()),
        ("sparse", pa.bool_()),
        ("area", pa.int32()),
        ("shown", pa.bool_()),
        ("label_x", pa.float32()),
        ("label_y", pa.float32()),
        ("candidates", pa.list_(CANDIDATE)),
        ("radius", pa.float32()),
        ("confidence", pa.float32()),
        ("article_count", pa.int32()),
        ("label_from", pa.string()),
        ("label_rows", pa.list_(pa.int32())),
        ("applies_to", pa.int32()),
        ("area_articles", pa.int32()),
        ("examples", pa.list_(pa.int32())),
    ]
)
"""Columns of the labels, one row per cell.

extent: `map` or `region`, what the grid covers; level: 0 is the coarsest of its extent; label, label_row, from_words: the name,
null in a sparse cell, the row of the article that stands for it, and whether it comes from words;
area: number within extent and level, the same for neighboring cells of one name; shown: whether the area's label is written
here, at label_x, label_y; candidates: the nearest titles that stand best for the cell; radius: distance of the k-th nearest
article from the centre; confidence: mean cosine, 0 to 1, of the label's article to those of the cell. label_from: `words`,
`titles` or `tags`; label_rows: the articles of the cell to which the label applies; applies_to, area_articles: to how many of how
many articles of the area it applies; examples: rows of three of these. Distances are in map units.
"""

ATLAS = pa.schema(
    [("x", pa.float32()), ("y", pa.float32()), ("text", pa.string()), ("level", pa.int32()), ("priority", pa.float32())]
)


def candidate_lists(cell: np.ndarray, cells: int, columns: list[pa.Array]) -> pa.ListArray:
    """Return candidates as a column of lists: `cell`, int [candidates], ascending, names each one's cell of so many `cells`.

    `columns` are the fields of `CANDIDATE`.
    """
    offsets = np.searchsorted(cell, np.arange(cells + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.StructArray.from_arrays(columns, fields=list(CANDIDATE)))


def row_lists(cell: np.ndarray, cells: int, rows: np.ndarray) -> pa.ListArray:
    """Return rows of the map as a column of lists: `cell`, int [rows], ascending, names each one's cell of so many `cells`."""
    offsets = np.searchsorted(cell, np.arange(cells + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(rows, pa.int32()))


def shown_labels(labels: pa.Table, grid: int, extent: str = "map") -> pa.Table:
    """Return the labels of one level to show, one row for each area that has articles, in the order in which to find room.

    The column `score` says why: it grows with the articles of the area and with the confidence.
    """
    level = labels.filter((pc.field("extent") == extent) & (pc.field("grid") == int(grid)) & pc.field("area").is_valid())
    area = level["area"].to_numpy()
    articles = np.bincount(area, level["article_count"].to_numpy())[area] if len(area) else np.zeros(0)
    score = np.log1p(articles) * level["confidence"].to_numpy()
    level = level.append_column("score", pa.array(score))
    order = np.argsort(-score, kind="stable")
    return level.take(pa.array(order)).filter(pc.field("shown") & (pc.field("score") > 0))


def names_at(labels: pa.Table, points: np.ndarray, side: float) -> list[str]:
    """Return what the map is called at each of `points`, float [n, 2]; empty where it is far from all articles.

    The name is that of the finest cell there which is no smaller than `side`, in units of the map, or else of the coarsest.
    """
    labels = labels.select(["extent", "grid", "gx", "gy", "center_x", "center_y", "cell_width", "cell_height", "label"])
    names = np.full(len(points), "", object)
    levels = (
        labels.group_by(["extent", "grid"], use_threads=False)
        .aggregate([("cell_width", "max"), ("cell_height", "max")])
        .to_pylist()
    )
    levels.sort(key=lambda level: -max(level["cell_width_max"], level["cell_height_max"]))
    for number, level in enumerate(levels):
        if number and max(level["cell_width_max"], level["cell_height_max"]) < side:
            break
        cells = labels.filter((pc.field("extent") == level["extent"]) & (pc.field("grid") == level["grid"]))
        grid = _grid_of(cells)
        cell = grid.cell_of(points)
        by_cell = np.full(grid.cells, "", object)
        by_cell[cells["gy"].to_numpy() * grid.side + cells["gx"].to_numpy()] = [name or "" for name in cells["label"].to_pylist()]
        names = np.where(cell >= 0, by_cell[cell], names)
    return names.tolist()


def with_placed(labels: pa.Table, positions: np.ndarray) -> pa.Table:
    """Return labels whose `article_count` has articles at `positions`, float [n, 2], as well; all else of them stays as it is."""
    counts = labels["article_count"].to_numpy().copy()
    extents, sides = labels["extent"].to_numpy(), labels["grid"].to_numpy()
    for extent, side in sorted(set(zip(extents.tolist(), sides.tolist(), strict=True))):
        rows = np.flatnonzero((extents == extent) & (sides == side))
        cells = labels.take(pa.array(rows))
        cell = _grid_of(cells).cell_of(positions)
        found = np.bincount(cell[cell >= 0], minlength=side**2)
        counts[rows] += found[cells["gy"].to_numpy() * side + cells["gx"].to_numpy()].astype(np.int32)
    return labels.set_column(labels.schema.get_field_index("article_count"), SCHEMA.field("article_count"), pa.array(counts))


def _grid_of(cells: pa.Table) -> Grid:
    """Return the grid that the cells of one level make up."""
    first = cells.slice(0, 1).to_pylist()[0]
    if first["extent"] == "map":
        return Grid("map", WHOLE, first["grid"])
    side, width, height = first["grid"], first["cell_width"], first["cell_height"]
    x, y = first["center_x"] - (first["gx"] + 0.5) * width, first["center_y"] - (first["gy"] + 0.5) * height
    return Grid(first["extent"], Region(x, x + side * width, y, y + side * height), side)


def atlas_labels(labels: pa.Table) -> pa.Table:
    """Return the table that `embedding-atlas --labels` reads: x, y, text, level, priority, a row for each area's label.

    Embedding Atlas shows a level at twice the magnification of the one before. So a label's level is the number of times
    that the coarsest cell is halved; of the question region, only grids finer than those of the map have a part in it.
    """
    coarsest = pc.max(labels["cell_width"]).as_py()
    rows, finest = [], -1
    for extent in ("map", "region"):
        before = finest
        for grid in np.unique(labels.filter(pc.field("extent") == extent)["grid"].to_numpy()):
            shown = shown_labels(labels, grid, extent)
            if not len(shown):
                continue
            side = max(shown["cell_width"][0].as_py(), shown["cell_height"][0].as_py())
            level = round(math.log2(coarsest / side))
            if level <= before:
                continue
            finest = max(finest, level)
            columns = [shown["label_x"], shown["label_y"], shown["label"], pa.repeat(level, len(shown)), shown["score"]]
            rows.append(pa.table(columns, names=ATLAS.names).cast(ATLAS))
    return pa.concat_tables([ATLAS.empty_table(), *rows])


def write_labels(table: pa.Table, parquet_path: str | Path, json_path: str | Path, atlas_path: str | Path) -> None:
    """Write labels as a parquet table, as a JSON list of cells, one on a line, and as the table for Embedding Atlas.

    Numbers in the JSON are rounded to what can be seen, and a sparse cell comes without candidates.
    """
    write_parquet(parquet_path, table)
    write_parquet(atlas_path, atlas_labels(table))
    with atomic_write(json_path) as temporary, temporary.open("w", encoding="utf-8") as out:
        before = "[\n"
        for batch in table.to_batches(max_chunksize=1_000):
            for cell in batch.to_pylist():
                out.write(before + json.dumps(_json_cell(cell), ensure_ascii=False, allow_nan=False))
                before = ",\n"
        out.write("\n]\n")


def _json_cell(cell: dict) -> dict:
    return {
        "gx": cell["gx"],
        "gy": cell["gy"],
        "center_x": round(cell["center_x"], 5),
        "center_y": round(cell["center_y"], 5),
        "label": cell["label"],
        "article_count": cell["article_count"],
        "extent": cell["extent"],
        "level": cell["level"],
        "grid": cell["grid"],
        "sparse": cell["sparse"],
        "area": cell["area"],
        "shown": cell["shown"],
        "confidence": cell["confidence"] and round(cell["confidence"], 3),
        "label_from": cell["label_from"],
        "applies_to": cell["applies_to"],
        "area_articles": cell["area_articles"],
        "examples": cell["examples"],
        "radius": round(cell["radius"], 5),
        "candidates": [
            {"title": near["title"], "distance": round(near["distance"], 5)} for near in cell["candidates"] if not cell["sparse"]
        ],
    }
