"""What is asked of the questions: for each check the number of every question, the threshold, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import binomtest, chisquare

from knowledge_map.common.text import shown
from knowledge_map.diagnostics.audit import measures
from knowledge_map.diagnostics.neighborhoods import cosine_ranks, nearest_by_cosine
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.table import rows_of_titles
from knowledge_map.questions.records import Question, difficulty, source_article


@dataclass(frozen=True)
class AuditSettings:
    """The section `audit` of the configuration; what each key means is said in its schema."""

    answer_words: float
    longest_answer: float
    options_alike: float
    catch_all: list[str]
    duplicate_cosine: float
    article_cosine: float
    source_rank: int
    question_characters: int
    option_characters: int
    significance: float
    shown: int


@dataclass(frozen=True)
class Check:
    """One thing that is asked of every question.

    Attributes
    ----------
    name : as the setting with its threshold is called, where it has one.
    asks : what is looked for, in words, without the threshold.
    threshold : a question is found where its number is at least this, or below it for a `floor`; None where there is no number.
    numbers : float [n], NaN where the check does not apply to a question.
    found : bool [n].
    details : what the number of a found question is about, by the question's place.
    """

    name: str
    asks: str
    threshold: float | None
    numbers: np.ndarray
    found: np.ndarray
    details: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OverallCheck:
    """One thing that is asked of all questions together: whether right answers are spread as by chance.

    Attributes
    ----------
    probability : of numbers at least as far from chance, if there is nothing but chance; found where it is below the `threshold`.
    observed, expected : numbers of questions, by what they are called.
    """

    name: str
    asks: str
    threshold: float
    probability: float
    observed: dict[str, int]
    expected: dict[str, float]

    @property
    def found(self) -> bool:
        """Whether chance alone would hardly do."""
        return self.probability < self.threshold


def checks_of(questions: Sequence[Question], table: EmbeddingTable, settings: AuditSettings, threads: int) -> list[Check]:
    """Return what each check finds in the questions, which are those of the embedding table, in its order."""
    return [*_checks_of_texts(questions, settings), *_checks_of_neighbors(questions, table, settings, threads)]


def _checks_of_texts(questions: Sequence[Question], settings: AuditSettings) -> list[Check]:
    askable, none = measures.askable(questions), np.full(len(questions), np.nan)
    alike, pairs = measures.options_alike(questions)
    phrases = measures.catch_all(questions, settings.catch_all)
    unknown = np.array([difficulty(question.data) is None for question in questions], bool)
    return [
        Check("not_askable", "no options, or no right one among them, so that it is not asked", None, none, ~askable),
        _at_least(
            "answer_words",
            "words of the right answer that stand in the question and in no other option, as a share of its words",
            settings.answer_words,
            measures.answer_words(questions),
            {
                number: question.options[question.answer]
                for number, question in enumerate(questions)
                if question.answer is not None
            },
        ),
        _at_least(
            "longest_answer",
            "the right answer is the longest option: times as long as the longest other one",
            settings.longest_answer,
            measures.longest_answer(questions),
        ),
        _at_least(
            "options_alike",
            "two options are alike, from 0 to 1 (the same)",
            settings.options_alike,
            alike,
            {number: " / ".join(questions[number].options[each] for each in pair) for number, pair in enumerate(pairs) if pair},
        ),
        _at_least(
            "catch_all",
            "options that speak of the other options, such as “all of the above”",
            1,
            np.array([len(options) for options in phrases], float),
            {number: " / ".join(options) for number, options in enumerate(phrases)},
        ),
        _at_least(
            "question_characters",
            "characters of the question",
            settings.question_characters,
            np.array([len(question.text) for question in questions], float),
        ),
        _at_least(
            "option_characters",
            "characters of its longest option",
            settings.option_characters,
            measures.longest_option(questions),
        ),
        Check("difficulty", "no difficulty is given", None, none, unknown),
    ]


def _checks_of_neighbors(
    questions: Sequence[Question], table: EmbeddingTable, settings: AuditSettings, threads: int
) -> list[Check]:
    vectors, none = table.vectors(start=table.articles), np.full(len(questions), np.nan)
    cosines, twins = measures.nearest_questions(vectors)
    titles = table.columns(["title"])["title"].slice(0, table.articles)
    named = [source_article(question.data) for question in questions]
    sources = rows_of_titles(titles, named)
    nearest = nearest_by_cosine(table, vectors, 1, threads)
    similarities, ranks = cosine_ranks(table, vectors, np.column_stack([nearest, np.maximum(sources, 0)]), threads)
    names = {number: title for number, title in enumerate(named) if title}
    return [
        _at_least(
            "duplicate_cosine",
            "cosine to the question most like it",
            settings.duplicate_cosine,
            cosines,
            {number: questions[twin].text for number, twin in enumerate(twins.tolist()) if twin >= 0},
        ),
        _below(
            "article_cosine",
            "cosine to its nearest article",
            settings.article_cosine,
            similarities[:, 0].astype(float),
            dict(enumerate(titles.take(nearest[:, 0]).to_pylist())),
        ),
        Check("source_missing", "no source article is named", None, none, np.array([title is None for title in named], bool)),
        Check("source_unknown", "its source article is none of the articles", None, none, _named(named) & (sources < 0), names),
        _at_least(
            "source_rank",
            "rank of its source article among the articles nearest to it in embedding space",
            settings.source_rank,
            np.where(sources >= 0, ranks[:, 1], np.nan),
            names,
        ),
    ]


def _named(titles: Sequence[str | None]) -> np.ndarray:
    return np.array([title is not None for title in titles], bool)


def _at_least(name: str, asks: str, threshold: float, numbers: np.ndarray, details: dict[int, str] | None = None) -> Check:
    return Check(name, asks, threshold, numbers, numbers >= threshold, details or {})


def _below(name: str, asks: str, threshold: float, numbers: np.ndarray, details: dict[int, str] | None = None) -> Check:
    return Check(name, asks + " (found below)", threshold, numbers, numbers < threshold, details or {})


def overall_checks(questions: Sequence[Question], significance: float) -> list[OverallCheck]:
    """Return how right answers are spread over the positions of options, and over longest and other options, beside chance.

    Chance is that each option is equally likely to be right. Positions: Pearson's chi-squared test. Longest: the exact binomial
    test, one-sided, with the mean chance. None of them without a question that can be asked.
    """
    asked = [question for question in questions if len(question.options) > 1 and question.answer is not None]
    if not asked:
        return []
    options = np.array([len(question.options) for question in asked])
    answers = np.array([question.answer for question in asked])
    places = np.arange(options.max())
    observed = np.bincount(answers, minlength=len(places))
    expected = ((places < options[:, None]) / options[:, None]).sum(axis=0)
    longest = int((measures.longest_answer(asked) > 1).sum())
    chance = float((1 / options).mean())
    return [
        OverallCheck(
            "answer_position",
            "the right answer stands at some positions oftener than at others",
            significance,
            float(chisquare(observed, expected).pvalue),
            {str(place + 1): int(count) for place, count in enumerate(observed)},
            {str(place + 1): round(float(count), 2) for place, count in enumerate(expected)},
        ),
        OverallCheck(
            "longest_overall",
            "the right answer is the longest option oftener than by chance",
            significance,
            float(binomtest(longest, len(asked), chance, alternative="greater").pvalue),
            {"longest": longest, "others": len(asked) - longest},
            {"longest": round(chance * len(asked), 2), "others": round((1 - chance) * len(asked), 2)},
        ),
    ]


def findings_of(checks: Sequence[Check], questions: Sequence[Question]) -> list[dict]:
    """Return what was found, question by question: item_id, question, check, number and threshold (None where none), detail."""
    return [
        {
            "item_id": question.item_id,
            "question": question.text,
            "check": check.name,
            "number": number_of(check, place),
            "threshold": check.threshold,
            "detail": shown(check.details.get(place, "")),
        }
        for place, question in enumerate(questions)
        for check in checks
        if check.found[place]
    ]


def number_of(check: Check, place: int) -> float | None:
    """Return a question's number as it is written, to six decimals; None where there is none."""
    number = float(check.numbers[place])
    return None if np.isnan(number) else int(number) if number.is_integer() else round(number, 6)
