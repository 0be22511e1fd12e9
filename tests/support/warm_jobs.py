"""Jobs of a run started without the time that importing torch and UMAP takes: most of what the tests would compute.

A server that has imported them forks for every script. It and its jobs are in the process group of the run, and end with it.
"""

import json
import os
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path

IMPORTED = (
    "torch",
    "sentence_transformers",
    "transformers.models.bert.modeling_bert",
    "openTSNE",
    "umap",
    "sklearn.neighbors",
    "scipy.stats",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "duckdb",
    "jinja2",
)
"""Libraries only; every job imports this project's package by itself."""

UNCOMPILED = {"NUMBA_DISABLE_JIT": "1"}
"""Of the environment of all runs: UMAP for a few dozen items takes longer to compile than to run."""

READ_WHEN_IMPORTED = ("HF_", "HUGGING", "XDG_CACHE_HOME", "HOME", "MPL", "NUMBA_", "PYTORCH_")
"""Beginnings of the variables that libraries read when they are imported; a run in which they differ has jobs of its own."""

LARGEST_REQUEST = 1 << 18


class JobServer:
    """Forks a process for every script that Snakemake would have started Python for."""

    def __init__(self):
        self._requests, served = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            self._requests.close()
            _serve(served)
        served.close()
        self._cold = subprocess.Popen

    def popen(self, command: str, *, env: Mapping[str, str], **options) -> "WarmJob | subprocess.Popen":
        """Be `subprocess.Popen` for `snakemake.shell`."""
        words = shlex.split(command)
        if Path(words[-1]).parts[-3:-1] != (".snakemake", "scripts"):
            return self._cold(command, env=env, **options)
        told, tells = os.pipe()
        request = {"script": words[-1], "environment": dict(env), "deaf": "trap '' INT;" in command}
        socket.send_fds(self._requests, [json.dumps(request).encode()], [tells])
        os.close(tells)
        return WarmJob(told)


class WarmJob:
    """A job, with what `snakemake.shell` needs of `subprocess.Popen`."""

    def __init__(self, told: int):
        self._told = os.fdopen(told)
        self.pid = int(self._told.readline())

    def wait(self) -> int:
        """Return the exit code, as a shell tells it; that of a kill where nobody was left to tell it."""
        with self._told:
            return int(self._told.readline() or 128 + signal.SIGKILL)


def wanted(environment: Mapping[str, str]) -> bool:
    """Return whether jobs with these variables may use what this process has imported."""

    def read(variables: Mapping[str, str]) -> dict[str, str]:
        return {name: value for name, value in variables.items() if name.startswith(READ_WHEN_IMPORTED)}

    return read(environment) == read({**os.environ, **UNCOMPILED})


def _serve(requests: socket.socket) -> None:
    """Fork for every request, until the run has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is sent to the group is for the jobs
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, files, *_ = socket.recv_fds(requests, LARGEST_REQUEST, 1)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            _keep(files[0], **json.loads(message))
        os.close(files[0])


def _keep(tells: int, script: str, environment: Mapping[str, str], deaf: bool) -> None:
    """Be the shell in which a job runs: tell its own number, and in the end the job's exit code.

    A `deaf` one has been told to ignore interrupts, and so its job does.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.write(tells, f"{os.getpid()}\n".encode())
    job = os.fork()
    if job == 0:
        os.close(tells)
        if not deaf:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        os._exit(_run(script, environment))
    _, status = os.waitpid(job, 0)
    code = os.waitstatus_to_exitcode(status)
    os.write(tells, f"{code if code >= 0 else 128 - code}\n".encode())
    os._exit(0)


def _run(script: str, environment: Mapping[str, str]) -> int:
    """Be Python started with a script, and return its exit code."""
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [script]
    sys.path.insert(0, str(Path(script).parent))
    _set_threads(max(int(environment["OMP_NUM_THREADS"]), 1))
    try:
        runpy.run_path(script, run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue] (waits for threads, as Python does at its end)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _set_threads(threads: int) -> None:
    """Set what libraries read from the environment when they are imported."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    threadpool_limits(threads)
