"""What a run says in the end: what the map is made of, how good it is, and what to open."""

import json
from pathlib import Path

from knowledge_map.articles.shards import what_was_read


def closing_summary(results: Path, questions: list[str], pickle_wanted: bool = True, tiled: bool = False) -> list[str]:
    """Return the lines that end a run; none before there is a manifest.

    `questions` are the lines that tell of the questions; a line says so where no pickle is wanted, and how a page
    of tiles is shown. What an earlier map was measured to be is not told of this one.
    """
    manifest, page = results / "shards" / "manifest.json", results / ("page/index.html" if tiled else "knowledge_map.html")
    if not manifest.exists():
        return []
    lines = [*what_was_read(manifest), *questions]
    summary, knowledge_map = results / "diagnostics" / "summary.json", results / "knowledge_map.parquet"
    if _is_newer(summary, knowledge_map):
        lines += quality(json.loads(summary.read_text(encoding="utf-8")))
        lines.append(f"Every measure: {summary.with_name('report.html').resolve()}")
    if knowledge_map.exists() and not pickle_wanted:
        lines.append("No knowledge_map.pkl, by `map.pickle`; `snakemake map_pickle` writes it")
    if _is_newer(page, knowledge_map):
        lines.append(f"The map: `make serve` shows {page.parent.resolve()}" if tiled else f"The map: open {page.resolve()}")
    return lines


def quality(summary: dict) -> list[str]:
    """Return how good a map is by its diagnostics: the shares of neighbors kept, how many criteria it meets, and which not."""
    measures, criteria = summary["layouts"]["map"], summary["criteria"]
    k = next(iter(measures["overlap"]))
    kept = [
        f"{measures[measure][k]:.0%} of the {k} nearest of {items}".replace("%", " %")
        for items, measure in [("a question", "overlap"), ("an article", "article_recall")]
        if measures[measure].get(k) is not None
    ]
    met = sum(criterion["met"] for criterion in criteria)
    return [
        f"neighbors kept on the map: {', '.join(kept) or 'not measured'}",
        f"criteria met: {met} of {len(criteria)}",
        *(f"not met: {one['asked']}: {one['value']:.3g}, wanted {one['least']:.3g}" for one in criteria if not one["met"]),
    ]


def _is_newer(file: Path, than: Path) -> bool:
    """Return whether a file is there and not older than another."""
    return file.exists() and than.exists() and file.stat().st_mtime_ns >= than.stat().st_mtime_ns
