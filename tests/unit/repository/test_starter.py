"""The starter corpus: enough for a map worth looking at, and written for it, not copied."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge_map.questions.reading import read_questions

ROOT = Path(__file__).parents[3]
STARTER = ROOT / "resources/starter"
OTHERS = ROOT / "../shared/data"
RUN = 8
"""Words in a row that two texts never share by chance."""

ARTICLES = [json.loads(line) for line in (STARTER / "articles.jsonl").read_text(encoding="utf-8").splitlines()]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def runs(text: str) -> Iterator[tuple[str, ...]]:
    """Yield every run of so many words."""
    all_words = words(text)
    yield from (tuple(all_words[n : n + RUN]) for n in range(len(all_words) - RUN + 1))


def test_there_are_enough_articles_of_many_fields_and_many_of_cell_biology():
    fields = Counter(article["field"] for article in ARTICLES)
    assert len(ARTICLES) >= 400
    assert len(fields) >= 12
    assert fields["cell biology"] >= 60


def test_an_article_is_a_paragraph():
    assert [article["title"] for article in ARTICLES if not 40 <= len(article["text"].split()) <= 100] == []


@pytest.mark.parametrize("key", ["id", "title", "text"])
def test_no_article_is_there_twice(key):
    counts = Counter(article[key].casefold() for article in ARTICLES)
    assert [value for value, count in counts.items() if count > 1] == []


def test_the_ten_questions_have_options_and_answers():
    questions = read_questions([STARTER / "questions.json"])
    assert len(questions) == 10
    for question in questions:
        assert len(set(question.options)) >= 4 and question.answer is not None


@pytest.mark.skipif(not OTHERS.exists(), reason="needs the texts that it is compared with")
def test_nothing_is_copied_from_the_shared_texts():
    own = {run for article in ARTICLES for run in runs(article["text"])}
    own |= {run for question in read_questions([STARTER / "questions.json"]) for run in runs(question.text)}
    with gzip.open(OTHERS / "wikipedia_excerpts.jsonl.gz", "rt", encoding="utf-8") as lines:
        shared = {run for line in lines for run in runs(json.loads(line)["text"]) if run in own}
    assert not shared
    others = read_questions(sorted(OTHERS.glob("questions_*.json")))
    assert not {run for question in others for run in runs(question.text)} & own
    texts = {question.text for question in others}
    assert not [question for question in read_questions([STARTER / "questions.json"]) if question.text in texts]
