"""What a page shows, whatever its form."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from knowledge_map.map.region import Region
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.domains import Domain
from knowledge_map.questions.records import Question
from knowledge_map.views.page.columns import level_list
from knowledge_map.views.page.quiz_data import QuizSettings, quiz_domains, quiz_questions, quiz_settings


@dataclass(frozen=True)
class PageSettings:
    """The settings `page` of the configuration, by their names there."""

    excerpts: str = "all"
    neighbors: int = 8
    columns: Sequence[str] | None = None


QUIZ, SETTINGS = QuizSettings(), PageSettings()


@dataclass(frozen=True)
class PageContent:
    """What a page shows.

    Attributes
    ----------
    knowledge_map : with the columns that the form of the page needs.
    labels : those of `knn_labels`.
    questions : those of the map, in any order; others are passed over.
    title : of the page.
    quiz, settings : the settings `quiz` and `page`.
    domains : those of a file; the others are those that questions name.
    region_padding : what the regions of the questions have around them, as a share of their sides.
    """

    knowledge_map: KnowledgeMap
    labels: pa.Table
    questions: Sequence[Question] = ()
    title: str = "Knowledge map"
    quiz: QuizSettings = QUIZ
    settings: PageSettings = SETTINGS
    domains: Sequence[Domain] = ()
    region_padding: float = 0.1

    @cached_property
    def asked(self) -> list[Question]:
        """The questions of the map, in its order."""
        by_id = {question.item_id: question for question in self.questions}
        of_map = self.knowledge_map.table["item_id"].filter(pa.array(~self.knowledge_map.is_article))
        return [by_id[item_id] for item_id in of_map.to_pylist()]

    @cached_property
    def region(self) -> Region | None:
        """Where the questions lie; None where there are none."""
        return self.knowledge_map.question_region(self.region_padding)

    @property
    def carried(self) -> list[str]:
        """The carried columns that the page shows, in the order of the settings."""
        names, wanted = [field.name for field in self.knowledge_map.carried], self.settings.columns
        return names if wanted is None else [name for name in wanted if name in names]

    def head(self) -> dict:
        """Return what every form of the page knows of the whole map, for JSON."""
        return {
            "articles": int(self.knowledge_map.is_article.sum()),
            "placed": self.knowledge_map.placed,
            "region": self.region.as_dict() if self.region else None,
            "questions": quiz_questions(self.knowledge_map, self.asked, self.quiz),
            "quiz": quiz_settings(self.knowledge_map, self.asked, self.region, self.quiz),
            "domains": quiz_domains(self.knowledge_map, self.asked, self.domains, self.region_padding),
            "levels": level_list(self.labels, "map"),
            "region_levels": level_list(self.labels, "region"),
        }
