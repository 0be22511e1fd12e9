"""What a run loads: its plan no library of a job, and a job never faiss and torch, whose OpenMP runtimes end it on macOS."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from clusters import clustered
from projects import SMALL, Project, write_articles
from warm_snakemake import result_of

LIBRARIES = ("torch", "faiss", "scipy", "matplotlib", "huggingface_hub", "knowledge_map")

TELL = f"""
import atexit, json, os, sys
from pathlib import Path

LIBRARIES = {LIBRARIES}

def tell():
    loaded = [name for name in LIBRARIES if name in sys.modules]
    (Path(__file__).parent / f"{{os.getpid()}}.json").write_text(json.dumps([sys.argv[0], loaded]))


atexit.register(tell)
"""

TRAP = """
import os
from pathlib import Path

Path(__file__).with_name(f"{os.getpid()}.loaded").touch()
raise ImportError("this is not faiss")
"""


@pytest.fixture
def loaded(tmp_path, monkeypatch) -> Callable[[], list[tuple[str, set[str]]]]:
    """Return a function that tells of every job that has run what it is and what it loaded."""
    folder = tmp_path / "told"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(TELL)  # run by every Python that starts
    monkeypatch.setenv("PYTHONPATH", str(folder))

    def loaded() -> list[tuple[str, set[str]]]:
        told = [json.loads(file.read_text()) for file in folder.glob("*.json")]
        return [(program, set(modules)) for program, modules in told if "knowledge_map" in modules]

    return loaded


def test_a_plan_is_made_without_the_libraries_of_its_jobs(finished, loaded):
    assert finished.run("--dry-run", under=["env"]).code == 0  # started as at a user's
    assert [modules for _, modules in loaded()] == [{"knowledge_map"}]


def test_jobs_that_embed_and_compare_do_not_load_faiss(finished, tmp_path, monkeypatch):
    """All jobs of the tests begin with torch and what it loads; a file that is found before faiss tells whether they load it."""
    assert result_of(eval, "{'torch', 'faiss'} & {*__import__('sys').modules}") == {"torch"}
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "faiss.py").write_text(TRAP)
    monkeypatch.setenv("PYTHONPATH", str(trap))
    (finished / "new.jsonl").write_text(json.dumps({"title": "Ribosome", "text": "A ribosome reads messenger RNA."}) + "\n")
    finished.configure(projection={"path": "new.jsonl"}, shards__size=100)  # one shard, and one job that embeds it
    compare, embed = ["diagnostics", "place_items"], ["embed_shard", "embed_questions", "neighbor_block"]
    # One after the other: what is compared is not made anew.
    jobs = finished.make("diagnostics", "project", "--forcerun", *compare)
    jobs += finished.make("neighbor_graph", "--forcerun", *embed)
    assert {*compare, *embed} <= set(jobs)
    assert not list(trap.glob("*.loaded"))

    finished.configure(neighbors__method="index")
    assert "this is not faiss" in finished.run("neighbor_graph", "--forcerun", "neighbor_index").output
    assert list(trap.glob("*.loaded"))


def test_jobs_of_an_index_load_faiss_alone(tmp_path, loaded):
    project = Project(tmp_path / "large")
    vectors, _ = clustered(1_200, 16, clusters=40)
    np.save(project / "vectors.npy", vectors)
    write_articles(project / "things.jsonl", ({"title": f"Thing {n}", "text": "A thing."} for n in range(1_200)))
    project.configure(articles=[{"name": "things", "path": "things.jsonl", "vectors": "vectors.npy"}], questions=None, **SMALL)
    project.configure(neighbors__method="index")
    assert {"neighbor_index", "neighbor_block"} <= set(project.make("neighbor_graph", cold=["neighbor_index", "neighbor_block"]))
    assert sum("faiss" in modules for _, modules in loaded()) >= 2
    assert not [program for program, modules in loaded() if {"torch", "faiss"} <= modules]
