"""What the jobs of a run load: never faiss and torch in one process, whose OpenMP runtimes end it on macOS."""

import json
from pathlib import Path

import pytest

TELL = """
import atexit, json, os, sys
from pathlib import Path


def tell():
    loaded = [name for name in ("torch", "faiss", "knowledge_map") if name in sys.modules]
    (Path(__file__).parent / f"{os.getpid()}.json").write_text(json.dumps([sys.argv[0], loaded]))


atexit.register(tell)
"""


@pytest.mark.parametrize("method", ["exact", "faiss"])
def test_no_job_loads_faiss_and_torch(project, tmp_path, monkeypatch, method):
    folder = tmp_path / "told"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(TELL)  # run by every Python that starts
    monkeypatch.setenv("PYTHONPATH", str(folder))
    (project / "new.jsonl").write_text(json.dumps({"title": "Ribosome", "text": "A ribosome reads messenger RNA."}) + "\n")
    project.configure(neighbors__method=method, projection={"path": "new.jsonl"})
    jobs = project.make("--forceall", "all", "project", "verify")
    assert jobs["project"] and jobs["neighbor_block"]
    told = [json.loads(file.read_text()) for file in folder.glob("*.json")]
    loaded = {Path(program).name.split(".", 1)[-1]: set(modules) for program, modules in told if "knowledge_map" in modules}
    assert not [program for program, modules in loaded.items() if {"torch", "faiss"} <= modules]
    assert any("torch" in modules for modules in loaded.values())
    assert any("faiss" in modules for modules in loaded.values()) == (method == "faiss")
