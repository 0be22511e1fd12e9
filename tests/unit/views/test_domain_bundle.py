"""Domains as JSON for another page: the files have the form of their schema, and are read again as questions and domains."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml
from jsonschema import Draft202012Validator
from labelled_maps import HOSTILE, labelled, small_map

from knowledge_map.common.errors import UserError
from knowledge_map.map.region import Region, domain_regions
from knowledge_map.questions.domains import Domain, domain_members, read_domains
from knowledge_map.questions.reading import read_questions
from knowledge_map.questions.records import Question
from knowledge_map.views.domain_bundle import BundleSettings, bundled_domains, write_bundle

SCHEMA = yaml.safe_load((Path(__file__).parents[3] / "workflow/schemas/domains.schema.yaml").read_text())

NAMED = [Domain("biology", "Biology"), Domain("genetics", "Genetics", "biology", (0.0, 0.5, 0.0, 1.0))]


def asked(number: int, *ids: str, **fields: object) -> Question:
    data = {"domain_ids": list(ids), **fields}
    return Question(f"question:{number}", f"Why {number}?", ("since", "so", "no"), 1, data)


QUESTIONS = [
    asked(0, "genetics", difficulty=4, source_article="Article 3", concepts_tested=["genes"]),
    asked(1, "biology"),
    asked(2, "art", difficulty=float("nan")),
    Question("question:3", "Unanswered?", (), None, {"domain_ids": ["art"]}),
]


def valid(part: str, content: dict) -> dict:
    Draft202012Validator(SCHEMA).validate(content)
    Draft202012Validator(SCHEMA | {"anyOf": [{"$ref": f"#/$defs/{part}"}]}).validate(content)
    return content


@pytest.fixture
def bundle(tmp_path):
    """Write the bundle of a small map and return the content of its files by their names."""

    def bundle(questions=QUESTIONS, named=NAMED, titles=None, **settings) -> dict[str, dict]:
        small = small_map(tmp_path, questions=len(questions), titles=titles, articles=len(titles) if titles else 200)
        folder = tmp_path / "domains"
        write_bundle(small[0], small[1], labelled(small, 2, 4), questions, named, 0.1, folder, BundleSettings(3, **settings))
        read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
        return {name: valid("index" if name == "index" else "bundle", content) for name, content in read.items()}

    return bundle


def test_there_is_a_file_for_each_domain_and_one_for_the_whole_map(bundle):
    files = bundle()
    assert set(files) == {"index", "all", "biology", "genetics", "art"}
    heads = {head["id"]: head for head in files["index"]["domains"]}
    assert list(heads) == ["all", "biology", "genetics", "art"]
    assert [head["level"] for head in heads.values()] == ["all", "general", "sub", "general"]
    assert [head["question_count"] for head in heads.values()] == [3, 2, 1, 1]
    assert heads["all"]["region"] == {"x_min": 0, "x_max": 1, "y_min": 0, "y_max": 1}
    assert heads["genetics"]["region"] == {"x_min": 0, "x_max": 0.5, "y_min": 0, "y_max": 1}
    for name, head in heads.items():
        assert files[name]["domain"] == {key: value for key, value in head.items() if key != "question_count"}


def test_a_bundle_has_the_questions_that_can_be_asked(bundle):
    files = bundle()
    assert [question["id"] for question in files["all"]["questions"]] == ["0", "1", "2"]
    (question,) = files["genetics"]["questions"]
    assert {name: question[name] for name in list(question)[:8]} == {
        "id": "0",
        "question_text": "Why 0?",
        "options": {"A": "since", "B": "so", "C": "no"},
        "correct_answer": "B",
        "difficulty": 4,
        "source_article": "Article 3",
        "domain_ids": ["genetics"],
        "concepts_tested": ["genes"],
    }
    assert files["art"]["questions"][0]["difficulty"] is None


def test_a_bundle_has_the_articles_of_its_region(bundle, tmp_path):
    files = bundle(articles=None)
    knowledge_map, _ = small_map(tmp_path, questions=4)
    left = np.flatnonzero(knowledge_map.positions[:200, 0] <= 0.5)
    assert [article["title"] for article in files["genetics"]["articles"]] == [f"Article {row}" for row in left]
    first = files["genetics"]["articles"][0]
    assert [first["x"], first["y"]] == pytest.approx(knowledge_map.positions[left[0]].tolist(), abs=1e-6)
    assert first["excerpt"] == f"About Article {left[0]}"
    assert len(files["all"]["articles"]) == 200
    depths = [item["z"] for item in files["all"]["articles"] + files["all"]["questions"]]
    assert 0 <= min(depths) < 0.1 and 0.9 < max(depths) <= 1


def test_of_too_many_articles_some_are_drawn_and_that_is_told(bundle, caplog):
    caplog.set_level("INFO", "knowledge_map")
    titles = [article["title"] for article in bundle(articles=20)["all"]["articles"]]
    assert len(set(titles)) == 20
    assert "all: 20 of the 200 articles in its region, drawn at random" in caplog.text
    assert "1 of 4 questions cannot be asked, and are in no bundle" in caplog.text
    assert titles == [article["title"] for article in bundle(articles=20)["all"]["articles"]]


def test_cells_have_the_names_of_the_map_and_count_all_articles(bundle, tmp_path):
    labels = bundle(articles=20)["all"]["labels"]
    assert [(cell["gx"], cell["gy"]) for cell in labels] == [(x, y) for y in range(3) for x in range(3)]
    assert sum(cell["article_count"] for cell in labels) == 200
    cells = labelled(small_map(tmp_path, questions=4), 2, 4).to_pylist()
    names = {(cell["gx"], cell["gy"]): cell["label"] for cell in cells if cell["grid"] == 2}
    assert [cell["label"] for cell in labels if cell["gx"] != 1 and cell["gy"] != 1] == [
        names[corner] for corner in [(0, 0), (1, 0), (0, 1), (1, 1)]
    ]


def test_a_bundle_is_read_again_as_questions_and_domains(bundle, tmp_path):
    files = bundle()
    again = read_questions([tmp_path / "domains/all.json"])
    assert [(each.item_id, each.text, each.options, each.answer) for each in again] == [
        (each.item_id, each.text, each.options, each.answer) for each in QUESTIONS if each.options
    ]
    domains = read_domains(tmp_path / "domains/index.json")
    assert [(domain.id, domain.name, domain.parent_id) for domain in domains[1:3]] == [
        (domain.id, domain.name, domain.parent_id) for domain in NAMED
    ]
    members = domain_members(domains, again)
    assert members.sum(axis=1).tolist() == [head["question_count"] for head in files["index"]["domains"]]
    regions = domain_regions(domains, members, np.zeros((3, 2)), 0.1)
    assert [region.as_dict() for region in regions if region] == [head["region"] for head in files["index"]["domains"]]
    once = {path.name: path.read_bytes() for path in (tmp_path / "domains").iterdir()}
    bundle(again, domains)
    assert {path.name for path in (tmp_path / "domains").iterdir()} == set(once)


def test_hostile_texts_stay_texts(bundle):
    titles = [text or "untitled" for text in HOSTILE] * 3
    question = Question(
        "question:0", HOSTILE[0], (HOSTILE[1], HOSTILE[2]), 0, {"domain_ids": ["a b"], "concepts_tested": HOSTILE[3:5]}
    )
    files = bundle([question], [Domain("a b", HOSTILE[0])], titles)
    assert [article["title"] for article in files["all"]["articles"]] == titles
    assert files["a b"]["domain"]["name"] == HOSTILE[0]
    assert files["a b"]["questions"][0]["question_text"] == HOSTILE[0]


@pytest.mark.parametrize(
    "identity", ["../up", "a/b", ".hidden", "", "index", "INDEX", "nul\x00", "50%", "x" * 201, "a{b}", "what?"]
)
def test_an_id_that_cannot_name_a_file_is_refused(identity):
    with pytest.raises(UserError, match=r"of a domain cannot name a file|would have the file of"):
        bundled_domains([asked(0, identity)] if identity else [], [] if identity else [Domain("", "nameless")])


def test_ids_that_differ_in_case_only_are_refused():
    with pytest.raises(UserError, match="the domain `Art` would have the file of `art`"):
        bundled_domains([asked(0, "art"), asked(1, "Art")])


def test_the_whole_map_may_have_a_name_of_its_own():
    assert bundled_domains([], [Domain("a", "A"), Domain("all", "Everything")]) == [
        Domain("a", "A"),
        Domain("all", "Everything", None, (0, 1, 0, 1)),
    ]


def test_a_domain_without_questions_and_region_takes_the_whole_map(bundle):
    files = bundle(named=[Domain("empty", "Empty")])
    assert files["empty"]["domain"]["region"] == Region(0, 1, 0, 1).as_dict()
    assert files["empty"]["questions"] == []


def test_an_address_that_is_no_web_address_is_left_out(tmp_path):
    knowledge_map, table = small_map(tmp_path, articles=60, questions=1)
    addresses = pa.array(["javascript:alert(1)"] * 60 + [""])
    knowledge_map.table = knowledge_map.table.set_column(knowledge_map.table.column_names.index("url"), "url", [addresses])
    labels = labelled(small_map(tmp_path, articles=60, questions=1), 2)
    write_bundle(knowledge_map, table, labels, [asked(0)], [], 0.1, tmp_path / "domains", BundleSettings(3))
    bundle = json.loads((tmp_path / "domains/all.json").read_text())
    assert {article["url"] for article in bundle["articles"]} == {""}
