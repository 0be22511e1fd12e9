"""The lab's criteria of success that a map's measures can judge, each with the number, what is wanted, and whether it is met."""

from knowledge_map.diagnostics.coverage import OCCUPIED
from knowledge_map.diagnostics.measurement import Settings


def criteria(summary: dict, settings: Settings) -> list[dict]:
    """Return every criterion that applies: name, what is asked, value, least (the least that will do), reason, met.

    Those of a measure that there is not are left out: of questions where there are none, of articles that are too few.
    Without refinement nothing is compared with the first layout, which the map then is.
    """
    layouts, tolerance = summary["layouts"], settings.tolerance
    on_map, plain = layouts["map"], layouts["raw"]
    k = str(settings.k[0])
    n = k if k in on_map["article_recall"] else str(settings.recall_k[0])
    asked = [
        (
            "overlap",
            f"Questions lie among their nearest articles: mean overlap@{k}",
            on_map["overlap"][k],
            settings.target_overlap,
            "the target set in the configuration",
        ),
        (
            "questions_on_map",
            "No question was thrown out: share of questions within the bounds of the articles",
            on_map["questions_among_articles"],
            1.0,
            "a question outside would have no articles around it",
        ),
        (
            "coverage",
            "Articles use the plane: cells with an article, at 16 articles to a cell",
            on_map["coverage"]["occupied_share_16"],
            OCCUPIED,
            "below it half of the map is bare, and articles hide each other in the rest",
        ),
    ]
    if summary["refined"]:
        asked += [
            (
                "article_recall",
                f"Articles lie among theirs: article recall@{n}",
                on_map["article_recall"][n],
                plain["article_recall"][n],
                "that of the first layout",
            ),
            (
                "triplet_accuracy",
                "The order at large is kept: random-triplet accuracy",
                on_map["triplet_accuracy"],
                _less(plain["triplet_accuracy"], tolerance),
                f"that of the first layout, less a tolerance of {tolerance:g}",
            ),
        ]
    if summary["question_weight"] and "uniform_weight" in layouts:
        near, far = (
            {name: recall[n] for name, recall in summary["question_weight"][group]["article_recall"].items()}
            for group in ("near", "far")
        )
        asked += [
            (
                "near_recall",
                f"Articles pulled toward a question are no worse off than before: their recall@{n}",
                near["map"],
                near["raw"],
                f"that of the first layout; with questions weighing 1 it would be {near['uniform_weight'] or 0:.1%}".replace(
                    "%", " %"
                ),
            ),
            (
                "far_recall",
                f"The questions cost nothing far away: recall@{n} of articles far from every question",
                far["map"],
                _less(far["uniform_weight"], tolerance),
                f"that with questions weighing 1, less a tolerance of {tolerance:g}",
            ),
        ]
    return [
        {"name": name, "asked": question, "value": value, "least": least, "reason": reason, "met": value >= least}
        for name, question, value, least, reason in asked
        if value is not None
    ]


def _less(value: float | None, tolerance: float) -> float | None:
    return None if value is None else round(value - tolerance, 6)
