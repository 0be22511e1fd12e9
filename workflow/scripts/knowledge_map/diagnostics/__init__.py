"""How far the map can be trusted: what of the neighborhoods in embedding space is left in the plane.

context (what is measured, and how much of it), layouts (the map beside the first layout and a refinement with light questions) →
neighborhoods (who is near whom, in both spaces), measures, coverage (functions of arrays) → questions, articles, weight (how
each fared, and at what price) → estimates (means and intervals) → summary (all of it, beside chance) → criteria (met or not) →
tables, pictures, report (pages: how a page is written). audit: the questions themselves, for which no map is needed.
"""

from pathlib import Path

from knowledge_map.common.files import write_json
from knowledge_map.diagnostics.layouts import layouts_of
from knowledge_map.diagnostics.measurement import Settings
from knowledge_map.diagnostics.pictures import PICTURES, write_pictures
from knowledge_map.diagnostics.questions import read_source_articles
from knowledge_map.diagnostics.report import write_report
from knowledge_map.diagnostics.summary import measure_map
from knowledge_map.diagnostics.tables import TABLES, write_tables
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.table import KnowledgeMap

__all__ = ["OUTPUTS", "Settings", "layouts_of", "measure_map", "write_diagnostics"]

OUTPUTS = (
    "neighbors.json",
    "summary.json",
    *(f"{table}.csv" for table in TABLES),
    *(f"{picture}.{kind}" for picture in PICTURES for kind in ("png", "svg")),
    "report.html",
)
"""The files in results/diagnostics/."""


def write_diagnostics(
    knowledge_map_path: str | Path,
    embeddings_path: str | Path,
    folder: str | Path,
    settings: Settings,
    threads: int,
    questions_path: str | Path | None = None,
    uniform_weight: str | Path | None = None,
    projection: str | Path | None = None,
) -> None:
    """Measure the map and write `OUTPUTS` into `folder`.

    Parameters
    ----------
    questions_path : the file of embed_questions, which knows what else the questions' records say.
    uniform_weight : a layout in which questions weigh no more than articles and are not placed afterwards, to compare with.
    projection : projection.parquet with questions that were placed on the finished map.

    Raises UserError where the files are not of the same items or hold numbers that are none.
    """
    folder = Path(folder)
    table, knowledge_map = EmbeddingTable(embeddings_path), KnowledgeMap(knowledge_map_path, ["item_id", "title"])
    layouts = layouts_of(table, knowledge_map, knowledge_map_path, uniform_weight)
    sources = read_source_articles(questions_path) if questions_path else None
    questions, summary = measure_map(table, knowledge_map, layouts, settings, threads, sources, projection)
    write_json(folder / "neighbors.json", {"k": settings.k, "questions": questions})
    write_json(folder / "summary.json", summary)
    write_tables(folder, questions, summary, settings.k)
    write_pictures(folder, layouts, questions, summary, settings)
    write_report(folder, questions, summary, settings)
