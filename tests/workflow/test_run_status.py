"""Status of real runs: under way, killed, failed, finished; and nothing in the results is touched by asking."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from projects import REPOSITORY, SMALL, Project, kill, wait_for, write_articles

from knowledge_map.run.status import IDLE

SCRIPT = REPOSITORY / "workflow/scripts/status.py"


@pytest.fixture
def project(tmp_path) -> Project:
    """A project of two shards, of two blocks each."""
    project = Project(tmp_path / "project")
    articles = ({"title": f"Number {number}", "text": f"It is the one after {number - 1}."} for number in range(3_200))
    write_articles(project / "numbers.jsonl", articles)
    project.configure(**SMALL, articles=[{"name": "numbers", "path": "numbers.jsonl"}])
    project.configure(shards__size=1_600, embedding__max_tokens=16)
    return project


def status(project: Project) -> str:
    done = subprocess.run([sys.executable, SCRIPT], cwd=project.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(project: Project) -> dict[Path, tuple[int, int]]:
    """Every file and folder of the results, with its inode and the time it changed."""
    paths = (project / "results").rglob("*")
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


def blocks(project: Project) -> list[Path]:
    return list(project.folder.glob("results/.partial/*/*/[0-9]*.parquet"))


def log_of(shard: str, project: Project) -> str:
    (log,) = project.folder.glob(f"results/logs/embed_shard/*/{shard}.log")
    return str(log.relative_to(project.folder))


def test_status_follows_a_run_that_is_killed_fails_and_is_finished(project):
    assert status(project) == "results: no results yet.\n"

    # Under way. Stopped while it is looked at, so that the status stands still.
    process = project.start("merge_embeddings", cores=1)
    try:
        wait_for(lambda: len(blocks(project)) == 1, process)
        os.killpg(process.pid, signal.SIGSTOP)
        text, shard = status(project), blocks(project)[0].parent.name
    finally:
        kill(process)
    assert "0 of 2 shards embedded, 1,000 of 3,200 articles (31 %)" in text
    assert re.search(rf"^Under way:\n  embed_shard {shard}: \d\d:\d\d:\d\d ", text, re.M)

    # Killed. Nobody waits two minutes.
    log = log_of(shard, project)
    os.utime(project / log, (0, 0))
    before = files(project)
    text = status(project)
    assert files(project) == before
    assert re.search(rf"^Silent for more than .*\n  embed_shard {shard}: .*\n    .*  {log}$", text, re.M)
    assert text.endswith(f"\n{IDLE}\n")

    # Failed, where the other shard is damaged.
    (damaged,) = (path for path in project.folder.glob("results/shards/*.parquet") if path.stem != shard)
    content = damaged.read_bytes()
    damaged.write_bytes(content[:1_000])
    project.make("--unlock")
    assert project.run("merge_embeddings", "--keep-going", "--retries", "0").code != 0
    text = status(project)
    assert "1 of 2 shards embedded, 1,600 of 3,200 articles (50 %)" in text
    log = log_of(damaged.stem, project)
    assert re.search(rf"^Failed:\n  embed_shard {damaged.stem}: .* error: .* damaged .*\n    .*  {log}$", text, re.M)
    assert "Silent" not in text

    # Finished.
    damaged.write_bytes(content)
    project.make("merge_embeddings")
    text = status(project)
    assert "2 of 2 shards embedded, 3,200 of 3,200 articles (100 %)" in text
    assert re.search(r"^Done:\n(  .*\n)*  .*  merge_embeddings$", text, re.M)
    assert "Failed" not in text and "Silent" not in text and "Under way" not in text
