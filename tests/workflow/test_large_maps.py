"""What only large maps take, on a small one: neighbors by an index, a layout of the graph alone, no pickle, a page of tiles."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from clusters import clustered
from projects import SMALL, Project, write_articles

from knowledge_map.common.files import read_record
from knowledge_map.run.verification import read_pickle_metadata

ARTICLES, DIMENSION = 1_200, 16


@pytest.fixture(scope="session")
def finished_large(made_once) -> Project:
    """A finished map of given vectors in clusters; only looked at."""

    def make(folder: Path) -> None:
        project = Project(folder)
        vectors, cluster = clustered(ARTICLES, DIMENSION, clusters=40)
        np.save(project / "vectors.npy", vectors)
        titles = [f"Thing {number} of kind {kind}" for number, kind in enumerate(cluster)]
        write_articles(project / "things.jsonl", ({"title": title, "text": title} for title in titles))
        articles = [{"name": "things", "path": "things.jsonl", "vectors": "vectors.npy"}]
        project.configure(articles=articles, questions=None, **SMALL)
        project.configure(shards__size=ARTICLES, embedding={"model": "package:no_such_package"})
        project.configure(neighbors__method="index", neighbors__block_size=500, layout__reducer_up_to=1_000)
        project.configure(map__pickle="never", page__form="tiles", umap__n_epochs=5)
        project.make()

    return Project(made_once("large", make))


@pytest.fixture
def large(finished_large, tmp_path) -> Project:
    """A copy of it, to change."""
    return finished_large.copy(tmp_path / "project")


def test_the_neighbors_come_from_an_index_block_by_block(finished_large):
    jobs = finished_large.last.jobs
    assert (jobs["neighbor_index"], jobs["neighbor_block"]) == (1, 3)
    told = read_record(finished_large / "results/neighbors/recall.json")
    assert told["recall"] >= 0.98 == told["asked"]


def test_a_run_without_a_pickle_passes_and_says_so(large):
    assert not large.last.jobs["map_pickle"] and not (large / "results/knowledge_map.pkl").exists()
    run = large.run("verify")
    assert run.code == 0 and "No knowledge_map.pkl" in run.output, run.output
    assert "`make serve` shows" in run.output


def test_the_page_is_one_of_tiles_unless_the_other_is_asked_for(large):
    assert large.last.jobs["page_tiles"] == 1 and not large.last.jobs["map_page"]
    assert len(list((large / "results/page/data/tiles").iterdir())) == 1 and (large / "results/page/index.html").exists()
    large.configure(page__form="auto")
    assert large.plan() == Counter(map_page=1)
    large.configure(page__form="tiles")
    assert not large.plan()


def test_the_pickle_can_be_asked_for_and_says_what_its_reducer_is_of(large):
    assert large.make("map_pickle") == Counter(map_pickle=1)
    assert read_pickle_metadata(large / "results/knowledge_map.pkl")["umap_params"]["reducer_of"] == 50_000


def test_more_recall_makes_the_neighbors_anew_and_another_limit_of_the_pickle_nothing(large):
    large.configure(map__pickle="auto", neighbors__recall=0.99)
    assert {"neighbor_index": 1, "neighbor_block": 3}.items() <= large.plan().items()
