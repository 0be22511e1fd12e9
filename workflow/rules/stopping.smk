# How a run stops when it is told to: at once and in good order, so that the next one goes on without further questions.

import atexit
import signal
import time
from contextlib import suppress
from itertools import count
from threading import Thread

import psutil

# Ctrl-C at a terminal reaches all processes at once; only Snakemake shall listen, and end the jobs in good order.
shell.prefix("set -euo pipefail; trap '' INT; ")


def end_jobs():
    """End the jobs on this machine, one that is just starting too; those that do not clean up in a few seconds, by force."""
    for moment in count():
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if any("/.snakemake/scripts/" in word for word in process.cmdline()):
                    process.terminate() if moment < 10 else process.kill()
        time.sleep(0.5)


def stop(signum, frame):
    """End Snakemake with its jobs; by itself it waits at a SIGTERM until they have finished."""
    Thread(target=end_jobs, daemon=True).start()
    raise KeyboardInterrupt


onstart:
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    # Python heeds a signal that comes just as it falls asleep when it wakes the next time; so it wakes every second.
    signal.signal(signal.SIGALRM, lambda signum, frame: None)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
