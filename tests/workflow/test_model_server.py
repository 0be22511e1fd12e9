"""The workflow with a model behind a server: the same map, a key that stands nowhere, and nothing lost by a kill."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow.parquet as pq
import pytest
from embedding_server import Server, serving, status
from encoders import minilm
from projects import TRACEBACK, Project, kill, small_project, wait_for
from test_reruns import NOTHING
from waiting import PATIENCE

from knowledge_map.embedding.encoders.endpoint import PROBES, SHORT
from knowledge_map.embedding.table import EmbeddingTable

KEY = "sk-9b2f-no-file-may-have-this"


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("MODEL_KEY", KEY)
    with serving(lambda texts: minilm(max_tokens=32).encode(texts, texts).vectors, key=KEY) as server:
        yield server


@pytest.fixture
def served(tmp_path, starter, server) -> Project:
    """A project of three shards that has yet to run."""
    project = small_project(tmp_path / "project", starter)
    endpoint = {"url": server.url, "model": "minilm", "key_variable": "MODEL_KEY", "batch": 4, "concurrency": 4}
    project.configure(embedding__endpoint=endpoint)
    return project


def test_the_table_is_that_of_the_same_model_here_and_the_key_stands_nowhere(served, server, base):
    server.faults = [status(429, f"slow down, {KEY}", Retry_After="0"), status(500, KEY)]
    run = served.run("merge_embeddings")
    assert run.code == 0, run.output
    assert run.jobs == Counter(shard=1, embed_shard=3, embed_questions=1, merge_embeddings=1)
    table, here = (EmbeddingTable(project / "results/embeddings.parquet") for project in (served, base))
    assert table.metadata["model"] == "minilm" and table.metadata["computed_in"] == ["the server"]
    assert np.einsum("nd,nd->n", table.vectors(), here.vectors()).min() > 0.999
    assert "requests" in run.output and "; again in" in run.output

    assert KEY not in run.output
    for path in served.folder.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    status_said = subprocess.run(
        [sys.executable, "workflow/scripts/status.py", served / "config.yaml"], capture_output=True, text=True, check=False
    )
    assert KEY not in status_said.stdout


def test_another_address_batch_or_key_makes_nothing_stale_and_another_model_embeds_anew(served, server):
    served.make("merge_embeddings")
    endpoint = served.config["embedding"]["endpoint"]
    with serving(key=KEY) as other:
        changed = {"url": other.url, "batch": 7, "concurrency": 2, "timeout": 60}
        served.configure(embedding__endpoint=endpoint | changed)
        assert served.make("merge_embeddings") == NOTHING
        served.configure(embedding__endpoint=endpoint | {"model": "other"})
        embedding = Counter(embed_shard=3, embed_questions=1, merge_embeddings=1)
        assert served.plan("merge_embeddings") == embedding


def test_a_kill_loses_no_more_than_the_requests_under_way(served, server):
    embed, released = server.embed, threading.Event()

    def embed_the_beginnings(texts: list[str]) -> np.ndarray:
        """Answer for the first eight articles of a shard, in two requests, and for others not until the run is killed."""
        shards = (served / "results/shards").glob("*.parquet")
        first = {beginning(text) for path in shards for text in pq.read_table(path)["text"][:8].to_pylist()}
        if not {SHORT, *PROBES} & set(texts) and not first.issuperset(map(beginning, texts)):
            server.lock.release()  # the first may come later than others
            released.wait(PATIENCE)
            server.lock.acquire()
        return embed(texts)

    def beginning(text: str) -> str:
        return text[:30]  # a request has texts only as far as the model reads them

    server.embed = embed_the_beginnings
    served.configure(questions=[], embedding__article_template="{text}")
    process = served.start("merge_embeddings", cores=1)
    partial = served / "results/.partial"
    wait_for(lambda: len(list(partial.glob("*/*/*.parquet"))) >= 2, process)
    kill(process)
    released.set()
    time.sleep(1)
    assert served.run("--unlock").code == 0
    asked = len(server.texts)
    saved = 4 * len(list(partial.glob("*/*/*.parquet")))
    assert served.make("merge_embeddings")["embed_shard"] == 3
    twice = [text for text, times in Counter(server.texts).items() if times > 1 and text not in (SHORT, *PROBES)]
    assert 8 <= saved <= asked
    assert len(twice) <= 4 * 4  # what four requests ask for


def test_a_server_that_was_away_for_a_while_costs_nothing(served, server):
    server.faults = [status(503)] * 5
    assert served.make("merge_embeddings")["embed_shard"] == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key_variable": "NO_SUCH_KEY"}, ["the environment variable NO_SUCH_KEY is not set"]),
        ({"url": "http://user:secret@127.0.0.1/v1"}, ["`embedding.endpoint.url`"]),
    ],
    ids=["key", "address"],
)
def test_a_wrong_endpoint_is_refused_before_any_job(served, change, words):
    served.configure(embedding__endpoint=served.config["embedding"]["endpoint"] | change)
    run = served.run("--dry-run")
    assert run.code != 0
    assert all(word in run.output for word in words), run.output
    assert TRACEBACK not in run.output


def test_a_refusal_stops_the_job_with_the_words_of_the_server(served, server, monkeypatch):
    monkeypatch.setenv("MODEL_KEY", "sk-wrong-one")
    run = served.run("merge_embeddings")
    assert run.code != 0
    assert "refuses (401): Incorrect API key provided: Bearer ***" in run.output
    assert "sk-wrong-one" not in run.output and TRACEBACK not in run.output
