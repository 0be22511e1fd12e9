"""Jobs of a run started without the time that importing torch and UMAP takes: most of what the tests would compute.

A server that has imported them (`warm_libraries.py`) forks for every script. It and its jobs are in the process group of the run,
and end with it.
"""

import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

UNCOMPILED = {"NUMBA_DISABLE_JIT": "1"}
"""Of the environment of all runs: UMAP for a few dozen items takes longer to compile than to run."""

READ_WHEN_IMPORTED = ("XDG_CACHE_HOME", "HOME", "MPL", "NUMBA_", "PYTORCH_")
"""Beginnings of the variables that libraries read when they are imported; a run in which they differ has no warm jobs."""

READ_BY_THE_HUB = ("HF_", "HUGGING")
"""The same of the hub's library; only the rules that use it have no warm jobs then."""

OF_THE_HUB = {"fetch_dataset", "fetch_model", "shard", "embed_shard", "embed_questions", "place_items"}

LARGEST_REQUEST = 1 << 18

LOOK_AROUND = 1
"""Seconds after which the server looks whether its run still lives."""


class JobServer:
    """Forks a process for every script that Snakemake would have started Python for, and for those that such a job starts.

    Jobs of the rules that are `cold` are started as at a user's.
    """

    def __init__(self, cold: Collection[str] = ()):
        self._cold = cold
        self._requests, self._served = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._popen, run = subprocess.Popen, os.getpid()
        if os.fork() == 0:
            self._serve(run)

    def shell_popen(self, command: str, *, env: Mapping[str, str], **options) -> "WarmJob | subprocess.Popen":
        """Be `subprocess.Popen` for `snakemake.shell`."""
        script = Path(shlex.split(command)[-1])
        if script.parts[-3:-1] != (".snakemake", "scripts") or script.name.split(".")[1] in self._cold:
            return self._popen(command, env=env, **options)
        return self._ask([str(script)], env, deaf="trap '' INT;" in command, as_shell=True)

    def popen(self, arguments: Sequence[str], *, env: Mapping[str, str] | None = None, **options) -> "WarmJob | subprocess.Popen":
        """Be `subprocess.Popen` for a job, which may start a module with settings on its standard input."""
        if list(arguments[:2]) != [sys.executable, "-m"] or options != {"stdin": subprocess.PIPE}:
            return self._popen(arguments, env=env, **options)
        deaf = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        return self._ask(list(arguments[1:]), env or os.environ, deaf, as_shell=False)

    def _ask(self, arguments: list[str], environment: Mapping[str, str], deaf: bool, as_shell: bool) -> "WarmJob":
        told, tells = os.pipe()
        reads, writes = os.pipe()
        request = {"arguments": arguments, "environment": dict(environment), "folder": os.getcwd(), "deaf": deaf}
        socket.send_fds(self._requests, [json.dumps(request).encode()], [tells, reads])
        os.close(tells)
        os.close(reads)
        return WarmJob(told, writes, as_shell)

    def _serve(self, run: int) -> None:
        """Fork a job for every request and let a thread wait for its end, until the run has ended."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is sent to the group is for the jobs
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._served.settimeout(LOOK_AROUND)
        while os.getppid() == run:
            try:
                message, (tells, stdin), *_ = socket.recv_fds(self._served, LARGEST_REQUEST, 2)
            except TimeoutError:
                continue
            job = os.fork()
            if job == 0:
                os.close(tells)
                self._work(stdin, **json.loads(message))
            os.close(stdin)
            threading.Thread(target=_tell, args=(tells, job), daemon=True).start()
        os._exit(0)

    def _work(self, stdin: int, arguments: list[str], environment: Mapping[str, str], folder: str, deaf: bool) -> None:
        """Be the job; a `deaf` one has been told to ignore interrupts."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if not deaf:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(stdin, 0)
        os.close(stdin)
        sys.stdin = os.fdopen(0, closefd=False)  # multiprocessing has put another there
        os.chdir(folder)
        subprocess.Popen = self.popen
        os._exit(_run(arguments, environment))


def _tell(tells: int, job: int) -> None:
    """Tell the number of a job, and in the end its exit code."""
    with os.fdopen(tells, "w") as told:
        print(job, file=told, flush=True)
        # It stays as one that nobody has waited for: Snakemake looks at the process of a job, even of one that is done at once.
        ended = os.waitid(os.P_PID, job, os.WEXITED | os.WNOWAIT)
        print(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status, file=told)


class WarmJob:
    """A job, with what its starters need of `subprocess.Popen`."""

    def __init__(self, told: int, stdin: int, as_shell: bool):
        self._told, self._as_shell = os.fdopen(told), as_shell
        self.stdin = os.fdopen(stdin, "wb")
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, if the job has ended."""
        ended = self.returncode is not None or select.select([self._told], [], [], 0)[0]
        return self.wait() if ended else None

    def wait(self) -> int:
        """Return the exit code, as a shell tells it where there is one; that of a kill where nobody was left to tell it."""
        if self.returncode is None:
            code = int(self._told.readline() or -signal.SIGKILL)
            self.returncode = 128 - code if self._as_shell and code < 0 else code
        return self.returncode

    def terminate(self) -> None:
        """Ask the job to end."""
        os.kill(self.pid, signal.SIGTERM)


def wanted(environment: Mapping[str, str]) -> bool:
    """Return whether jobs with these variables may use what this process has imported."""
    return _same(environment, READ_WHEN_IMPORTED)


def cold(environment: Mapping[str, str]) -> set[str]:
    """Return the rules whose jobs may not."""
    return set() if _same(environment, READ_BY_THE_HUB) else OF_THE_HUB


def _same(environment: Mapping[str, str], beginnings: tuple[str, ...]) -> bool:
    def read(variables: Mapping[str, str]) -> dict[str, str]:
        return {name: value for name, value in variables.items() if name.startswith(beginnings)}

    return read(environment) == read({**os.environ, **UNCOMPILED})


def _run(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Be Python started with `script`, or with `-m module`, and return its exit code."""
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    _set_threads(max(int(environment["OMP_NUM_THREADS"]), 1))
    sys.argv = arguments[-1:]
    try:
        if arguments[0] == "-m":
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.path.insert(0, str(Path(arguments[0]).parent))
            runpy.run_path(arguments[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # waits for threads, as Python does at its end
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _set_threads(threads: int) -> None:
    """Set what libraries read from the environment when they are imported."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    threadpool_limits(threads)
