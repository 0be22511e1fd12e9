"""How far the map can be trusted: what of the neighborhoods in embedding space is left in the plane."""

import csv
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import matplotlib
import numpy as np
import torch
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, MaxNLocator, PercentFormatter
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

from knowledge_map.errors import UserError
from knowledge_map.files import damaged, replacing, write_json
from knowledge_map.map_table import KnowledgeMap, question_region
from knowledge_map.neighbors import articles_nearest_to
from knowledge_map.picture import plain
from knowledge_map.progress import log
from knowledge_map.table import ROW_GROUP, EmbeddingTable

OUTPUTS = (
    "neighbors.json",
    "summary.json",
    "neighbors.csv",
    "questions.csv",
    "regions.csv",
    "layouts.csv",
    "overlap.png",
    "overlap.svg",
    "distribution.png",
    "distribution.svg",
    "report.html",
)
"""The files in results/diagnostics/."""

SAMPLE = 2_000
"""Articles drawn for the measures that would take too long over all of them."""
TRIPLETS = 20_000
"""Triplets drawn from the sample: a standard error of at most 0.4 %."""
RECALL_AT = (5, 15)
"""Neighbors of an article that recall looks at."""
CELLS = 64
"""Cells along a side of the map in the distribution of the articles."""
DRAWN = 40
"""Questions with a line of their own in the picture of overlaps."""

ROUNDING = 1e-6
"""More than a cosine similarity in float32 can be off."""

TEMPLATES = Path(__file__).parents[2] / "page"


@dataclass(frozen=True)
class Layout:
    """Positions of all items in one plane, float64 [n, 2]; an article's row in the tables is its row in `articles`."""

    articles: np.ndarray
    questions: np.ndarray


@dataclass(frozen=True)
class Neighborhoods:
    """The nearest articles of every question, nearest first: int [questions, k], in embedding space and by layout."""

    embedding: np.ndarray
    layouts: dict[str, np.ndarray]

    def overlap(self, layout: str, k: int) -> np.ndarray:
        """Return overlap@k of every question, float [questions]."""
        return overlap(self.embedding[:, :k], self.layouts[layout][:, :k])


def write_diagnostics(
    knowledge_map_path: str | Path,
    embeddings_path: str | Path,
    folder: str | Path,
    k: list[int],
    padding: list[float],
    target_overlap: float,
    seed: int,
    threads: int,
) -> None:
    """Measure the map and write `OUTPUTS` into `folder`; for the other parameters see `measure_map`.

    Raises UserError where the two files are not of the same items or hold numbers that are none.
    """
    folder = Path(folder)
    table, knowledge_map = EmbeddingTable(embeddings_path), KnowledgeMap(knowledge_map_path, ["item_id", "title"])
    layouts = layouts_of(table, knowledge_map, knowledge_map_path)
    questions, summary = measure_map(table, knowledge_map, layouts, k, padding, target_overlap, seed, threads)
    write_json(folder / "neighbors.json", {"k": k, "questions": questions})
    write_json(folder / "summary.json", summary)
    write_tables(folder, questions, summary, k)
    write_pictures(folder, layouts, questions, summary, k)
    write_report(folder, questions, summary, k)


