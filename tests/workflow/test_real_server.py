"""A real model server, infinity, with the bundled model: the same vectors, whatever goes wrong on the way to it.

It lies in an environment of its own, which `make server` makes: it brings other versions of what the workflow is built on.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import pandas as pd
import pytest
from embedding_server import changed, cut, nonsense, serving, silence, status
from encoders import MINILM, SENTENCES, encode_all, minilm
from projects import REPOSITORY, kill, small_project, wait_for

from knowledge_map.articles.shards import read_manifest
from knowledge_map.embedding.encoders.endpoint import Endpoint, EndpointEncoder
from knowledge_map.embedding.model import ServedModel
from knowledge_map.embedding.table import EmbeddingTable

PROGRAM = REPOSITORY / ".venv-server/bin/infinity_emb"

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="no model server; `make server` installs one")


class Infinity:
    """The server, to be started and killed."""

    def __init__(self, log: Path):
        self.log = log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        arguments = {"--model-id": MINILM.folder(), "--served-model-name": "minilm", "--engine": "torch", "--device": "cpu"}
        arguments |= {"--host": "127.0.0.1", "--port": self.port, "--url-prefix": "/v1"}
        words = [str(word) for pair in arguments.items() for word in pair]
        environment = os.environ | {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "v2", *words], env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def wait(self, seconds: float = 300) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                httpx2.get(f"{self.url}/models").raise_for_status()
                return
            except httpx2.HTTPError:
                assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()[-2_000:]
                time.sleep(0.5)

    def embed(self, texts: list[str]) -> np.ndarray:
        """Return its vectors of texts, float32 [n, D]."""
        answer = httpx2.post(f"{self.url}/embeddings", json={"model": "minilm", "input": texts}, timeout=120).raise_for_status()
        return np.array([each["embedding"] for each in answer.json()["data"]], np.float32)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="session")
def infinity(tmp_path_factory) -> Iterator[Infinity]:
    server = Infinity(tmp_path_factory.mktemp("infinity") / "log")
    server.start()
    server.wait()
    yield server
    server.kill()


def test_its_vectors_are_those_of_the_model_here(infinity):
    model = ServedModel("article", "minilm", None, 256, "auto", "{title}. {text}", None)
    ids = [f"wiki:{n}" for n in range(len(SENTENCES))]
    served = encode_all(EndpointEncoder(model, Endpoint(infinity.url, batch=3)), ids, SENTENCES, ids)
    here = encode_all(minilm(), ids, SENTENCES, ids)
    assert np.einsum("nd,nd->n", served.vectors, here.vectors).min() > 0.999


def without_one(answer: dict) -> None:
    answer["data"].pop()


def not_a_number(answer: dict) -> None:
    answer["data"][0]["embedding"][0] = float("nan")


def backward(answer: dict) -> None:
    answer["data"].reverse()


FAULTS = [
    *(status(429, "slow down", Retry_After="1"), status(500), status(503), cut, silence(8), nonsense),
    *(changed(without_one), changed(not_a_number)),
]
"""What a proxy does to an answer."""


def test_a_proxy_that_delays_cuts_refuses_and_garbles_changes_no_vector(infinity, tmp_path, starter):
    project = small_project(tmp_path / "project", starter)
    project.configure(embedding__max_tokens=256)
    with serving(infinity.embed, seconds=0.05) as proxy:
        project.configure(embedding__endpoint={"url": proxy.url, "model": "minilm", "batch": 4, "concurrency": 2, "timeout": 5})
        # Each is followed by a good answer in another order, so that no request is given up.
        proxy.faults = [each for fault in FAULTS for each in (fault, changed(backward))]
        run = project.run("merge_embeddings", cores=1)
    assert run.code == 0, run.output
    assert not proxy.faults and "; again in" in run.output
    shards = read_manifest(project / "results/shards/manifest.json")["shards"]
    articles = pd.concat(pd.read_parquet(project / f"results/shards/{entry['shard']}.parquet") for entry in shards)
    here = minilm().encode((articles.title + ". " + articles.text).tolist(), articles.item_id.tolist())
    table = EmbeddingTable(project / "results/embeddings.parquet")
    assert np.einsum("nd,nd->n", table.vectors(0, table.articles), here.vectors).min() > 0.999


def test_a_run_goes_on_when_the_server_is_killed_and_started_again(infinity, tmp_path, starter):
    project = small_project(tmp_path / "project", starter)
    project.configure(embedding__endpoint={"url": infinity.url, "model": "minilm", "batch": 2, "concurrency": 2})
    process = project.start("merge_embeddings", cores=1)
    try:
        wait_for(lambda: bool(list(project.folder.glob("results/.partial/*/*/*.parquet"))), process)
        infinity.kill()
        infinity.start()
        infinity.wait()
        assert process.wait(timeout=600) == 0, (project / "output").read_text()
    finally:
        kill(process)
    table = EmbeddingTable(project / "results/embeddings.parquet")
    assert (table.articles, table.questions) == (64, 4)
    assert "; again in" in (project / "output").read_text()
