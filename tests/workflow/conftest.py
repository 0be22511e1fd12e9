"""Copies of the finished project, and a disk to fill."""

from collections.abc import Iterator

import pytest
from projects import Disk, Project


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
