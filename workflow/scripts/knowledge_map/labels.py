"""Labels of the map: every cell of a few grids, coarse to fine, named after the articles nearest to its centre."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.spatial import cKDTree

from knowledge_map.files import replacing, write_parquet
from knowledge_map.map_table import KnowledgeMap
from knowledge_map.table import EmbeddingTable

CANDIDATE = pa.struct([("row", pa.int32()), ("title", pa.string()), ("distance", pa.float32()), ("similarity", pa.float32())])
SCHEMA = pa.schema(
    [
        ("level", pa.int32()),
        ("grid", pa.int32()),
        ("gx", pa.int32()),
        ("gy", pa.int32()),
        ("center_x", pa.float32()),
        ("center_y", pa.float32()),
        ("label", pa.string()),
        ("candidates", pa.list_(CANDIDATE)),
        ("radius", pa.float32()),
        ("confidence", pa.float32()),
        ("article_count", pa.int32()),
    ]
)
VECTORS = 20_000
"""Most candidate vectors held at once: 80 MB of 1,024 dimensions."""


def knn_labels(knowledge_map: KnowledgeMap, embeddings: EmbeddingTable, grids: list[int], k: int, threads: int) -> pa.Table:
    """Return the labels of every cell of every grid: columns of `SCHEMA`, coarsest level first, cells in rows from the bottom.

    Parameters
    ----------
    knowledge_map : the map, with the column `title`.
    embeddings : the vectors of the same rows.
    grids : cells along a side of the map, one number per level.
    k : candidates of a cell, the articles nearest to its centre in the plane; all articles where there are fewer.
    threads : threads of the neighbor search; they do not change the result.

    A candidate's distance is from the cell's centre, in map units; its similarity is the cosine to the centroid of all
    candidates. Source: k-nearest-neighbor search in the plane by scipy's cKDTree; for the label see `choose_labels`.
    """
    articles = np.flatnonzero(knowledge_map.is_article).astype(np.int32)
    places = knowledge_map.places[articles]
    titles = knowledge_map.table["title"]
    tree = cKDTree(places)
    k = min(k, len(articles))
    tables = []
    for level, grid in enumerate(sorted(grids)):
        centers, counts = cell_centers(grid), article_counts(places, grid)
        for cells in _blocks(grid * grid, max(1, VECTORS // k)):
            distances, nearest = tree.query(centers[cells], k=range(1, k + 1), workers=threads)
            rows = articles[nearest]
            chosen, similarities = choose_labels(_unit_vectors(embeddings, rows), distances)
            candidates = _candidates(rows, titles, distances, similarities)
            columns = {
                "level": np.full(len(cells), level),
                "grid": np.full(len(cells), grid),
                "gx": cells % grid,
                "gy": cells // grid,
                "center_x": centers[cells, 0],
                "center_y": centers[cells, 1],
                "label": shown_title(titles.take(pa.array(rows[np.arange(len(cells)), chosen])).combine_chunks()),
                "candidates": candidates,
                "radius": distances[:, -1].astype(np.float32),
                "confidence": similarities.mean(axis=1).clip(0, 1),
                "article_count": counts[cells],
            }
            tables.append(pa.table(columns).cast(SCHEMA))
    return pa.concat_tables(tables)


def choose_labels(vectors: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which candidate names each cell, int [cells], and every candidate's similarity, float32 [cells, k].

    The name is that of the medoid: of the candidates' unit `vectors`, float32 [cells, k, D], the one nearest by cosine to
    their centroid weighted by inverse distance (Shepard 1968). `distances`, float [cells, k], are those in the plane,
    ascending.
    """
    # A floor keeps an article that happens to lie on the centre from outweighing all others.
    floor = np.maximum(0.1 * distances[:, -1:], 1e-9)
    weights = 1 / np.maximum(distances, floor)
    centroids = np.einsum("ck,ckd->cd", weights.astype(np.float32), vectors)
    similarities = np.einsum("ckd,cd->ck", vectors, _unit(centroids))
    return similarities.argmax(axis=1), similarities


