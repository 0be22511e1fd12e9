"""How well a map stays itself as it grows, and what that costs: a finished run's articles, added step by step.

    python benchmarks/growth.py results                            # a tenth of the articles is added, in one step
    python benchmarks/growth.py results --first 0.1 --steps 9      # from a tenth to all
    python benchmarks/growth.py results --labels 8 16              # and how many names still name the same ground

The first map, of some articles drawn at random and of all questions, is made from nothing (UMAP and refinement); each step adds
as many articles to it. The last line is the run's own map of all articles, which was made from nothing.

recall@5    share of an article's five nearest that are its five nearest on the map, and @15
overlap@5   the same of the questions
triplets    random triplets of articles in the right order
moved       how far half of the items that were on the map before moved at most, and 95 of 100, in % of the map's side
labels      share of the first map's names, cell by cell, of which one still stands in the same cell or beside it, by grid
seconds     CPU time of the step: inserting, settling, placing
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from knowledge_map.articles.shards import shard_paths, text_batches
from knowledge_map.common.parquet import as_column, read_parquet, write_parquet
from knowledge_map.diagnostics.measures import overlap, random_triplets, triplets_kept
from knowledge_map.embedding.table import EmbeddingTable, table_schema
from knowledge_map.labels.cells import LabelSettings, knn_labels
from knowledge_map.layout.growth import FormerMap, grown_layout
from knowledge_map.layout.refinement import Refinement, refined_layout
from knowledge_map.layout.table import write_layout
from knowledge_map.layout.umap import fit_umap
from knowledge_map.map.join import write_knowledge_map
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.neighbors.exact import articles_nearest_to, nearest
from knowledge_map.neighbors.graph import write_neighbors
from knowledge_map.run.configuration import complete

TRIPLETS = 20_000

DEFAULTS = complete({"articles": [{"name": "any", "path": "any"}]}, ROOT / "workflow" / "schemas" / "config.schema.yaml")


class Stage:
    """Some of the run's articles and all its questions, in files as the workflow has them."""

    def __init__(self, folder: Path, run: EmbeddingTable, articles: np.ndarray, texts: pa.Array, threads: int):
        folder.mkdir()
        self.folder, self.threads, self.articles = folder, threads, articles
        self.rows = np.concatenate([np.sort(articles), np.arange(run.articles, run.rows)])
        items = run.columns(["item_id", "kind", "source", "title", "url"]).take(pa.array(self.rows))
        columns = {name: items[name] for name in items.column_names}
        columns |= {"row": np.arange(len(items), dtype=np.int32), "embedding": as_column(run.take(self.rows))}
        write_parquet(self.path("embeddings"), pa.table(columns, schema=table_schema(run.dimension, run.metadata)))
        self.table = EmbeddingTable(self.path("embeddings"))
        neighbors = nearest(self.table, 0, self.table.rows, DEFAULTS["neighbors"]["k"], "cpu", threads)
        write_neighbors(self.path("neighbors"), 0, *neighbors)
        self.neighbors = neighbors
        self.texts = texts.take(pa.array(np.sort(articles)))

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def made_anew(self) -> "Stage":
        raw, _ = fit_umap(self.table.vectors(), *self.neighbors, DEFAULTS["umap"], self.threads)
        settings = Refinement(**DEFAULTS["refinement"])
        return self._written(raw, refined_layout(raw, self.path("neighbors"), self.table, settings, self.threads))

    def grown_from(self, former: "Stage") -> "Stage":
        settings = Refinement(**DEFAULTS["refinement"])
        former_map = FormerMap(former.path("knowledge_map"))
        return self._written(*grown_layout(former_map, self.path("neighbors"), self.table, settings, self.threads))

    def _written(self, raw: np.ndarray, positions: np.ndarray, settled: float = 0.0) -> "Stage":
        columns = {"x_raw": raw[:, 0], "y_raw": raw[:, 1], "x": positions[:, 0], "y": positions[:, 1]}
        write_layout(self.path("layout"), {"settled": settled}, **columns)
        texts = [*self.texts.to_pylist(), *[""] * self.table.questions]
        write_knowledge_map(
            *(self.path(name) for name in ("embeddings", "layout", "neighbors")), texts, self.path("knowledge_map")
        )
        return self

    @property
    def positions(self) -> np.ndarray:
        return KnowledgeMap(self.path("knowledge_map")).positions.astype(np.float64)

    def measures(self, positions: np.ndarray) -> dict[str, float]:
        count, vectors = self.table.articles, self.table.vectors()
        tree = cKDTree(positions[:count])
        around = tree.query(positions[:count], k=range(2, 17), workers=self.threads)[1]
        everyone = range(count)
        near = nearest(VectorsOf(self.table, count), 0, count, 15, "cpu", self.threads)[0]
        measures = {"recall@5": overlap(near[:, :5], around[:, :5]), "recall@15": overlap(near, around)}
        if self.table.questions:
            asked, _ = articles_nearest_to(vectors[count:], self.table, everyone, 5, "cpu", self.threads)
            found = tree.query(positions[count:], k=range(1, 6), workers=self.threads)[1]
            measures["overlap@5"] = overlap(asked, found)
        triplets = random_triplets(count, TRIPLETS, np.random.default_rng(1))
        measures["triplets"] = triplets_kept(vectors, positions[:count], triplets)
        return {name: round(float(values.mean()), 4) for name, values in measures.items()}

    def moved_since(self, former: "Stage") -> np.ndarray:
        """Return how far the items of a former stage moved."""
        return np.linalg.norm(self.positions[np.searchsorted(self.rows, former.rows)] - former.positions, axis=1)

    def names(self, grids: list[int]) -> dict[int, list[set[str]]]:
        """Return, by grid, the names of each cell, as the labels of the workflow have them."""
        settings = LabelSettings.of(DEFAULTS["labels"] | {"grid": grids})
        knowledge_map = KnowledgeMap(self.path("knowledge_map"), settings.map_columns)
        labels = knn_labels(knowledge_map, self.table, [self.texts], settings, None, self.threads)
        by_grid = {grid: labels.filter(pc.field("grid") == grid) for grid in grids}
        return {
            grid: [set(filter(None, (label or "").lower().split(", "))) for label in table["label"].to_pylist()]
            for grid, table in by_grid.items()
        }


