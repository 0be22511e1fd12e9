"""A job in a process of its own, which goes on in a fresh one when memory has grown or the system has killed it."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from knowledge_map.common.errors import UserError
from knowledge_map.common.progress import log

AGAIN = os.EX_TEMPFAIL
"""The exit code by which a job asks to go on in a fresh process."""

PACKAGES = Path(__file__).parents[2]


class GoOnAfreshError(Exception):
    """The job goes on in a fresh process, for the reason given."""


def run_afresh(module: str, settings: dict, progress: Path) -> None:
    """Run `python -m module`, again as long as it asks for a fresh process or is killed, and gets on in between.

    The module imports the package and not the script of this process; it takes its settings by `settings_of_job`, and ends
    when this process does, whatever befalls it. Ends this process with the module's exit code where that is an error.

    Parameters
    ----------
    settings : what JSON can hold.
    progress : the folder of what is finished; a process that is killed and has added nothing to it is not followed by another.
    """
    while True:
        before = _files(progress)
        code = _run(module, settings)
        if code == 0:
            return
        if code != AGAIN and code > 0:
            sys.exit(code)
        if code < 0 and _files(progress) <= before:
            raise UserError(
                f"killed ({_signal_name(-code)}) before it had finished a block, perhaps for lack of memory; give the job more "
                "memory, or lower embedding.batch_tokens."
            )
        if code < 0:
            log.warning(f"killed ({_signal_name(-code)}); going on in a fresh process after what is saved")


def settings_of_job() -> dict:
    """Return the settings that `run_afresh` hands over, and end this process as soon as the other ends."""
    settings = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_exit_at_the_end_of_input, daemon=True).start()
    return settings


def _run(module: str, settings: dict) -> int:
    """Run a module to its end and return its exit code, which is negative where a signal ended it."""
    path = os.pathsep.join([str(PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path})
    assert process.stdin is not None  # as asked for
    try:
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        process.stdin.flush()
        return process.wait()
    except BrokenPipeError:  # it ended before it read them
        return process.wait()
    finally:
        if process.poll() is None:  # this process was told to stop, and so is the other
            process.terminate()
            process.wait()


def _exit_at_the_end_of_input() -> None:
    os.read(sys.stdin.fileno(), 1)  # not by Python's reader, whose lock a thread may not hold when Python ends
    os._exit(1)


def _files(folder: Path) -> set[tuple[str, int]]:
    """Return the files in a folder that are whole, and when each was written."""
    return {(path.name, path.stat().st_mtime_ns) for path in folder.glob("[!.]*")}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
