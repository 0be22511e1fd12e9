"""The workflow as a module of somebody else's Snakefile, and as a package in somebody else's environment."""

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
import yaml
from projects import REPOSITORY, SMALL, STARTER, read_articles, write_articles
from waiting import PATIENCE
from warm_jobs import UNCOMPILED
from warm_snakemake import WarmRun

IMPORTER = """
from snakemake.utils import min_version

min_version("9.0")


configfile: "config.yaml"


module knowledge_map:
    snakefile:
        "{snakefile}"
    config:
        config


use rule * from knowledge_map{renamed}


onstart:
    print("the importer's own start", flush=True)
"""


def write_importer(folder: Path, renamed: str) -> None:
    """Write what `snakedeploy deploy-workflow` writes: a Snakefile with the workflow as a module, and a configuration."""
    (folder / "Snakefile").write_text(IMPORTER.format(snakefile=REPOSITORY / "Snakefile", renamed=renamed))
    write_articles(folder / "articles.jsonl", read_articles(STARTER / "articles.jsonl")[:30])
    config = SMALL | {"articles": [{"name": "a", "path": "articles.jsonl"}], "questions": None, "shards": {"size": 30}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))


@pytest.mark.parametrize(("renamed", "prefix"), [("", ""), (" as km_*", "km_")], ids=["plain", "renamed"])
def test_the_workflow_runs_as_a_module_from_a_folder_elsewhere(tmp_path, renamed, prefix):
    write_importer(tmp_path, renamed)
    arguments = ["--cores", "2", f"{prefix}merge_embeddings"]
    code = WarmRun(arguments, tmp_path, os.environ | UNCOMPILED, tmp_path / "output").wait(PATIENCE)
    output = (tmp_path / "output").read_text()
    assert code == 0, output
    ran = Counter(re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)", output, re.M))
    rules = {"shard": 1, "embed_shard": 1, "embed_questions": 1, "merge_embeddings": 1}
    assert ran == Counter({prefix + name: count for name, count in rules.items()})
    assert (tmp_path / "results/embeddings.parquet").exists()
    assert "the importer's own start" in output


def test_an_importer_keeps_its_own_signals_and_shell(tmp_path):
    write_importer(tmp_path, "")
    with (tmp_path / "Snakefile").open("a") as snakefile:
        snakefile.write('\n\nrule own:\n    output:\n        "own.txt",\n    shell:\n        "trap > {output}"\n')
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "own.txt"]
    # Whoever runs the tests may ignore the signal already, and a shell could not tell the one from the other.
    heeds = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    run = subprocess.run(command, cwd=tmp_path, preexec_fn=heeds, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "INT" not in (tmp_path / "own.txt").read_text()


DOORS = """
import knowledge_map
from knowledge_map.articles.shards import shard_paths, text_batches
from knowledge_map.embedding import EmbeddingTable
from knowledge_map.labels import LabelSettings, knn_labels
from knowledge_map.map import KnowledgeMap
from knowledge_map.questions import read_questions
from knowledge_map.views.page import PAGE_COLUMNS, PageContent, write_page

assert "workflow/scripts" not in knowledge_map.__file__, knowledge_map.__file__
knowledge_map = KnowledgeMap("results/knowledge_map.parquet", PAGE_COLUMNS)
table = EmbeddingTable("results/embeddings.parquet")
assert len(knowledge_map.positions) == table.rows and table.vectors(0, 2).shape == (2, table.dimension)
texts = text_batches(shard_paths("results/shards/manifest.json"))
labels = knn_labels(knowledge_map, table, texts, LabelSettings(grid=[2, 4]), region=None, threads=1)
write_page(PageContent(knowledge_map, labels, read_questions(["questions.json"])), "{output}")
"""


def test_the_installed_package_opens_a_finished_map_and_writes_a_page(base, tmp_path):
    wheels, installed = tmp_path / "wheels", tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    source = tmp_path / "source"  # a copy, since the build leaves files beside what it builds
    shutil.copytree(REPOSITORY / "workflow", source / "workflow", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.in"):
        shutil.copy(REPOSITORY / name, source)
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, source], check=True, cwd=tmp_path)
    subprocess.run([*pip, "install", "--no-deps", "--target", installed, *wheels.glob("*.whl")], check=True, cwd=tmp_path)
    # An environment of its own: the installed package and what it depends on, and nothing of the checkout.
    paths = [str(installed), sysconfig.get_paths()["purelib"]]
    code = f"import sys; sys.path[:0] = {paths!r}\n{DOORS.format(output=tmp_path / 'own.html')}"
    run = subprocess.run([sys.executable, "-I", "-c", code], cwd=base.folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "<script" in (tmp_path / "own.html").read_text()
