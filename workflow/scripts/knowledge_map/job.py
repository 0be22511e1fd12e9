"""How a script runs: where its words go, and how its errors end."""

import errno
import fcntl
import logging
import os
import re
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from knowledge_map.errors import UserError
from knowledge_map.progress import log

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
OURS = "an error that is ours to mend; please report it with the lines below"


@contextmanager
def logging_to(path: str | Path, name: str) -> Iterator[None]:
    """Log to the terminal and to the file at `path`, and end on an error the user can mend with its one line."""
    # Libraries that look for a hub or draw their own bars would say so in the midst of ours.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    # A path may hold bytes that are no UTF-8; a line about it must not be lost.
    file = logging.FileHandler(path, mode="w", encoding="utf-8", errors="backslashreplace")
    _sign(file.stream)
    logging.basicConfig(
        level=logging.WARNING,
        format=f"%(asctime)s {name}: %(message)s",
        datefmt="%H:%M:%S",
        handlers=[logging.StreamHandler(sys.stderr), file],
        force=True,
    )
    logging.captureWarnings(True)
    log.setLevel(logging.INFO)
    try:
        yield
    except Exception as error:
        line = explanation(error)
        if line is None:
            log.exception(OURS)
        else:
            log.error(f"error: {line}")
        sys.exit(1)


def _sign(log_file: TextIO) -> None:
    """Head a log with who writes it, and lock it as long as this process lives: so `status` tells a job from its remains.

    A job works as well without: some file systems have no locks, and a full disk has no room.
    """
    with suppress(OSError):
        signature = f"{time.strftime('%Y-%m-%d %H:%M:%S')} on {socket.gethostname()}, process {os.getpid()}\n"
        os.write(log_file.fileno(), signature.encode())  # past the buffer, which would keep what the disk refused
    with suppress(OSError):
        fcntl.flock(log_file, fcntl.LOCK_SH)  # shared, and thus free but for the instant in which somebody asks


SIGNATURE = re.compile(r"[\d-]+ [\d:]+ on (?P<host>\S+), process (?P<process>\d+)")
"""The first line of a log."""


def is_locked(path: Path) -> bool | None:
    """Return whether a process holds a lock on a file, or None where this file system or its permissions do not tell.

    A lock ends with its process, however that ends. One held on another machine may be unknown here.
    """
    try:
        with path.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def explanation(error: Exception) -> str | None:
    """Return the one line that tells the user what to mend, or None where the error is the program's own."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, MemoryError):
        return "out of memory; raise mem_mb for this rule or give the job a larger machine."
    if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
        return "the disk is full; make room and run the workflow again, it goes on where it stopped."
    if isinstance(error, OSError) and error.errno in FULL:
        return f"the disk is full{_at(error)}; make room and run the workflow again, it goes on where it stopped."
    if isinstance(error, OSError) and error.errno in FORBIDDEN:
        return f"not allowed to write{_at(error)}; mend the permissions of that folder, or move `results` elsewhere."
    return None


def _at(error: OSError) -> str:
    return f" ({error.filename})" if error.filename else ""
