"""Work side by side: everything in its order, errors too, and nothing that outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from knowledge_map.common.errors import UserError
from knowledge_map.common.parallel import in_order, processes

PACKAGE = Path(__file__).parents[3] / "workflow" / "scripts"


def slow_if_even(number: int) -> int:
    time.sleep(0.01 * (number % 2 == 0))
    if number == 7:
        raise ValueError("seven")
    return number


def until(stop: int, error: Exception):
    yield from range(stop)
    raise error


@pytest.mark.parametrize("threads", [None, 3])
def test_results_and_errors_come_in_order(threads):
    pool = ThreadPoolExecutor(threads) if threads else None
    assert list(in_order(pool, slow_if_even, range(7), 4)) == list(range(7))
    for items, error in [(range(20), ValueError), (until(5, OSError("five")), OSError), (until(9, OSError()), ValueError)]:
        came = []
        with pytest.raises(error):
            for result in in_order(pool, slow_if_even, items, 4):
                came.append(result)
        assert came == list(range(5 if error is OSError else 7))


def test_no_more_is_taken_than_may_be_ahead():
    taken = []
    with ThreadPoolExecutor(2) as pool:
        results = in_order(pool, str, (taken.append(number) or number for number in range(100)), 5)
        assert [next(results), next(results)] == ["0", "1"]
    assert len(taken) == 7


def test_one_process_is_no_pool():
    with processes(1) as pool:
        assert pool is None


def test_a_killed_process_is_told_of_in_one_line():
    with pytest.raises(UserError, match="killed, perhaps for lack of memory"):
        with processes(2) as pool:
            pool.submit(signal.raise_signal, signal.SIGKILL).result()


SCRIPT = """
print("the script runs")
import os
from knowledge_map.common.parallel import processes
with processes(2) as pool:
    print(pool.submit(os.getpid).result() != os.getpid())
"""


@pytest.mark.slow
def test_processes_import_the_package_and_not_the_script(tmp_path):
    """A script of Snakemake's does its work when it is imported."""
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    done = subprocess.run([sys.executable, tmp_path / "script.py"], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["the script runs", "True"]


@pytest.mark.slow
def test_processes_end_when_their_parent_is_killed():
    script = """
import time
from knowledge_map.common.parallel import processes
with processes(3) as pool:
    for _ in range(3):
        pool.submit(time.sleep, 3600)
    print("ready", flush=True)
    time.sleep(3600)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": str(PACKAGE)}, stdout=subprocess.PIPE
    )
    try:
        assert parent.stdout.readline() == b"ready\n"
        children = psutil.Process(parent.pid).children()
        assert len(children) >= 3
        parent.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=600)
        assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    finally:
        parent.kill()
        parent.wait()