def cell_centers(grid: int) -> np.ndarray:
    """Return the centres of a grid's cells in map units, float32 [grid * grid, 2]; cell gy * grid + gx."""
    gy, gx = np.divmod(np.arange(grid * grid), grid)
    return ((np.column_stack([gx, gy]) + 0.5) / grid).astype(np.float32)


def article_counts(places: np.ndarray, grid: int) -> np.ndarray:
    """Return how many of `places`, float [n, 2] in [0, 1], lie in each cell, int [grid * grid]."""
    gx, gy = np.clip((places * grid).astype(int), 0, grid - 1).T
    return np.bincount(gy * grid + gx, minlength=grid * grid)


def label_places(knowledge_map: KnowledgeMap, labels: pa.Table) -> np.ndarray:
    """Return where to write each label, the mean place of its cell's candidates, float64 [cells, 2]."""
    cell = pc.list_parent_indices(labels["candidates"]).to_numpy()
    places = knowledge_map.places[pc.struct_field(pc.list_flatten(labels["candidates"]), "row").to_numpy()]
    sums = [np.bincount(cell, places[:, axis], labels.num_rows) for axis in (0, 1)]
    return np.column_stack(sums) / np.bincount(cell, minlength=labels.num_rows)[:, None]


def shown_labels(labels: pa.Table, grid: int) -> pa.Table:
    """Return the labels of one level worth showing, densest and most confident first, each name once, no empty cell."""
    level = labels.filter((pc.field("grid") == int(grid)) & (pc.field("article_count") > 0))
    worth = np.log1p(level["article_count"].to_numpy()) * level["confidence"].to_numpy()
    level = level.take(pa.array(np.argsort(-worth, kind="stable")))
    names = level["label"].combine_chunks().dictionary_encode().indices.to_numpy()
    return level.take(pa.array(np.sort(np.unique(names, return_index=True)[1])))


def shown_title(titles: pa.Array) -> pa.Array:
    """Return titles without what tells namesakes apart: `Mercury (planet)` is shown as `Mercury`."""
    return pc.replace_substring_regex(titles, r"(?s)^(.*\S)\s*\([^()]*\)\s*$", r"\1")


def _blocks(total: int, size: int) -> list[np.ndarray]:
    return np.split(np.arange(total), range(size, total, size))


def _unit_vectors(embeddings: EmbeddingTable, rows: np.ndarray) -> np.ndarray:
    """Return the vectors of `rows`, int [cells, k], at length one, float32 [cells, k, D]."""
    used, position = np.unique(rows, return_inverse=True)
    return _unit(embeddings.take(used))[position.reshape(rows.shape)]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _candidates(rows: np.ndarray, titles: pa.ChunkedArray, distances: np.ndarray, similarities: np.ndarray) -> pa.ListArray:
    """Return the column `candidates` of cells with k candidates each; all arrays are [cells, k] but the map's `titles`."""
    cells, k = rows.shape
    flat = pa.array(rows.ravel())
    values = pa.StructArray.from_arrays(
        [
            flat,
            titles.take(flat).combine_chunks(),
            pa.array(distances.ravel(), pa.float32()),
            pa.array(similarities.ravel(), pa.float32()),
        ],
        fields=list(CANDIDATE),
    )
    return pa.ListArray.from_arrays(pa.array(np.arange(cells + 1) * k, pa.int32()), values)


def write_labels(table: pa.Table, parquet_path: str | Path, json_path: str | Path) -> None:
    """Write labels as a parquet table and as a JSON list of cells, one on a line, numbers rounded to what can be seen."""
    write_parquet(parquet_path, table)
    with replacing(json_path) as temporary, temporary.open("w", encoding="utf-8") as out:
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
        "level": cell["level"],
        "grid": cell["grid"],
        "confidence": round(cell["confidence"], 3),
        "candidates": [{"title": near["title"], "distance": round(near["distance"], 5)} for near in cell["candidates"]],
    }
