"""What a run will take on this machine: time, memory and disk of every rule, before it takes them.

The embedding is measured: some texts of the shards are embedded with the model on the device, unless sources bring all vectors
along. All other rules grow as docs/scale.md measured them, from what they took for 24,000 articles on a known machine, times how
much slower this one is.
"""

import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
from threadpoolctl import threadpool_limits

from knowledge_map.articles.shards import read_manifest
from knowledge_map.common.parquet import open_parquet, read_parquet
from knowledge_map.common.progress import duration, log
from knowledge_map.embedding.encoders import TextEncoder
from knowledge_map.embedding.model import EmbeddingModel

SAMPLE = 192
"""Texts that are embedded to measure the rate, from shards all over the collection."""

WARM_UP = 32
"""Texts before them, while the device prepares itself."""

ARTICLES, DIMENSION = 24_000, 384
"""What `COSTS` were measured with."""

SPEED = 0.022
"""Seconds that `_seconds_of_a_core` took on the machine on which `COSTS` were measured."""


@dataclass(frozen=True)
class Cost:
    """What a rule takes for `ARTICLES` articles of `DIMENSION` numbers, and how it grows.

    Attributes
    ----------
    start : processor seconds of a job before it works: imports and compiled code.
    work : processor seconds of the rest, or seconds times `cores` where not all of it is done by all of them.
    exponent : of the articles, in the work.
    cores : how many a job uses at most; None is all that it is given.
    memory : MB at the peak without an article, and MB for each thousand.
    disk : MB of the files that stay for each thousand articles.
    with_dimension : which of work, memory and disk grow with the length of the vectors.
    memory_up_to : articles beyond which its memory grows no more.
    beside : jobs that share the cores, with this one: they run side by side.
    """

    start: float
    work: float
    exponent: float
    cores: int | None
    memory: tuple[float, float]
    disk: float
    with_dimension: str = ""
    memory_up_to: float = math.inf
    beside: int = 1


COSTS = {
    "shard": Cost(0.6, 0.6, 1, 1, (150, 0.1), 0.09),
    "merge_embeddings": Cost(0.5, 0.3, 1, 1, (220, 0.2), 1.56, "work disk"),
    "neighbor_block": Cost(1.8, 6, 2, None, (600, 0.0), 0, "work"),
    "neighbor_graph": Cost(0.5, 0.1, 1, 1, (160, 0.0), 0.1),
    "fit_umap": Cost(3.5, 35, 1.2, 1, (650, 10.0), 3.75, "memory disk"),
    "fit_pca": Cost(1.3, 0.4, 1, 1, (360, 0.0), 0.02, "work"),
    "refine_layout": Cost(2.0, 78, 0.9, 2, (680, 1.0), 0.02, beside=2),
    "refine_uniform_weight": Cost(2.0, 78, 0.9, 2, (680, 1.0), 0.02, beside=2),
    "knowledge_map": Cost(0.5, 0.4, 1, 1, (190, 0.1), 0.17),
    "knn_labels": Cost(2.0, 11, 0.6, 1, (390, 7.6), 0.1, memory_up_to=340_000),
    "map_pickle": Cost(0.5, 1.2, 1, 1, (220, 0.1), 7.5, "work disk"),
    "articles_json": Cost(0.4, 0.2, 1, 1, (130, 0.0), 0.2),
    "map_picture": Cost(3.0, 1.2, 0.5, 1, (280, 0.2), 0.1),
    "map_page": Cost(0.8, 1.0, 1, 1, (220, 0.6), 0.09),
    "page_tiles": Cost(1.5, 0.6, 1, 1, (300, 0.5), 0.13),
    "diagnostics": Cost(3.0, 52, 0.3, None, (700, 0.1), 0.05, "work"),
}
"""The rules after the embedding, without a start that all Python programs have; benchmarks/scale.py tells how they grow."""

BY_INDEX = {
    "neighbor_index": Cost(0.5, 2.2, 1.1, 1, (360, 0.2), 0.12, "work"),
    "neighbor_block": Cost(0.8, 5.9, 1.05, None, (450, 0.2), 0, "work"),
}
"""The neighbors by an index, in the place of exact ones."""

BY_GRAPH = {"fit_umap": Cost(40, 18, 1, 1, (350, 1.4), 0.2)}
"""UMAP fitted to the graph alone, in the place of one that holds all vectors."""

ALONE = {"refine_layout": replace(COSTS["refine_layout"], beside=1)}
"""The refinement of a map that grows, beside which no other runs."""


