"""The doctor says what there is and what is missing, on any machine, and ends well."""

import io
import json
import subprocess
import sys
import venv
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from warm_snakemake import result_of

from knowledge_map.run import doctor, self_check
from knowledge_map.run.doctor import check_apart, report

pytestmark = pytest.mark.slow  # starts processes, and loads a model in one

ROOT = Path(__file__).parents[3]
SECTIONS = ("Machine", "Packages", "Caches", "Surroundings", "Self-check", "What to set")


def test_a_machine_is_described_and_its_devices_are_checked(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    told = "\n".join(report(None, ROOT))
    assert all(f"\n{section}" in told for section in SECTIONS)
    assert "does not answer (" in told
    assert "without padding, " in told and "taken; cosine" in told and " texts/s, " in told
    assert "embedding.device: " in told


def test_without_any_package_it_says_what_is_missing(tmp_path):
    venv.create(tmp_path / "env")
    python = tmp_path / "env/bin/python"
    done = subprocess.run(
        [python, ROOT / "workflow/scripts/doctor.py"],
        cwd=ROOT,
        env={"HF_ENDPOINT": "http://127.0.0.1:9", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"\n{section}" in done.stdout for section in SECTIONS)
    assert "without the configuration: No module named" in done.stdout
    assert "torch                 missing; `make env` installs it" in done.stdout
    assert "nothing, before a device embeds" in done.stdout


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("import os; os.abort()", "its process was ended by signal 6"),
        ("raise RuntimeError('MPSGraph does not support tensor dims larger than INT_MAX')", "RuntimeError: MPSGraph does not"),
        ("import time; time.sleep(60)", "not done within 1 s"),
        ("pass", "its process said nothing"),
    ],
)
def test_a_device_that_fails_is_told(tmp_path, monkeypatch, harm, words):
    """The package beside the check is one that fails."""
    (tmp_path / "knowledge_map/run").mkdir(parents=True)
    (tmp_path / "knowledge_map/run/self_check.py").write_text(harm)
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "knowledge_map/run/doctor.py"))
    monkeypatch.setattr(doctor, "CHECK_PATIENCE", 1)
    assert words in check_apart("cpu", None)["error"]


def checked(device: str, embedding: dict) -> dict:
    """Return what the process of the check prints, from its standard input on."""
    sys.stdin = io.StringIO(json.dumps({"device": device, "embedding": embedding}))
    with redirect_stdout(io.StringIO()) as told:
        self_check.main()
    return json.loads(told.getvalue())


def test_a_model_that_is_not_there_is_told():
    embedding = {"endpoint": None, "model": "a/b", "revision": "c", "max_tokens": 16, "precision": "auto", "article_prompt": None}
    assert "the model a/b at c: not, or not wholly, in the cache" in result_of(checked, "cpu", embedding)["error"]


def test_the_python_that_runs_it_is_named():
    assert any(sys.executable in line for line in doctor._section("Machine", doctor._machine(Path("results"))))
