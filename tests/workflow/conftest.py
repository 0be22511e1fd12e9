"""A finished project, made once, copies of it, and a disk to fill."""

from collections.abc import Iterator

import pytest
from projects import STARTER, Disk, Project, read_articles, small_project


@pytest.fixture(scope="session")
def starter() -> list[dict]:
    """The articles of the starter corpus."""
    return read_articles(STARTER / "articles.jsonl")


@pytest.fixture(scope="session")
def base(tmp_path_factory, starter) -> Project:
    """A finished project with the scripts of its jobs, as Snakemake ran them; only looked at."""
    project = small_project(tmp_path_factory.mktemp("project"), starter)
    assert project.make("--skip-script-cleanup")["embed_shard"] == 3
    return project


@pytest.fixture
def finished(base, tmp_path) -> Project:
    """A copy of the finished project, to do harm to."""
    return base.copy(tmp_path / "project")


@pytest.fixture
def disk(tmp_path) -> Iterator[Disk]:
    """A file system of 1 MB; skipped where mounting is not allowed."""
    disk = Disk(tmp_path / "disk", "1m")
    yield disk
    disk.close()