def measure_map(
    table: EmbeddingTable,
    knowledge_map: KnowledgeMap,
    layouts: dict[str, Layout],
    k: list[int],
    padding: list[float],
    target_overlap: float,
    seed: int,
    threads: int,
) -> tuple[list[dict], dict]:
    """Return the record of every question (as in neighbors.json) and the summary (as in summary.json).

    Parameters
    ----------
    table, knowledge_map, layouts : the vectors, the map with the columns item_id and title, and its `layouts_of`.
    k : neighbors counted in overlap@k; the first one is what the target applies to, and the length of the listed neighbors.
    padding : paddings of the question box, fractions of its longer side.
    target_overlap : wanted mean overlap of the questions, 0 to 1.
    seed : of the sample of articles and the triplets.
    threads : CPU threads.

    Exact searches, streamed over the table: memory holds the map and, at a time, one block of vectors and its products.
    """
    check_finite(table)
    with threadpool_limits(threads):
        log.info(f"neighbors of {table.questions:,} questions among {table.articles:,} articles")
        neighborhoods = question_neighborhoods(table, layouts, max(k), threads)
        questions = question_records(table, knowledge_map, layouts, neighborhoods, k)
        log.info(f"neighbors of a sample of {min(SAMPLE, table.articles):,} articles")
        measures = layout_measures(table, layouts, neighborhoods, k, seed, threads)
    summary = {
        "counts": {
            "items": table.rows,
            "articles": table.articles,
            "questions": table.questions,
            "dimension": table.dimension,
        },
        "target": target_verdict(measures["map"]["overlap"], k[0], target_overlap),
        "sample": {
            "articles": min(SAMPLE, table.articles),
            "triplets": TRIPLETS if table.articles > 2 else 0,
            "seed": seed,
        },
        "layouts": measures,
        "regions": [region_record(layouts["map"], fraction) for fraction in padding],
        "distribution": distribution(layouts["map"].articles, threads),
    }
    return questions, summary


def layouts_of(table: EmbeddingTable, knowledge_map: KnowledgeMap, path: str | Path) -> dict[str, Layout]:
    """Return the layouts of a map that fits the embedding table: `map` (refined: x, y) and `umap` (plain: x_raw, y_raw)."""
    items = table.columns(["item_id", "kind"])
    if not all(items[name].equals(knowledge_map.table[name]) for name in items.column_names):
        raise UserError(f"{path}: its items are not those of {table.path}; delete it and run the workflow again.")
    if not table.articles:
        raise UserError(f"{table.path}: no articles, so there is nothing to measure; mend `articles` in the configuration.")
    layouts = {}
    for name, places in [("map", knowledge_map.places), ("umap", knowledge_map.raw_places)]:
        if not np.isfinite(places).all():
            raise damaged(path, f"a position of the layout {name!r} is not a number")
        places = places.astype(np.float64)
        layouts[name] = Layout(places[: table.articles], places[table.articles :])
    return layouts


def check_finite(table: EmbeddingTable) -> None:
    """Raise UserError where a number in the embedding table is none: no distance could be told from it."""
    for first, vectors in table.blocks(ROW_GROUP):
        if not (finite := np.isfinite(vectors).all(axis=1)).all():
            raise damaged(table.path, f"the vector of row {first + int(finite.argmin())} is not finite")


# Neighbors in embedding space


def nearest_by_cosine(table: EmbeddingTable, queries: np.ndarray, k: int, threads: int) -> np.ndarray:
    """Return the rows of the k articles (all, where there are fewer) nearest to each query, nearest first, int [q, k]."""
    if not len(queries):
        return np.empty((0, 0), np.int32)
    articles = range(table.articles)
    rows, _ = articles_nearest_to(queries, table, articles, min(k, len(articles)), torch.device("cpu"), threads)
    return rows


