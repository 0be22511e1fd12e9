"""The embedding table: articles first, in order, every vector where it belongs, and little of it in memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from embedded_files import vectors_of, write_embedded
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import as_column, read_parquet, write_parquet
from knowledge_map.embedding.table import EmbeddingTable, merge_embeddings, table_schema


def test_merging_keeps_order_kinds_and_vectors(tmp_path):
    first, second, questions = vectors_of(25, 6, 1), vectors_of(7, 6, 2), vectors_of(3, 6, 3)
    shards = [write_embedded(tmp_path / "b.parquet", first, 4), write_embedded(tmp_path / "a.parquet", second)]
    merge_embeddings(shards, write_embedded(tmp_path / "q.parquet", questions), tmp_path / "table.parquet")
    table = read_parquet(tmp_path / "table.parquet")
    assert table["row"].to_pylist() == list(range(35))
    assert table["kind"].to_pylist() == ["article"] * 32 + ["question"] * 3
    names = [("b", 25), ("a", 7), ("q", 3)]
    for column in ("item_id", "source", "title", "url"):
        assert table[column].to_pylist() == [f"{name} {column} {n}" for name, rows in names for n in range(rows)]
    merged = EmbeddingTable(tmp_path / "table.parquet")
    assert (merged.rows, merged.articles, merged.questions, merged.dimension) == (35, 32, 3, 6)
    assert np.array_equal(merged.vectors(), np.vstack([first, second, questions]))


def test_the_table_tells_how_its_vectors_were_made(tmp_path):
    shards = [write_embedded(tmp_path / f"{n}.parquet", vectors_of(5, 3), truncated=n) for n in (2, 3)]
    questions = write_embedded(tmp_path / "q.parquet", vectors_of(2, 3), prompt="query: ", truncated=1, computed_in=["bfloat16"])
    merge_embeddings(shards, questions, tmp_path / "table.parquet")
    assert EmbeddingTable(tmp_path / "table.parquet").metadata == {
        "model": "m",
        "revision": "r",
        "max_tokens": 64,
        "precision": "auto",
        "dimension": 3,
        "article_template": "{text}",
        "article_prompt": "",
        "question_prompt": "query: ",
        "computed_in": ["bfloat16", "float32"],
        "truncated_articles": 5,
        "truncated_questions": 1,
    }


@pytest.mark.parametrize("odd", ["shard", "questions"])
def test_vectors_of_another_dimension_are_refused_by_name(tmp_path, odd):
    sizes = {"first": 4, "shard": 4, "questions": 4} | {odd: 5}
    first, shard, questions = (write_embedded(tmp_path / f"{name}.parquet", vectors_of(3, size)) for name, size in sizes.items())
    with pytest.raises(UserError, match=rf"{odd}\.parquet: vectors of 5 dimensions among vectors of 4"):
        merge_embeddings([first, shard], questions, tmp_path / "table.parquet")
    assert not (tmp_path / "table.parquet").exists()


def test_a_damaged_shard_is_named_and_no_table_is_left(tmp_path):
    shards = [write_embedded(tmp_path / f"{name}.parquet", vectors_of(500, 8)) for name in ("sound", "broken")]
    content = bytearray(shards[1].read_bytes())
    content[len(content) // 2] ^= 4
    shards[1].write_bytes(content)
    with pytest.raises(UserError, match=r"broken\.parquet: damaged"):
        merge_embeddings(shards, write_embedded(tmp_path / "q.parquet", vectors_of(2, 8)), tmp_path / "table.parquet")
    assert not (tmp_path / "table.parquet").exists()


def test_no_questions_leave_a_table_of_articles(tmp_path):
    shard = write_embedded(tmp_path / "a.parquet", vectors_of(4, 3))
    questions = write_embedded(tmp_path / "q.parquet", np.empty((0, 1), np.float32), truncated=0)
    merge_embeddings([shard], questions, tmp_path / "table.parquet")
    table = EmbeddingTable(tmp_path / "table.parquet")
    assert (table.rows, table.articles, table.questions, table.dimension) == (4, 4, 0, 3)


def test_vectors_are_cut_to_their_first_dimensions_and_normalized(tmp_path):
    vectors = vectors_of(25, 6, 1)
    shard, questions = write_embedded(tmp_path / "a.parquet", vectors), write_embedded(tmp_path / "q.parquet", vectors_of(2, 6))
    merge_embeddings([shard], questions, tmp_path / "table.parquet", dimensions=4)
    table = EmbeddingTable(tmp_path / "table.parquet")
    assert (table.dimension, table.metadata["dimension"], table.metadata["cut_from"]) == (4, 4, 6)
    cut = vectors[:, :4]
    assert np.allclose(table.vectors(0, 25), cut / np.linalg.norm(cut, axis=1, keepdims=True), atol=1e-6)
    with pytest.raises(UserError, match=r"embedding\.dimensions is 7, but the vectors have 6"):
        merge_embeddings([shard], questions, tmp_path / "other.parquet", dimensions=7)


def test_half_precision_halves_the_table_and_is_read_at_unit_length(tmp_path):
    vectors = vectors_of(2_000, 64, 1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    shard, questions = write_embedded(tmp_path / "a.parquet", vectors), write_embedded(tmp_path / "q.parquet", vectors[:3])
    sizes = []
    for stored_as in ("float32", "float16"):
        merge_embeddings([shard], questions, tmp_path / f"{stored_as}.parquet", stored_as=stored_as)
        sizes.append((tmp_path / f"{stored_as}.parquet").stat().st_size)
    assert sizes[1] < 0.6 * sizes[0]
    read = EmbeddingTable(tmp_path / "float16.parquet").vectors(0, 2_000)
    assert read.dtype == np.float32
    assert np.allclose(np.linalg.norm(read, axis=1), 1, atol=1e-6)
    assert np.einsum("nd,nd->n", read, vectors).min() > 1 - 1e-6


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(data=st.data(), rows=st.integers(1, 40), row_group=st.integers(1, 12))
def test_any_reading_of_vectors_is_numpy_slicing(tmp_path_factory, data, rows, row_group):
    path, matrix = tmp_path_factory.getbasetemp() / "sliced.parquet", vectors_of(rows, 3)
    columns = {name: [""] * rows for name in ("item_id", "source", "title", "url")}
    columns |= {"row": range(rows), "kind": ["article"] * rows, "embedding": as_column(matrix)}
    write_parquet(path, pa.table(columns, schema=table_schema(3)), row_group)
    table = EmbeddingTable(path)

    stop = data.draw(st.integers(0, rows))
    start = data.draw(st.integers(0, stop))
    assert np.array_equal(table.vectors(start, stop), matrix[start:stop])
    assert np.array_equal(table.vectors(start), matrix[start:])

    taken = np.array(data.draw(st.lists(st.integers(0, rows - 1), max_size=20)), dtype=int)
    assert np.array_equal(table.take(taken), matrix[taken])

    size = data.draw(st.integers(1, rows + 3))
    for first, block in table.blocks(size):
        assert np.array_equal(block, matrix[first : first + size])
    assert [first for first, _ in table.blocks(size)] == list(range(0, rows, size))

    parts = data.draw(st.integers(1, rows))
    ends = [table.part(number, parts) for number in range(parts)]
    assert [row for start, stop in ends for row in range(start, stop)] == list(range(rows))
    assert max(stop - start for start, stop in ends) - min(stop - start for start, stop in ends) <= 1


MERGE = """
import sys
import pyarrow as pa
from knowledge_map.embedding.table import merge_embeddings

*shards, questions, output = sys.argv[1:]
merge_embeddings(shards, questions, output)
print(pa.default_memory_pool().max_memory())
"""


def peak_of_merging(shards: list[Path], questions: Path, output: Path) -> int:
    """Return the most bytes Arrow held, in a process of its own, since a pool's peak is that of the process's whole life."""
    command = [sys.executable, "-c", MERGE, *shards, questions, output]
    scripts = Path(__file__).parents[3] / "workflow/scripts"
    return int(subprocess.run(command, env={"PYTHONPATH": scripts}, check=True, capture_output=True).stdout)


@pytest.mark.slow
def test_merging_five_times_as_much_takes_no_more_memory(tmp_path):
    shards = [write_embedded(tmp_path / f"{n}.parquet", vectors_of(20_000, 64)) for n in range(5)]
    questions = write_embedded(tmp_path / "q.parquet", vectors_of(2, 64))
    one, five = (peak_of_merging(some, questions, tmp_path / "table.parquet") for some in (shards[:1], shards))
    assert five < 1.2 * one
    assert EmbeddingTable(tmp_path / "table.parquet").rows == 100_002
