"""How a script runs: where its words go, and how its errors end."""

import errno
import gc
import logging
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from knowledge_map.common.afresh import AGAIN, GoOnAfreshError
from knowledge_map.common.errors import UserError
from knowledge_map.common.files import DISK_FULL
from knowledge_map.common.progress import log

FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)

HEARTBEAT = 15
"""Seconds between two signs of life of a job."""


@contextmanager
def logging_to(path: str | Path, name: str, going_on: bool = False) -> Iterator[None]:
    """Log to the terminal and to the file at `path`, and end on an error the user can fix with its one line.

    The file is begun anew, unless the process is `going_on` with the work of another that logs there (see `afresh`).
    SIGTERM ends the job as Ctrl-C does: what was begun is cleaned up, with one line and no traceback.
    As long as the process lives, it touches the log: `status` sees by that, on any machine, which jobs are at work.
    """
    # What is imported by now stays: Python need not search it for garbage, which at its end alone would take a second.
    gc.freeze()
    # Libraries that look for a hub or draw their own bars would say so in the midst of ours.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    # Snakemake says so for a job that takes no core from others, and every OpenMP library complains on the terminal.
    if os.environ.get("OMP_NUM_THREADS") == "0":
        del os.environ["OMP_NUM_THREADS"]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    if not going_on:
        Path(path).write_bytes(b"")
    logging.basicConfig(
        level=logging.WARNING,
        format=f"%(asctime)s {name}: %(message)s",
        datefmt="%H:%M:%S",
        handlers=[
            logging.StreamHandler(sys.stderr),
            # A path may hold bytes that are no UTF-8; a line about it must not be lost.
            logging.FileHandler(path, mode="a", encoding="utf-8", errors="backslashreplace"),
        ],
        force=True,
    )
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # on a full disk the terminal still has the lines, and no tracebacks among them
    log.setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, _interrupt)
    reserve = bytearray(1 << 22)  # given back when memory has run out, so that there is some left to say so
    try:
        with _touching(path):
            yield
    except KeyboardInterrupt:
        if not going_on:  # else the other process says so
            log.info("stopped; the next run goes on from here")
        sys.exit(128 + signal.SIGTERM)
    except GoOnAfreshError as reason:
        log.info(f"{reason}; going on in a fresh process after what is saved")
        sys.exit(AGAIN)
    except Exception as error:
        del reserve
        line = explanation(error)
        if line is None:
            log.exception("error: ours to fix; please report it with the lines below")
        else:
            log.error(f"error: {line}")
        sys.exit(1)


def _interrupt(signum: int, frame: object) -> None:
    """Interrupt the job, once: a second signal would interrupt the cleaning up."""
    signal.signal(signum, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def _touching(path: str | Path) -> Iterator[None]:
    """Set a file's modification time to now, every `HEARTBEAT` seconds."""
    ended = threading.Event()

    def touch() -> None:
        while not ended.wait(HEARTBEAT):
            with suppress(OSError):
                os.utime(path)

    threading.Thread(target=touch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def explanation(error: Exception) -> str | None:
    """Return the one line that tells the user what to fix, or None where the error is the program's own."""
    if isinstance(error, UserError):
        return str(error)
    # The words are the dynamic linker's, for a library that does not fit.
    if isinstance(error, MemoryError) or (isinstance(error, ImportError) and "failed to map segment" in str(error)):
        return "out of memory; raise mem_mb for this rule or give the job a larger machine."
    if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
        return "the disk is full; make room and run the workflow again, it goes on where it stopped."
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return f"the disk is full{_at(error)}; make room and run the workflow again, it goes on where it stopped."
    if isinstance(error, OSError) and error.errno in FORBIDDEN:
        return f"not allowed to write{_at(error)}; fix the permissions of that folder, or move `results` elsewhere."
    return None


def _at(error: OSError) -> str:
    return f" ({error.filename})" if error.filename else ""
