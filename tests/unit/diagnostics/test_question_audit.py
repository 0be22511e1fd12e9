"""The audit of questions: measures count what they say, checks compare with thresholds, and hostile texts stay texts."""

import csv
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import yaml
from labelled_maps import HOSTILE
from maps import write_map

from knowledge_map.common.errors import UserError
from knowledge_map.diagnostics.audit import AuditSettings, measures, write_audit
from knowledge_map.diagnostics.audit.checks import Check, checks_of, overall_checks
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.questions.records import Question

SCHEMA = yaml.safe_load((Path(__file__).parents[3] / "workflow/schemas/config.schema.yaml").read_text())["properties"]["audit"]

DEFAULTS = {name: part["default"] for name, part in SCHEMA["properties"].items()}


def asked(text: str, *options: str, answer: int | None = 0, number: int = 0, **data: object) -> Question:
    return Question(f"question:{number}", text, options, answer if options else None, data)


# --- measures


def test_words_of_the_answer_count_if_they_stand_in_the_question_and_in_no_other_option():
    questions = [
        asked("Which pump moves sodium ions?", "The sodium pump", "The Golgi body"),
        asked("Which pump moves sodium ions?", "Sodium channel", "sodium carrier"),
        asked("What is it that the cell has?", "What it has", "Nothing"),
        asked("Which pump moves ions?", "Ribosome", "Sodium pump"),
        asked("Which pump?", "Pump", "Sodium pump", answer=None),
        asked("Which pump?"),
    ]
    assert measures.answer_words(questions) == pytest.approx([1, 0, 0, 0, np.nan, np.nan], nan_ok=True)
    assert measures.answer_words([asked("细胞的能量来自线粒体吗", "线粒体", "细胞核")])[0] > 0


def test_the_right_answer_is_measured_against_the_longest_other_option():
    questions = [asked("?", "four", "xx", "y"), asked("?", "xx", "four"), asked("?", "one"), asked("?", "a", "b", answer=None)]
    assert measures.longest_answer(questions) == pytest.approx([2, 0.5, np.nan, np.nan], nan_ok=True)


def test_the_two_options_most_alike_are_found():
    alike, pairs = measures.options_alike(
        [asked("?", "Mitosis", "meiosis", " MITOSIS "), asked("?", "abcd", "abxd", "zz"), asked("?", "one")]
    )
    assert alike == pytest.approx([1, 0.75, np.nan], nan_ok=True)
    assert pairs == [(0, 2), (0, 1), None]
    assert measures.options_alike([asked("?", *("x" * 100_000 for _ in range(4)))])[0] == [1]


def test_options_that_speak_of_the_others_are_found_by_phrases():
    questions = [asked("?", "ALL  of the above.", "None"), asked("?", "all of them", "some")]
    assert measures.catch_all(questions, ["all of the above"]) == [["ALL  of the above."], []]


def test_the_question_most_like_another_is_found_over_blocks(monkeypatch):
    monkeypatch.setattr(measures, "BLOCK", 2)
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8], [0.8, 0.6], [-1, 0]], np.float32)
    cosines, nearest = measures.nearest_questions(vectors)
    assert cosines == pytest.approx([0.8, 0.8, 0.96, 0.96, 0])
    assert nearest.tolist() == [3, 2, 3, 2, 1]
    alone, none = measures.nearest_questions(vectors[:1])
    assert np.isnan(alone).all() and none.tolist() == [-1]


# --- checks


@pytest.fixture
def table(tmp_path):
    """An embedding table of ten articles on a quarter circle, ten degrees apart, and of questions at some degrees."""

    def table(*degrees: float) -> EmbeddingTable:
        angles = np.radians([*range(0, 100, 10), *degrees])
        vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
        return EmbeddingTable(write_map(tmp_path, vectors, len(degrees), vectors, vectors)[1])

    return table


def found(questions: list[Question], table: EmbeddingTable, **changes) -> dict[str, Check]:
    return {check.name: check for check in checks_of(questions, table, AuditSettings(**DEFAULTS | changes), 1)}


def test_a_source_article_is_missing_unknown_or_far(table):
    named = ["Item 0", "Item 4", "Nowhere", None]
    checks = found([asked("Why?", source_article=title) for title in named], table(1, 1, 1, 1), source_rank=5)
    assert checks["source_missing"].found.tolist() == [False, False, False, True]
    assert checks["source_unknown"].found.tolist() == [False, False, True, False]
    assert checks["source_rank"].numbers == pytest.approx([1, 5, np.nan, np.nan], nan_ok=True)
    assert checks["source_rank"].found.tolist() == [False, True, False, False]


def test_questions_far_from_all_articles_and_near_each_other_are_found(table):
    checks = found([asked("One?"), asked("Two?"), asked("Three?")], table(200, 201, 45), article_cosine=0.4)
    assert checks["article_cosine"].found.tolist() == [True, True, False]
    assert checks["article_cosine"].numbers[2] == pytest.approx(np.cos(np.radians(5)), abs=1e-4)
    assert checks["duplicate_cosine"].found.tolist() == [True, True, False]
    assert checks["duplicate_cosine"].details[0] == "Two?"


