"""A finished project, made once for all tests that run the workflow."""

import os

import pytest
from filelock import FileLock
from projects import STARTER, Project, read_articles, small_project


@pytest.fixture(scope="session")
def starter() -> list[dict]:
    """The articles of the starter corpus."""
    return read_articles(STARTER / "articles.jsonl")


@pytest.fixture(scope="session")
def base(tmp_path_factory, starter) -> Project:
    """A finished project with the scripts of its jobs, as Snakemake ran them; only looked at.

    The worker of these tests that comes first makes it for all.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "base"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        project = Project(folder / "project")
        if not (folder / "made").exists():
            project = small_project(project.folder, starter)
            assert project.make("--skip-script-cleanup")["embed_shard"] == 3
            (folder / "made").touch()
    return project
