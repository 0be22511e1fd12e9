"""What the verdicts promise: each is met exactly where the number reaches what is wanted."""

import copy
from dataclasses import replace

import pytest
from diagnosing import measure
from maps import SETTINGS, on_arc, write_map

from knowledge_map.diagnostics.criteria import criteria
from knowledge_map.layout.table import write_layout


@pytest.fixture(scope="module")
def summary(tmp_path_factory) -> dict:
    """The summary of a faithful map, beside one with light questions and a UMAP layout that are the same."""
    folder, vectors = tmp_path_factory.mktemp("map"), on_arc(300, 4)
    write_layout(folder / "uniform_weight.parquet", x=vectors[:, 0], y=vectors[:, 1])
    return measure(*write_map(folder, vectors, 4, vectors, -vectors), uniform_weight=folder / "uniform_weight.parquet")[1]


def changed(summary: dict, path: list[str], value: float) -> dict:
    summary = copy.deepcopy(summary)
    part = summary
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    return summary


def verdicts(summary: dict, **settings) -> dict[str, bool]:
    return {criterion["name"]: criterion["met"] for criterion in criteria(summary, replace(SETTINGS, **settings))}


WHERE = {
    "overlap": ["layouts", "map", "overlap", "5"],
    "questions_on_map": ["layouts", "map", "questions_among_articles"],
    "coverage": ["layouts", "map", "coverage", "occupied_share_16"],
    "article_recall": ["layouts", "map", "article_recall", "5"],
    "triplet_accuracy": ["layouts", "map", "triplet_accuracy"],
    "near_recall": ["question_weight", "near", "article_recall", "map", "5"],
    "far_recall": ["question_weight", "far", "article_recall", "map", "5"],
}


@pytest.mark.parametrize("name", WHERE)
def test_a_criterion_fails_just_below_what_is_wanted_and_no_other_does(summary, name):
    least = next(criterion["least"] for criterion in criteria(summary, SETTINGS) if criterion["name"] == name)
    assert verdicts(changed(summary, WHERE[name], least))[name]
    before, after = verdicts(summary), verdicts(changed(summary, WHERE[name], least - 1e-5))
    assert after == before | {name: False}


def test_target_and_tolerance_are_those_of_the_settings(summary):
    lowered = changed(summary, WHERE["overlap"], 0.5)
    assert not verdicts(lowered)["overlap"] and verdicts(lowered, target_overlap=0.5)["overlap"]
    lowered = changed(summary, WHERE["triplet_accuracy"], 0.9)
    assert not verdicts(lowered)["triplet_accuracy"] and verdicts(lowered, tolerance=0.2)["triplet_accuracy"]
