"""The lab's criteria of success that a map's measures can judge, each with the number, what is wanted, and whether it is met."""

from knowledge_map.diagnostics.evenness import OCCUPIED
from knowledge_map.diagnostics.survey import Settings


def criteria(summary: dict, settings: Settings) -> list[dict]:
    """Return every criterion that applies: name, value, least (the least that will do), met, and why it is asked.

    Without questions those about questions are left out, and without refinement those that compare with plain UMAP.
    """
    k, layouts = str(settings.k[0]), summary["layouts"]
    found = []
    if summary["counts"]["questions"]:
        found.append(
            _criterion(
                "overlap",
                f"Questions lie among their nearest articles: mean overlap@{k}",
                layouts["map"]["overlap"][k],
                settings.target_overlap,
                "the target set in the configuration",
            )
        )
        found.append(
            _criterion(
                "questions_on_map",
                "No question was thrown out: share of questions within the bounds of the articles",
                layouts["map"]["questions_among_articles"],
                1.0,
                "a question outside would have no articles around it",
            )
        )
    found.append(
        _criterion(
            "evenness",
            "Articles use the plane: cells with an article, at 16 articles to a cell",
            layouts["map"]["evenness"]["occupied_share_16"],
            OCCUPIED,
            "below it half of the map is bare, and articles hide each other in the rest",
        )
    )
    n = str(settings.k[0] if settings.k[0] in settings.recall_k else settings.recall_k[0])
    recall, plain_recall = (layouts[name]["article_recall"][n] for name in ("map", "umap"))
    if summary["refined"] and recall is not None:
        found.append(
            _criterion(
                "article_recall",
                f"Articles lie among theirs: article recall@{n}",
                recall,
                plain_recall,
                "that of plain UMAP",
            )
        )
    accuracy, plain_accuracy = (layouts[name]["triplet_accuracy"] for name in ("map", "umap"))
    if summary["refined"] and accuracy is not None:
        found.append(
            _criterion(
                "triplet_accuracy",
                "The order at large is kept: random-triplet accuracy",
                accuracy,
                plain_accuracy - settings.tolerance,
                f"that of plain UMAP, less a tolerance of {settings.tolerance:g}",
            )
        )
    if summary["weight"] and "unweighted" in layouts:
        far = {name: values[n] for name, values in summary["weight"]["far"]["article_recall"].items()}
        if far["map"] is not None:
            found.append(
                _criterion(
                    "far_recall",
                    f"The questions cost nothing far away: recall@{n} of articles far from every question",
                    far["map"],
                    far["unweighted"] - settings.tolerance,
                    f"that with questions weighing 1, less a tolerance of {settings.tolerance:g}",
                )
            )
    return found


def _criterion(name: str, asked: str, value: float, least: float, reason: str) -> dict:
    least = round(least, 6)
    return {"name": name, "asked": asked, "value": value, "least": least, "reason": reason, "met": value >= least}
