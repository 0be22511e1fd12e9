"""Vectors that a source brings along: taken in any form, normalized, and what cannot be one dropped and named."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge_map.articles.reading import check_opening
from knowledge_map.articles.records import Source
from knowledge_map.articles.shards import read_manifest, write_shards
from knowledge_map.articles.vectors import VectorFile
from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import as_matrix, read_parquet
from knowledge_map.common.vectors import unit_vector

ROWS, DIMENSION = 7, 5
VECTORS = np.random.default_rng(0).normal(size=(ROWS, DIMENSION))
UNIT = (VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)).astype(np.float32)
RECORDS = [{"id": n, "text": f"text {n}"} for n in range(ROWS)]
LIMITS = {"size": 3, "max_characters": 1_000, "max_dropped": 0.5}


def vectors_of(articles: list) -> np.ndarray:
    return np.array([np.frombuffer(article.vector, np.float32) for article in articles])


def with_column(folder: Path, column: pa.Array) -> Path:
    pq.write_table(pa.table({"id": range(ROWS), "text": [row["text"] for row in RECORDS], "v": column}), folder / "a.parquet")
    return folder / "a.parquet"


COLUMNS = {
    "list": pa.array(VECTORS.tolist(), pa.list_(pa.float64())),
    "large list": pa.array(VECTORS.tolist(), pa.large_list(pa.float32())),
    "fixed size": pa.FixedSizeListArray.from_arrays(pa.array(VECTORS.astype(np.float32).ravel()), DIMENSION),
    "half": pa.FixedSizeListArray.from_arrays(pa.array(VECTORS.astype(np.float16).ravel()), DIMENSION),
    "JSON": pa.array([json.dumps(vector) for vector in VECTORS.tolist()]),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_a_column_of_vectors_is_read_and_normalized(read, tmp_path, column):
    articles, report = read(with_column(tmp_path, column), columns={"vector": "v"})
    assert np.allclose(vectors_of(articles), UNIT, atol=1e-3)
    assert report.notes == {f"vectors of 5 dimensions were given; {ROWS} of {ROWS} were normalized": 1}


@pytest.mark.parametrize("number", [np.float16, np.float32, np.float64])
def test_a_file_of_vectors_is_read_in_the_order_of_the_rows(read, write, tmp_path, number):
    np.save(tmp_path / "v.npy", UNIT.astype(number))
    articles, report = read(write("a.jsonl", RECORDS), vectors=str(tmp_path / "v.npy"))
    assert np.allclose(vectors_of(articles), UNIT, atol=1e-3)
    assert report.notes == {"vectors of 5 dimensions were given; all were of unit length": 1}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc, which tells what of files is in memory")
def test_what_was_read_of_a_file_of_vectors_does_not_stay_in_memory(tmp_path, monkeypatch):
    def megabytes_of_files() -> float:
        return int(re.search(r"RssFile:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1000

    monkeypatch.setattr("knowledge_map.articles.vectors.MAPPED", 500)
    np.save(tmp_path / "v.npy", np.ones((10_000, 1_000), np.float32))
    before, vectors = megabytes_of_files(), VectorFile(tmp_path / "v.npy")
    assert sum(vectors[row][0] for row in range(vectors.rows)) == 10_000
    assert megabytes_of_files() - before < 10


def test_every_row_has_its_own_vector_whatever_becomes_of_the_others(read, write, tmp_path):
    lines = [json.dumps(row) for row in RECORDS]
    lines[1], lines[3] = "{broken", json.dumps({"id": 3, "text": ""})
    np.save(tmp_path / "v.npy", UNIT)
    articles, report = read(write("a.jsonl", "\n\n".join(lines)), vectors=str(tmp_path / "v.npy"))
    assert np.array_equal(vectors_of(articles), UNIT[[0, 2, 4, 5, 6]])
    assert report.dropped == {"broken row": 1, "no text": 1}


def test_rows_that_are_none_have_no_vector(read, write, tmp_path):
    np.save(tmp_path / "v.npy", UNIT[:2])
    articles, _ = read(write("a.csv", "id,text\n0,a\nid,text\n1,b\n"), vectors=str(tmp_path / "v.npy"))
    assert np.array_equal(vectors_of(articles), UNIT[:2])


def test_a_sample_keeps_its_vectors(read, write, tmp_path):
    np.save(tmp_path / "v.npy", UNIT)
    articles, _ = read(write("a.jsonl", RECORDS), vectors=str(tmp_path / "v.npy"), limit=3, sample_seed=1)
    assert np.array_equal(vectors_of(articles), UNIT[[int(article.item_id[5:]) for article in articles]])


BAD = {
    "missing": None,
    "of 3 dimensions, where the first has 5": [1, 2, 3],
    "not finite": [1, 2, 3, 4, float("nan")],
    "all zero": [0] * 5,
    "no list of numbers": ["a"] * 5,
    "no JSON array of numbers": "1 2 3",
    "of 1 dimensions; 2 to 65,536 are possible": [1],
}


@pytest.mark.parametrize(("said", "vector"), BAD.items(), ids=BAD)
def test_what_is_no_vector_is_dropped_and_named(read, write, said, vector):
    rows = [row | {"v": vector if n == 2 else VECTORS[n].tolist()} for n, row in enumerate(RECORDS)]
    articles, report = read(write("a.jsonl", rows), columns={"vector": "v"})
    assert report.dropped == {"no usable vector": 1}
    assert report.examples[0] == {"row": "line 3", "reason": "no usable vector", "detail": said}
    assert np.allclose(vectors_of(articles), np.delete(UNIT, 2, axis=0), atol=1e-6)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_no_length_is_too_small_or_too_large(scale):
    vector, was_unit = unit_vector((VECTORS[0] * scale).tolist())
    assert np.allclose(vector, UNIT[0], atol=1e-6)
    assert not was_unit


@pytest.mark.parametrize(
    ("rows", "said"), [(ROWS - 1, "has 6 vectors, and .* has more rows"), (ROWS + 1, "has 8 vectors, .* 7 rows")]
)
def test_a_file_of_vectors_of_another_length_is_refused(read, write, tmp_path, rows, said):
    np.save(tmp_path / "v.npy", np.ones((rows, DIMENSION)))
    with pytest.raises(UserError, match=said):
        read(write("a.jsonl", RECORDS), vectors=str(tmp_path / "v.npy"))


def test_with_a_limit_only_the_first_vectors_are_read(read, write, tmp_path):
    np.save(tmp_path / "v.npy", UNIT)
    articles, report = read(write("a.jsonl", RECORDS), vectors=str(tmp_path / "v.npy"), limit=3)
    assert np.array_equal(vectors_of(articles), UNIT[:3])
    assert report.notes == {"vectors of 5 dimensions were given; all were of unit length": 1}


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.ones(5), r"an array of float64 \[5\]; one of floats \[rows, dimensions\] is needed"),
        (np.ones((7, 5), int), "an array of int64"),
        (np.array([["a"]]), "an array of <U1"),
        (np.array([{}]), r"cannot be read as a NumPy array"),
    ],
    ids=["flat", "integers", "texts", "objects"],
)
def test_another_array_is_refused(read, write, tmp_path, array, said):
    np.save(tmp_path / "v.npy", array, allow_pickle=True)
    with pytest.raises(UserError, match=rf"v\.npy: .*{said}"):
        read(write("a.jsonl", RECORDS), vectors=str(tmp_path / "v.npy"))


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04" + bytes(100)])
def test_a_damaged_file_of_vectors_is_refused(read, write, tmp_path, content):
    (tmp_path / "v.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"v\.npy: cannot be read as a NumPy array"):
        read(write("a.jsonl", RECORDS), vectors=str(tmp_path / "v.npy"))


def test_a_file_of_vectors_that_is_not_there_is_named(read, write, tmp_path):
    with pytest.raises(UserError, match=r"none\.npy: no such file; fix `vectors`"):
        read(write("a.jsonl", RECORDS), vectors=str(tmp_path / "none.npy"))


def test_a_column_that_holds_no_vectors_is_refused(read, tmp_path):
    with pytest.raises(UserError, match="the column `v` holds bool, no vectors"):
        read(with_column(tmp_path, pa.array([True] * ROWS)), columns={"vector": "v"})


def test_the_opening_tells_the_dimension(tmp_path, write):
    assert check_opening(Source("wiki", str(with_column(tmp_path, COLUMNS["list"])), columns={"vector": "v"})) == DIMENSION
    np.save(tmp_path / "v.npy", UNIT)
    assert check_opening(Source("wiki", str(write("a.jsonl", RECORDS)), vectors=str(tmp_path / "v.npy"))) == DIMENSION


# --- beside the shards


def sharded(folder: Path, vectors: np.ndarray, records: list[dict]) -> list[dict]:
    folder.mkdir(exist_ok=True)
    np.save(folder / "v.npy", vectors)
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in records))
    source = Source("wiki", str(folder / "a.jsonl"), vectors=str(folder / "v.npy"))
    write_shards([source], folder / "shards", folder / "shards/manifest.json", **LIMITS)
    return read_manifest(folder / "shards/manifest.json")["shards"]


def test_the_vectors_of_a_shard_lie_beside_it(tmp_path):
    entries = sharded(tmp_path, UNIT, RECORDS)
    tables = [read_parquet(tmp_path / "shards" / f"{entry['vectors']}.parquet") for entry in entries]
    assert np.array_equal(np.vstack([as_matrix(table["embedding"]) for table in tables]), UNIT)
    shards = [read_parquet(tmp_path / "shards" / f"{entry['shard']}.parquet") for entry in entries]
    for shard, table in zip(shards, tables, strict=True):
        assert shard.select(["item_id", "source", "title", "url"]).equals(table.drop_columns("embedding"))


def test_an_edited_row_or_vector_makes_the_file_of_its_shard_anew(tmp_path):
    before = sharded(tmp_path, UNIT, RECORDS)
    assert sharded(tmp_path, UNIT, RECORDS) == before
    changed = UNIT.copy()
    changed[4] = UNIT[0]
    other = sharded(tmp_path, changed, RECORDS)
    assert [each["shard"] for each in other] == [each["shard"] for each in before]
    assert [each["vectors"] == was["vectors"] for each, was in zip(other, before, strict=True)] == [True, False, True]
    edited = sharded(tmp_path, UNIT, [row | ({"text": "edited"} if row["id"] == 6 else {}) for row in RECORDS])
    assert [each["vectors"] == was["vectors"] for each, was in zip(edited, before, strict=True)] == [True, True, False]
