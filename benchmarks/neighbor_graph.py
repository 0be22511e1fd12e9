"""Ways to a neighbor graph side by side: exact ones and indexes, the same vectors, each in a process of its own.

    python benchmarks/neighbor_graph.py [--vectors FILE.npy] [--rows N] [--queries Q] [--recall R] [--only NAME ...] [--json FILE]

Each way is built (the exact ones have nothing to build), then searched for `queries` rows; an index is searched with twice the
effort again and again, until it finds the share `recall` of their k nearest, or its most. The whole graph is reckoned: what the
build took, and for every row what a query took. On a machine that others use as well believe the processor time and the memory
rather than the clock. pynndescent makes the whole graph at once. usearch is no dependency and is left out where it is not
installed; add an environment that has it by PYTHONPATH.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # a thread that waits does not count as processor time

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))
from knowledge_map.common.files import write_json
from knowledge_map.neighbors.approximate import build_index, nearest_by_index
from knowledge_map.neighbors.exact import nearest


class ArrayTable:
    """Vectors in memory, with the face of an embedding table."""

    def __init__(self, array: np.ndarray):
        self.array = array
        self.rows, self.dimension = array.shape

    def vectors(self, start: int, stop: int) -> np.ndarray:
        return np.ascontiguousarray(self.array[start:stop])

    def blocks(self, size: int) -> Iterator[tuple[int, np.ndarray]]:
        for start in range(0, self.rows, size):
            yield start, np.ascontiguousarray(self.array[start : start + size])


class Task(NamedTuple):
    """What is to be done: the vectors, how many of their rows are asked for, and the k, recall and threads."""

    vectors: np.ndarray
    queries: int
    k: int
    recall: float
    threads: int


class Way(NamedTuple):
    """A way that is built: efforts to search with, least first, and what finds candidates, int [queries, >= k], with one."""

    efforts: list[int]
    search: Callable[[int], np.ndarray]


DOUBLING = [2**power for power in range(3, 12)]


def exact(half: bool) -> Callable[[Task], Way]:
    def build(task: Task) -> Way:
        table = ArrayTable(task.vectors)
        return Way([0], lambda _: nearest(table, 0, task.queries, task.k, "cpu", task.threads, half=half)[0])

    return build


def brute_faiss(task: Task) -> Way:
    import faiss

    faiss.omp_set_num_threads(task.threads)
    index = faiss.IndexFlatIP(task.vectors.shape[1])
    index.add(task.vectors)
    return Way([0], lambda _: index.search(task.vectors[: task.queries], task.k + 1)[1])


def brute_sklearn(task: Task) -> Way:
    from sklearn.neighbors import NearestNeighbors

    brute = NearestNeighbors(n_neighbors=task.k + 1, algorithm="brute", metric="cosine").fit(task.vectors)
    return Way([0], lambda _: brute.kneighbors(task.vectors[: task.queries], return_distance=False))


def index_of_the_workflow(task: Task) -> Way:
    files = [Path(tempfile.mkdtemp(), name) for name in ("index.faiss", "recall.json")]
    table = ArrayTable(task.vectors)
    build_index(table, *files, k=task.k, recall=task.recall, seed=42)
    return Way([0], lambda _: nearest_by_index(*files, table, 0, task.queries, task.k)[0])


def inverted_lists(task: Task) -> Way:
    import faiss

    faiss.omp_set_num_threads(task.threads)
    (rows, dimension), half = task.vectors.shape, faiss.ScalarQuantizer.QT_fp16
    lists = round(4 * rows**0.5)
    index = faiss.IndexIVFScalarQuantizer(faiss.IndexFlatIP(dimension), dimension, lists, half, faiss.METRIC_INNER_PRODUCT, False)
    index.cp.min_points_per_centroid = 1
    index.train(task.vectors[np.random.default_rng(0).choice(rows, min(rows, 40 * lists), replace=False)])
    index.add(task.vectors)

    def search(effort: int) -> np.ndarray:
        index.nprobe = effort
        return index.search(task.vectors[: task.queries], task.k + 1)[1]

    return Way(DOUBLING, search)


def graph_of_faiss(task: Task) -> Way:
    import faiss

    faiss.omp_set_num_threads(task.threads)
    half = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexHNSWSQ(task.vectors.shape[1], half, 16, faiss.METRIC_INNER_PRODUCT)
    index.train(task.vectors[:1000])
    index.add(task.vectors)

    def search(effort: int) -> np.ndarray:
        index.hnsw.efSearch = max(effort, task.k + 1)
        return index.search(task.vectors[: task.queries], task.k + 1)[1]

    return Way(DOUBLING, search)


def graph_of_usearch(dtype: str) -> Callable[[Task], Way]:
    def build(task: Task) -> Way:
        from usearch.index import Index

        index = Index(ndim=task.vectors.shape[1], metric="ip", dtype=dtype)
        index.add(np.arange(len(task.vectors)), task.vectors, threads=task.threads)

        def search(effort: int) -> np.ndarray:
            index.expansion_search = max(effort, task.k + 1)
            found = index.search(task.vectors[: task.queries], task.k + 1, threads=task.threads)
            return found.keys.astype(np.int64)

        return Way(DOUBLING, search)

    return build


def neighbor_descent(task: Task) -> Way:
    from pynndescent import NNDescent

    def whole(n_neighbors: int) -> np.ndarray:
        made = NNDescent(task.vectors, metric="cosine", n_neighbors=n_neighbors, random_state=0, n_jobs=task.threads)
        return made.neighbor_graph[0]

    return Way([task.k + 1, 2 * task.k, 3 * task.k], whole)


WAYS: dict[str, Callable[[Task], Way]] = {
    "exact, float32": exact(half=False),
    "exact, bfloat16": exact(half=True),
    "faiss IndexFlatIP": brute_faiss,
    "scikit-learn brute": brute_sklearn,
    "index": index_of_the_workflow,
    "faiss IVF, float16": inverted_lists,
    "faiss HNSW, float16": graph_of_faiss,
    "usearch HNSW, float16": graph_of_usearch("f16"),
    "usearch HNSW, int8": graph_of_usearch("i8"),
    "pynndescent": neighbor_descent,
}


def clustered(rows: int, dimension: int, seed: int = 0) -> np.ndarray:
    """Return unit vectors around rows / 100 random centres, float32 [rows, dimension]."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((max(1, rows // 100), dimension), np.float32)
    vectors = centres[random.integers(len(centres), size=rows)] + random.standard_normal((rows, dimension), np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def share_found(candidates: np.ndarray, true: np.ndarray) -> float:
    """Return which share of the true neighbors, int [queries, k], is among the first k candidates but the row itself."""
    k = true.shape[1]
    others = (row[row != own][:k] for own, row in enumerate(candidates[: len(true)]))
    return float(np.mean([np.isin(nearest, row).mean() for nearest, row in zip(true, others, strict=True)]))


def measured(name: str, task: Task, true: np.ndarray | None) -> dict:
    """Return what a way takes; without `true` neighbors, those that it finds itself stand for them."""
    begun, busy = time.perf_counter(), time.process_time()
    way = WAYS[name](task)
    result = {"build_seconds": time.perf_counter() - begun, "build_cpu_seconds": time.process_time() - busy}
    for effort in way.efforts:
        begun, busy = time.perf_counter(), time.process_time()
        candidates = way.search(effort)
        result |= {"seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - busy, "effort": effort}
        result["recall"] = 1.0 if true is None else share_found(candidates, true)
        if result["recall"] >= task.recall:
            break
    whole = 1 if name == "pynndescent" else len(task.vectors) / task.queries
    result["graph_cpu_seconds"] = result["build_cpu_seconds"] + whole * result["cpu_seconds"]
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if true is None:
        np.save(os.environ["TRUE_NEIGHBORS"], candidates)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in {"rows": 50_000, "dimension": 384, "k": 15, "queries": 2_000, "threads": 2}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--recall", type=float, default=0.98)
    parser.add_argument("--vectors", type=Path, help="a .npy file of float32 unit vectors to use instead of random ones")
    parser.add_argument("--only", nargs="+", choices=WAYS, default=list(WAYS), metavar="NAME", help=f"of {', '.join(WAYS)}")
    parser.add_argument("--json", help="write the results to this file as well")
    parser.add_argument("--way", help=argparse.SUPPRESS)  # in a process of its own
    given = parser.parse_args()

    if given.way:
        true = Path(os.environ["TRUE_NEIGHBORS"])
        vectors = np.load(given.vectors)[: given.rows] if given.vectors else clustered(given.rows, given.dimension)
        task = Task(vectors, min(given.queries, len(vectors)), given.k, given.recall, given.threads)
        with threadpool_limits(given.threads):
            print(json.dumps(measured(given.way, task, np.load(true) if true.exists() else None)))
        return

    results = {}
    print(f"{'':24}{'build s':>10}{'ms a row':>10}{'graph s':>10}{'recall':>9}{'effort':>8}{'peak MB':>9}   (processor time)")
    with tempfile.TemporaryDirectory() as scratch:
        environment = os.environ | {"TRUE_NEIGHBORS": str(Path(scratch, "true.npy")), "OMP_NUM_THREADS": str(given.threads)}
        for name in dict.fromkeys(["exact, float32", *given.only]):
            command = [sys.executable, __file__, *sys.argv[1:], "--way", name]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            if done.returncode:
                print(f"{name:24}{done.stderr.strip().splitlines()[-1]}")
                continue
            result = results[name] = json.loads(done.stdout.splitlines()[-1])
            row = 1000 * result["cpu_seconds"] / (given.rows if name == "pynndescent" else given.queries)
            print(
                f"{name:24}{result['build_cpu_seconds']:10.1f}{row:10.3f}{result['graph_cpu_seconds']:10.0f}"
                f"{result['recall']:9.4f}{result['effort']:8}{result['peak_mb']:9.0f}",
                flush=True,
            )
    if given.json:
        write_json(given.json, {"settings": {name: str(value) for name, value in vars(given).items()}, "results": results})


if __name__ == "__main__":
    main()