def cosine_ranks(table: EmbeddingTable, queries: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return similarity, float [q, m], and rank, int [q, m], of some articles for each query, float32 [q, D] of unit length.

    `rows` is int [q, m]. A rank is one more than the number of articles that are nearer, by more than float32 can err.
    """
    vectors = table.take(rows.ravel()).reshape(*rows.shape, table.dimension)
    similarities = np.einsum("qd,qmd->qm", queries.astype(np.float64), vectors)
    ranks = np.ones(rows.shape, np.int64)
    for first, block in table.blocks(ROW_GROUP) if len(queries) else ():
        others = queries @ block[: max(table.articles - first, 0)].T
        for column in range(rows.shape[1]):
            ranks[:, column] += (others > similarities[:, [column]] + ROUNDING).sum(axis=1)
    return similarities, ranks


# Neighbors in the plane


def nearest_on_map(articles: np.ndarray, points: np.ndarray, k: int, threads: int) -> np.ndarray:
    """Return the rows of the k articles (all, where there are fewer) nearest to each point, nearest first, int [q, k]."""
    if not len(points):
        return np.empty((0, 0), np.int64)
    _, rows = cKDTree(articles).query(points, k=range(1, min(k, len(articles)) + 1), workers=threads)
    return rows


def map_ranks(articles: np.ndarray, points: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return map distance, float [q, m], and rank, int [q, m], of some articles for each point; `rows` is int [q, m].

    A rank is one more than the number of articles that are nearer.
    """
    distances, ranks = np.empty(rows.shape), np.empty(rows.shape, np.int64)
    for query, point in enumerate(points):
        away = np.hypot(*(articles - point).T)
        distances[query] = away[rows[query]]
        ranks[query] = 1 + (away[:, None] < distances[query]).sum(axis=0)
    return distances, ranks


def without_self(neighbors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return `neighbors`, int [n, k + 1], of the articles `rows`, int [n], without themselves: int [n, k].

    Where more than k others lie on the very same spot, the article itself may be missing; then the last one goes.
    """
    others = neighbors != rows[:, None]
    others[others.all(axis=1), -1] = False
    return neighbors[others].reshape(len(neighbors), -1)


# Measures


def question_neighborhoods(table: EmbeddingTable, layouts: dict[str, Layout], k: int, threads: int) -> Neighborhoods:
    """Return the k nearest articles of every question in embedding space and on every layout."""
    vectors = table.vectors(start=table.articles)
    return Neighborhoods(
        nearest_by_cosine(table, vectors, k, threads),
        {name: nearest_on_map(layout.articles, layout.questions, k, threads) for name, layout in layouts.items()},
    )


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return which share of each row of `first` is in the same row of `second`, both int [n, k]: float [n], 0 to 1.

    Between neighbors in embedding space and on the map this is neighbor overlap@k, also known as kNN preservation or
    recall@k. Lists of no length share nothing that could be counted: float [0]. Source: Lee & Verleysen, "Quality assessment
    of dimensionality reduction: Rank-based criteria" (2009).
    """
    if not first.size:
        return np.empty(0)
    return np.array([np.isin(ours, theirs).mean() for ours, theirs in zip(first, second, strict=True)])


def layout_measures(
    table: EmbeddingTable, layouts: dict[str, Layout], neighborhoods: Neighborhoods, k: list[int], seed: int, threads: int
) -> dict[str, dict]:
    """Return overlap of the questions, recall and triplet accuracy of a sample of articles, and bounds, by layout."""
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.choice(table.articles, min(SAMPLE, table.articles), replace=False))
    triplets = random_triplets(len(sample), TRIPLETS, rng)
    vectors = table.take(sample)
    true_neighbors = without_self(nearest_by_cosine(table, vectors, max(RECALL_AT) + 1, threads), sample)
    measures = {}
    for name, layout in layouts.items():
        places = layout.articles[sample]
        neighbors = without_self(nearest_on_map(layout.articles, places, max(RECALL_AT) + 1, threads), sample)
        measures[name] = {
            "overlap": {str(n): mean(neighborhoods.overlap(name, n)) for n in k},
            "article_recall": {str(n): mean(overlap(true_neighbors[:, :n], neighbors[:, :n])) for n in RECALL_AT},
            "triplet_accuracy": mean(triplets_kept(vectors, places, triplets)),
            "bounds": {
                "items": bounds(np.vstack([layout.articles, layout.questions])),
                "articles": bounds(layout.articles),
                "questions": bounds(layout.questions),
            },
        }
    return measures


def random_triplets(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` triplets of distinct indices below n, int [count, 3]; none where n is below 3."""
    if n < 3:
        return np.empty((0, 3), np.int64)
    # Later indices skip those drawn before, so all triplets are equally likely.
    first, second, third = (rng.integers(n - taken, size=count) for taken in range(3))
    second += second >= first
    for taken in np.sort(np.column_stack([first, second]), axis=1).T:
        third += third >= taken
    return np.column_stack([first, second, third])


def triplets_kept(vectors: np.ndarray, places: np.ndarray, triplets: np.ndarray) -> np.ndarray:
    """Return whether the nearer of two others, by cosine among `vectors`, is the nearer in the plane too: bool [triplets].

    Source: random triplet accuracy in Wang, Huang, Rudin, Shaposhnik, "Understanding how dimension reduction tools work"
    (2021). Chance alone gives one half.
    """
    anchor, one, other = triplets.T
    similar = np.einsum("nd,nd->n", vectors[anchor], vectors[one] - vectors[other])
    distances = (np.hypot(*(places[anchor] - places[end]).T) for end in (one, other))
    return (similar > 0) == np.less(*distances)


def bounds(points: np.ndarray) -> dict[str, float] | None:
    """Return the box around `points`, float [n, 2]; None around none."""
    if not len(points):
        return None
    (x_min, y_min), (x_max, y_max) = points.min(axis=0), points.max(axis=0)
    return {"x_min": rounded(x_min), "x_max": rounded(x_max), "y_min": rounded(y_min), "y_max": rounded(y_max)}


def region_record(layout: Layout, padding: float) -> dict:
    """Return the question box with this padding, the articles in it, and its share of the map; nulls without questions."""
    region = question_region(layout.questions, padding)
    if region is None:
        return {"padding": padding, "box": None, "articles": None, "article_share": None, "area_share": None}
    inside = region.contains(layout.articles)
    return {
        "padding": padding,
        "box": {side: rounded(value) for side, value in region.as_dict().items()},
        "articles": int(inside.sum()),
        "article_share": mean(inside),
        "area_share": rounded((region.x_max - region.x_min) * (region.y_max - region.y_min)),
    }


def distribution(articles: np.ndarray, threads: int) -> dict:
    """Return how evenly the articles, float [n, 2] in [0, 1], lie on the map.

    The entropy of the counts per cell is given as a share of the greatest possible, that of articles spread over as many
    cells as they can fill: 1 is perfectly even.
    """
    counts = articles_per_cell(articles).ravel()
    occupied = counts[counts > 0]
    shares = occupied / len(articles)
    greatest = np.log(min(len(articles), len(counts)))
    quartiles = np.quantile(articles, [0.25, 0.5, 0.75], axis=0)
    distances, _ = cKDTree(articles).query(articles, k=range(1, min(2, len(articles)) + 1), workers=threads)
    return {
        "cells": len(counts),
        "occupied_cells": len(occupied),
        "occupied_share": rounded(len(occupied) / len(counts)),
        "normalized_entropy": rounded(-(shares * np.log(shares)).sum() / greatest) if greatest else None,
        "x_quartiles": [rounded(value) for value in quartiles[:, 0]],
        "y_quartiles": [rounded(value) for value in quartiles[:, 1]],
        "articles_per_cell": {
            "mean": rounded(counts.mean()),
            "mean_of_occupied": rounded(occupied.mean()),
            "max": int(counts.max()),
        },
        "median_neighbor_distance": distance(np.median(distances[:, 1])) if len(articles) > 1 else None,
    }


def articles_per_cell(articles: np.ndarray) -> np.ndarray:
    """Return the number of articles in every cell of the map, int [CELLS, CELLS], rows from the bottom, columns from the left."""
    counts, _, _ = np.histogram2d(articles[:, 1], articles[:, 0], bins=CELLS, range=[[0, 1], [0, 1]])
    return counts.astype(int)


def target_verdict(overlaps: dict[str, float | None], k: int, target: float) -> dict:
    """Return the target, what was reached, and whether that is enough; None for both without questions."""
    reached = overlaps[str(k)]
    return {"k": k, "overlap": reached, "target_overlap": target, "met": None if reached is None else reached >= target}


def mean(values: np.ndarray) -> float | None:
    """Return the mean of `values`, None of none."""
    return rounded(np.mean(values)) if len(values) else None


def rounded(value: float) -> float:
    """Return `value` to six decimals, which is what float32 can hold of numbers about one."""
    return round(float(value), 6)


def distance(value: float) -> float:
    """Return a map distance to six digits: on a full map neighbors are so close that decimals would not do."""
    return float(f"{value:.6g}")


# Records and tables


def question_records(
    table: EmbeddingTable, knowledge_map: KnowledgeMap, layouts: dict[str, Layout], neighborhoods: Neighborhoods, k: list[int]
) -> list[dict]:
    """Return for every question its place, its nearest articles in embedding space and on the map, and its overlaps."""
    names = knowledge_map.table.select(["item_id", "title"])
    lists = [neighborhoods.embedding[:, : k[0]], neighborhoods.layouts["map"][:, : k[0]]]
    rows = np.hstack(lists)
    similarities, embedding_ranks = cosine_ranks(table, table.vectors(start=table.articles), rows)
    distances, ranks = map_ranks(layouts["map"].articles, layouts["map"].questions, rows)
    overlaps = {name: {str(n): neighborhoods.overlap(name, n) for n in k} for name in layouts}

    records = []
    for number, question in enumerate(names.slice(table.articles).to_pylist()):
        neighbors = [
            {
                **article,
                "row": int(rows[number, column]),
                "similarity": rounded(similarities[number, column]),
                "embedding_rank": int(embedding_ranks[number, column]),
                "map_distance": distance(distances[number, column]),
                "map_rank": int(ranks[number, column]),
                "in_both": all(rows[number, column] in neighbors[number] for neighbors in lists),
            }
            for column, article in enumerate(names.take(rows[number]).to_pylist())
        ]
        x, y = layouts["map"].questions[number]
        records.append(
            {
                **question,
                "x": rounded(x),
                "y": rounded(y),
                "overlap": {name: {n: rounded(values[number]) for n, values in by_k.items()} for name, by_k in overlaps.items()},
                "nearest_in_embedding_space": neighbors[: lists[0].shape[1]],
                "nearest_on_map": neighbors[lists[0].shape[1] :],
            }
        )
    return records


SPACES = {"embedding": "nearest_in_embedding_space", "map": "nearest_on_map"}
NEIGHBOR_COLUMNS = ["row", "item_id", "title", "similarity", "embedding_rank", "map_distance", "map_rank", "in_both"]


def write_tables(folder: Path, questions: list[dict], summary: dict, k: list[int]) -> None:
    """Write the same numbers as CSV: neighbors, questions, regions, layouts."""
    write_csv(
        folder / "neighbors.csv",
        ["question_id", "question", "space", "rank", *NEIGHBOR_COLUMNS],
        (
            [question["item_id"], question["title"], space, rank, *(neighbor[column] for column in NEIGHBOR_COLUMNS)]
            for question in questions
            for space, key in SPACES.items()
            for rank, neighbor in enumerate(question[key], start=1)
        ),
    )
    overlaps = [(layout, str(n)) for layout in summary["layouts"] for n in k]
    write_csv(
        folder / "questions.csv",
        ["item_id", "title", "x", "y", *(f"{layout}_overlap@{n}" for layout, n in overlaps)],
        (
            [*(question[column] for column in ("item_id", "title", "x", "y")), *(question["overlap"][a][b] for a, b in overlaps)]
            for question in questions
        ),
    )
    write_csv(
        folder / "regions.csv",
        ["padding", "x_min", "x_max", "y_min", "y_max", "articles", "article_share", "area_share"],
        (
            [region["padding"], *(region["box"] or dict.fromkeys(range(4))).values(), *(region[name] for name in REGION_NUMBERS)]
            for region in summary["regions"]
        ),
    )
    write_csv(
        folder / "layouts.csv",
        ["layout", "measure", "value"],
        ([layout, *row] for layout, measures in summary["layouts"].items() for row in measure_rows(measures)),
    )


REGION_NUMBERS = ["articles", "article_share", "area_share"]


def measure_rows(measures: dict, prefix: str = "") -> Iterator[tuple[str, float | None]]:
    """Yield (name, value) of every measure; a name tells the way to it, such as `overlap@5` and `bounds.questions.x_min`."""
    for name, value in measures.items():
        path = f"{prefix}{'@' if name.isdigit() else '.'}{name}" if prefix else name
        if isinstance(value, dict):
            yield from measure_rows(value, path)
        else:
            yield path, value


def write_csv(path: Path, columns: list[str], rows: Iterator[list]) -> None:
    """Write rows under a header; text is quoted, whatever is in it, and None is an empty field."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


# Pictures

MAP_COLOR, UMAP_COLOR, TARGET_COLOR, GREY = "#0072b2", "#e69f00", "#b3261e", "#8a8f98"
SHADES = LinearSegmentedColormap.from_list("articles", ["#c3d9ea", "#6fa8cf", "#2171b5", "#08306b"])
BOX_COLORS = ["#d1432f", "#7b2d8b", "#1b7837", "#444444"]


def write_pictures(folder: Path, layouts: dict[str, Layout], questions: list[dict], summary: dict, k: list[int]) -> None:
    """Draw overlaps and distribution as .png and .svg; the same numbers give the same bytes."""
    with _style():
        for name, figure in [
            ("overlap", draw_overlap(questions, summary, k)),
            ("distribution", draw_distribution(layouts["map"], summary["regions"])),
        ]:
            for kind, metadata in [("png", None), ("svg", {"Date": None})]:
                with replacing(folder / f"{name}.{kind}") as temporary:
                    figure.savefig(temporary, format=kind, dpi=150, metadata=metadata)


@contextmanager
def _style() -> Iterator[None]:
    """Draw in our own style, whatever the user's matplotlibrc says; titles are text and never formulas."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "text.parse_math": False,
                "svg.hashsalt": "knowledge map",
                "font.size": 9,
                "axes.titlesize": 10,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "legend.frameon": False,
            }
        )
        yield


def draw_overlap(questions: list[dict], summary: dict, k: list[int]) -> Figure:
    """Draw overlap@k of every question and their mean, one panel per k, the refined map beside the plain UMAP."""
    drawn = questions[:DRAWN]
    labels = [plain(question["title"], 60) for question in drawn] + [f"mean of {len(questions)}"] * bool(drawn)
    lines = np.arange(len(labels))
    figure = Figure(figsize=(3.6 + 2.3 * len(k), 1.3 + 0.24 * max(len(labels), 4)), layout="constrained")
    panels = figure.subplots(1, len(k), sharey=True, squeeze=False)[0]
    for axes, n in zip(panels, k, strict=True):
        axes.set(title=f"overlap@{n}", xlim=(-0.03, 1.03), ylim=(max(len(labels), 1) - 0.4, -0.6))
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.set_xticks([0, 0.5, 1])
        axes.grid(axis="x", color="#e4e6ea", linewidth=0.7)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        values = {
            layout: [question["overlap"][layout][str(n)] for question in drawn] + [measures["overlap"][str(n)]] * bool(drawn)
            for layout, measures in summary["layouts"].items()
        }
        if drawn:
            axes.axhline(len(drawn) - 0.5, color=GREY, linewidth=0.6)
            axes.hlines(lines, values["umap"], values["map"], color="#d5d8dd", linewidth=2, zorder=1)
            axes.scatter(
                values["umap"],
                lines,
                s=52,
                facecolors="white",
                edgecolors=UMAP_COLOR,
                linewidths=1.6,
                label="plain UMAP",
                zorder=2,
            )
            axes.scatter(values["map"], lines, s=20, color=MAP_COLOR, label="map (refined)", zorder=3)
        else:
            axes.text(0.5, 0, "no questions", ha="center", va="center", color=GREY)
    target = summary["target"]
    label = f"target {_percent(target['target_overlap'])}, mean overlap@{k[0]}"
    panels[0].axvline(target["target_overlap"], color=TARGET_COLOR, linewidth=1, linestyle=(0, (4, 2)), label=label, zorder=0)
    panels[0].set_yticks(lines, labels)
    if drawn:
        panels[0].get_yticklabels()[-1].set_weight("bold")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    if len(questions) > len(drawn):
        figure.supxlabel(f"the first {len(drawn)} of {len(questions)} questions; the mean is of all", size=8, color=GREY)
    return figure


def draw_distribution(layout: Layout, regions: list[dict]) -> Figure:
    """Draw the articles per cell as a shade, with the question boxes, and how many cells hold how many articles."""
    counts = articles_per_cell(layout.articles)
    figure = Figure(figsize=(10.5, 4.8), layout="constrained")
    plane, histogram = figure.subplots(1, 2)
    image = plane.imshow(
        np.ma.masked_equal(counts, 0),
        extent=(0, 1, 0, 1),
        origin="lower",
        cmap=SHADES,
        norm=LogNorm(1, max(counts.max(), 2)),
        interpolation="nearest",
    )
    bar = figure.colorbar(image, ax=plane, shrink=0.75, pad=0.02, format="{x:,.0f}", ticks=LogLocator(subs=(1, 2, 5)))
    bar.set_label("articles in the cell")
    bar.minorticks_off()
    for spine in ("top", "right"):
        plane.spines[spine].set_visible(True)
    plane.set(title=f"articles per cell, {CELLS} x {CELLS} cells", xlabel="x", ylabel="y", xlim=(0, 1), ylim=(0, 1))
    for number, region in enumerate(regions):
        if box := region["box"]:
            color = BOX_COLORS[number % len(BOX_COLORS)]
            sides = box["x_max"] - box["x_min"], box["y_max"] - box["y_min"]
            label = f"question box, {_percent(region['padding'])} padding"
            plane.add_patch(
                Rectangle((box["x_min"], box["y_min"]), *sides, fill=False, edgecolor=color, linewidth=1.4, label=label)
            )
    if len(layout.questions):
        plane.scatter(*layout.questions.T, s=14, color="black", edgecolors="white", linewidths=0.6, label="questions", zorder=3)
        plane.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, fontsize=8)

    per_cell = counts.ravel()
    width = max(1, -(-int(per_cell.max()) // 50))
    histogram.hist(
        per_cell, bins=np.arange(0, per_cell.max() + width + 1, width) - 0.5, color=MAP_COLOR, edgecolor="white", linewidth=0.4
    )
    average = per_cell.mean()
    histogram.axvline(average, color=TARGET_COLOR, linewidth=1, linestyle=(0, (4, 2)), label=f"mean {average:,.2f}")
    histogram.set(
        title="how many cells hold how many articles", xlabel="articles in a cell", ylabel="cells", yscale="log", ylim=(0.5, None)
    )
    histogram.xaxis.set_major_locator(MaxNLocator(integer=True))
    histogram.yaxis.set_major_formatter("{x:,.0f}")
    histogram.legend()
    return figure


# Report


def write_report(folder: Path, questions: list[dict], summary: dict, k: list[int]) -> None:
    """Write report.html: one page, no network, no script; the pictures must lie in `folder`."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["percent"] = _percent
    environment.filters["csp_hash"] = lambda text: b64encode(sha256(text.encode()).digest()).decode()
    page = environment.get_template("report.html").render(
        summary=summary,
        questions=questions,
        k=[str(n) for n in k],
        pictures={name: b64encode((folder / f"{name}.png").read_bytes()).decode() for name in ("overlap", "distribution")},
    )
    with replacing(folder / "report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")


def _percent(share: float | None, digits: int = 0) -> str:
    return "–" if share is None else f"{100 * share:.{digits}f} %"
