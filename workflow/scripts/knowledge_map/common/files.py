"""Files that appear whole or not at all, and JSON records that carry a digest."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from knowledge_map.common.checksum import content_digest
from knowledge_map.common.errors import corrupt_file_error

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
"""What a full disk or a used up quota answers."""


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what was written there takes its place at the end, flushed before it is named.

    After an error nothing is left behind, and a former file at `path` stays as it was. What a writer of `path` left behind
    when it was killed is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_behind(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as lock:
            with suppress(OSError):  # not every file system knows locks; on such a one nothing is taken for left behind
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield temporary
            _flush(lock.fileno())
            os.replace(temporary, path)
        _flush_folder(path.parent)
    except OSError as error:
        if error.errno in DISK_FULL and not error.filename:  # a write that fails does not say where
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _remove_left_behind(path: Path) -> None:
    """Remove the temporary files of `path` that no living process holds a lock on."""
    for left in path.parent.glob(".*.tmp"):
        if left.with_suffix("").stem == f".{path.name}":
            with suppress(OSError), left.open("rb+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()


def _flush(descriptor: int) -> None:
    """Flush a file to the disk; that of macOS keeps it in a cache of its own unless it is told not to."""
    if hasattr(fcntl, "F_FULLFSYNC"):
        with suppress(OSError):  # not every file system knows it
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def _flush_folder(folder: Path) -> None:
    """Flush the names in a folder. Where a file system cannot, a new name may be lost with the power, and the old file stays."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_json(path: str | Path, value: object) -> None:
    """Write `value` as indented UTF-8 JSON; NaN and infinity are refused, since JSON has no word for them."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def write_record(path: str | Path, record: dict) -> None:
    """Write JSON that a later step reads by `read_record`, with a digest of its content."""
    write_json(path, record | {"digest": _digest(record)})


def read_record(path: str | Path) -> dict:
    """Return what `write_record` wrote. Raises UserError, which names the file, where it is damaged."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        digest = record.pop("digest", None)
    except (ValueError, AttributeError, TypeError) as error:
        raise corrupt_file_error(path, error) from None
    if digest is not None and digest != _digest(record):  # older records have none
        raise corrupt_file_error(path, "its content does not match its digest")
    return record


def _digest(record: dict) -> str:
    return content_digest([json.dumps(record, sort_keys=True).encode()])
