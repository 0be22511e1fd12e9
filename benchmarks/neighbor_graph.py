"""Exact nearest neighbors beside faiss and scikit-learn: the same vectors, one process, turn by turn.

    python benchmarks/neighbor_graph.py [--rows N] [--dimension D] [--k K] [--queries Q] [--repeats R] [--threads T] [--json FILE]

Each searcher answers the same queries in turn, `repeats` times; the median counts. On a machine that others use as well,
believe the processor time rather than the clock, and of both only the ratios. An answer is equal where the neighbors of a
row are the same rows, in whatever order.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # a thread that waits does not count as processor time

import faiss
import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))
from knowledge_map.common.device import half_precision_pays
from knowledge_map.common.files import write_json
from knowledge_map.neighbors.exact import nearest


class ArrayTable:
    """Vectors in memory, with the face of an embedding table."""

    def __init__(self, array: np.ndarray):
        self.array = array
        self.rows, self.dimension = array.shape

    def vectors(self, start: int, stop: int) -> np.ndarray:
        return self.array[start:stop]

    def blocks(self, size: int) -> Iterator[tuple[int, np.ndarray]]:
        for start in range(0, self.rows, size):
            yield start, self.array[start : start + size]


def clustered(rows: int, dimension: int, seed: int = 0) -> np.ndarray:
    """Return unit vectors around rows / 100 random centres, float32 [rows, dimension]."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((max(1, rows // 100), dimension), np.float32)
    vectors = centres[random.integers(len(centres), size=rows)] + random.standard_normal((rows, dimension), np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def searchers(vectors: np.ndarray, queries: int, k: int, threads: int) -> dict[str, Callable[[], np.ndarray]]:
    """Return by name what finds the k nearest rows of the first `queries` rows, int [queries, k]."""
    table = ArrayTable(vectors)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    faiss.omp_set_num_threads(threads)
    brute = NearestNeighbors(n_neighbors=k + 1, algorithm="brute", metric="cosine").fit(vectors)

    def others(rows: np.ndarray) -> np.ndarray:
        """Leave out of k + 1 neighbors the row itself, or else the last."""
        own = rows == np.arange(queries)[:, None]
        own[~own.any(1), -1] = True
        return rows[~own].reshape(queries, k)

    named = {"full precision": lambda: nearest(table, 0, queries, k, "cpu", threads, half=False)[0]}
    if half_precision_pays(torch.device("cpu")):
        named["half precision"] = lambda: nearest(table, 0, queries, k, "cpu", threads, half=True)[0]
    named["faiss IndexFlatIP"] = lambda: others(index.search(vectors[:queries], k + 1)[1])
    named["scikit-learn brute"] = lambda: others(brute.kneighbors(vectors[:queries], return_distance=False))
    return named


def measure(named: dict[str, Callable], repeats: int) -> tuple[dict[str, list], dict[str, list], dict[str, np.ndarray]]:
    """Run all in turn, `repeats` times; return seconds by the clock, seconds of processor time, and the answers."""
    clock, processor, answers = {name: [] for name in named}, {name: [] for name in named}, {}
    for _ in range(repeats):
        for name, search in named.items():
            start, busy = time.perf_counter(), time.process_time()
            answers[name] = search()
            clock[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - busy)
    return clock, processor, answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in {"rows": 50_000, "dimension": 384, "k": 15, "queries": 5000, "repeats": 3, "threads": 2}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--vectors", help="a .npy file of float32 unit vectors to use instead of random ones")
    parser.add_argument("--json", help="write the results to this file as well")
    given = parser.parse_args()

    vectors = np.load(given.vectors)[: given.rows] if given.vectors else clustered(given.rows, given.dimension)
    rows, dimension = vectors.shape
    queries = min(given.queries, rows)
    with threadpool_limits(given.threads):
        clock, processor, answers = measure(searchers(vectors, queries, given.k, given.threads), given.repeats)

    median = {name: (statistics.median(clock[name]), statistics.median(processor[name])) for name in clock}
    first, reference = median["full precision"], np.sort(answers["full precision"])
    results = {}
    print(f"{queries:,} queries among {rows:,} x {dimension}, k = {given.k}, {given.threads} threads, {given.repeats} rounds")
    print(f"{'':20}{'clock s':>10}{'ratio':>8}{'processor s':>14}{'ratio':>8}{'rows equal':>12}")
    for name, (seconds, busy) in median.items():
        equal = float((np.sort(answers[name]) == reference).all(1).mean())
        results[name] = {"clock_seconds": clock[name], "processor_seconds": processor[name], "rows_equal": equal}
        print(f"{name:20}{seconds:10.2f}{seconds / first[0]:8.2f}{busy:14.2f}{busy / first[1]:8.2f}{equal:12.2%}")
    if given.json:
        write_json(given.json, {"settings": {**vars(given), "rows": rows, "dimension": dimension}, "results": results})


if __name__ == "__main__":
    main()