class VectorsOf:
    """The first rows of a table."""

    def __init__(self, table: EmbeddingTable, rows: int):
        self.table, self.rows, self.dimension = table, rows, table.dimension

    def vectors(self, start: int, stop: int) -> np.ndarray:
        return self.table.vectors(start, stop)

    def blocks(self, size: int):
        for start in range(0, self.rows, size):
            yield start, self.vectors(start, min(start + size, self.rows))


def still_named(before: list[set[str]], now: list[set[str]], side: int) -> float:
    """Return the share of named cells of which a name still stands in the same cell or beside it."""
    kept = []
    for cell, names in enumerate(before):
        if names:
            gy, gx = divmod(cell, side)
            beside = [
                y * side + x for y in range(max(gy - 1, 0), min(gy + 2, side)) for x in range(max(gx - 1, 0), min(gx + 2, side))
            ]
            kept.append(any(names & now[other] for other in beside))
    return float(np.mean(kept))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--first", type=float, default=10 / 11, help="share of the articles on the first map")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--labels", type=int, nargs="+", default=[], metavar="GRID")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    run = EmbeddingTable(arguments.results / "embeddings.parquet")
    texts = pa.concat_arrays(list(text_batches(shard_paths(arguments.results / "shards" / "manifest.json"))))
    order = np.random.default_rng(0).permutation(run.articles)
    sizes = np.linspace(round(arguments.first * run.articles), run.articles, arguments.steps + 1).astype(int)
    columns = ["articles", "recall@5", "recall@15", "overlap@5", "triplets", "moved, half", "moved, 95 %", "seconds"]
    print("| " + " | ".join([*columns, *(f"labels {grid}" for grid in arguments.labels)]) + " |")
    print("| ---: " * (len(columns) + len(arguments.labels)) + "|", flush=True)

    def show(articles: str, measures: dict, *others: str) -> None:
        found = [measures.get(name, "–") for name in columns[1:5]]
        print("| " + " | ".join(map(str, [articles, *found, *others])) + " |", flush=True)

    with tempfile.TemporaryDirectory() as scratch, threadpool_limits(arguments.threads):
        start = time.process_time()
        first = former = Stage(Path(scratch) / "first", run, order[: sizes[0]], texts, arguments.threads).made_anew()
        seconds = time.process_time() - start
        show(f"{sizes[0]:,}", first.measures(first.positions), "–", "–", f"{seconds:.0f}")
        for size in sizes[1:]:
            stage = Stage(Path(scratch) / str(size), run, order[:size], texts, arguments.threads)
            start = time.process_time()
            stage.grown_from(former)
            seconds = time.process_time() - start
            moved = (f"{100 * value:.2f}" for value in np.quantile(stage.moved_since(former), [0.5, 0.95]))
            named = []
            if arguments.labels and size == sizes[-1]:
                before, now = first.names(arguments.labels), stage.names(arguments.labels)
                named = [f"{still_named(before[grid], now[grid], grid):.1%}" for grid in arguments.labels]
            show(f"{size:,}", stage.measures(stage.positions), *moved, f"{seconds:.0f}", *named)
            former = stage
        own = read_parquet(arguments.results / "knowledge_map.parquet", ["x", "y"])
        anew = np.column_stack([own["x"].to_numpy(), own["y"].to_numpy()]).astype(np.float64)
        show("all, anew", former.measures(anew), "–", "–", "–")


if __name__ == "__main__":
    main()
