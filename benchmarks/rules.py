"""Time and memory of every rule of a finished run, from the records Snakemake keeps in its results folder.

    python benchmarks/rules.py results

Seconds are summed over the jobs of a rule, which may have run side by side; memory is that of its largest job.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path


def records(results: Path) -> dict[str, list[dict]]:
    """Return the benchmark records of each rule, in the order in which the rules first finished."""
    folder = results / "benchmarks"
    by_rule = defaultdict(list)
    for path in sorted(folder.rglob("*.jsonl"), key=lambda path: path.stat().st_mtime):
        rule = path.relative_to(folder).parts[0].removesuffix(".jsonl")
        by_rule[rule] += [json.loads(line) for line in path.read_text().splitlines()]
    return by_rule


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    print("| rule | jobs | seconds | CPU seconds | peak memory, MB |\n| --- | ---: | ---: | ---: | ---: |")
    for rule, jobs in records(parser.parse_args().results).items():
        seconds, cpu = (sum(float(job[name]) for job in jobs) for name in ("s", "cpu_time"))
        print(f"| {rule} | {len(jobs)} | {seconds:,.0f} | {cpu:,.0f} | {max(float(job['max_rss']) for job in jobs):,.0f} |")


if __name__ == "__main__":
    main()
