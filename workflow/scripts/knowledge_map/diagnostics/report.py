"""The report: one page with verdicts, pictures and tables, which needs neither network nor script."""

from base64 import b64encode
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from knowledge_map.common.checksum import csp_hash
from knowledge_map.common.files import atomic_write
from knowledge_map.diagnostics.layouts import NAMES
from knowledge_map.diagnostics.measurement import Settings
from knowledge_map.diagnostics.pictures import PICTURES
from knowledge_map.diagnostics.question_weight import GROUPS

TEMPLATES = Path(__file__).parent


def write_report(folder: Path, questions: list[dict], summary: dict, settings: Settings) -> None:
    """Write report.html; the pictures must lie in `folder`. Of many questions it lists those with the lowest overlap."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["percent"] = percent
    environment.filters["csp_hash"] = csp_hash
    page = environment.get_template("report.html").render(
        summary=summary,
        settings=settings,
        questions=shown(questions, settings),
        k=[str(n) for n in settings.k],
        names=NAMES,
        groups=GROUPS,
        pictures={name: b64encode((folder / f"{name}.png").read_bytes()).decode() for name in PICTURES},
    )
    with atomic_write(folder / "report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")


def shown(questions: list[dict], settings: Settings) -> list[dict]:
    """Return all questions in order, or where they are too many those with the lowest overlap on the map, worst first."""
    if len(questions) <= settings.shown:
        return questions
    return sorted(questions, key=lambda question: question["overlap"]["map"][str(settings.k[0])])[: settings.shown]


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share, 0 to 1, in percent; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"
