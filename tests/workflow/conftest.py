"""A finished project, made once, and copies of it."""

import pytest
from projects import STARTER, Project, read_articles, small_project


@pytest.fixture(scope="session")
def starter() -> list[dict]:
    """The articles of the starter corpus."""
    return read_articles(STARTER / "articles.jsonl")


@pytest.fixture(scope="session")
def base(tmp_path_factory, starter) -> Project:
    """A finished project; only looked at."""
    project = small_project(tmp_path_factory.mktemp("project"), starter)
    assert project.make()["embed_shard"] == 3
    return project


@pytest.fixture
def finished(base, tmp_path) -> Project:
    """A copy of the finished project, to do harm to."""
    return base.copy(tmp_path / "project")
