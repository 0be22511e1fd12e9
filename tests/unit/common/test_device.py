"""The device is what the configuration says and this machine has, and jobs side by side do not share a GPU."""

import io
import logging
import multiprocessing
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import torch

from knowledge_map.common.device import choose_device, hold_free_gpu
from knowledge_map.common.errors import UserError
from knowledge_map.common.progress import log

pytestmark = pytest.mark.slow  # loads torch


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


def hold(folder: Path, told: Connection) -> None:
    """Tell which of two GPUs this process holds, hold it until it is released, and tell what the log says."""
    handler = logging.StreamHandler(said := io.StringIO())
    log.addHandler(handler)
    tempfile.tempdir = str(folder)
    told.send((hold_free_gpu(2), hold_free_gpu(2)))
    told.recv()
    told.send(said.getvalue())


class Holder:
    """A job of its own process that holds one of two GPUs until it is released."""

    def __init__(self, folder: Path):
        context = multiprocessing.get_context("fork")  # of a process that has loaded torch
        self._told, there = context.Pipe()
        self.process = context.Process(target=hold, args=(folder, there))
        self.process.start()
        first, self.gpu = self._told.recv()
        assert first == self.gpu

    def release(self) -> str:
        self._told.send("released")
        said = self._told.recv()
        self.process.join()
        return said


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
    other.process.join()
    fifth, sixth = Holder(tmp_path), Holder(tmp_path)
    assert (fifth.gpu, sixth.gpu) == (0, 1)  # a job that is killed holds nothing
    fifth.release()
    sixth.release()
