"""Work done side by side, whose results come in the order of what it was done on."""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import ModuleType
from typing import TypeVar

from knowledge_map.common.errors import UserError

Item = TypeVar("Item")

Result = TypeVar("Result")


def in_order(pool: Executor | None, work: Callable[[Item], Result], items: Iterable[Item], ahead: int) -> Iterator[Result]:
    """Yield `work(item)` for all items in their order; a pool works on as many as `ahead` before they are asked for.

    What goes wrong is raised when its turn comes, so that whoever stops before never meets it, with or without a pool.
    """
    if pool is None:
        yield from map(work, items)
        return
    waiting, items, failure = deque(), iter(items), None
    while failure is None:
        try:
            waiting.append(pool.submit(work, next(items)))
        except StopIteration:
            break
        except Exception as error:
            failure = error
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
    if failure:
        raise failure


@contextmanager
def processes(number: int) -> Iterator[ProcessPoolExecutor | None]:
    """Yield a pool of processes, which end with this one whatever befalls it; None if one is enough.

    They are spawned and not forked: a fork of a process with threads crashes or hangs on macOS, and may hang anywhere. They
    import the package and not the script of this process, which is Snakemake's. Raises UserError where one of them is killed.
    """
    if number == 1:
        yield None
        return
    with _without_script(), ProcessPoolExecutor(number, multiprocessing.get_context("spawn"), _outlive_nobody) as pool:
        try:
            pool.submit(os.getpid).result()
            yield pool
        except BrokenProcessPool:
            raise UserError(
                "a process that read it was killed, perhaps for lack of memory; lower `threads` or give the job more memory."
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _without_script() -> Iterator[None]:
    """Let processes that are started meanwhile not run the script of this one, as multiprocessing would have them do."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _outlive_nobody() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to answer
    threading.Thread(target=_exit_after, args=[multiprocessing.parent_process()], daemon=True).start()


def _exit_after(parent: multiprocessing.Process) -> None:
    wait([parent.sentinel])
    os._exit(1)