@dataclass(frozen=True)
class Ways:
    """Which ways a run takes, by its configuration and the number of its articles.

    Attributes
    ----------
    index : neighbors by an index.
    graph_alone : UMAP fitted to the graph alone.
    umap : UMAP lays the items out; else principal components do.
    grown : the layout grows from a former map, and neither does.
    pickle : a pickle is written.
    tiles : the page is one of tiles.
    """

    index: bool = False
    graph_alone: bool = False
    umap: bool = True
    grown: bool = False
    pickle: bool = True
    tiles: bool = False

    def costs(self) -> dict[str, Cost]:
        """Return what the rules cost that are run, in the order of the data."""
        other = (BY_INDEX if self.index else {}) | (BY_GRAPH if self.graph_alone else {}) | (ALONE if self.grown else {})
        order = [rule for each in COSTS for rule in (["neighbor_index", each] if each == "neighbor_block" else [each])]
        runs = {
            "map_pickle": self.pickle,
            "map_page": not self.tiles,
            "page_tiles": self.tiles,
            "neighbor_index": self.index,
            "fit_umap": self.umap and not self.grown,
            "fit_pca": not (self.umap or self.grown),
            "refine_uniform_weight": not self.grown,
        }
        left_out = {rule for rule, runs in runs.items() if not runs}
        return {rule: other.get(rule) or COSTS[rule] for rule in order if rule not in left_out}


@dataclass(frozen=True)
class Row:
    """What one rule will take: seconds on the clock, MB at the peak of a job, MB of files; and jobs that run at once with it."""

    rule: str
    seconds: float
    memory: float
    disk: float
    at_once: int = 1


@dataclass(frozen=True)
class Embedding:
    """What embedding some texts told.

    Attributes
    ----------
    load : seconds until the first text could be embedded.
    rate : texts a second of one job.
    truncated : share of the texts that were cut at the model's most tokens.
    dimension : length of the vectors.
    memory : MB that the process held at its peak.
    computed_in : the number type that the model computed in.
    """

    load: float
    rate: float
    truncated: float
    dimension: int
    memory: float
    computed_in: str


VECTOR = 4.05 / 1e6
"""MB of a file of vectors, for each of their numbers."""


def measure_embedding(manifest: Path, model: EmbeddingModel, open_encoder: Callable[[], TextEncoder]) -> Embedding | None:
    """Embed a sample of the shards' texts with what `open_encoder` loads, and return what that told.

    None where sources bring the vectors of all articles along: nothing is loaded then.
    """
    begun = time.monotonic()
    if not _to_embed(manifest):
        return None
    item_ids, texts = _sample(manifest, model)
    encoder = open_encoder()
    encoder.encode(texts[:WARM_UP], item_ids[:WARM_UP])
    ready = time.monotonic()
    rest = slice(WARM_UP, None) if len(texts) > 2 * WARM_UP else slice(None)
    embedded = encoder.encode(texts[rest], item_ids[rest])
    seconds = time.monotonic() - ready
    return Embedding(
        load=ready - begun,
        rate=len(embedded.vectors) / seconds,
        truncated=embedded.truncated / len(embedded.vectors),
        dimension=encoder.dimension,
        memory=psutil.Process().memory_info().rss / 1e6,
        computed_in=embedded.computed_in,
    )


