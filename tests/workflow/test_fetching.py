"""From articles and a model on the hub to a map: fetched first, and then without a network."""

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hub_server import COMMIT, Hub, environment, serving
from projects import REPOSITORY, SMALL, STARTER, TRACEBACK, Project
from snakemake.utils import update_config

FILES = [f"20231101.en/train-0000{number}-of-00003.parquet" for number in range(3)]
ROWS = 40
SOURCE = {
    "name": "wikipedia",
    "format": "huggingface",
    "path": "wikimedia/wikipedia",
    "huggingface": {"revision": COMMIT, "folder": "20231101.en"},
    "limit": 60,
}


@pytest.fixture(scope="session")
def model(made_once) -> Path:
    def make(folder: Path) -> None:
        from qwen_models import save_model  # takes seconds, of one worker

        folder.mkdir()
        save_model(folder, "left")

    return made_once("qwen", make) / "model"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory, starter) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    for number, name in enumerate(FILES):
        articles = starter[number * ROWS : (number + 1) * ROWS]
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        columns = {column: [str(each.get(column, "")) for each in articles] for column in ("id", "url", "title", "text")}
        pq.write_table(pa.table(columns), path)
    return folder


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Iterator[Hub]:
    with serving(Hub()) as hub:
        for name, value in environment(hub, tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        yield hub


@pytest.fixture
def project(tmp_path) -> Project:
    project = Project(tmp_path / "project")
    (project / "data").mkdir()
    shutil.copy(STARTER / "questions.json", project / "data/questions.json")
    return project


def test_after_fetching_a_map_is_made_without_a_network(project, hub, model, dataset):
    hub.add("models/lab/qwen", model)
    hub.add("datasets/wikimedia/wikipedia", dataset)
    project.configure(articles=[SOURCE], questions="data/questions.json", **SMALL)
    project.configure(embedding__model="lab/qwen", embedding__revision=COMMIT, shards__size=60)
    assert project.make("fetch_model", "shard") == Counter(fetch_dataset=1, fetch_model=1, shard=1)
    assert [name for name in hub.fetched if name.endswith(".parquet")] == FILES[:2]

    hub.requests.clear()
    hub.online = False
    jobs = project.make()
    assert jobs["embed_shard"] == 1 and jobs["map_page"] == 1
    assert not {"fetch_dataset", "fetch_model", "shard"} & jobs.keys()
    assert (project / "results/knowledge_map.html").exists()
    assert not hub.requests

    # A record that is lost, or written again, makes nothing else stale.
    (project / "results/fetched/model.json").unlink()
    assert project.make() == Counter(fetch_model=1)
    (project / "results/fetched/datasets/wikipedia.json").unlink()
    assert project.make("results/fetched/datasets/wikipedia.json") == Counter(fetch_dataset=1)
    assert project.plan() == Counter()


def test_a_disk_full_while_fetching_goes_on_when_there_is_room(project, hub, dataset, disk, monkeypatch):
    hub.add("datasets/wikimedia/wikipedia", dataset)
    letters = random.Random(1)
    columns = {"text": [f"{letters.getrandbits(40_000):x}" for _ in range(300)]}
    large = project / "large.parquet"
    pq.write_table(pa.table(columns), large)
    hub.files["datasets/wikimedia/wikipedia"][FILES[1]] = large.read_bytes()
    monkeypatch.setenv("HF_HOME", str(disk.folder / "home"))
    project.configure(articles=[SOURCE | {"limit": None}], **SMALL)

    run = project.run("results/fetched/datasets/wikipedia.json")
    assert run.code != 0
    assert "the disk is full" in run.output and "make room and run the workflow again" in run.output
    assert TRACEBACK not in run.output

    disk.remount("size=16m")
    hub.requests.clear()
    assert project.make("results/fetched/datasets/wikipedia.json") == Counter(fetch_dataset=1)
    assert hub.fetched == FILES[1:]


def test_a_hub_that_cannot_be_reached_is_one_line_and_with_a_network_the_run_goes_on(project, hub, model):
    shutil.copy(STARTER / "articles.jsonl", project / "data/articles.jsonl")
    hub.add("models/lab/qwen", model)
    project.configure(articles=[{"name": "starter", "path": "data/articles.jsonl"}], **SMALL)
    project.configure(embedding__model="lab/qwen", embedding__revision=COMMIT)
    hub.online = False
    run = project.run("fetch_model", "shard", "--keep-going")
    assert run.code != 0 and TRACEBACK not in run.output
    assert run.jobs == Counter(shard=1)  # what needs no hub is done
    (line,) = re.findall(r"fetch_model: error: (.*)", run.output)
    assert line.startswith(f"the model lab/qwen at {COMMIT}: cannot be had from {hub.endpoint}")

    hub.online = True
    assert project.make("fetch_model", "shard") == Counter(fetch_model=1)


@pytest.mark.parametrize("name", ["wikipedia-250k", "wikipedia-all"])
def test_a_ready_configuration_has_a_whole_plan(project, hub, model, dataset, name):
    """With a stand-in for the dataset and the model; what is not planned before the articles are there, is planned after."""
    config = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
    update_config(config, yaml.safe_load((REPOSITORY / f"config/{name}.yaml").read_text()))
    (source,) = config["articles"]
    embedding = config["embedding"]
    hub.add(f"datasets/{source['path']}", dataset, source["huggingface"]["revision"])
    hub.add(f"models/{embedding['model']}", model, embedding["revision"])
    project.configure(**config)

    plan = project.plan()
    assert plan["fetch_dataset"] == plan["fetch_model"] == plan["shard"] == 1
    assert project.make("fetch_model", "shard") == Counter(fetch_dataset=1, fetch_model=1, shard=1)
    manifest = json.loads((project / config["results"] / "shards/manifest.json").read_text())
    assert manifest["articles"] == len(FILES) * ROWS
    plan = project.plan()
    assert plan["embed_shard"] == plan["embed_questions"] == plan["neighbor_graph"] == plan["fit_umap"] == plan["map_page"] == 1
    assert plan["neighbor_block"] == 1 and "neighbor_index" not in plan  # of so few articles
