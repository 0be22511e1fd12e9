"""How a job ends: an error the user can fix in one line, one of ours in full, and exit code 1 for both."""

import errno
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waiting import wait_until

from knowledge_map.common.errors import UserError
from knowledge_map.common.job import explanation

SCRIPTS = Path(__file__).parents[3] / "workflow/scripts"

# --- what is said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_from_other_errors_and_named():
    with pytest.raises(OSError) as error:
        os.write(os.open("/dev/full", os.O_WRONLY), b"x")
    assert explanation(error.value).startswith("the disk is full; make room and run the workflow again")
    named = OSError(errno.EDQUOT, "Disk quota exceeded", "results/shards/ab.parquet")
    assert explanation(named).startswith("the disk is full (results/shards/ab.parquet); make room")


def test_a_full_database_is_a_full_disk():
    with sqlite3.connect(":memory:") as database, pytest.raises(sqlite3.OperationalError) as error:
        database.execute("PRAGMA max_page_count = 4")
        database.execute("CREATE TABLE ids (id TEXT)")
        database.executemany("INSERT INTO ids VALUES (?)", (("x" * 1000,) for _ in range(100)))
    assert explanation(error.value).startswith("the disk is full; make room")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_folder_that_cannot_be_written_is_named(code):
    said = explanation(OSError(code, os.strerror(code), "results/layout.parquet"))
    assert said.startswith("not allowed to write (results/layout.parquet); fix the permissions")


def test_too_little_memory_is_told_with_the_remedy():
    with pytest.raises(MemoryError) as error:
        bytearray(1 << 62)
    assert explanation(error.value) == "out of memory; raise mem_mb for this rule or give the job a larger machine."


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_a_library_that_does_not_fit_into_memory_is_told_as_such(tmp_path):
    body = "import resource; resource.setrlimit(resource.RLIMIT_AS, (3 << 27, 3 << 27)); import torch"
    done = run(tmp_path / "shard.log", body)
    assert done.returncode == 1
    assert lines(tmp_path / "shard.log") == ["shard: error: " + str(explanation(MemoryError()))]


def test_what_the_user_can_fix_says_so_itself():
    assert explanation(UserError("wiki.jsonl: empty; give a file.")) == "wiki.jsonl: empty; give a file."


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), OSError(errno.EIO, "Input/output error"), RuntimeError("x")])
def test_an_error_of_our_own_has_no_such_line(error):
    assert explanation(error) is None


# --- how it ends


def run(log: Path, body: str) -> subprocess.CompletedProcess:
    """Run a script like those of the workflow; in a process of its own, since it takes over logging and exits."""
    script = f"""
import warnings
from knowledge_map.common.errors import UserError
from knowledge_map.common.files import atomic_write
from knowledge_map.common.job import logging_to
from knowledge_map.common.progress import log

with logging_to({str(log)!r}, "shard"):
    {body}
"""
    return subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": SCRIPTS}, capture_output=True, text=True)


def lines(log: Path) -> list[str]:
    """Return the lines of a log without their times."""
    return [line.partition(" ")[2] for line in log.read_text(encoding="utf-8").splitlines()]


def test_an_error_the_user_can_fix_is_one_line_and_exit_code_1(tmp_path):
    log = tmp_path / "logs/shard.log"
    done = run(log, 'log.info("reading"); raise UserError("wiki.jsonl: größe \\ud83d; fix it.")')
    assert done.returncode == 1
    assert lines(log)[0] == "shard: reading"
    assert lines(log)[1].startswith("shard: error: wiki.jsonl: größe ") and lines(log)[1].endswith("; fix it.")
    assert len(lines(log)) == 2
    assert "Traceback" not in done.stderr and "fix it." in done.stderr


def test_an_error_of_our_own_is_told_in_full(tmp_path):
    done = run(tmp_path / "shard.log", 'raise ZeroDivisionError("ours")')
    assert done.returncode == 1
    content = (tmp_path / "shard.log").read_text()
    assert "please report it" in content and "Traceback" in content and "ZeroDivisionError: ours" in content


def test_a_job_that_ends_well_logs_its_words_and_warnings_and_exits_with_0(tmp_path):
    (tmp_path / "shard.log").write_text("of an earlier run\n")
    done = run(tmp_path / "shard.log", 'log.info("42 articles"); warnings.warn("old interface")')
    assert done.returncode == 0
    assert lines(tmp_path / "shard.log")[0] == "shard: 42 articles"
    assert "old interface" in (tmp_path / "shard.log").read_text()
    assert "42 articles" in done.stderr and not done.stdout


@pytest.mark.parametrize("stop", ["signal.raise_signal(signal.SIGTERM)", "raise KeyboardInterrupt"])
def test_a_job_that_is_told_to_stop_cleans_up_and_is_not_taken_for_an_error(tmp_path, stop):
    output = tmp_path / "table.parquet"
    done = run(tmp_path / "shard.log", f"import signal\n    with atomic_write({str(output)!r}) as temporary: {stop}")
    assert done.returncode not in (0, 1)
    assert lines(tmp_path / "shard.log") == ["shard: stopped; the next run goes on from here"]
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["shard.log"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_where_the_log_cannot_be_written_the_terminal_still_has_the_lines(tmp_path):
    done = run(Path("/dev/full"), 'raise UserError("wiki.jsonl: empty; fix it.")')
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and done.stderr.endswith("shard: error: wiki.jsonl: empty; fix it.\n")


# --- a sign of life


@pytest.mark.slow
def test_a_job_touches_its_log_as_long_as_it_lives_and_works(tmp_path):
    log, enough, ended = tmp_path / "fit_umap.log", tmp_path / "enough", tmp_path / "ended"
    script = f"""
import time
from pathlib import Path
from knowledge_map.common import job

job.HEARTBEAT = 0.1
with job.logging_to({str(log)!r}, "fit_umap"):
    job.log.info("long work")
    while not Path({str(enough)!r}).exists():
        time.sleep(0.1)
Path({str(ended)!r}).touch()
time.sleep(600)
"""

    def touched() -> bool:
        return log.stat().st_mtime > 0

    def silent() -> bool:
        os.utime(log, (0, 0))
        time.sleep(1)  # ten times as long as between two signs of life
        return not touched()

    with subprocess.Popen([sys.executable, "-c", script], env={"PYTHONPATH": SCRIPTS}) as process:
        try:
            wait_until(lambda: log.exists() and "long work" in log.read_text(), "the job has begun")
            os.utime(log, (0, 0))
            wait_until(touched, "the log is touched")
            enough.touch()
            wait_until(ended.exists, "the work has ended")
            wait_until(silent, "the log is left alone")
        finally:
            process.kill()
