"""When the power fails, a file with a final name is whole: on a disk of which only what was flushed is kept."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from knowledge_map.common.files import atomic_write
from knowledge_map.embedding.blocks import SavedBlocks
from knowledge_map.embedding.encoders.base import Embedded

CONTENT = os.urandom(200_000)


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk of its own: {done.stderr.strip()}")


class LosingDisk:
    """A file system in an image file. What is written to it and not flushed is in memory alone, as with any disk."""

    def __init__(self, folder: Path):
        self.image, self.folder, self._after = folder / "disk.img", folder / "disk", folder / "after"
        self.folder.mkdir()
        self._after.mkdir()
        with self.image.open("wb") as file:
            file.truncate(16 << 20)
        run("mkfs.ext4", "-q", self.image)
        run("mount", "-o", "loop,commit=300", self.image, self.folder)

    @contextmanager
    def after_power_loss(self) -> Iterator[Path]:
        """Yield the file system as it would be found if the power failed now."""
        copy = self.image.with_suffix(".copy")
        shutil.copy(self.image, copy)
        run("mount", "-o", "loop", copy, self._after)
        try:
            yield self._after
        finally:
            run("umount", self._after)

    def close(self) -> None:
        run("umount", self.folder)


@pytest.fixture
def disk(tmp_path) -> Iterator[LosingDisk]:
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 is not installed (Debian: apt-get install e2fsprogs)")
    disk = LosingDisk(tmp_path)
    yield disk
    disk.close()


def test_a_finished_file_is_there_whole_after_a_power_loss(disk):
    with atomic_write(disk.folder / "result") as temporary:
        temporary.write_bytes(CONTENT)
    with disk.after_power_loss() as after:
        assert (after / "result").read_bytes() == CONTENT


def test_the_former_file_is_there_as_long_as_the_new_one_is_not_whole(disk):
    (disk.folder / "result").write_bytes(b"old")
    os.sync()
    with atomic_write(disk.folder / "result") as temporary:
        temporary.write_bytes(CONTENT)
        os.sync()
        with disk.after_power_loss() as after:
            assert (after / "result").read_bytes() == b"old"


def test_a_saved_block_is_there_whole_after_a_power_loss(disk):
    vectors = np.random.default_rng(0).normal(size=(100, 64)).astype(np.float32)
    belongs = {"shard": "ab"}
    SavedBlocks(disk.folder / "partial", belongs).save(0, Embedded(vectors, 3, "query: ", "float32"))
    with disk.after_power_loss() as after:
        assert np.array_equal(SavedBlocks(after / "partial", belongs).load(0).vectors, vectors)


def test_this_disk_does_lose_what_was_not_flushed(disk):
    """Else the tests above could not fail."""
    (disk.folder / "temporary").write_bytes(CONTENT)
    os.replace(disk.folder / "temporary", disk.folder / "renamed")
    with disk.after_power_loss() as after:
        assert not (after / "renamed").exists() or (after / "renamed").read_bytes() != CONTENT
