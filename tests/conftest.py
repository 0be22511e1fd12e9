"""How the tests are shared among workers, and a finished project, made once for all that run the workflow."""

import atexit
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from projects import STARTER, Project, read_articles, small_project
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from knowledge_map.common.garbage import collecting_no_garbage

# Read by the libraries when they are loaded; see workflow/rules/common.smk.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


RUNS, UNITS = "tests/workflow/", "tests/unit/"


class FilesAndRuns(LoadScopeScheduling):
    """Gives the tests of a file to one worker, which makes their fixtures once; those of the workflow to any that is free."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(nodeid: str) -> str:
    """Return what a test has in common with those that are given to the same worker."""
    return nodeid if nodeid.startswith(RUNS) else nodeid.partition("::")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread runs of the workflow, which often wait, evenly among the unit tests, which hardly ever do, behind all else.

    Unit tests come from their end, so that those of the hub and the runs with a hub do not wait at the same time.
    """
    names = list(dict.fromkeys(together(item.nodeid) for item in items))
    runs, units = ([name for name in names if name.startswith(folder)] for folder in (RUNS, UNITS))
    places = {name: rank / len(kind) for kind in (runs, units[::-1]) for rank, name in enumerate(kind, 1)}
    items.sort(key=lambda item: places.get(together(item.nodeid), 0))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    with collecting_no_garbage():
        return (yield)


# Not before the process ends, when each library looks for what is left of it: pytest itself ends with five searches for garbage.
atexit.register(gc.unfreeze)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    return FilesAndRuns(config, log) if config.option.dist == "loadfile" else None


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
