"""The lab's pickle: exactly its structure, by plain pickle.load, and written in little memory."""

import json
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from maps import write_map

from knowledge_map.common.checksum import append_checksum
from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import read_parquet
from knowledge_map.map.pickle_export import BATCH, write_map_pickle

ARTICLES, QUESTIONS, DIMENSION = BATCH + 20, 3, 4
ROWS = ARTICLES + QUESTIONS
REGION = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}
METADATA = {
    "total_items": ROWS,
    "num_questions": QUESTIONS,
    "num_articles": ARTICLES,
    "embedding_dim": DIMENSION,
    "umap_params": {"n_neighbors": 15, "min_dist": 0.1, "n_epochs": None, "metric": "cosine"},
    "question_region": REGION,
}
DATA = [
    {"question": f"Größe {n}?", "options": ["a", "b"], "correctIndex": n % 2, "more": {"deep": [1.5, None]}} for n in range(3)
]
TEXTS = [f"text {n} \u2028 '\"" for n in range(ROWS)]


def reducer_like() -> dict:
    """Return what a reducer's pickle has: shared references, cycles, arrays larger than a frame, many small objects."""
    shared = {"metric": "cosine", "names": [f"name {n}" for n in range(30_000)]}
    vectors = np.random.default_rng(0).random((50_000, 4))
    reducer = {
        "settings": shared,
        "again": shared,
        "vectors": vectors,
        "same vectors": vectors,
        "space": SimpleNamespace(own=shared),
    }
    reducer["itself"] = reducer
    return reducer


def write_inputs(folder: Path, reducer: object, protocol: int = 5) -> None:
    vectors = np.random.default_rng(1).normal(size=(ROWS, DIMENSION)).astype(np.float32)
    positions, raw = np.random.default_rng(2).random((2, ROWS, 2)).astype(np.float32)
    write_map(folder, vectors, QUESTIONS, positions, raw)
    write_reducer(folder / "reducer.pkl", pickle.dumps(reducer, protocol))


def write_reducer(path: Path, program: bytes) -> None:
    path.write_bytes(program)
    append_checksum(path)


def write_pickle(folder: Path) -> Path:
    data = [json.dumps(record) for record in DATA]
    inputs = folder / "knowledge_map.parquet", folder / "embeddings.parquet", TEXTS, data, METADATA, folder / "reducer.pkl"
    write_map_pickle(*inputs, folder / "knowledge_map.pkl")
    return folder / "knowledge_map.pkl"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("map")
    write_inputs(folder, reducer_like())
    write_pickle(folder)
    return folder


# The C unpickler and the one in plain Python read frames in ways of their own.
@pytest.mark.parametrize("load", [pickle.load, pickle._load], ids=["C", "Python"])
def test_the_pickle_is_the_labs_to_the_letter(folder, load):
    with (folder / "knowledge_map.pkl").open("rb") as file:
        content = load(file)
        assert not file.read()
    assert list(content) == ["metadata", "items", "umap_reducer"]
    assert content["metadata"] == METADATA

    table, embeddings = (read_parquet(folder / f"{name}.parquet") for name in ("knowledge_map", "embeddings"))
    expected = table.select(["title", "source", "x", "y", "x_raw", "y_raw"]).to_pylist()
    for item, text, embedding in zip(expected, TEXTS, embeddings["embedding"].to_pylist(), strict=True):
        item |= {"text": text, "embedding": embedding}
    for item, data in zip(expected[ARTICLES:], DATA, strict=True):
        item["question_data"] = data
    assert content["items"] == expected
    first = content["items"][0]
    assert type(first["embedding"]) is list and {type(value) for value in first["embedding"]} == {float}
    assert {type(first[name]) for name in ("x", "y", "x_raw", "y_raw")} == {float}


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_reducer_with_shared_references_and_large_arrays_is_whole(tmp_path, protocol):
    write_inputs(tmp_path, reducer_like(), protocol)
    with write_pickle(tmp_path).open("rb") as file:
        reducer = pickle.load(file)["umap_reducer"]
    assert reducer["itself"] is reducer
    assert reducer["settings"] is reducer["again"] is reducer["space"].own
    assert reducer["settings"] == reducer_like()["settings"]
    assert reducer["vectors"] is reducer["same vectors"]
    assert np.array_equal(reducer["vectors"], reducer_like()["vectors"])


@pytest.mark.parametrize("reducer", [None, 7, "", (), b"x" * 200_000], ids=["None", "number", "text", "tuple", "bytes"])
def test_even_a_reducer_without_frames_or_memo_is_whole(tmp_path, reducer):
    write_inputs(tmp_path, reducer)
    with write_pickle(tmp_path).open("rb") as file:
        assert pickle.load(file)["umap_reducer"] == reducer


def test_a_damaged_table_leaves_no_pickle(tmp_path):
    write_inputs(tmp_path, None)
    content = bytearray((tmp_path / "embeddings.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "embeddings.parquet").write_bytes(content)
    with pytest.raises(UserError, match=r"embeddings\.parquet: damaged"):
        write_pickle(tmp_path)
    assert not list(tmp_path.glob("*knowledge_map.pkl*"))


@pytest.mark.parametrize("harm", [lambda content: content[:-50], lambda content: content[:300] + b"\0" + content[301:]])
def test_a_damaged_reducer_leaves_no_pickle(tmp_path, harm):
    write_inputs(tmp_path, reducer_like())
    path = tmp_path / "reducer.pkl"
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(UserError, match=r"reducer\.pkl: damaged"):
        write_pickle(tmp_path)
    assert not list(tmp_path.glob("*knowledge_map.pkl*"))


WRITE = """
import json, resource, sys
from itertools import repeat
from pathlib import Path
from knowledge_map.map.pickle_export import write_map_pickle

folder, rows = Path(sys.argv[1]), int(sys.argv[2])
metadata = {"total_items": rows}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write_map_pickle(folder / "knowledge_map.parquet", folder / "embeddings.parquet", repeat("text " * 50), [], metadata,
                 folder / "reducer.pkl", folder / "knowledge_map.pkl")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is in KiB on Linux alone")
def test_memory_does_not_grow_with_the_items(tmp_path):
    rows = 20_000
    vectors = np.random.default_rng(1).normal(size=(rows, 256)).astype(np.float32)
    positions = np.zeros((rows, 2), np.float32)
    write_map(tmp_path, vectors, 0, positions, positions)
    write_reducer(tmp_path / "reducer.pkl", pickle.dumps(bytes(50_000_000), 5))
    scripts = Path(__file__).parents[3] / "workflow/scripts"
    command = [sys.executable, "-c", WRITE, tmp_path, str(rows)]
    peak = int(subprocess.run(command, env={"PYTHONPATH": scripts}, check=True, capture_output=True).stdout) * 1024
    # As Python objects the items would take 160 MB, and the file is 100 MB.
    assert (tmp_path / "knowledge_map.pkl").stat().st_size > 100e6
    assert peak < 60e6
