"""What `embedding.stored_as` and `embedding.dimensions` do to the table and to the ten nearest neighbors of its articles.

    python benchmarks/table.py results --model FOLDER_OF_EMBEDDINGS

Merges the embedded shards of a finished run anew, into a folder that is thrown away, and prints a table.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from knowledge_map.articles.shards import read_manifest
from knowledge_map.embedding.table import EmbeddingTable, merge_embeddings

WAYS = {"as it is": {}, "float16": {"stored_as": "float16"}, "256": {"dimensions": 256}, "128": {"dimensions": 128}}

K, QUERIES, PAIRS = 10, 2_000, 20_000


def nearest(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the K rows nearest to each of `rows`, int [n, K]."""
    similarity = vectors[rows] @ vectors.T
    similarity[np.arange(len(rows)), rows] = -2
    return np.argpartition(-similarity, K, axis=1)[:, :K]


def cosines(vectors: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", vectors[pairs[:, 0]], vectors[pairs[:, 1]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--model", required=True, help="the folder of the articles' vectors below results/embeddings")
    options = parser.parse_args()
    shards = [entry["shard"] for entry in read_manifest(options.results / "shards/manifest.json")["shards"]]
    paths = [options.results / "embeddings" / options.model / f"{shard}.parquet" for shard in shards]
    questions = next((options.results / "embeddings").glob("*/questions.parquet"))
    random, first = np.random.default_rng(0), None
    print("| embedding | MB | merge, CPU seconds | ten nearest kept | cosines changed by at most |")
    print("| --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name, settings in WAYS.items():
            path, start = Path(folder) / "table.parquet", time.process_time()
            merge_embeddings(paths, questions, path, **settings)
            seconds = time.process_time() - start
            table = EmbeddingTable(path)
            vectors = table.vectors(0, table.articles)
            if first is None:
                rows, pairs = (
                    random.choice(table.articles, QUERIES, replace=False),
                    random.integers(0, table.articles, (PAIRS, 2)),
                )
                first = nearest(vectors, rows), cosines(vectors, pairs)
            kept = np.mean([len(set(one) & set(other)) / K for one, other in zip(first[0], nearest(vectors, rows), strict=True)])
            change = np.abs(first[1] - cosines(vectors, pairs)).max()
            print(f"| {name} | {path.stat().st_size / 1e6:.1f} | {seconds:.2f} | {kept:.2%} | {change:.5f} |")


if __name__ == "__main__":
    main()
