"""What can be told of questions without answering them: of their words, of their options, and of what lies near them.

A measure is a number for each question, float [n], NaN where it does not apply.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import combinations

import numpy as np
import pyarrow as pa

from knowledge_map.labels.stopwords import is_stop_word
from knowledge_map.labels.words import read_words
from knowledge_map.questions.records import Question

LONGEST_COMPARED = 500
"""Characters of two options that are compared; it takes as long as the product of their numbers."""

BLOCK = 256
"""Questions that are compared with all others at once."""


def askable(questions: Sequence[Question]) -> np.ndarray:
    """Return which questions have options and an answer, bool [n]."""
    return np.array([bool(question.options) and question.answer is not None for question in questions], bool)


def answer_words(questions: Sequence[Question]) -> np.ndarray:
    """Return of each right option the share of words that stand in its question and in no other option.

    Stop words of the question's language are no words here; capitals do not matter.
    """
    parts = [[question.text, *question.options] for question in questions]
    of_question = np.repeat(np.arange(len(parts)), [len(texts) for texts in parts])
    words = read_words([pa.array([text for texts in parts for text in texts], pa.string())])
    stop = is_stop_word(words.forms, words.form, of_question[words.article], len(parts))
    found: list[set[int]] = [set() for _ in of_question]
    for part, form in zip(words.article[~stop].tolist(), words.form[~stop].tolist(), strict=True):
        found[part].add(form)
    shares, first = np.full(len(questions), np.nan), 0
    for number, question in enumerate(questions):
        text, *options = found[first : first + len(parts[number])]
        first += len(parts[number])
        if question.options and question.answer is not None:
            right = options.pop(question.answer)
            shares[number] = len((right & text).difference(*options)) / max(len(right), 1)
    return shares


def longest_answer(questions: Sequence[Question]) -> np.ndarray:
    """Return how many times as long as the longest other option each right option is, in characters."""
    ratios = np.full(len(questions), np.nan)
    for number, question in enumerate(questions):
        if len(question.options) > 1 and question.answer is not None:
            lengths = [len(option) for option in question.options]
            right = lengths.pop(question.answer)
            ratios[number] = right / max(*lengths, 1)
    return ratios


def options_alike(questions: Sequence[Question]) -> tuple[np.ndarray, list[tuple[int, int] | None]]:
    """Return how alike the two options of each question are that are most alike, 0 to 1, and which these are.

    That is twice the number of characters that they have in common, in runs, over the characters of both (Ratcliff and Obershelp,
    as `difflib` computes it); capitals and blanks do not matter, and only the beginnings of very long options count.
    """
    most = np.full(len(questions), np.nan)
    pairs: list[tuple[int, int] | None] = [None] * len(questions)
    for number, question in enumerate(questions):
        options = [normalized(option)[:LONGEST_COMPARED] for option in question.options]
        ratios = {
            (i, j): SequenceMatcher(None, options[i], options[j], autojunk=False).ratio()
            for i, j in combinations(range(len(options)), 2)
        }
        if ratios:
            most[number], pairs[number] = max((ratio, pair) for pair, ratio in ratios.items())
    return most, pairs


def catch_all(questions: Sequence[Question], phrases: Sequence[str]) -> list[list[str]]:
    """Return the options of each question that have one of these phrases in them, such as "all of the above"."""
    wanted = [normalized(phrase) for phrase in phrases]
    return [
        [option for option in question.options if any(phrase in normalized(option) for phrase in wanted)]
        for question in questions
    ]


def normalized(text: str) -> str:
    """Return a text in which neither capitals nor the number of blanks matter."""
    return " ".join(text.casefold().split())


def longest_option(questions: Sequence[Question]) -> np.ndarray:
    """Return the characters of the longest option of each question."""
    return np.array([max((len(option) for option in question.options), default=np.nan) for question in questions], float)


def nearest_questions(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosine of each question to the one most like it, and which that is, int [n], -1 where it is the only one.

    Parameters
    ----------
    vectors : float32 [n, D], unit length.
    """
    cosines, nearest = np.full(len(vectors), np.nan), np.full(len(vectors), -1)
    if len(vectors) < 2:
        return cosines, nearest
    for start in range(0, len(vectors), BLOCK):
        similar = vectors[start : start + BLOCK] @ vectors.T
        own = np.arange(len(similar))
        similar[own, start + own] = -np.inf
        nearest[start : start + BLOCK] = similar.argmax(axis=1)
        cosines[start : start + BLOCK] = similar[own, nearest[start : start + BLOCK]]
    return cosines, nearest
