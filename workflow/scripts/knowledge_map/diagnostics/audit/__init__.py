"""An audit of the questions: what makes one easy to guess, hard to place on the map, or hard to read. Nothing is changed.

measures (numbers of questions) → checks (numbers beside their thresholds) → tables and report.
"""

from collections.abc import Sequence
from pathlib import Path

from knowledge_map.common.errors import UserError
from knowledge_map.common.files import write_json
from knowledge_map.common.progress import log
from knowledge_map.diagnostics.audit.checks import AuditSettings, Check, checks_of, findings_of, number_of, overall_checks
from knowledge_map.diagnostics.pages import write_page
from knowledge_map.diagnostics.tables import write_csv
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.questions.records import Question

__all__ = ["AuditSettings", "write_audit"]

FINDING_COLUMNS = ["item_id", "question", "check", "number", "threshold", "detail"]


def write_audit(
    questions: Sequence[Question], table: EmbeddingTable, folder: str | Path, settings: AuditSettings, threads: int
) -> None:
    """Audit the questions and write audit.json, findings.csv, questions.csv and report.html into `folder`.

    Parameters
    ----------
    questions : those of the embedding table, in its order.

    Raises UserError where the table has others.
    """
    folder = Path(folder)
    if table.columns(["item_id"])["item_id"].slice(table.articles).to_pylist() != [question.item_id for question in questions]:
        raise UserError(f"{table.path}: its questions are not those of the configuration; delete it and run the workflow again.")
    checks, overall = checks_of(questions, table, settings, threads), overall_checks(questions, settings.significance)
    findings = findings_of(checks, questions)
    log.info(
        f"audit: {len(findings):,} findings in {len({each['item_id'] for each in findings}):,} of {len(questions):,} questions"
    )
    audit = {
        "questions": len(questions),
        "checks": [_of_check(check) for check in checks],
        "overall": [vars(check) | {"found": check.found} for check in overall],
        "findings": findings,
    }
    write_json(folder / "audit.json", audit)
    write_csv(folder / "findings.csv", FINDING_COLUMNS, findings)
    measured = [check for check in checks if check.threshold is not None]
    write_csv(
        folder / "questions.csv",
        ["item_id", "question", *(check.name for check in measured), "found"],
        (
            [
                *(question.item_id, question.text),
                *(number_of(check, place) for check in measured),
                " ".join(check.name for check in checks if check.found[place]),
            ]
            for place, question in enumerate(questions)
        ),
    )
    write_page(folder / "report.html", "audit.html", audit=audit, questions=_by_question(findings), settings=settings)


def _of_check(check: Check) -> dict:
    return {
        "name": check.name,
        "asks": check.asks,
        "threshold": check.threshold,
        "found": int(check.found.sum()),
    }


def _by_question(findings: Sequence[dict]) -> list[list[dict]]:
    """Return the findings of each question that has any, those with most findings first."""
    grouped: dict[str, list[dict]] = {}
    for finding in findings:
        grouped.setdefault(finding["item_id"], []).append(finding)
    return sorted(grouped.values(), key=len, reverse=True)
