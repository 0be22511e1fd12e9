"""How long given vectors take from a NumPy file to the embedding table, with the workflow as it is run.

    python benchmarks/given_vectors.py --rows 250000 --dimensions 768 --cores 1

Makes random vectors and short articles in a folder that is thrown away, and prints seconds and peak memory of the two jobs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).parents[1]

PIECE = 10_000
"""Vectors made at once."""

CONFIG = """
articles:
  - {name: made, path: articles.jsonl, vectors: vectors.npy}
"""


def write_inputs(folder: Path, rows: int, dimensions: int) -> None:
    random = np.random.default_rng(0)
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (rows, dimensions))
    for start in range(0, rows, PIECE):
        vectors[start : start + PIECE] = random.normal(size=(len(vectors[start : start + PIECE]), dimensions))
    vectors.flush()
    with (folder / "articles.jsonl").open("w") as out:
        for number in range(rows):
            text = f"The text of article {number} is short, but long enough to be one."
            out.write(json.dumps({"id": number, "title": f"Title {number}", "text": text}) + "\n")
    (folder / "config.yaml").write_text(CONFIG)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--dimensions", type=int, default=768)
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, options.rows, options.dimensions)
        words = ["--cores", str(options.cores), "--snakefile", str(REPOSITORY / "Snakefile"), "--directory", str(folder)]
        words += ["--configfile", str(folder / "config.yaml"), "--workflow-profile", str(REPOSITORY / "profiles/default")]
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "snakemake", "merge_embeddings", *words], cwd=folder, check=True, stderr=subprocess.DEVNULL
        )
        print(f"whole run: {time.perf_counter() - start:.1f} s")
        for rule in ("shard", "merge_embeddings"):
            record = json.loads((folder / f"results/benchmarks/{rule}.jsonl").read_text().splitlines()[-1])
            print(f"{rule}: {record['s']:.1f} s, {record['cpu_time']:.1f} CPU seconds, {record['max_rss']:.0f} MB")


if __name__ == "__main__":
    main()
