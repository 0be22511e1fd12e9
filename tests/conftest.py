"""How the tests are shared among workers, and a finished project, made once for all that run the workflow."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from projects import STARTER, Project, read_articles, small_project


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of a file to one worker, which makes their fixtures once; those of the workflow to any that is free."""
    for item in items:
        if item.path.parent.name != "workflow":
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Return a function that gives the folder of a name: the worker that asks first fills it, for all."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made_once(name: str, make: Callable[[Path], object]) -> Path:
        folder, made = shared / name, shared / f"{name}.made"
        with FileLock(shared / f"{name}.lock"):
            if not made.exists():
                make(folder)
                made.touch()
        return folder

    return made_once


@pytest.fixture(scope="session")
def starter() -> list[dict]:
    """The articles of the starter corpus."""
    return read_articles(STARTER / "articles.jsonl")


@pytest.fixture(scope="session")
def base(made_once, starter) -> Project:
    """A finished project with the scripts of its jobs, as Snakemake ran them; only looked at."""

    def make(folder: Path) -> None:
        assert small_project(folder, starter).make("--skip-script-cleanup")["embed_shard"] == 3

    return Project(made_once("base", make))
