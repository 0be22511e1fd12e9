"""A job in a process of its own goes on in a fresh one as long as it gets on, and never outlives its parent."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from waiting import wait_until

from knowledge_map.common.afresh import run_afresh
from knowledge_map.common.errors import UserError

pytestmark = pytest.mark.slow  # starts processes

PACKAGE = Path(__file__).parents[3] / "workflow" / "scripts"

COUNTING = """
import os, signal, sys
from pathlib import Path
from knowledge_map.common.afresh import AGAIN, settings_of_job
settings = settings_of_job()
folder = Path(settings["folder"])
done = len(list(folder.iterdir()))
if done == 3:
    sys.exit(0)
(folder / str(done)).touch()
if settings["killed"]:
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(AGAIN)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return a function that writes a module which can be run."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(code: str) -> str:
        (tmp_path / "its_job.py").write_text(code)
        (tmp_path / "progress").mkdir()
        return "its_job"

    return write


@pytest.mark.parametrize("killed", [False, True])
def test_a_job_goes_on_as_often_as_it_takes(module, tmp_path, killed, caplog):
    progress = tmp_path / "progress"
    run_afresh(module(COUNTING), {"folder": str(progress), "killed": killed}, progress)
    assert len(list(progress.iterdir())) == 3
    assert caplog.text.count("killed (SIGKILL); going on in a fresh process") == 3 * killed


def test_a_job_that_is_killed_before_it_gets_anywhere_is_told(module, tmp_path):
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(UserError, match=r"killed \(SIGKILL\) before it had finished a block, perhaps for lack of memory"):
        run_afresh(module(code), {}, tmp_path / "progress")


def test_the_error_of_a_job_is_that_of_its_parent(module, tmp_path):
    with pytest.raises(SystemExit) as ended:
        run_afresh(module("raise SystemExit(3)"), {}, tmp_path / "progress")
    assert ended.value.code == 3


WAITING = """
import os, sys, time
from pathlib import Path
from knowledge_map.common.afresh import settings_of_job
settings_of_job()
Path(sys.argv[0]).with_name("pid").write_text(str(os.getpid()))
time.sleep(3600)
"""


def test_a_job_ends_when_its_parent_is_killed(module, tmp_path):
    name = module(WAITING)
    script = (
        f"from pathlib import Path; from knowledge_map.common.afresh import run_afresh; run_afresh({name!r}, {{}}, Path('.'))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(PACKAGE), str(tmp_path)])}
    parent = subprocess.Popen([sys.executable, "-c", script], env=environment)
    try:
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "the job is at work")
        job = psutil.Process(int((tmp_path / "pid").read_text()))
    finally:
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs([job], timeout=600)
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
