"""Snakemake started as from a shell, and other functions in a fresh process, without the time that importing takes.

A server that has imported the libraries forks for every run, so that each has a process of its own, as fresh as any other.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import warm_jobs

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["warm_libraries"])

SUPPORT = Path(__file__).parent
TESTS = SUPPORT.parent
PACKAGE = TESTS.parent / "workflow/scripts"


def start(function: Callable, *arguments: object) -> ForkServerProcess:
    """Run a function in a process that is fresh but for what the server has imported."""
    with patch.dict(os.environ, warm_jobs.UNCOMPILED | {"PYTHONPATH": str(SUPPORT)}):
        forkserver.ensure_running()
    process = SERVER.Process(target=function, args=arguments)
    process.start()
    return process


def result_of(function: Callable, *arguments: object) -> Any:
    """Return what a function returns in such a process. Raises EOFError where it ends before."""
    here, there = SERVER.Pipe()
    start(_tell, there, function, *arguments)
    there.close()
    return here.recv()


def _tell(told: Connection, function: Callable, *arguments: object) -> None:
    told.send(function(*arguments))


class WarmRun:
    """A run of Snakemake in a process group of its own, with the methods of `subprocess.Popen` that the tests use.

    So are its jobs warm, if they may be, but for those of the rules that are `cold`.
    """

    def __init__(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], output: Path, cold: Collection[str] = ()
    ):
        parent, child = SERVER.Pipe()
        self._process = start(_run, arguments, folder, dict(environment), output, cold, child)
        child.close()
        parent.recv()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("snakemake", timeout)
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()


def _run(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    output: Path,
    cold: Collection[str],
    parent: Connection,
) -> None:
    """Be what a shell would have started."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    parent.send("in a process group of its own, and what an earlier run said is gone")
    os.chdir(folder)
    warm, cold = warm_jobs.wanted(environment), warm_jobs.cold(environment).union(cold)
    os.environ.clear()
    os.environ.update(environment)
    # The workflow finds its package by itself, without the help that the tests have.
    sys.path[:] = [entry for entry in sys.path if not Path(entry).is_relative_to(TESTS) and Path(entry) != PACKAGE]
    sys.argv = ["snakemake", *arguments]
    if warm:
        popen = warm_jobs.JobServer(cold).shell_popen
        sys.modules["snakemake.shell"].sp = SimpleNamespace(**vars(subprocess) | {"Popen": popen})
    from snakemake.cli import main  # imported by the server

    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # without waiting for a timer of a second, which every run leaves behind
