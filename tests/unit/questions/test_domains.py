"""Domains: read from a file or made from the ids that questions name, one below another, and every mistake named with its row."""

import json
from pathlib import Path

import pytest

from knowledge_map.common.errors import UserError
from knowledge_map.questions.domains import Domain, domain_levels, domain_lines, domain_members, domains_of, read_domains
from knowledge_map.questions.reading import read_questions
from knowledge_map.questions.records import Question, concepts_tested, domain_ids

BIOLOGY = {"id": "biology", "name": "Biology", "parent_id": None}
GENETICS = {
    "id": "genetics",
    "name": "Genetics",
    "parent_id": "biology",
    "region": {"x_min": 0.1, "x_max": 0.4, "y_min": 0.2, "y_max": 1},
}


@pytest.fixture
def write(tmp_path):
    def write(content: object, name: str = "domains.json") -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def asked(*ids: object) -> Question:
    return Question(f"question:{ids}", "Which?", (), None, {"domain_ids": list(ids)})


def test_a_file_names_and_orders_domains(write):
    expected = [Domain("genetics", "Genetics", "biology", (0.1, 0.4, 0.2, 1.0)), Domain("biology", "Biology")]
    assert read_domains(write([GENETICS, BIOLOGY])) == expected
    assert read_domains(write({"schema_version": "2", "domains": [GENETICS, BIOLOGY]})) == expected
    assert read_domains(write(f"{json.dumps(GENETICS)}\n{json.dumps(BIOLOGY)}\n", "domains.jsonl")) == expected


def test_a_table_of_domains_may_leave_cells_empty(write):
    path = write(
        'id,name,parent_id,region\n7,Genetics,biology,"{""x_min"":0,""x_max"":1,""y_min"":0,""y_max"":1}"\nbiology,,,\n', "d.csv"
    )
    assert read_domains(path) == [Domain("7", "Genetics", "biology", (0, 1, 0, 1)), Domain("biology", "biology")]


WRONG = {
    "no object": ([BIOLOGY, "genetics"], "domain 2 is a JSON str"),
    "no id": ([{"name": "Biology"}], "domain 1 has no `id`"),
    "an id that is no text": ([{"id": ["a"]}], "domain 1: `id` must be a text"),
    "an id twice": ([BIOLOGY, GENETICS, BIOLOGY], "domain 3: the id `biology` is that of .*domain 1 too"),
    "an unknown parent": ([GENETICS], "domain 1: its parent_id `biology` is the id of no domain"),
    "a circle": ([BIOLOGY | {"parent_id": "genetics"}, GENETICS], "domain 1: its parents go in a circle"),
    "its own parent": ([BIOLOGY | {"parent_id": "biology"}], "domain 1: its parents go in a circle"),
    "half a region": (
        [BIOLOGY | {"region": {"x_min": 0, "x_max": 1}}],
        "domain 1: `region` must have x_min, x_max, y_min, y_max",
    ),
    "a region turned over": ([BIOLOGY | {"region": dict(x_min=1, x_max=0, y_min=0, y_max=1)}], "domain 1: `region` must have"),
    "a region off the map": ([BIOLOGY | {"region": dict(x_min=0, x_max=1.5, y_min=0, y_max=1)}], "domain 1: `region` must have"),
    "no number": ('[{"id": "a", "region": {"x_min": NaN, "x_max": 1, "y_min": 0, "y_max": 1}}]', "domain 1: `region` must have"),
    "no JSON": ("[{]", "line 1, column 3: not JSON"),
}


@pytest.mark.parametrize("content, message", WRONG.values(), ids=WRONG)
def test_a_broken_row_is_named_with_its_file(write, content, message):
    with pytest.raises(UserError, match=r"domains\.json: " + message):
        read_domains(write(content))


def test_a_missing_file_names_its_setting(tmp_path):
    with pytest.raises(UserError, match="no such file; fix `domains` in the configuration"):
        read_domains(tmp_path / "none.json")


def test_without_a_file_the_ids_of_questions_are_domains():
    questions = [asked("cells", "biology"), asked(), asked("biology", 7)]
    assert domains_of(questions) == [Domain("cells", "cells"), Domain("biology", "biology"), Domain("7", "7")]


def test_a_domain_has_the_questions_of_those_below_it():
    named = [Domain("biology", "Biology"), Domain("genetics", "Genetics", "biology"), Domain("dna", "DNA", "genetics")]
    questions = [asked("dna"), asked("biology"), asked("physics"), asked()]
    domains = domains_of(questions, named)
    assert domain_levels(domains) == [0, 1, 2, 0]
    assert domain_members(domains, questions).astype(int).tolist() == [[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]]


def test_the_domain_of_all_has_every_question():
    assert domain_members([Domain("all", "All")], [asked("physics"), asked()]).tolist() == [[True, True]]


def test_what_domains_and_questions_do_not_share_is_told():
    named = [Domain("biology", "Biology"), Domain("art", "Art")]
    assert domain_lines(named, [asked("biology"), asked("physics"), asked("physics"), asked()]) == [
        "domains: 2, and 1 that only questions name (`physics`)",
        "domains: 1 without a question (`art`)",
        "domains: 1 of 4 questions are in none",
    ]
    assert domain_lines(named, [asked("biology", "art")]) == ["domains: 2"]
    assert domain_lines([], [asked()]) == []


def test_domains_and_concepts_are_lists_of_texts_or_one_text(tmp_path):
    record = {"domain_ids": "biology", "concepts_tested": [" cells ", 3, None, "", "cells"]}
    assert (domain_ids(record), concepts_tested(record)) == (("biology",), ("cells", "3"))
    assert (domain_ids({}), concepts_tested({"concepts_tested": None})) == ((), ())
    path = tmp_path / "questions.json"
    path.write_text(json.dumps([{"question": "Which?"}, {"question": "What?", "domain_ids": [{"id": "a"}]}]))
    with pytest.raises(UserError, match=r"questions\.json: question 2: `domain_ids` must be a text or a list of texts"):
        read_questions([path])
