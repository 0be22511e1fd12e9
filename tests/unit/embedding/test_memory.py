"""Memory that grows, that runs out, and a process that is killed: the job goes on in a fresh one, to the same bytes."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import growing_job
import numpy as np
import pytest
import warm_snakemake
from growing_job import MOST
from qwen_models import save_model

from knowledge_map.articles.records import Article
from knowledge_map.articles.shards import write_shard
from knowledge_map.common.afresh import GoOnAfreshError
from knowledge_map.common.memory import Held, free_memory, machine_memory, process_memory
from knowledge_map.embedding.encoders.base import TextEncoder
from knowledge_map.embedding.memory_guard import MemoryGuard
from knowledge_map.embedding.model import EmbeddingModel

pytestmark = pytest.mark.slow  # starts processes that load models

FRESH = "going on in a fresh process after what is saved"


class Encoder(TextEncoder):
    """An encoder that holds what it is told to hold."""

    def __init__(self, *held: int, released: int | None = None):
        self._held, self._released, self.releases = list(held), released, 0

    def encode_blocks(self, blocks):
        raise NotImplementedError

    def held(self) -> list[Held]:
        return [Held("the device", self._released if self.releases and self._released else self._held[0], 100)]

    def release(self) -> None:
        self.releases += 1

    def next(self) -> None:
        self._held.pop(0)


def test_the_guard_asks_for_a_fresh_process_when_memory_has_grown_above_the_share():
    encoder = Encoder(20, 60, 90)
    guard = MemoryGuard(encoder, 0.8)
    for _ in range(2):
        guard.look()
        encoder.next()
    assert not encoder.releases
    with pytest.raises(GoOnAfreshError, match="the device holds"):
        guard.look()


def test_the_guard_is_content_with_memory_that_is_given_back():
    encoder = Encoder(20, 90, released=30)
    guard = MemoryGuard(encoder, 0.8)
    guard.look()
    encoder.next()
    guard.look()
    assert encoder.releases == 1


def test_the_guard_lets_a_job_go_on_that_needs_so_much_from_the_first_block_on(caplog):
    guard = MemoryGuard(Encoder(90), 0.8)
    for _ in range(5):
        guard.look()
    assert caplog.text.count("give the job more memory") == 1


def test_the_memory_of_the_machine_is_known():
    held = process_memory()
    assert 0 < held.bytes < held.most == machine_memory()
    assert 0 < free_memory() < machine_memory()


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> EmbeddingModel:
    folder = save_model(tmp_path_factory.mktemp("qwen"), "left")
    return EmbeddingModel("article", str(folder), None, 256, "float32", "{text}", None)


class Job:
    """A shard and the job that embeds it on a device as told."""

    def __init__(self, folder: Path, model: EmbeddingModel, articles: int):
        folder.mkdir()
        self.folder, self.model = folder, model
        random = np.random.default_rng(0)
        lengths = np.clip(random.lognormal(3.2, 0.6, articles), 1, 300).astype(int)
        texts = ["".join(random.choice(list("abcdefgh "), length)) + "." for length in lengths]
        self.shard = write_shard([Article(f"w:{n}", "w", "t", "", text) for n, text in enumerate(texts)], folder)

    def run(self, **settings) -> tuple[str, str]:
        """Return the digest of the vectors, and the log."""
        output, log = self.folder / "out.parquet", self.folder / "log"
        shard = {"shard": str(self.folder / f"{self.shard}.parquet"), "output": str(output), "log": str(log)}
        common = {"partial": str(self.folder / "partial"), "model": vars(self.model), "block_size": 1_000, "share": 1.0}
        process = warm_snakemake.start(growing_job.run, common | shard | settings)
        process.join()
        assert process.exitcode == 0, log.read_text()
        digest = hashlib.sha256(output.read_bytes()).hexdigest()
        output.unlink()
        return digest, log.read_text()


@pytest.fixture
def job(tmp_path, model) -> Callable[[int], Job]:
    return lambda articles: Job(tmp_path / "job", model, articles)


def test_a_shard_of_ten_thousand_is_finished_on_a_device_that_keeps_memory_for_every_shape(job):
    """Its batches have 665 attention shapes, and the device has memory for 300."""
    ten_thousand = job(10_000)
    whole, log = ten_thousand.run()
    assert FRESH not in log
    parts, log = ten_thousand.run(share=0.3)
    assert parts == whole
    assert log.count(FRESH) >= 2 and "above embedding.device_memory" in log
    _, log = ten_thousand.run(share=16 / MOST, few_shapes=True)
    assert FRESH not in log  # as many shapes as that device is ever shown


def test_memory_that_runs_out_for_good_is_fresh_in_another_process(job):
    shard = job(3_000)
    whole, _ = shard.run()
    found, log = shard.run(share=0.25, refuses=True)
    assert "one text of" in log and log.count(FRESH) >= 1
    assert found == whole


def test_a_process_that_is_killed_at_every_block_is_followed_by_another(job):
    shard = job(30)
    whole, _ = shard.run(block_size=10)
    killed, log = shard.run(block_size=10, killed=True)
    assert killed == whole
    assert log.count("killed (SIGKILL); going on in a fresh process after what is saved") == 3
