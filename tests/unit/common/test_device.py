"""The device is what the configuration says and this machine has, and jobs side by side do not share a GPU."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from knowledge_map.common.device import choose_device
from knowledge_map.common.errors import UserError

pytestmark = pytest.mark.slow  # starts processes that load torch


def test_the_device_is_chosen_by_what_is_there():
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu").type == "cpu"


def test_a_device_that_is_not_there_is_named():
    count = torch.cuda.device_count()
    with pytest.raises(UserError, match=f"embedding.device is cuda:{count}, but"):
        choose_device(f"cuda:{count}")
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="torch sees no CUDA device here; use `auto` or `cpu`"):
            choose_device("cuda")
    if not torch.backends.mps.is_available():
        with pytest.raises(UserError, match="torch sees no Metal device here"):
            choose_device("mps")


HOLD = """
import sys
from knowledge_map.common.device import hold_free_gpu

print(hold_free_gpu(2), hold_free_gpu(2), flush=True)
sys.stdin.readline()
"""


class Holder:
    """A job of its own process that holds one of two GPUs until it is released."""

    def __init__(self, folder: Path):
        scripts = Path(__file__).parents[3] / "workflow" / "scripts"
        environment = os.environ | {"PYTHONPATH": str(scripts), "TMPDIR": str(folder)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen([sys.executable, "-c", HOLD], env=environment, text=True, **pipes)
        first, again = self.process.stdout.readline().split()
        assert first == again
        self.gpu = int(first)

    def release(self) -> str:
        return self.process.communicate("\n")[1]


def test_jobs_side_by_side_take_a_gpu_each(tmp_path):
    one, other = Holder(tmp_path), Holder(tmp_path)
    assert (one.gpu, other.gpu) == (0, 1)
    one.release()
    third = Holder(tmp_path)
    assert third.gpu == 0
    fourth = Holder(tmp_path)
    assert fourth.gpu == 0 and "all 2 GPUs are held by other jobs" in fourth.release()
    third.release()
    other.process.kill()
    other.process.communicate()
    fifth, sixth = Holder(tmp_path), Holder(tmp_path)
    assert (fifth.gpu, sixth.gpu) == (0, 1)  # a job that is killed holds nothing
    fifth.release()
    sixth.release()
