"""What the page is told of the quiz: settings in the map's units, difficulties on one scale, source articles as rows."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from test_labels import small_map

from knowledge_map.map_table import Region
from knowledge_map.questions import Question, difficulties
from knowledge_map.quiz import QuizSettings, quiz_questions, quiz_settings

SCHEMA = yaml.safe_load((Path(__file__).parents[2] / "workflow/schemas/config.schema.yaml").read_text())["properties"]["quiz"]


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
    places = np.random.default_rng(0).uniform(size=(6, 2)).astype(np.float32)
    (tmp_path / "moved").mkdir()
    here, _ = small_map(tmp_path, 5, 1, places=places)
    moved, _ = small_map(tmp_path / "moved", 5, 1, places=places[::-1])
    cases = [(here, [question(0)]), (here, [question(1)]), (moved, [question(0)]), (here, [question(0)])]
    *names, again = (quiz_settings(knowledge_map, asked, None, QuizSettings())["map"] for knowledge_map, asked in cases)
    assert len(set(names)) == 3
    assert again == names[0]
