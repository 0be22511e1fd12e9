"""What the settings of the refinement do to a finished run's layout: the default beside others, one table row each.

`uniform_weight` is the layout that the diagnostics show beside the map: questions weigh no more than articles.

    python benchmarks/refinement.py results
    python benchmarks/refinement.py results --vary question_weight=1,6,30 --vary placement_iterations=0
    python benchmarks/refinement.py results --articles 2000 --questions 500
    python benchmarks/refinement.py results --later 50
    python benchmarks/refinement.py results --vary question_weight=2,6,50 --curve docs/question-weight.png

The run gives vectors and UMAP layout. With `--articles` only so many of its articles, drawn at random, are on the map, at
their positions on the layout; with `--questions` so many other articles play the questions. The last `--later` questions are
kept out of the map and placed on it afterwards.

overlap@5   of the questions: their five nearest articles among the five nearest on the map; with `--split N` of the first N
            and of the others apart
later@5     the same of the questions placed afterwards
recall@5    and @15: the same of articles (5,000 at most)
near@5      the same of the articles nearest to a question, which pay for its overlap
triplets    random triplets of articles in the right order

`--curve` draws the overlap of the questions against what the articles nearest to them keep, a point for each weight.
"""

import argparse
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from knowledge_map.common.files import write_json
from knowledge_map.diagnostics.measures import overlap, random_triplets, triplets_kept
from knowledge_map.diagnostics.pictures import COLORS, GREY, drawing_style
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.insertion import best_positions
from knowledge_map.layout.placement import place
from knowledge_map.layout.refinement import Refinement, refine
from knowledge_map.layout.table import normalized, read_layout
from knowledge_map.neighbors.exact import articles_nearest_to, nearest
from knowledge_map.run.configuration import complete
from knowledge_map.views.fonts import fonts_for

SAMPLE, TRIPLETS = 5_000, 20_000


class Articles:
    """Vectors in memory, with the face of an embedding table."""

    def __init__(self, vectors: np.ndarray):
        self.array = vectors
        self.rows, self.dimension = vectors.shape
        self.articles = self.rows

    def vectors(self, start: int, stop: int) -> np.ndarray:
        return self.array[start:stop]

    def take(self, rows: np.ndarray) -> np.ndarray:
        return self.array[rows]

    def blocks(self, size: int):
        for start in range(0, self.rows, size):
            yield start, self.array[start : start + size]


class Case:
    """Articles, the questions that are laid out with them, and those placed later, with who is nearest to whom."""

    def __init__(self, results: Path, articles: int | None, questions: int | None, later: int, threads: int):
        table, raw = EmbeddingTable(results / "embeddings.parquet"), read_layout(results / "umap.parquet")
        random = np.random.default_rng(0)
        order = np.arange(table.articles)
        if articles or questions:
            order = random.permutation(table.articles)
        asked = np.arange(table.articles, table.rows)
        if questions:
            asked, order = order[:questions], order[questions:]
        rows = np.sort(order[:articles])
        self.later = asked[len(asked) - later :]
        self.fitted = asked[: len(asked) - later]

        self.vectors = vectors = Articles(table.take(rows))
        self.articles = len(rows)
        self.nearest, _ = nearest(vectors, 0, len(rows), min(15, len(rows) - 1), "cpu", threads)
        everyone = range(len(rows))
        self.question_nearest, _ = articles_nearest_to(
            table.take(self.fitted), vectors, everyone, self.nearest.shape[1], "cpu", threads
        )
        self.later_nearest, _ = articles_nearest_to(table.take(self.later), vectors, everyone, 5, "cpu", threads)
        self.raw = raw[np.concatenate([rows, self.fitted])]

        self.sample = np.sort(random.choice(len(rows), min(SAMPLE, len(rows)), replace=False))
        self.triplets = random_triplets(len(self.sample), TRIPLETS, random)
        self.sample_vectors = vectors.take(self.sample)
        self.threads = threads

    def layout(self, settings: Refinement) -> np.ndarray:
        """Return the refined layout, as `refined_layout` makes it."""
        settings = settings.limited_to(self.articles, len(self.fitted))
        neighbors = np.vstack([self.nearest, self.question_nearest])[:, : settings.k]
        positions = refine(self.raw, neighbors, self.vectors, settings, self.threads)
        place(positions, neighbors, self.articles, settings.question_weight > 1, settings.placement_iterations, self.threads)
        return normalized(positions)

    def measures(self, positions: np.ndarray, split: int) -> dict[str, float | None]:
        articles, questions = positions[: self.articles], positions[self.articles :]
        tree = cKDTree(articles)

        def kept(nearest: np.ndarray, points: np.ndarray, k: int, skip: int = 0) -> np.ndarray:
            around = tree.query(points, k=range(1 + skip, k + skip + 1), workers=self.threads)[1]
            return overlap(nearest[:, :k], around)

        found = kept(self.question_nearest, questions, 5)
        near = np.unique(self.question_nearest[:, :5])
        measures = {"overlap@5": mean(found)}
        if split:
            measures = {f"overlap@5 of {split}": mean(found[:split]), "of the others": mean(found[split:])}
        if len(self.later):
            placed = best_positions(articles, self.later_nearest, self.threads)
            measures["later@5"] = mean(kept(self.later_nearest, placed, 5))
        return measures | {
            "recall@5": mean(kept(self.nearest[self.sample], articles[self.sample], 5, skip=1)),
            "recall@15": mean(kept(self.nearest[self.sample], articles[self.sample], self.nearest.shape[1], skip=1)),
            "near@5": mean(kept(self.nearest[near], articles[near], 5, skip=1)),
            "triplets": mean(triplets_kept(self.sample_vectors, articles[self.sample], self.triplets)),
        }


