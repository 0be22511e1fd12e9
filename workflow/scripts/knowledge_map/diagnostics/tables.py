"""Every number as CSV."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from knowledge_map.common.files import atomic_write
from knowledge_map.diagnostics.questions import SPACES

TABLES = ("criteria", "layouts", "neighbors", "questions", "regions", "question_weight")

NEIGHBOR_COLUMNS = ["row", "item_id", "title", "similarity", "embedding_rank", "map_distance", "map_rank", "in_both"]

SOURCE_COLUMNS = ["title", "in_corpus", "row", "similarity", "embedding_rank", "map_distance", "map_rank"]

REGION_NUMBERS = ["articles", "article_share", "area_share"]

CRITERION_COLUMNS = ["name", "asked", "value", "least", "reason", "met"]


def write_tables(folder: Path, questions: list[dict], summary: dict, k: list[int]) -> None:
    """Write the `TABLES`, each a .csv, into `folder`."""
    write_csv(folder / "criteria.csv", CRITERION_COLUMNS, summary["criteria"])
    write_csv(folder / "layouts.csv", ["layout", "measure", "value", "low", "high", "chance"], layout_rows(summary))
    write_csv(
        folder / "neighbors.csv",
        ["question_id", "question", "space", "rank", *NEIGHBOR_COLUMNS],
        (
            {"question_id": question["item_id"], "question": question["title"], "space": space, "rank": rank} | neighbor
            for question in questions
            for space, key in SPACES.items()
            for rank, neighbor in enumerate(question[key], start=1)
        ),
    )
    write_csv(folder / "questions.csv", *question_table(questions, list(summary["layouts"]), k))
    write_csv(
        folder / "regions.csv",
        ["layout", "padding", "x_min", "x_max", "y_min", "y_max", *REGION_NUMBERS],
        (region | (region["box"] or {}) for region in summary["regions"]),
    )
    write_csv(
        folder / "question_weight.csv",
        ["group", "articles", "layout", "measure", "value", "low", "high"],
        (
            [group, values["articles"], layout, f"article_recall@{n}", value, *limits(values["intervals"][layout][n])]
            for group, values in (summary["question_weight"] or {}).items()
            for layout, by_k in values["article_recall"].items()
            for n, value in by_k.items()
        ),
    )


def question_table(questions: list[dict], layouts: list[str], k: list[int]) -> tuple[list[str], Iterator[list]]:
    """Return the columns and rows of questions.csv."""
    overlaps = [(layout, str(n)) for layout in layouts for n in k]
    cosines = list(questions[0]["mean_cosine"]) if questions else []
    columns = [
        *("item_id", "title", "x", "y"),
        *(f"{layout}_overlap@{n}" for layout, n in overlaps),
        *(f"{layout}_within_reach" for layout in layouts),
        *(f"{name}_mean_cosine" for name in cosines),
        *(f"source_article_{name}" for name in SOURCE_COLUMNS),
    ]
    rows = (
        [
            *(question[column] for column in ("item_id", "title", "x", "y")),
            *(question["overlap"][layout][n] for layout, n in overlaps),
            *(question["within_reach"][layout] for layout in layouts),
            *(question["mean_cosine"][name] for name in cosines),
            *((question["source_article"] or {}).get(name) for name in SOURCE_COLUMNS),
        ]
        for question in questions
    )
    return columns, rows


def layout_rows(summary: dict) -> Iterator[list]:
    """Yield layout, measure, value, the ends of its interval and its chance level."""
    chance = dict(measure_rows(summary["chance"]))
    for layout, measures in summary["layouts"].items():
        intervals = dict(measure_rows(summary["intervals"][layout]))
        for measure, value in measure_rows(measures):
            yield [layout, measure, value, *limits(intervals.get(measure)), chance.get(measure)]
    if later := summary["placed_later"]:
        yield [
            "map",
            f"overlap_of_questions_placed_later@{later['k']}",
            later["overlap"],
            *limits(later["interval"]),
            later["chance"],
        ]


def measure_rows(measures: dict, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of every measure; a name tells the way to it, such as `overlap@5` and `bounds.questions.x_min`."""
    for name, value in measures.items():
        path = f"{prefix}{'@' if name.isdigit() else '.'}{name}" if prefix else name
        if isinstance(value, dict):
            yield from measure_rows(value, path)
        else:
            yield path, value


def limits(interval: list[float] | None) -> list[float | None]:
    """Return the ends of an interval, or two times None where there is none."""
    return [*interval] if interval else [None, None]


def write_csv(path: Path, columns: list[str], rows: Iterable[list | tuple | dict]) -> None:
    """Write rows under a header; text is quoted, whatever is in it, and None is an empty field.

    Parameters
    ----------
    rows : the values of `columns` in their order, or by their names; other names are left out.
    """
    table = pd.DataFrame(list(rows), columns=columns, dtype=object)  # other types would make 5.0 of a 5 beside an empty field
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
