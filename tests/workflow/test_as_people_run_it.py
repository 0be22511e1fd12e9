"""Runs as people start them: paths with a home or braces in them, empty sections, and another Snakefile around this one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from projects import REPOSITORY, TRACEBACK

CASES = REPOSITORY / "tests" / "cases"


def run(folder: Path, *arguments: str, snakefile: Path = REPOSITORY / "Snakefile") -> subprocess.CompletedProcess:
    """Run Snakemake in a folder, which is home as well, with the configuration there."""
    return subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "snakemake",
                *arguments,
                "--cores",
                "1",
                "--snakefile",
                str(snakefile),
                "--directory",
                str(folder),
            )
        ]
        + ([] if snakefile.is_relative_to(folder) else ["--configfile", str(folder / "config.yaml")]),
        cwd=folder,
        env=os.environ | {"HOME": str(folder / "home"), "KNOWLEDGE_MAP": str(REPOSITORY / "Snakefile")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def case(tmp_path, request) -> Path:
    """A copy of a case, with the articles that most of them share."""
    folder = tmp_path / "case"
    shutil.copytree(CASES / request.param, folder)
    shutil.copy(CASES / "module-use" / "articles.jsonl", folder / "articles.jsonl")
    (folder / "home").mkdir()
    return folder


@pytest.mark.parametrize(
    ("case", "manifest"),
    [
        ("results-tilde", "home/km-results/shards/manifest.json"),
        ("section-null", "results/shards/manifest.json"),
        ("tsv-quote-merges", "results/shards/manifest.json"),
    ],
    indirect=["case"],
)
def test_sixty_articles_are_read(case, manifest):
    ended = run(case, "shard")
    assert ended.returncode == 0, ended.stdout
    assert "a: 60 rows read, 60 articles kept" in ended.stdout
    assert (case / manifest).exists() and not (case / "~").exists()


@pytest.mark.parametrize("case", ["path-braces"], indirect=True)
def test_braces_in_a_path_are_refused_before_anything_runs(case):
    (case / "articles.jsonl").rename(case / "art{icles}.jsonl")
    ended = run(case, "shard")
    assert ended.returncode != 0 and TRACEBACK not in ended.stdout
    assert "`articles[0].path`: art{icles}.jsonl: has braces, which Snakemake takes for a pattern; rename it" in ended.stdout


@pytest.mark.parametrize("case", ["module-use"], indirect=True)
def test_another_workflow_uses_this_one_as_a_module(case):
    ended = run(case, "km_shard", "--dry-run", snakefile=case / "Snakefile")
    assert ended.returncode == 0, ended.stdout
    assert "km_shard" in ended.stdout