def mean(values: np.ndarray) -> float | None:
    return round(float(np.mean(values)), 4) if len(values) else None


def draw_curve(records: list[dict], path: Path) -> None:
    """Draw the overlap of the questions against the recall of the articles nearest to them, by the weight of the questions."""
    records = sorted(records, key=lambda record: record["question_weight"])
    kept, reached = ([record[name] for record in records] for name in ("near@5", "overlap@5"))
    with drawing_style(fonts_for([])):
        figure = Figure(figsize=(5.6, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.plot(kept, reached, marker="o", color=COLORS["map"])
        for record, x, y in zip(records, kept, reached, strict=True):
            axes.annotate(f"{record['question_weight']:g}", (x, y), xytext=(6, 6), textcoords="offset points", color=GREY)
        axes.set(xlabel="recall@5 of the articles nearest to a question", ylabel="overlap@5 of the questions")
        items = f"{records[0]['articles']:,} articles, {records[0]['questions']:,} questions"
        axes.set(title=f"by the weight of the questions: {items}")
        axes.margins(0.12)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
        figure.savefig(path, dpi=150)


def variants(vary: list[str]) -> dict[str, Refinement]:
    """Return, by name, the default settings, those of the map's `uniform_weight` twin, and those with one value changed."""
    schema = ROOT / "workflow" / "schemas" / "config.schema.yaml"
    default = Refinement(**complete({"articles": [{"name": "any", "path": "any"}]}, schema)["refinement"])
    tried = {"default": default, "uniform_weight": replace(default, question_weight=1)}
    for each in vary:
        name, _, values = each.partition("=")
        for value in values.split(","):
            tried[f"{name}={value}"] = replace(default, **{name: type(asdict(default)[name])(float(value))})
    return tried


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--vary", action="append", default=[], metavar="SETTING=VALUE,...")
    parser.add_argument("--articles", type=int)
    parser.add_argument("--questions", type=int)
    parser.add_argument("--later", type=int, default=0)
    parser.add_argument("--split", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--curve", type=Path, metavar="PNG")
    arguments = parser.parse_args()
    if arguments.curve and arguments.split:
        parser.error("--curve is drawn of all questions: leave out --split")

    records = []
    with threadpool_limits(arguments.threads):
        case = Case(arguments.results, arguments.articles, arguments.questions, arguments.later, arguments.threads)
        for name, settings in ({"plain UMAP": None} | variants(arguments.vary)).items():
            start = time.monotonic()
            positions = normalized(case.raw) if settings is None else case.layout(settings)
            seconds = round(time.monotonic() - start)
            record = {"articles": case.articles, "questions": len(case.fitted), "settings": name}
            record |= case.measures(positions, arguments.split) | {"seconds": seconds}
            if not records:
                print("| " + " | ".join(record) + " |")
                print("| --- " * len(record) + "|")
            print("| " + " | ".join("–" if value is None else str(value) for value in record.values()) + " |", flush=True)
            records.append(record)
    if arguments.json:
        write_json(arguments.json, records)
    if arguments.curve:
        only_weight = [each for each in arguments.vary if each.startswith("question_weight=")]
        weights = {name: settings.question_weight for name, settings in variants(only_weight).items()}
        of_weights = [record for record in records if record["settings"] in weights]
        draw_curve([record | {"question_weight": weights[record["settings"]]} for record in of_weights], arguments.curve)


if __name__ == "__main__":
    main()
