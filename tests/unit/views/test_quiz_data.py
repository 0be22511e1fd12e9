"""What the page is told of the quiz: settings in the map's units, difficulties on one scale, source articles as rows."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from labelled_maps import small_map

from knowledge_map.common.parquet import as_metadata, read_parquet, write_parquet
from knowledge_map.map.region import Region
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.domains import Domain
from knowledge_map.questions.records import Question, difficulties
from knowledge_map.views.page.quiz_data import QuizSettings, quiz_domains, quiz_questions, quiz_settings

ROOT = Path(__file__).parents[3]
STYLE = (ROOT / "workflow/scripts/knowledge_map/views/page/static/quiz/quiz.css").read_text(encoding="utf-8")
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())["properties"]["quiz"]


def question(number, **data):
    return Question(f"question:{number}", f"Why {number}?", ("yes", "no"), 0, data)


def test_the_defaults_are_those_of_the_configuration():
    assert QuizSettings() == QuizSettings(**{name: part["default"] for name, part in SCHEMA["properties"].items()})


@pytest.mark.parametrize("scale", [1, 0.01, -3])
def test_difficulties_are_on_one_scale_whatever_the_files(scale):
    told = difficulties([{"difficulty": scale * value} for value in (1, 2, 3, 4)])
    assert np.sign(scale) * np.array(told) == pytest.approx([-1.342, -0.447, 0.447, 1.342], abs=1e-3)


def test_a_difficulty_that_is_no_number_counts_as_middling():
    values = ["hard", None, True, float("nan"), float("inf"), 1e300, [3]]
    told = difficulties([{"difficulty": 1}, {"difficulty": 3}, *({"difficulty": value} for value in values), {}])
    assert told == [-1, 1, *[0] * 8]


@pytest.mark.parametrize("records", [[], [{"difficulty": 2}], [{"difficulty": 0.1}] * 7])
def test_difficulties_that_do_not_differ_say_nothing(records):
    assert difficulties(records) == [0] * len(records)


def test_questions_know_their_source_articles_by_row(tmp_path):
    knowledge_map, _ = small_map(tmp_path, 5, 4)
    asked = [
        question(0, source_article="article 3", difficulty=1),
        question(1, source_article="Why 0?"),
        question(2),
        question(3),
    ]
    told = quiz_questions(knowledge_map, asked, QuizSettings())
    assert [each["source"] for each in told] == [3, -1, -1, -1]
    assert told[0] == {"id": "question:0", "options": ("yes", "no"), "answer": 0, "difficulty": 0, "source": 3}


def test_the_length_scale_follows_the_region_but_not_to_nothing(tmp_path):
    knowledge_map, _ = small_map(tmp_path, 5, 1)
    told = [
        quiz_settings(knowledge_map, [question(0)], region, QuizSettings(length_scale=0.2))["length_scale"]
        for region in (Region(0.1, 0.6, 0.2, 0.3), Region(0.5, 0.501, 0.5, 0.501), None)
    ]
    assert told == pytest.approx([0.1, 0.02, 0.02])


def test_other_places_or_questions_make_it_another_map(tmp_path):
    positions = np.random.default_rng(0).uniform(size=(6, 2)).astype(np.float32)
    for name in ("moved", "other"):
        (tmp_path / name).mkdir()
    here, _ = small_map(tmp_path, 5, 1, positions=positions)
    moved, _ = small_map(tmp_path / "moved", 5, 1, positions=positions[::-1])
    other, _ = small_map(tmp_path / "other", 4, 2, positions=positions)
    *names, again = (quiz_settings(each, [], None, QuizSettings())["map"] for each in (here, moved, other, here))
    assert len(set(names)) == 3
    assert again == names[0]


def test_a_map_that_has_grown_names_the_ones_before(tmp_path):
    knowledge_map, _ = small_map(tmp_path, 5, 1)
    assert quiz_settings(knowledge_map, [], None, QuizSettings())["former"] == []
    table = read_parquet(tmp_path / "knowledge_map.parquet").replace_schema_metadata(as_metadata({"former": ["b", "a"]}))
    write_parquet(tmp_path / "grown.parquet", table)
    grown = KnowledgeMap(tmp_path / "grown.parquet", ["item_id", "title"])
    assert quiz_settings(grown, [], None, QuizSettings())["former"] == ["b", "a"]


def test_the_questions_are_named_by_all_that_an_answer_refers_to(tmp_path):
    knowledge_map, _ = small_map(tmp_path, 5, 1)
    asked = [
        question(0),
        question(1),
        Question("question:0", "Why not?", ("yes", "no"), 0, {}),
        Question("question:0", "Why 0?", ("no", "yes"), 0, {}),
        Question("question:0", "Why 0?", ("yes", "no"), 1, {}),
    ]
    names = [quiz_settings(knowledge_map, [each], None, QuizSettings())["questions"] for each in asked]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[0-9a-f]{12}", name) for name in names)
    moved, _ = small_map(tmp_path, 5, 1, positions=np.full((6, 2), 0.5, np.float32))
    assert quiz_settings(moved, [question(0)], None, QuizSettings())["questions"] == names[0]


def test_only_what_a_question_has_is_told(tmp_path):
    knowledge_map, _ = small_map(tmp_path, 5, 2)
    asked = [question(0, concepts_tested=["osmosis"]), Question("question:1", "What is $x$?", ("$1$", "two"), 0, {})]
    concepts, formulas = quiz_questions(knowledge_map, asked, QuizSettings())
    assert concepts["concepts"] == ("osmosis",) and "parts" not in concepts
    assert "concepts" not in formulas
    text, first, second = formulas["parts"]
    assert text[0] == "What is " and text[1][0] == "math" and text[2] == "?"
    assert first[0][0] == "math" and second is None


NAMED = [Domain("b", "Below", "t"), Domain("o", "Other", None, (0.1, 0.2, 0.3, 0.4)), Domain("t", "Top"), Domain("e", "Empty")]


def test_domains_come_each_before_those_below_it_with_their_questions_and_regions(tmp_path):
    positions = np.vstack([np.random.default_rng(0).uniform(size=(5, 2)), np.full((4, 2), 0.5)]).astype(np.float32)
    knowledge_map, _ = small_map(tmp_path, 5, 4, positions=positions)
    asked = [question(number, domain_ids=ids) for number, ids in enumerate([["b"], ["t"], ["o", "b"], ["unnamed"]])]
    told = quiz_domains(knowledge_map, asked, NAMED, 0.1)
    assert [(each["name"], each["level"], each["questions"]) for each in told] == [
        ("Other", 0, [2]),
        ("Top", 0, [0, 1, 2]),
        ("Below", 1, [0, 2]),
        ("unnamed", 0, [3]),
    ]
    assert told[0]["region"] == {"x_min": 0.1, "x_max": 0.2, "y_min": 0.3, "y_max": 0.4}
    assert told[1]["region"] == pytest.approx({"x_min": 0.49, "x_max": 0.51, "y_min": 0.49, "y_max": 0.51})


def test_questions_without_domains_have_none(tmp_path):
    knowledge_map, _ = small_map(tmp_path, 5, 2)
    assert quiz_domains(knowledge_map, [question(0), question(1)], [], 0.1) == []


# Machado, Oliveira & Fernandes 2009, IEEE TVCG 15(6), table 1, severity 1.0: how linear RGB looks to the colour-blind.
SEEN_BY = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def linear(colors):
    """Return hexadecimal colours as linear RGB, float [colors, 3]."""
    values = np.array([[int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)] for color in colors])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lightness(rgb):
    """Return CIE L* of linear RGB, float [colors]."""
    luminance = rgb @ [0.2126, 0.7152, 0.0722]
    return np.where(luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27)


@pytest.mark.parametrize("seen", SEEN_BY.values(), ids=SEEN_BY.keys())
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_colours_of_knowledge_are_steps_of_lightness_for_everyone(seen, theme):
    """From one colour to the next lightness changes in one direction, by steps that are alike; more is farther from the paper."""
    ramp = [re.findall(rf"--known-{n}: (#[0-9a-f]{{6}})", STYLE)[theme] for n in range(5)]
    steps = np.diff(lightness(np.clip(linear(ramp) @ np.transpose(seen), 0, 1)))
    assert (np.sign(steps) == [-1, 1][theme]).all()
    assert np.abs(steps).min() > 0.45 * np.abs(steps).mean()
