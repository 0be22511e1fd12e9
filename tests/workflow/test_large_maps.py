"""What only large maps take, on a small one: neighbors by an index, a layout of the graph alone, no pickle, a page of tiles."""

from collections import Counter

import numpy as np
import pytest
from clusters import clustered
from projects import SMALL, Project, write_articles

from knowledge_map.common.files import read_record
from knowledge_map.run.verification import read_pickle_metadata

ARTICLES, DIMENSION = 1_200, 16


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Project, Counter]:
    """A finished map of given vectors in clusters, and the jobs that made it."""
    project = Project(tmp_path_factory.mktemp("large"))
    vectors, cluster = clustered(ARTICLES, DIMENSION, clusters=40)
    np.save(project / "vectors.npy", vectors)
    titles = [f"Thing {number} of kind {kind}" for number, kind in enumerate(cluster)]
    write_articles(project / "things.jsonl", ({"title": title, "text": title} for title in titles))
    project.configure(articles=[{"name": "things", "path": "things.jsonl", "vectors": "vectors.npy"}], questions=None, **SMALL)
    project.configure(shards__size=ARTICLES, embedding={"model": "package:no_such_package"})
    project.configure(neighbors__method="index", neighbors__block_size=500, layout__reducer_up_to=1_000)
    project.configure(map__pickle="never", page__form="tiles", umap__n_epochs=5)
    return project, project.make()


def test_the_neighbors_come_from_an_index_block_by_block(made):
    project, jobs = made
    assert (jobs["neighbor_index"], jobs["neighbor_block"]) == (1, 3)
    told = read_record(project / "results/neighbors/recall.json")
    assert told["recall"] >= 0.98 == told["asked"]


def test_a_run_without_a_pickle_passes_and_says_so(made):
    project, jobs = made
    assert not jobs["map_pickle"] and not (project / "results/knowledge_map.pkl").exists()
    run = project.run("verify")
    assert run.code == 0 and "No knowledge_map.pkl" in run.output, run.output
    assert "`make serve` shows" in run.output


def test_the_page_is_one_of_tiles_unless_the_other_is_asked_for(made):
    project, jobs = made
    assert jobs["page_tiles"] == 1 and not jobs["map_page"]
    assert len(list((project / "results/page/data/tiles").iterdir())) == 1 and (project / "results/page/index.html").exists()
    project.configure(page__form="auto")
    assert project.plan() == Counter(map_page=1)
    project.configure(page__form="tiles")
    assert not project.plan()


def test_the_pickle_can_be_asked_for_and_says_what_its_reducer_is_of(made):
    project, _ = made
    assert project.make("map_pickle") == Counter(map_pickle=1)
    assert read_pickle_metadata(project / "results/knowledge_map.pkl")["umap_params"]["reducer_of"] == 50_000


def test_more_recall_makes_the_neighbors_anew_and_another_limit_of_the_pickle_nothing(made):
    project, _ = made
    project.configure(map__pickle="auto", neighbors__recall=0.99)
    assert {"neighbor_index": 1, "neighbor_block": 3}.items() <= project.plan().items()
