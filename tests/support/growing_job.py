"""The job of a shard on a device that keeps memory for every shape that it meets, or in a process that is killed.

See `common.afresh`.
"""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from warm_jobs import JobServer

from knowledge_map.common.afresh import run_afresh, settings_of_job
from knowledge_map.common.device import METAL
from knowledge_map.common.job import logging_to
from knowledge_map.common.memory import Held
from knowledge_map.embedding.blocks import SavedBlocks
from knowledge_map.embedding.embed import embed_shard
from knowledge_map.embedding.encoders.local import LocalEncoder
from knowledge_map.embedding.model import model_of

MOST = 1_000
"""Shapes for which the device has memory."""


class Growing(LocalEncoder):
    """An encoder on a device that keeps memory for every attention shape, and gives none of it back."""

    def __init__(self, settings: dict, **named):
        self.shapes, self.refuses = set(), settings.get("refuses", False)
        super().__init__(model_of(settings["model"]), "cpu", threads=1, **named)
        way = self._forward

        def counted(batch):
            if self._padded_to is None:
                self.shapes |= {(length, batch.lengths.tolist().count(length)) for length in set(batch.lengths.tolist())}
            else:
                self.shapes.add(batch.rectangle)
            if self.refuses and len(self.shapes) > MOST * settings["share"]:
                raise MemoryError
            return way(batch)

        self._forward = counted

    def held(self) -> list[Held]:
        return [Held("the device", len(self.shapes), MOST)]


def run(settings: dict) -> None:
    """Be the script of a rule, which runs `main` in a process of its own, and again; each is forked, with the libraries."""
    os.environ |= {"PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"}
    subprocess.Popen = JobServer().popen
    with logging_to(settings["log"], "growing"):
        run_afresh("growing_job", settings, Path(settings["partial"]))


def main() -> None:
    settings = settings_of_job()
    with logging_to(settings["log"], "growing", going_on=True):
        if settings.get("killed"):
            SavedBlocks.save = _killed_after(SavedBlocks.save)
        embed_shard(
            settings["shard"],
            settings["output"],
            settings["partial"],
            model_of(settings["model"]),
            lambda: Growing(settings, policy=METAL if settings.get("few_shapes") else None),
            settings["block_size"],
            1.0 if settings.get("refuses") else settings["share"],
        )


def _killed_after(save: Callable) -> Callable:
    def save_and_die(*arguments) -> None:
        save(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    return save_and_die


if __name__ == "__main__":
    main()
