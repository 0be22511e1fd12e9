"""What the jobs of a run load: never faiss and torch in one process, whose OpenMP runtimes end it on macOS."""

import json

TELL = """
import atexit, json, os, sys
from pathlib import Path


def tell():
    loaded = [name for name in ("torch", "faiss", "knowledge_map") if name in sys.modules]
    (Path(__file__).parent / f"{os.getpid()}.json").write_text(json.dumps([sys.argv[0], loaded]))


atexit.register(tell)
"""


def test_no_job_loads_faiss_and_torch(finished, tmp_path, monkeypatch):
    folder = tmp_path / "told"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(TELL)  # run by every Python that starts
    monkeypatch.setenv("PYTHONPATH", str(folder))
    (finished / "new.jsonl").write_text(json.dumps({"title": "Ribosome", "text": "A ribosome reads messenger RNA."}) + "\n")
    finished.configure(neighbors__method="faiss", projection={"path": "new.jsonl"})
    jobs = finished.make("--forceall", "all", "project", "verify")
    assert {"embed_shard", "embed_questions", "neighbor_index", "neighbor_block", "diagnostics", "project"} <= set(jobs)
    told = [json.loads(file.read_text()) for file in folder.glob("*.json")]
    loaded = [(program, set(modules)) for program, modules in told if "knowledge_map" in modules]
    assert not [program for program, modules in loaded if {"torch", "faiss"} <= modules]
    assert all(any(name in modules for _, modules in loaded) for name in ("torch", "faiss"))