def estimate(
    manifest: Path, embedding: Embedding | None, cores: int, job_threads: int, ways: Ways, speed: float | None = None
) -> list[Row]:
    """Return what every rule will take, in the order of the data; without `embed_shard` where nothing is embedded.

    Parameters
    ----------
    embedding : what `measure_embedding` returned.
    cores : that the run is given.
    job_threads : CPU threads of one embedding job.
    ways : which ways the run takes.
    speed : seconds that `_seconds_of_a_core` takes here; measured, if left out.
    """
    content = read_manifest(manifest)
    articles, given = content["articles"], [entry for entry in content["shards"] if "vectors" in entry]
    dimension = embedding.dimension if embedding else _dimension(manifest.parent / f"{given[0]['vectors']}.parquet")
    slower = (_seconds_of_a_core() if speed is None else speed) / SPEED
    rows = {rule: _row(rule, cost, articles, dimension, cores, slower) for rule, cost in ways.costs().items()}
    shard = rows.pop("shard")
    vectors = sum(entry["articles"] for entry in given) * dimension * VECTOR
    first = [replace(shard, disk=shard.disk + vectors)]
    if embedding:
        first.append(_embedding_row(embedding, [entry["articles"] for entry in _to_embed(manifest)], cores // job_threads))
    return [*first, *rows.values()]


def _to_embed(manifest: Path) -> list[dict]:
    """Return the shards of a manifest that come without vectors."""
    return [entry for entry in read_manifest(manifest)["shards"] if "vectors" not in entry]


def _dimension(path: Path) -> int:
    """Return the length of the vectors of a shard."""
    with open_parquet(path) as file:
        return file.schema_arrow.field("embedding").type.list_size


def _embedding_row(embedding: Embedding, sizes: Sequence[int], jobs: int) -> Row:
    """Return what embedding the shards takes: as many at a time as there is room for, the next as soon as one is done."""
    ends = np.zeros(max(1, min(jobs, len(sizes))))
    for size in sizes:
        ends[ends.argmin()] += embedding.load + size / embedding.rate
    return Row("embed_shard", float(ends.max()), embedding.memory, sum(sizes) * embedding.dimension * VECTOR)


def _row(rule: str, cost: Cost, articles: int, dimension: int, cores: int, slower: float) -> Row:
    times, wider = articles / ARTICLES, dimension / DIMENSION
    work = cost.work * times**cost.exponent * (wider if "work" in cost.with_dimension else 1)
    at_once = min(cost.beside, cores)
    own = cores // at_once
    seconds = slower * (cost.start + work / min(own, cost.cores or own))
    thousands = articles / 1000
    grown = min(articles, cost.memory_up_to) / 1000 * (wider if "memory" in cost.with_dimension else 1)
    memory = cost.memory[0] + cost.memory[1] * grown
    return Row(rule, seconds, memory, cost.disk * thousands * (wider if "disk" in cost.with_dimension else 1), at_once)


def as_lines(rows: Sequence[Row], embedding: Embedding | None, max_tokens: int, results: Path) -> list[str]:
    """Return the estimate as a table, what is short on this machine, and what would take less."""
    lines = [f"{'rule':24}{'time':>10}{'memory':>12}{'disk':>12}"]
    lines += [f"{row.rule:24}{duration(row.seconds):>10}{row.memory:>9,.0f} MB{row.disk:>9,.0f} MB" for row in rows]
    total, disk = sum(row.seconds / row.at_once for row in rows), sum(row.disk for row in rows)
    peak = max(rows, key=lambda row: row.memory)
    lines.append(f"{'all':24}{duration(total):>10}{peak.memory:>9,.0f} MB{disk:>9,.0f} MB")
    lines.append(
        f"embedding: {embedding.rate:,.3g} texts/s a job in {embedding.computed_in}, {embedding.load:.0f} s to load the model"
        if embedding
        else "embedding: none, since the sources bring all vectors along"
    )
    return lines + _shortages(peak, disk, results) + _remedies(rows, embedding, max_tokens)


def _shortages(peak: Row, disk: float, results: Path) -> list[str]:
    """Return what this machine has too little of."""
    folder = next(parent for parent in [results.absolute(), *results.absolute().parents] if parent.exists())
    free, memory = shutil.disk_usage(folder).free / 1e6, psutil.virtual_memory().total / 1e6
    lines = []
    if disk > free:
        lines.append(f"not enough disk: {free:,.0f} MB are free at {folder}; move `results` to where there is more")
    if peak.memory > memory:
        lines.append(
            f"not enough memory: {peak.rule} takes {peak.memory:,.0f} MB of {memory:,.0f}; docs/scale.md says what to change"
        )
    return lines


def _remedies(rows: Sequence[Row], embedding: Embedding | None, max_tokens: int) -> list[str]:
    """Return what would make the run shorter, where there is much to gain."""
    seconds = {row.rule: row.seconds for row in rows}
    lines = []
    if embedding and seconds["embed_shard"] > 600:
        lines.append("a GPU embeds 20 to 100 times as fast (`embedding.device`, docs/performance.md)")
        if embedding.computed_in == "float32":
            lines.append("`embedding.precision: bfloat16` or `float16` takes half the time where the device is fast at it")
        if embedding.truncated > 0.5:
            lines.append(
                f"{embedding.truncated:.0%} of the texts are longer than {max_tokens} tokens; ".replace("%", " %")
                + f"`embedding.max_tokens: {max_tokens // 2}` takes half the time"
            )
    if seconds["neighbor_block"] > 1800 and "neighbor_index" not in seconds:
        lines.append("`neighbors.method: index` takes a fraction of the time of the exact neighbors, and finds 98 % of them")
    return lines


def _sample(manifest: Path, model: EmbeddingModel) -> tuple[list[str], list[str]]:
    """Return item ids and texts, as the model's template makes them, of rows evenly drawn from at most eight shards to embed."""
    entries = _to_embed(manifest)
    chosen = [entries[i] for i in np.unique(np.linspace(0, len(entries) - 1, min(8, len(entries))).astype(int))]
    item_ids: list[str] = []
    texts: list[str] = []
    for entry in chosen:
        table = read_parquet(manifest.parent / f"{entry['shard']}.parquet", ["item_id", "title", "text"])
        rows = np.unique(np.linspace(0, len(table) - 1, -(-(SAMPLE + WARM_UP) // len(chosen))).astype(int))
        table = table.take(rows)
        item_ids += table["item_id"].to_pylist()
        texts += model.texts_of(table["title"].to_pylist(), table["text"].to_pylist())
    return item_ids, texts


def _seconds_of_a_core() -> float:
    """Return the seconds of one core for work of the kinds that the rules do: products, sorting, and Python itself."""
    numbers = np.random.default_rng(0).random((400, 400), np.float32)
    best = float("inf")
    with threadpool_limits(1):
        for _ in range(5):
            begun = time.process_time()
            for _ in range(4):
                numbers @ numbers
            np.sort(numbers, axis=None)
            sum(value * value for value in range(300_000))
            best = min(best, time.process_time() - begun)
    return best


def tell(rows: Sequence[Row], embedding: Embedding | None, max_tokens: int, results: Path) -> None:
    """Log the estimate."""
    log.info("what the run will take on this machine, from nothing\n" + "\n".join(as_lines(rows, embedding, max_tokens, results)))
