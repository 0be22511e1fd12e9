"""How every rule grows with the number of articles, from the records that Snakemake keeps of several finished runs.

    python benchmarks/scale.py RESULTS RESULTS ... [--at 7000000]

Four tables in Markdown: seconds and CPU seconds (of all jobs of a rule), peak memory (of its largest job), and what its files
take on the disk. Every job has a start that costs the same however many articles there are, so growth is what comes on top of the
smallest run: values v of n articles are taken for v = v0 + c (n - n0)^p, where the smallest run has n0 and v0, and the exponent
p is the slope of the line that fits log(v - v0) over log(n - n0) best (least squares). The last column goes on along it from the
largest run. Where the largest run takes hardly more than the smallest, the exponent is 0 and its value is repeated.
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
    "neighbor_block": [],  # gathered and removed
    "neighbor_graph": ["neighbors.parquet"],
    "fit_umap": ["umap.parquet", "umap_reducer.pkl"],
    "refine_layout": ["layout.parquet"],
    "refine_uniform_weight": ["uniform_weight.parquet"],
    "knowledge_map": ["knowledge_map.parquet"],
    "knn_labels": ["labels.parquet", "labels.json", "map_labels.parquet"],
    "map_pickle": ["knowledge_map.pkl"],
    "articles_json": ["articles.json"],
    "map_picture": ["knowledge_map.png", "knowledge_map.svg"],
    "map_page": ["knowledge_map.html"],
    "diagnostics": ["diagnostics/*"],
}
"""The rules in the order of the data, and the files of each that stay."""

NOTHING = 0.15
"""Growth from the smallest run to the largest by less than this share of it is taken for none."""


def articles(results: Path) -> int:
    """Return how many articles a run has."""
    return json.loads((results / "shards" / "manifest.json").read_text(encoding="utf-8"))["articles"]


def seconds(results: Path) -> dict[str, float]:
    """Return the seconds of each rule, all its jobs together."""
    return {rule: sum(float(job["s"]) for job in jobs) for rule, jobs in records(results).items()}


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


def growth(sizes: np.ndarray, values: np.ndarray, at: int) -> tuple[float, float] | None:
    """Return the exponent and the value at another size; None where fewer than three runs have the rule.

    `sizes` and `values` are float [runs], ascending by size; a value is NaN where a run has not the rule.
    """
    known = ~np.isnan(values)
    sizes, values = sizes[known], values[known]
    if len(sizes) < 3:
        return None
    more, larger = values[1:] - values[0], sizes[1:] - sizes[0]
    if more[-1] < NOTHING * values[0]:
        return 0.0, values[-1]
    above = more > 0
    exponent = float(np.polyfit(np.log(larger[above]), np.log(more[above]), 1)[0]) if above.sum() > 1 else 1.0
    return exponent, float(values[0] + more[-1] * ((at - sizes[0]) / larger[-1]) ** exponent)


def table(runs: list[Path], measure: Callable[[Path], dict[str, float]], at: int) -> str:
    """Return a measure of all runs as a table: a line each rule, a column each run, then exponent and extrapolation."""
    sizes = np.array([articles(run) for run in runs])
    measured = [measure(run) for run in runs]
    head = ["rule", *(f"{size:,}" for size in sizes), "exponent", f"{at:,}"]
    lines = [f"| {' | '.join(head)} |", "| --- |" + " ---: |" * (len(head) - 1)]
    for rule in OUTPUTS:
        values = np.array([run.get(rule, np.nan) for run in measured])
        if np.isnan(values).all():
            continue
        cells = ["" if np.isnan(value) else _number(value) for value in values]
        grown = growth(sizes, values, at)
        cells += [f"{grown[0]:z.1f}", _number(grown[1])] if grown else ["", ""]
        lines.append(f"| {rule} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--at", type=int, default=7_000_000, help="number of articles to go on to (default: 7,000,000)")
    arguments = parser.parse_args()
    runs = sorted(arguments.results, key=articles)
    measures = {"Seconds": seconds, "CPU seconds": cpu_seconds, "Peak memory, MB": peak_memory, "Disk, MB": disk}
    for title, measure in measures.items():
        print(f"{title}\n\n{table(runs, measure, arguments.at)}\n")


if __name__ == "__main__":
    main()
