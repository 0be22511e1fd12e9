"""Diagnose small maps as the workflow does."""

import csv
import json
from dataclasses import replace
from pathlib import Path

from maps import SETTINGS

from knowledge_map.diagnostics import write_diagnostics
from knowledge_map.diagnostics.layouts import layouts_of
from knowledge_map.diagnostics.summary import measure_map
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.table import KnowledgeMap


def run(folder: Path, knowledge_map: Path, embeddings: Path, threads: int = 2, inputs: tuple = (), **changes) -> dict:
    """Write all diagnostics and return their summary; `inputs` are the questions' file, light layout and projection."""
    settings = replace(SETTINGS, **changes)
    write_diagnostics(knowledge_map, embeddings, folder / "diagnostics", settings, threads, *inputs)
    return json.loads((folder / "diagnostics/summary.json").read_text())


def measure(path: Path, embeddings: Path, uniform_weight: Path | None = None, sources=None, projection=None, **changes):
    """Return the questions' records and the summary, without writing anything."""
    table, knowledge_map = EmbeddingTable(embeddings), KnowledgeMap(path, ["item_id", "title"])
    layouts = layouts_of(table, knowledge_map, path, uniform_weight)
    return measure_map(table, knowledge_map, layouts, replace(SETTINGS, **changes), 2, sources, projection)


def read_table(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
