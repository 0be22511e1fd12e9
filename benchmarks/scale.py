"""How every rule grows with the number of articles, from the records that Snakemake keeps of several finished runs.

    python benchmarks/scale.py RESULTS RESULTS ... [--at 7000000]

Three tables in the form of Markdown: CPU seconds (of all jobs of a rule), peak memory (of its largest job) and what its files take
on the disk. The exponent is the slope of a straight line through the logarithms of both, by least squares; the last column goes on
from the largest run with it. Of short jobs most is starting Python: they are shown, but no line is drawn through less than
`--least` of what is measured. Where a folder holds only some rules, so do the tables.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rules import records

OUTPUTS = {
    "shard": ["shards/*.parquet", "shards/manifest.json"],
    "embed_shard": ["embeddings/*/[0-9a-f]*.parquet"],
    "embed_questions": ["embeddings/*/questions.parquet"],
    "merge_embeddings": ["embeddings.parquet"],
    "neighbor_index": ["neighbors/index.faiss"],
    "neighbor_graph": ["neighbors.parquet"],
    "fit_umap": ["umap.parquet", "umap_reducer.pkl"],
    "refine_layout": ["layout.parquet"],
    "refine_unweighted": ["unweighted.parquet"],
    "knowledge_map": ["knowledge_map.parquet"],
    "knn_labels": ["labels.parquet", "labels.json", "map_labels.parquet"],
    "map_pickle": ["knowledge_map.pkl"],
    "articles_json": ["articles.json"],
    "map_picture": ["knowledge_map.png", "knowledge_map.svg"],
    "map_page": ["knowledge_map.html"],
    "diagnostics": ["diagnostics/*"],
}
"""The files of each rule that stay, in the order of the data."""


def articles(results: Path) -> int:
    """Return how many articles a run has."""
    return json.loads((results / "shards" / "manifest.json").read_text(encoding="utf-8"))["articles"]


def cpu_seconds(results: Path) -> dict[str, float]:
    """Return the processor time of each rule, all its jobs together."""
    return {rule: sum(float(job["cpu_time"]) for job in jobs) for rule, jobs in records(results).items()}


def peak_memory(results: Path) -> dict[str, float]:
    """Return the peak memory of each rule's largest job, in MB."""
    return {rule: max(float(job["max_rss"]) for job in jobs) for rule, jobs in records(results).items()}


def disk(results: Path) -> dict[str, float]:
    """Return what the files of each rule take on the disk, in MB."""
    files = {rule: [file for pattern in patterns for file in results.glob(pattern)] for rule, patterns in OUTPUTS.items()}
    return {rule: sum(file.stat().st_size for file in found) / 1e6 for rule, found in files.items() if found}


def exponent(sizes: np.ndarray, values: np.ndarray) -> float:
    """Return p of the power law c·n^p that fits best, by least squares over the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def table(runs: list[Path], measure: Callable[[Path], dict[str, float]], least: float, at: int) -> str:
    """Return a measure of all runs as a table: a line each rule, a column each run, then exponent and extrapolation."""
    sizes = np.array([articles(run) for run in runs])
    measured = [measure(run) for run in runs]
    rules = sorted({rule for run in measured for rule in run}, key=[*OUTPUTS, "neighbor_block"].index)
    lines = [f"| rule | {' | '.join(f'{size:,}' for size in sizes)} | exponent | {at:,} |", "| --- |" + " ---: |" * (len(runs) + 2)]
    for rule in rules:
        values = np.array([run.get(rule, np.nan) for run in measured])
        cells = ["" if np.isnan(value) else _number(value) for value in values]
        grown = np.flatnonzero(values >= least)
        growth = ["", ""]
        if len(grown) > 1:
            power, last = exponent(sizes[grown], values[grown]), grown[-1]
            growth = [f"{power:.2f}", _number(values[last] * (at / sizes[last]) ** power)]
        lines.append(f"| {rule} | {' | '.join(cells + growth)} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--at", type=int, default=7_000_000, help="number of articles to go on to (default: 7,000,000)")
    parser.add_argument("--least", type=float, default=5, help="seconds or MB from which on growth is measured (default: 5)")
    arguments = parser.parse_args()
    runs = sorted(arguments.results, key=articles)
    for title, measure in [("CPU seconds", cpu_seconds), ("Peak memory, MB", peak_memory), ("Disk, MB", disk)]:
        print(f"{title}\n\n{table(runs, measure, arguments.least, arguments.at)}\n")


if __name__ == "__main__":
    main()
