"""How well the labels of a finished run name its cells, beside simpler rules.

    python benchmarks/labels.py results            # at 40 x 40, like the lab's
    python benchmarks/labels.py results --grid 8 16 32 64

For each grid, of the cells that are not sparse:

areas       cells after those that touch and bear one name are merged
distinct    different labels, as a share of the areas
cosine      mean cosine of a label's article to the articles in its cell, over the cells that have any
gain        the same against the title nearest to the cell's centre
standing    cells whose label is a list, date, number, ... though one of their k nearest articles is not

The rules: the title nearest to the centre; the medoid of the five nearest, which was the first version's rule; the labels.
With several grids, the coarser labels are chosen among those of the finer, and k holds for the finest.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.spatial import cKDTree

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.labels.candidates import unit
from knowledge_map.labels.cells import LabelSettings, knn_labels
from knowledge_map.labels.grid import WHOLE, Grid, areas
from knowledge_map.labels.titles import is_uninformative, shown_titles
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.run.configuration import complete


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--grid", type=int, nargs="+", default=[40])
    arguments = parser.parse_args()
    schema = ROOT / "workflow" / "schemas" / "config.schema.yaml"
    defaults = complete({"articles": [{"name": "any", "path": "any"}]}, schema)["labels"]
    settings = LabelSettings(**defaults | {"grid": arguments.grid})
    knowledge_map = KnowledgeMap(arguments.results / "knowledge_map.parquet", ["title", "neighbors"])
    embeddings = EmbeddingTable(arguments.results / "embeddings.parquet")
    labels = knn_labels(knowledge_map, embeddings, settings, None, threads=1)

    articles = np.flatnonzero(knowledge_map.is_article)
    titles = knowledge_map.table["title"].take(pa.array(articles)).combine_chunks()
    positions = knowledge_map.positions[articles].astype(float)
    uninformative = is_uninformative(titles, settings.max_characters)
    shown = np.array(shown_titles(titles, settings.max_characters).dictionary_encode().indices)
    print("| grid | rule | cells | areas | distinct | cosine | gain | standing |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for side in sorted(arguments.grid):
        grid = Grid("map", WHOLE, side)
        level = labels.filter(pc.field("grid") == side)
        named = np.flatnonzero(~level["sparse"].to_numpy())
        distances, near = cKDTree(positions).query(grid.centers()[named], k=range(1, min(settings.k, len(positions)) + 1))
        medoids = near[np.arange(len(named)), medoid(embeddings, articles[near[:, :5]], distances[:, :5])]
        own = np.searchsorted(articles, level["label_row"].to_numpy(zero_copy_only=False)[named].astype(int))
        texts = level["label"].combine_chunks().dictionary_encode().indices.take(pa.array(named)).to_numpy()
        by_words = level["from_words"].to_numpy(zero_copy_only=False)[named].astype(bool)
        means, filled = cell_means(embeddings, articles, grid.cell_of(positions), grid.cells)
        nearest_cosine = None
        for rule, choice, names, by_title in (
            ("nearest title", near[:, 0], shown[near[:, 0]], True),
            ("medoid of 5", medoids, shown[medoids], True),
            ("labels", own, texts, ~by_words),
        ):
            all_names = np.full(grid.cells, -1)
            all_names[named] = names
            number = areas(all_names.reshape(side, side)).max() + 1
            cosine = np.einsum("cd,cd->c", means[named], unit(embeddings.take(articles[choice])))[filled[named]].mean()
            nearest_cosine = nearest_cosine or cosine
            standing = (by_title & uninformative[choice] & ~uninformative[near].all(axis=1)).sum()
            print(
                f"| {side} | {rule} | {len(named):,} | {number:,} | {len(np.unique(names)) / number:.1%} | {cosine:.3f} "
                f"| {cosine / nearest_cosine - 1:+.1%} | {standing:,} |"
            )


def medoid(embeddings: EmbeddingTable, rows: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Return which of each cell's `rows`, int [cells, k], is most like their mean weighted by inverse distance, int [cells]."""
    weights = 1 / np.maximum(distances, np.maximum(0.1 * distances[:, -1:], 1e-9))
    used, position = np.unique(rows, return_inverse=True)
    vectors = unit(embeddings.take(used))[position.reshape(rows.shape)]
    return np.einsum("ckd,cd->ck", vectors, np.einsum("ck,ckd->cd", weights, vectors)).argmax(axis=1)


def cell_means(embeddings: EmbeddingTable, articles: np.ndarray, cell: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean unit vector of the articles in each cell, float [cells, D], and which cells have any."""
    sums = np.zeros((cells, embeddings.dimension))
    for start, vectors in embeddings.blocks(10_000):
        inside = (articles >= start) & (articles < start + len(vectors)) & (cell >= 0)
        np.add.at(sums, cell[inside], unit(vectors[articles[inside] - start]))
    counts = np.bincount(cell[cell >= 0], minlength=cells)
    return sums / np.maximum(counts, 1)[:, None], counts > 0


if __name__ == "__main__":
    main()
