"""The worked examples of the documentation, run as they stand there."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from embedding_server import serving

from knowledge_map.articles.records import Source
from knowledge_map.articles.shards import read_manifest, write_shards
from knowledge_map.common.parquet import as_matrix, read_parquet
from knowledge_map.embedding.encoders.endpoint import Endpoint, EndpointEncoder
from knowledge_map.run.configuration import check_inputs, complete, embedding_models, endpoint_settings

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
ROWS = 12


def example(page: str, heading: str) -> dict:
    """Return the first YAML below a heading of a page, completed as the workflow does it."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    block = re.search(rf"^#+ {re.escape(heading)}\n.*?^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block
    config = yaml.safe_load(block[1])
    return complete({"articles": [{"name": "a", "path": "a.jsonl"}]} | config, SCHEMA)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The working directory, with a folder `data`."""
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sharded(config: dict) -> tuple[pa.Table, dict]:
    """Return the articles that a configuration reads, and the manifest."""
    check_inputs(config)
    sources = [Source.of(entry) for entry in config["articles"]]
    write_shards(sources, "shards", "shards/manifest.json", 100, 10_000, 0.05)
    manifest = read_manifest("shards/manifest.json")
    (shard,) = manifest["shards"]
    return read_parquet(f"shards/{shard['shard']}.parquet"), manifest


def write_papers() -> None:
    papers = [
        {
            **{
                "arxiv_id": f"2401.{n:05}",
                "title": f"Paper {n}",
                "abstract": f"It shows fact {n}.",
                "link": f"https://a.org/{n}",
            },
            **{"update_date": f"2024-01-{n + 1:02}", "year": 2000 + n, "citations": n, "open_access": n % 2 == 0},
            **{"categories": "cs.LG stat.ML" if n else None},
        }
        for n in range(ROWS)
    ]
    pq.write_table(pa.Table.from_pylist(papers), "data/papers.parquet")


def test_papers_with_columns_of_their_own(folder):
    write_papers()
    config = example("sources.md", "Columns")
    articles, manifest = sharded(config)
    assert articles["item_id"][1].as_py() == "papers:2401.00001"
    assert articles["text"][1].as_py() == "Paper 1\n\nIt shows fact 1."
    assert manifest["carried"]["columns"] == {
        **{"updated": "date", "year": "date", "citations": "integer", "open_access": "boolean", "categories": "tags"},
    }
    carried = read_parquet(f"shards/{manifest['carried']['table']}.parquet")
    assert carried["categories"].to_pylist()[:2] == [None, ["cs.LG", "stat.ML"]]


def test_tickets_by_a_query(folder):
    lines = ["number,subject,body,opened,state"]
    lines += [
        f"{n},Ticket {n},Something is wrong with machine {n}.,2024-01-{n + 1:02},{'spam' if n < 3 else 'open'}"
        for n in range(ROWS)
    ]
    Path("data/tickets.csv").write_text("\n".join(lines))
    articles, manifest = sharded(example("sources.md", "Queries"))
    assert articles["title"].to_pylist() == [f"Ticket {n}" for n in range(3, ROWS)]
    assert manifest["carried"]["columns"] == {"opened": "date", "state": "text"}


def test_vectors_in_a_numpy_file(folder):
    write_papers()
    vectors = np.random.default_rng(0).normal(size=(ROWS, 384))
    np.save("data/papers.npy", vectors.astype(np.float16))
    _, manifest = sharded(example("sources.md", "Vectors"))
    (shard,) = manifest["shards"]
    found = as_matrix(read_parquet(f"shards/{shard['vectors']}.parquet")["embedding"])
    assert np.allclose(found, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), atol=1e-3)


@pytest.mark.slow
def test_a_model_behind_a_server(folder):
    config = example("models.md", "A model behind a server")
    (folder / "a.jsonl").write_text(json.dumps({"text": "a"}) + "\n")
    check_inputs(config)
    model, question_model = embedding_models(config)
    with serving() as server:
        settings = endpoint_settings(config) | {"url": server.url}
        assert EndpointEncoder(model, Endpoint(**settings)).encode(["what"], ["1"]).vectors.shape == (1, 384)
        EndpointEncoder(question_model, Endpoint(**settings)).encode(["why"], ["1"])
        assert "search_document: what" in server.texts and server.texts[-1] == "search_query: why"
