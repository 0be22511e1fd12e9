"""The progress of a shard: blocks of vectors that are saved as they are finished, and the lock of their folder."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from filelock import FileLock, Timeout

from knowledge_map.common.checksum import content_digest
from knowledge_map.common.errors import corrupt_file_error
from knowledge_map.common.parquet import as_column, as_matrix, as_metadata, open_parquet, read_metadata, write_parquet
from knowledge_map.common.progress import log
from knowledge_map.embedding.encoders.base import Embedded

BLOCK = 1_000
"""Texts of a saved block."""

WAIT = 60
"""Seconds between two words of a job that waits for another."""


class SavedBlocks:
    """Blocks of vectors in a folder, each written whole and flushed before it gets its name.

    `identity` says what the blocks belong to (shard, model, block size); a block of anything else, or a damaged one, counts
    as missing.
    """

    def __init__(self, folder: Path, identity: dict):
        self.folder, self.identity = folder, identity

    def save(self, number: int, block: Embedded) -> None:
        """Write a block whole, under its number."""
        described = {"truncated": block.truncated, "prompt": block.prompt, "computed_in": block.computed_in}
        notes = self.identity | {"number": number} | described | {"digest": _digest(block)}
        table = pa.table({"embedding": as_column(block.vectors)}, metadata=as_metadata(notes))
        write_parquet(self._path(number), table)

    def load(self, number: int) -> Embedded | None:
        """Return a block, or None where it is missing, corrupt, or of anything else."""
        path = self._path(number)
        if not path.exists():
            return None
        try:
            with open_parquet(path) as file:
                notes = read_metadata(file)
                if any(notes.get(name) != value for name, value in (self.identity | {"number": number}).items()):
                    return None
                described = (notes[name] for name in ("truncated", "prompt", "computed_in"))
                block = Embedded(as_matrix(file.read()["embedding"]), *described)
        except Exception as error:  # the file's footer has no checksum: a flipped bit there can raise anything
            log.warning(f"{path}: damaged ({error}); it is embedded again now.")
            return None
        if notes.get("digest") != _digest(block):
            log.warning(f"{path}: damaged; it is embedded again now.")
            return None
        return block

    def read(self, number: int) -> Embedded:
        """Return a block that is saved. Raises UserError where it is not there any more, or corrupt."""
        block = self.load(number)
        if block is None:
            raise corrupt_file_error(self._path(number), "it was saved, and cannot be read any more")
        return block

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}.parquet"


def _digest(block: Embedded) -> str:
    notes = json.dumps([block.vectors.shape, block.truncated, block.prompt, block.computed_in])
    return content_digest([notes.encode(), block.vectors.tobytes()])


@contextmanager
def exclusive_lock(path: Path) -> Iterator[bool]:
    """Hold the lock at `path`, and tell whether another process held it before. The lock is removed after a good end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    waited = False
    while not lock.is_locked:
        try:
            lock.acquire(timeout=WAIT if waited else 0, poll_interval=1)
        except Timeout:
            waited = True
            log.info(f"{path}: another process is embedding this shard; waiting until it has finished or was ended")
    try:
        yield waited
        # Whoever gets the removed lock finds the output.
        path.unlink(missing_ok=True)
    finally:
        lock.release()
