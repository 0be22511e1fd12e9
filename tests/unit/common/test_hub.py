"""Fetching from the hub: from a real server that speaks its protocol, each time by a process of its own."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_server import COMMIT, Hub, environment, serving
from waiting import PATIENCE

from knowledge_map.articles.discovery import locate_sources, rows_needed
from knowledge_map.articles.reading import read_articles
from knowledge_map.articles.records import Source, SourceReport
from knowledge_map.articles.sampling import SeenIds
from knowledge_map.common.errors import UserError

pytestmark = pytest.mark.slow  # each test starts processes that fetch

SCRIPTS = Path(__file__).parents[3] / "workflow/scripts"
CALL = """
import json, sys
from knowledge_map.common import hub
from knowledge_map.common.job import logging_to

with logging_to("log", "fetch"):
    getattr(hub, sys.argv[1])(**json.loads(sys.argv[2]))
"""
FILES = [f"20231101.en/train-0000{number}-of-00004.parquet" for number in range(4)]
ROWS = 100
DATASET = {"dataset": "wikimedia/wikipedia", "revision": COMMIT, "folder": "20231101.en", "rows": None, "record": "wiki.json"}
MODEL = {"model": "lab/model", "revision": COMMIT, "record": "model.json"}


@dataclass(frozen=True)
class Ended:
    """A process that has ended: whether well, and what it said."""

    well: bool
    said: str


@dataclass(frozen=True)
class Machine:
    """A folder with the cache of the hub in it, and the hub that its processes ask."""

    folder: Path
    hub: Hub

    @property
    def cache(self) -> Path:
        return self.folder / "home/hub"

    def start(self, function: str, offline: bool = False, **arguments) -> subprocess.Popen:
        variables = environment(self.hub, self.folder / "home") | {"PYTHONPATH": str(SCRIPTS)}
        if offline:
            variables["HF_HUB_OFFLINE"] = "1"
        return subprocess.Popen(
            [sys.executable, "-c", CALL, function, json.dumps(arguments)],
            cwd=self.folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, function: str, **arguments) -> Ended:
        process = self.start(function, **arguments)
        said, _ = process.communicate(timeout=PATIENCE)
        return Ended(process.returncode == 0, said)

    def record(self, name: str = "wiki.json") -> dict:
        return json.loads((self.folder / name).read_text())

    def refuses(self, function: str, *words: str, **arguments) -> None:
        """The process ends with one line that has these words, and writes no record."""
        ended = self.run(function, **arguments)
        errors = [line for line in ended.said.splitlines() if " error: " in line]
        assert not ended.well and len(errors) == 1, ended.said
        assert all(word in errors[0] for word in words), ended.said
        assert "Traceback" not in ended.said
        assert not (self.folder / arguments["record"]).exists()


@pytest.fixture(scope="session")
def parquet(tmp_path_factory) -> dict[str, bytes]:
    """Four files of a dataset, and what else lies in it; an article of the first has no text."""
    path = tmp_path_factory.mktemp("parquet") / "file.parquet"
    contents = {"README.md": b"A card.", "20231101.de/train-00000-of-00001.parquet": b"not wanted", "20231101.en/run.py": b"1"}
    for number, name in enumerate(FILES):
        ids = [f"{number}-{row}" for row in range(ROWS)]
        texts = [f"Article {id}. " + "x" * 200 + id for id in ids]
        if number == 0:
            texts[7] = ""
        table = {"id": ids, "url": [f"https://w.org/{id}" for id in ids], "title": [f"Title {id}" for id in ids], "text": texts}
        pq.write_table(pa.table(table), path, compression="none")
        contents[name] = path.read_bytes()
    return contents


@pytest.fixture
def machine(tmp_path, parquet) -> Iterator[Machine]:
    model = {
        "README.md": b"A card.",
        "config.json": b"{}",
        "model.safetensors": bytes(range(256)) * 2_000,
        "vocab.txt": b"a",
        "1_Pooling/config.json": b'{"pooling": 1}',
        "pytorch_model.bin": b"a pickle",
        "weights.pt": b"a pickle",
        "training.pkl": b"a pickle",
        "modeling.py": b"import os",
    }
    with serving(Hub(files={"datasets/wikimedia/wikipedia": dict(parquet), "models/lab/model": model})) as hub:
        yield Machine(tmp_path, hub)


def read(machine: Machine, source: Source, folder: Path) -> list[str]:
    """Return the ids of the articles of a fetched source."""
    (local,) = locate_sources([source], [machine.folder / "wiki.json"])
    with SeenIds(folder) as seen:
        return [article.item_id for article in read_articles(local, SourceReport(local.name, local.path), seen, 1_000, folder)]


# Datasets


def test_of_the_first_articles_only_the_files_they_need_are_fetched(machine, tmp_path):
    source = Source("wiki", "wikimedia/wikipedia", "huggingface", limit=150)
    ended = machine.run("fetch_dataset", **DATASET | {"rows": rows_needed(source, max_dropped=0.05)})
    assert ended.well, ended.said
    assert machine.hub.fetched == ["README.md", *FILES[:2]]
    assert [(file["file"], file["rows"]) for file in machine.record()["files"]] == [(name, ROWS) for name in FILES[:2]]
    assert "2 of 4 files, 200 rows" in ended.said
    assert read(machine, source, tmp_path) == [f"wiki:{i // 100}-{i % 100}" for i in range(151) if i != 7]


def test_a_row_that_may_be_dropped_costs_no_article(machine, tmp_path):
    """A hundred rows are not enough for a hundred articles where one of them has no text."""
    source = Source("wiki", "wikimedia/wikipedia", "huggingface", limit=100)
    assert machine.run("fetch_dataset", **DATASET | {"rows": rows_needed(source, max_dropped=0.05)}).well
    assert machine.hub.fetched == ["README.md", *FILES[:2]]
    assert read(machine, source, tmp_path)[-1] == "wiki:1-0"


@pytest.mark.parametrize(
    ("limit", "sample_seed", "max_dropped", "rows"),
    [(None, None, 0.05, None), (100, 3, 0.05, None), (100, None, 0, 100), (95, None, 0.05, 100), (100, None, 1, None)],
)
def test_rows_are_needed_for_the_limit_and_for_what_may_be_dropped(limit, sample_seed, max_dropped, rows):
    assert rows_needed(Source("wiki", "a/b", "huggingface", limit, sample_seed), max_dropped) == rows


def test_all_files_of_the_folder_and_no_others_are_fetched_for_a_sample(machine):
    ended = machine.run("fetch_dataset", **DATASET)
    assert ended.well, ended.said
    assert machine.hub.fetched == ["README.md", *FILES]
    assert [Path(file["path"]).read_bytes() for file in machine.record()["files"]] == [
        machine.hub.files["datasets/wikimedia/wikipedia"][name] for name in FILES
    ]


def test_progress_is_told_with_rate_and_time_left(machine):
    machine.run("fetch_dataset", **DATASET)
    said = (machine.folder / "log").read_text()
    assert f"fetching {FILES[3]}, file 4 of 4" in said
    assert "MB/s · 0:00:00 left" in said


def test_what_is_in_the_cache_is_not_fetched_again_and_needs_no_hub(machine):
    assert machine.run("fetch_dataset", **DATASET).well
    first = (machine.folder / "wiki.json").read_bytes()
    machine.hub.requests.clear()
    machine.hub.online = False
    for offline in (False, True):
        ended = machine.run("fetch_dataset", offline=offline, **DATASET)
        assert ended.well, ended.said
        assert (machine.folder / "wiki.json").read_bytes() == first
    assert not machine.hub.asked


def test_a_larger_limit_fetches_only_the_further_files(machine):
    assert machine.run("fetch_dataset", **DATASET | {"rows": 100}).well
    assert machine.run("fetch_dataset", **DATASET | {"rows": 250}).well
    assert machine.hub.fetched == ["README.md", *FILES[:3]]


def test_a_cut_connection_goes_on_where_it_was_cut(machine):
    """The library writes pieces of 10 MB, and goes on after the last one."""
    weights = random.Random(1).randbytes(12_000_000)
    machine.hub.files["models/lab/model"]["model.safetensors"] = weights
    machine.hub.cut_after = {"model.safetensors": 11_000_000}
    ended = machine.run("fetch_model", **MODEL)
    assert ended.well, ended.said
    (path,) = machine.cache.glob("models--lab--model/snapshots/*/model.safetensors")
    assert path.read_bytes() == weights
    (again,) = [line for line in machine.hub.requests if " from " in line]
    assert again == f"GET /lab/model/resolve/{COMMIT}/model.safetensors from {10 << 20}"


def test_after_a_kill_whole_files_are_not_fetched_again(machine):
    machine.hub.hang = FILES[2]
    process = machine.start("fetch_dataset", **DATASET)
    while FILES[2] not in machine.hub.fetched:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    machine.hub.hang = None
    machine.hub.requests.clear()
    ended = machine.run("fetch_dataset", **DATASET)
    assert ended.well, ended.said
    assert machine.hub.fetched == FILES[2:]


def test_a_file_that_left_the_cache_is_named(machine):
    assert machine.run("fetch_dataset", **DATASET).well
    gone = Path(machine.record()["files"][2]["path"])
    gone.unlink()
    with pytest.raises(UserError, match=rf"{gone}: was fetched, and is gone; delete .*wiki.json and run the workflow again"):
        locate_sources([Source("wiki", "wikimedia/wikipedia", "huggingface")], [machine.folder / "wiki.json"])


def test_sources_that_are_not_on_the_hub_stay_as_they_are():
    sources = [Source("cells", "cells.jsonl")]
    assert locate_sources(sources, []) == sources


# What goes wrong


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"revision": "f" * 40}, ["no such revision", "f" * 40, "correct `revision`"]),
        ({"dataset": "wikimedia/absent"}, ["wikimedia/absent", "no such dataset", "hf auth login"]),
        ({"folder": "20231101.xx"}, ["there is no 20231101.xx/*.parquet in it"]),
    ],
    ids=["revision", "dataset", "folder"],
)
def test_what_is_not_on_the_hub_is_one_clear_line(machine, change, words):
    machine.refuses("fetch_dataset", *words, **DATASET | change)


@pytest.mark.parametrize("harm", ["gone", "offline"])
def test_a_hub_that_cannot_be_reached_is_one_clear_line(machine, harm):
    if harm == "gone":
        machine.hub.endpoint = "http://127.0.0.1:9"
    words = ["cannot be had from http://127.0.0.1", "run again where there is internet"]
    machine.refuses("fetch_dataset", *words, **DATASET, offline=harm == "offline")


def test_a_hub_that_is_out_of_order_for_a_moment_is_asked_again(machine):
    machine.hub.failures = 2
    ended = machine.run("fetch_dataset", **DATASET)
    assert ended.well, ended.said
    assert "Retrying" in (machine.folder / "log").read_text()


@pytest.mark.parametrize("name", ["a/../../../../../outside.parquet", "a/..\\..\\outside.parquet", "/outside.parquet"])
def test_a_file_name_leads_nowhere_out_of_the_cache(machine, name):
    files = machine.hub.files["datasets/wikimedia/wikipedia"]
    files[name] = files[FILES[0]]
    del files["20231101.de/train-00000-of-00001.parquet"]
    machine.refuses("fetch_dataset", "refused (Invalid filename", **DATASET | {"folder": None})
    assert not list(machine.folder.rglob("*outside.parquet"))
    assert not Path("/outside.parquet").exists()


def test_what_is_no_parquet_file_is_named(machine):
    machine.hub.files["datasets/wikimedia/wikipedia"][FILES[0]] = b"<html>Please log in.</html>"
    machine.refuses("fetch_dataset", FILES[0], "is no parquet file", **DATASET)


# Models


def test_of_a_model_no_pickle_and_no_code_is_fetched(machine):
    ended = machine.run("fetch_model", **MODEL)
    assert ended.well, ended.said
    fetched = ["1_Pooling/config.json", "config.json", "model.safetensors", "vocab.txt"]
    assert machine.hub.fetched == ["README.md", *fetched]
    assert [file["file"] for file in machine.record("model.json")["files"]] == fetched


def test_a_model_that_was_not_fetched_is_named_with_the_remedy(machine):
    ended = machine.run("model_folder", model="lab/model", revision=COMMIT)
    assert not ended.well
    said = "the model lab/model at {COMMIT}: not, or not wholly, in the cache {machine.cache}"
    assert said.format(COMMIT=COMMIT, machine=machine) in ended.said
    assert not machine.hub.asked


def test_of_a_model_that_was_fetched_in_part_nothing_is_loaded(machine):
    assert machine.run("fetch_model", **MODEL).well
    assert machine.run("model_folder", model="lab/model", revision=COMMIT).well
    (weights,) = machine.cache.glob("models--lab--model/snapshots/*/model.safetensors")
    weights.unlink()
    ended = machine.run("model_folder", model="lab/model", revision=COMMIT)
    assert not ended.well and "not, or not wholly, in the cache" in ended.said


def test_a_model_of_pickles_alone_is_refused(machine):
    del machine.hub.files["models/lab/model"]["model.safetensors"]
    machine.refuses("fetch_model", "the model lab/model", "no weights as safetensors", **MODEL)


def test_a_model_in_a_package_is_no_model_to_fetch(machine):
    machine.refuses("fetch_model", "package:model", **MODEL | {"model": "package:model", "revision": None})