def test_a_threshold_is_reached_by_the_number_itself(table):
    question = asked("x" * 20, "four", "xx", "ten letter")
    checks = found([question], table(0), question_characters=20, option_characters=11)
    assert (checks["question_characters"].found[0], checks["option_characters"].found[0]) == (True, False)
    assert found([question], table(0), question_characters=21)["question_characters"].found[0] is np.False_


def test_a_question_that_is_not_asked_and_one_without_difficulty_are_named(table):
    checks = found([asked("Why?", "a", "b", difficulty=2), asked("Why?", answer=None)], table(0, 5))
    assert checks["not_askable"].found.tolist() == checks["difficulty"].found.tolist() == [False, True]


def test_right_answers_at_one_position_or_always_longest_are_not_chance():
    first = [asked("?", "longest", "b", "c", "d") for _ in range(20)]
    position, longest = overall_checks(first, 0.01)
    assert position.found and longest.found
    assert position.observed == {"1": 20, "2": 0, "3": 0, "4": 0} and position.expected["4"] == 5
    assert longest.observed == {"longest": 20, "others": 0}
    even = [asked("?", "a", "b", answer=number % 2) for number in range(20)]
    assert [check.found for check in overall_checks(even, 0.01)] == [False, False]
    assert overall_checks([asked("?")], 0.01) == []


def test_where_questions_differ_in_options_chance_does_too():
    position, _ = overall_checks([asked("?", "a", "b"), asked("?", "a", "b", "c", "d", answer=3)], 0.01)
    assert position.expected == {"1": 0.75, "2": 0.75, "3": 0.25, "4": 0.25}


# --- what is written


def read(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_page_tables_and_json_tell_the_same(table, tmp_path):
    questions = [
        asked("Which pump moves sodium?", "Sodium pump", "Nucleus", number=0, difficulty=1, source_article="Item 1"),
        asked("Why?", number=1, answer=None),
    ]
    write_audit(questions, table(10, 40), tmp_path / "audit", AuditSettings(**DEFAULTS), 1)
    audit = json.loads((tmp_path / "audit/audit.json").read_text())
    assert {check["name"]: check["found"] for check in audit["checks"] if check["found"]} == {
        **{"not_askable": 1, "answer_words": 1, "longest_answer": 1, "difficulty": 1, "source_missing": 1},
    }
    findings = read(tmp_path / "audit/findings.csv")
    assert [(row["item_id"], row["check"]) for row in findings] == [
        (each["item_id"], each["check"]) for each in audit["findings"]
    ]
    assert findings[0] | {"question": ""} == {
        **{"item_id": "question:0", "question": "", "check": "answer_words"},
        **{"number": "1", "threshold": "0.5", "detail": "Sodium pump"},
    }
    rows = read(tmp_path / "audit/questions.csv")
    assert rows[0]["found"] == "answer_words longest_answer"
    assert (rows[0]["source_rank"], rows[1]["source_rank"]) == ("1", "")
    page = (tmp_path / "audit/report.html").read_text()
    assert all(f"<code>{check['name']}</code>" in page for check in audit["checks"] + audit["overall"])


def test_the_same_questions_give_the_same_bytes(table, tmp_path):
    for name in ("once", "again"):
        write_audit([asked("Why?", "a", "b")], table(3), tmp_path / name, AuditSettings(**DEFAULTS), 1)
    assert all(path.read_bytes() == (tmp_path / "again" / path.name).read_bytes() for path in (tmp_path / "once").iterdir())


def test_hostile_texts_stay_texts_in_the_page(table, tmp_path):
    texts = [text for text in HOSTILE if text.strip()]
    questions = [asked(text, text, "&lt;b&gt;", text, number=number, source_article=text) for number, text in enumerate(texts)]
    write_audit(questions, table(*range(len(texts))), tmp_path / "audit", AuditSettings(**DEFAULTS), 1)
    page = (tmp_path / "audit/report.html").read_text(encoding="utf-8")
    used: set[str] = set()

    class Elements(HTMLParser):
        def handle_starttag(self, tag, attributes):
            used.add(tag)
            assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attributes)

    Elements().feed(page)
    assert used & {"script", "img", "a", "iframe"} == set()
    assert "&lt;img src=x onerror=alert(1)&gt;" in page and "{{ title }}" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_of_many_questions_the_page_lists_those_with_most_findings(table, tmp_path):
    questions = [asked("Plain?", "a", "b", number=0, difficulty=1), asked("Worse?", number=1, answer=None)]
    write_audit(questions, table(3, 60), tmp_path / "audit", replace(AuditSettings(**DEFAULTS), shown=1), 1)
    page = (tmp_path / "audit/report.html").read_text()
    assert "<bdi>Worse?</bdi>" in page and "<bdi>Plain?</bdi>" not in page
    assert "The 1 questions with most findings, of 2" in page


def test_questions_of_another_map_are_refused(table, tmp_path):
    with pytest.raises(UserError, match="its questions are not those of the configuration"):
        write_audit([asked("Why?", number=7)], table(3), tmp_path / "audit", AuditSettings(**DEFAULTS), 1)
