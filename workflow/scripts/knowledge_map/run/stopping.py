"""How a run stops when it is told to: at once and in good order, so that the next one goes on without further questions."""

import atexit
import signal
import time
from contextlib import suppress
from itertools import count
from threading import Thread

import psutil

GRACE = 10
"""Rounds of half a second after which a job that has not ended is killed."""


def stop_in_good_order() -> None:
    """From now on, let SIGINT and SIGTERM end this Snakemake and its jobs.

    Snakemake itself waits at a SIGTERM until its jobs have finished. Its jobs must not hear a Ctrl-C themselves, which at a
    terminal reaches all processes at once.
    """
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    # Python heeds a signal that comes just as it falls asleep when it wakes the next time; so it wakes every second.
    signal.signal(signal.SIGALRM, lambda signum, frame: None)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)


def _stop(signum: int, frame: object) -> None:
    Thread(target=_end_jobs, daemon=True).start()
    raise KeyboardInterrupt


def _end_jobs() -> None:
    """End the jobs on this machine, one that is just starting too; those that do not clean up in time are killed."""
    for moment in count():
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if any("/.snakemake/scripts/" in word for word in process.cmdline()):
                    process.terminate() if moment < GRACE else process.kill()
        time.sleep(0.5)
