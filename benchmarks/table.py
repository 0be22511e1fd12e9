"""What `embedding.stored_as` and `embedding.dimensions` do to the table and to the ten nearest neighbors of its articles.

    python benchmarks/table.py results --model FOLDER_OF_EMBEDDINGS [--rows 250000]

Merges the embedded shards of a finished run anew, into a folder that is thrown away, searches the neighbors of some articles as
the rule neighbor_block does, in a process of its own on one core, and prints a table. With `--rows` there are so many articles:
those of the run over and over, each moved by noise to a cosine of about 0.93. Then many neighbors are nearly as near as each
other.
"""

import argparse
import itertools
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from knowledge_map.articles.shards import read_manifest
from knowledge_map.common.parquet import as_column, as_matrix, open_parquet, parquet_writer, read_parquet
from knowledge_map.common.vectors import normalized
from knowledge_map.embedding.table import EmbeddingTable, merge_embeddings
from knowledge_map.neighbors.exact import search_exactly

WAYS = {"as it is": {}, "float16": {"stored_as": "float16"}, "256": {"dimensions": 256}, "128": {"dimensions": 128}}

K, QUERIES, PAIRS = 10, 2_000, 20_000

NOISE = 0.4
"""Length of the noise, beside that of a vector."""


def copies(paths: Sequence[Path], rows: int) -> Iterator[pa.Table]:
    """Yield tables with so many rows in all: those of the files over and over, moved by noise after the first time."""
    random, number = np.random.default_rng(0), 0
    for path in itertools.cycle(paths):
        table = read_parquet(path).slice(0, rows)
        vectors = as_matrix(table["embedding"])
        if number >= len(paths):
            noise = random.normal(size=vectors.shape).astype(np.float32)
            vectors = normalized(vectors + noise * np.float32(NOISE / np.sqrt(vectors.shape[1])))
        ids = pa.array([f"{number}:{item_id}" for item_id in table["item_id"].to_pylist()])
        columns = {"item_id": ids, "embedding": as_column(np.ascontiguousarray(vectors))}
        yield pa.table([columns.get(name, table[name]) for name in table.column_names], schema=table.schema)
        number, rows = number + 1, rows - len(table)
        if not rows:
            return


def write_copies(paths: Sequence[Path], rows: int, output: Path) -> Path:
    """Write the `copies` as one embedded shard."""
    with open_parquet(paths[0]) as file:
        schema = file.schema_arrow
    with parquet_writer(output, schema) as writer:
        for table in copies(paths, rows):
            writer.write_table(table)
    return output


def search(path: Path, rows: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return the K articles nearest to each of some, int [n, K], processor seconds that it took, and MB at the peak."""
    table, start = EmbeddingTable(path), time.process_time()
    found, _ = search_exactly(table.take(rows), rows, table, range(table.articles), K, "cpu", 1, None, None)
    return found, time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cosines(table: EmbeddingTable, pairs: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", table.take(pairs[:, 0]), table.take(pairs[:, 1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--model", required=True, help="the folder of the articles' vectors below results/embeddings")
    parser.add_argument("--rows", type=int, help="articles, made of those of the run")
    options = parser.parse_args()
    manifest = read_manifest(options.results / "shards/manifest.json")
    paths = [options.results / "embeddings" / options.model / f"{entry['shard']}.parquet" for entry in manifest["shards"]]
    questions = next((options.results / "embeddings").glob("*/questions.parquet"))
    random = np.random.default_rng(0)
    first: tuple[np.ndarray, np.ndarray] | None = None
    print("| embedding | MB | merge, CPU s | ten nearest kept | cosines changed by at most | search, CPU s | search, MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as name, multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        folder = Path(name)
        if options.rows:
            paths = [write_copies(paths, options.rows, folder / "copies.parquet")]
        articles = options.rows or sum(entry["articles"] for entry in manifest["shards"])
        rows, pairs = np.sort(random.choice(articles, QUERIES, replace=False)), random.integers(0, articles, (PAIRS, 2))
        for way, settings in WAYS.items():
            path, start = folder / "table.parquet", time.process_time()
            merge_embeddings(paths, questions, path, **settings)
            merge = time.process_time() - start
            table = EmbeddingTable(path)
            found, seconds, memory = pool.apply(search, (path, rows))
            cosine = cosines(table, pairs)
            if first is None:
                first = found, cosine
            kept = np.mean([len(set(one) & set(other)) / K for one, other in zip(first[0], found, strict=True)])
            change = np.abs(first[1] - cosine).max()
            cells = f"{path.stat().st_size / 1e6:.1f} | {merge:.2f} | {kept:.2%} | {change:.5f} | {seconds:.1f} | {memory:.0f}"
            print(f"| {way} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
