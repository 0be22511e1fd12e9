"""Memory and time of writing the knowledge map as a pickle: our stream beside `pickle.dump` of the same dict.

    python benchmarks/map_pickle.py --items 250000 --dimension 1024 --skip-dump

Each way runs in a process of its own, whose peak memory is read at its end. `pickle.dump` needs the whole map as Python
objects: about 60 GB at the size above, where it can only be skipped.
"""

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import numpy as np
import pyarrow as pa

from knowledge_map.common.parquet import parquet_writer
from knowledge_map.embedding.table import table_schema
from knowledge_map.map.pickle_export import write_map_pickle
from knowledge_map.map.table import SCHEMA

BATCH = 10_000
TEXT = "A few words about one thing or another, as an article has them. " * 20


def make_tables(folder: Path, items: int, dimension: int) -> None:
    """Write a knowledge map, an embedding table and a reducer of random numbers."""
    rng = np.random.default_rng(0)
    schema = table_schema(dimension)
    with (
        parquet_writer(folder / "map.parquet", SCHEMA) as positions,
        parquet_writer(folder / "embeddings.parquet", schema) as vectors,
    ):
        for start in range(0, items, BATCH):
            rows = np.arange(start, min(start + BATCH, items), dtype=np.int32)
            names = pa.array([f"item {row}" for row in rows])
            item = [rows, names, pa.repeat("article", len(rows)), pa.repeat("benchmark", len(rows)), names, names]
            embedding = rng.normal(size=(len(rows), dimension)).astype(np.float32)
            embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
            column = pa.FixedSizeListArray.from_arrays(pa.array(embedding.ravel()), dimension)
            vectors.write_table(pa.Table.from_arrays([pa.array(rows), *item[1:], column], schema=schema))
            places_of = [pa.array(rng.random(len(rows)).astype(np.float32)) for _ in range(4)]
            near = pa.array([{"ids": [0], "distances": [0.5]}] * len(rows), SCHEMA.field("neighbors").type)
            positions.write_table(pa.Table.from_arrays([pa.array(rows), *item[1:], names, *places_of, near], schema=SCHEMA))
    with (folder / "reducer.pkl").open("wb") as file:
        pickle.dump({"_raw_data": np.zeros((items, dimension), np.float32)}, file, protocol=5)


def stream(folder: Path, items: int) -> None:
    """Write the pickle our way."""
    texts = (TEXT for _ in range(items))
    metadata = {"total_items": items}
    parts = (folder / "map.parquet", folder / "embeddings.parquet", texts, [], metadata, folder / "reducer.pkl")
    write_map_pickle(*parts, folder / "stream.pkl")


def dump(folder: Path, items: int) -> None:
    """Load everything and write it by one call."""
    import pyarrow.parquet as pq

    columns = ["title", "source", "x", "y", "x_raw", "y_raw"]
    records = pq.read_table(folder / "map.parquet", columns=columns).to_pylist()
    vectors = pq.read_table(folder / "embeddings.parquet", columns=["embedding"])["embedding"].to_pylist()
    for record, vector in zip(records, vectors, strict=True):
        record["text"], record["embedding"] = TEXT, vector
    reducer = pickle.loads((folder / "reducer.pkl").read_bytes())
    with (folder / "dump.pkl").open("wb") as file:
        pickle.dump({"metadata": {"total_items": items}, "items": records, "umap_reducer": reducer}, file, protocol=5)


def measured(way: str, folder: Path, items: int) -> dict:
    """Run one way in a process of its own and return its seconds and peak memory."""
    start = time.monotonic()
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder), "--items", str(items)]
    peak = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    size = (folder / f"{way}.pkl").stat().st_size
    return {"way": way, "seconds": time.monotonic() - start, "peak_mb": peak, "file_mb": size / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=1024)
    parser.add_argument("--skip-dump", action="store_true")
    parser.add_argument("--way", choices=["stream", "dump"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        {"stream": stream, "dump": dump}[args.way](args.folder, args.items)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
        return
    with tempfile.TemporaryDirectory() as folder:
        make_tables(Path(folder), args.items, args.dimension)
        for way in ["stream"] if args.skip_dump else ["stream", "dump"]:
            result = measured(way, Path(folder), args.items)
            print("{way:8} {seconds:7.1f} s {peak_mb:9,.0f} MB peak {file_mb:9,.0f} MB file".format(**result))


if __name__ == "__main__":
    main()
