"""The report: one page with verdicts, pictures and tables, which needs neither network nor script."""

from base64 import b64encode
from pathlib import Path

from knowledge_map.diagnostics.layouts import NAMES
from knowledge_map.diagnostics.measurement import Settings
from knowledge_map.diagnostics.pages import write_page
from knowledge_map.diagnostics.pictures import PICTURES
from knowledge_map.diagnostics.question_weight import GROUPS


def write_report(folder: Path, questions: list[dict], summary: dict, settings: Settings) -> None:
    """Write report.html; the pictures must lie in `folder`. Of many questions it lists those with the lowest overlap."""
    write_page(
        folder / "report.html",
        "report.html",
        summary=summary,
        settings=settings,
        questions=shown(questions, settings),
        k=[str(n) for n in settings.k],
        names=NAMES,
        groups=GROUPS,
        pictures={name: b64encode((folder / f"{name}.png").read_bytes()).decode() for name in PICTURES},
    )


def shown(questions: list[dict], settings: Settings) -> list[dict]:
    """Return all questions in order, or where they are too many those with the lowest overlap on the map, worst first."""
    if len(questions) <= settings.shown:
        return questions
    return sorted(questions, key=lambda question: question["overlap"]["map"][str(settings.k[0])])[: settings.shown]
