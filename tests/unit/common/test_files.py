"""Files: there whole or not at all, damage noticed and named, batches of the size that was asked for."""

import errno
import json
import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_map.common.checksum import append_checksum, verified_length
from knowledge_map.common.errors import UserError
from knowledge_map.common.files import atomic_write, read_record, write_json, write_record
from knowledge_map.common.parquet import batches, open_parquet, parquet_writer, read_parquet, write_parquet

ROWS, ROW_GROUP = 60, 20


def some_table(rows: int = ROWS) -> pa.Table:
    """Return a table with a column of each kind that the project writes."""
    vectors = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    return pa.table(
        {
            "title": pa.array([f"title {n % 7}" for n in range(rows)]),
            "row": pa.array(range(rows), pa.int32()),
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 4),
            "neighbors": pa.array([[n, n + 1] for n in range(rows)], pa.list_(pa.int32())),
        }
    )


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "result"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as temporary:
        temporary.write_text("half of the n")
        raise KeyboardInterrupt
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("result", "old")]


def test_a_finished_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "a/new/folder/result"
    for content in ("old", "new"):
        with atomic_write(path) as temporary:
            temporary.write_text(content)
    assert [(file.name, file.read_text()) for file in path.parent.iterdir()] == [("result", "new")]


SCRIPTS = Path(__file__).parents[3] / "workflow/scripts"
WRITER = """
import sys, time
from knowledge_map.common.files import atomic_write

with atomic_write(sys.argv[1]) as temporary:
    temporary.write_text("half of the file")
    print("half", flush=True)
    time.sleep(3600)
"""


def test_what_a_killed_writer_left_behind_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    path = tmp_path / "result"
    with subprocess.Popen([sys.executable, "-c", WRITER, path], env={"PYTHONPATH": SCRIPTS}, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"half\n"
        write_json(path, ["while the other is at work"])
        (left,) = tmp_path.glob(".result.*.tmp")
        writer.kill()
    assert left.exists()
    (tmp_path / ".result.txt.1.tmp").touch()  # of another file
    write_json(path, ["after it was killed"])
    assert {file.name for file in tmp_path.iterdir()} == {"result", ".result.txt.1.tmp"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("write", [os.write, lambda file, content: pa.OSFile("/dev/full", "wb").write(content)])
def test_a_full_disk_names_the_file_that_was_to_be_written(tmp_path, write):
    with pytest.raises(OSError) as error, atomic_write(tmp_path / "result"):
        write(os.open("/dev/full", os.O_WRONLY), b"x")
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(tmp_path / "result"))


@pytest.mark.parametrize("existed", [False, True])
def test_a_parquet_file_that_was_not_finished_never_appears(tmp_path, existed):
    path, table = tmp_path / "table.parquet", some_table()
    if existed:
        write_parquet(path, table)
    with pytest.raises(RuntimeError), parquet_writer(path, table.schema) as writer:
        writer.write_table(table.slice(0, 5))
        raise RuntimeError
    assert [file.name for file in tmp_path.iterdir()] == (["table.parquet"] if existed else [])
    assert not existed or read_parquet(path).equals(table)


def column_bytes(path: Path, column: str) -> list[int]:
    """Return the positions in the file where pages of a column lie, their headers included."""
    with open_parquet(path) as file:
        metadata = file.metadata
        chunks = [
            metadata.row_group(group).column(n) for group in range(metadata.num_row_groups) for n in range(metadata.num_columns)
        ]
    positions = []
    for chunk in chunks:
        if chunk.path_in_schema.split(".")[0] == column:
            start = min(chunk.data_page_offset, chunk.dictionary_page_offset or chunk.data_page_offset)
            positions += range(start, start + chunk.total_compressed_size)
    return positions


def read_in_batches(path: Path, column: str) -> pa.Table:
    with open_parquet(path) as file:
        return pa.concat_tables(list(batches(file, [column], 7)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "read", [lambda path, column: read_parquet(path, [column]), read_in_batches], ids=["whole", "in batches"]
)
@pytest.mark.parametrize("column", some_table().column_names)
def test_a_flipped_bit_is_never_read_as_something_else(tmp_path, column, read):
    path, table = tmp_path / "table.parquet", some_table()
    write_parquet(path, table, ROW_GROUP)
    whole = path.read_bytes()
    positions, noticed = column_bytes(path, column), 0
    # A bit of every byte: the next one at each further byte, so that every bit has its turn.
    for position in positions:
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            # Some bits of a page's header (its statistics) carry no data, so that nothing is wrong without them.
            assert read(path, column)[column].to_pylist() == table[column].to_pylist()
        except UserError as error:
            assert str(path) in str(error) and "damaged" in str(error)
            noticed += 1
    assert noticed > len(positions) / 2


def footer_bytes(path: Path) -> range:
    """Return the positions of what comes after the pages of a parquet file: the footer's digest, the footer, its length."""
    whole = path.read_bytes()
    return range(max(column_bytes(path, some_table().column_names[-1])) + 1, len(whole))


@pytest.mark.slow
def test_a_flipped_bit_of_the_footer_is_noticed(tmp_path):
    path, table = tmp_path / "table.parquet", some_table()
    write_parquet(path, table.replace_schema_metadata({"knowledge_map": '{"truncated": 3}'}), ROW_GROUP)
    whole, schema, harmless = path.read_bytes(), read_parquet(path).schema, []
    for position in footer_bytes(path)[::3]:
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            assert read_parquet(path).equals(table)
            assert read_parquet(path).schema.equals(schema, check_metadata=True)
            harmless.append(position)
        except UserError as error:
            assert str(path) in str(error) and "damaged" in str(error)
    assert len(harmless) < 30  # the words before the digest


def test_other_programs_read_our_parquet_and_we_read_theirs(tmp_path):
    path, table = tmp_path / "table.parquet", some_table()
    write_parquet(path, table)
    assert duckdb.sql(f"SELECT * FROM '{path}'").fetchall() == [tuple(row.values()) for row in table.to_pylist()]
    assert pq.read_table(path).equals(table)
    duckdb.sql(f"COPY (SELECT * FROM '{path}') TO '{tmp_path}/theirs.parquet'")
    assert read_parquet(tmp_path / "theirs.parquet")["title"].to_pylist() == table["title"].to_pylist()


@pytest.mark.parametrize("harmed", ["a", "b", "c"])
@pytest.mark.parametrize("column", ["title", "row"])
def test_of_several_open_files_the_damaged_one_is_named(tmp_path, harmed, column):
    paths = {name: tmp_path / f"{name}.parquet" for name in ("a", "b", "c")}
    for path in paths.values():
        write_parquet(path, some_table(), ROW_GROUP)
    content = bytearray(paths[harmed].read_bytes())
    content[column_bytes(paths[harmed], column)[-1]] ^= 1
    paths[harmed].write_bytes(content)
    with pytest.raises(UserError, match=rf"{harmed}\.parquet: damaged"):
        with open_parquet(paths["a"]) as a, open_parquet(paths["b"]) as b, open_parquet(paths["c"]) as c:
            list(zip(batches(a, [column], 7), batches(b, [column], 7), batches(c, [column], 7), strict=True))


def test_an_error_beside_an_open_file_is_not_taken_for_its_damage(tmp_path):
    write_parquet(tmp_path / "table.parquet", some_table())
    with pytest.raises(pa.ArrowInvalid), open_parquet(tmp_path / "table.parquet") as file:
        for batch in file.iter_batches():
            pa.array([batch, "no array"], pa.int32())


@pytest.mark.parametrize("left", [0, 3, 100, -1, -500])
def test_a_file_cut_short_is_noticed_and_named(tmp_path, left):
    path = tmp_path / "table.parquet"
    write_parquet(path, some_table())
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(UserError, match=r"table\.parquet: damaged"):
        read_parquet(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"absent\.parquet: missing"):
        read_parquet(tmp_path / "absent.parquet")


@settings(deadline=None)
@given(rows=st.integers(0, 60), row_group=st.integers(1, 25), size=st.integers(1, 70))
def test_batches_have_the_size_asked_for_whatever_the_row_groups(tmp_path_factory, rows, row_group, size):
    path, table = tmp_path_factory.getbasetemp() / "batches.parquet", some_table(rows)
    write_parquet(path, table, row_group)
    with open_parquet(path) as file:
        pieces = list(batches(file, ["row", "embedding"], size))
    assert [piece.num_rows for piece in pieces] == [size] * (rows // size) + [rows % size] * (rows % size > 0)
    assert [row for piece in pieces for row in piece["row"].to_pylist()] == list(range(rows))
    assert [row for piece in pieces for row in piece["embedding"].to_pylist()] == table["embedding"].to_pylist()


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_json_without_a_word_for_a_number_is_not_written(tmp_path, number):
    with pytest.raises(ValueError):
        write_json(tmp_path / "summary.json", {"overlap": [number]})
    assert not list(tmp_path.iterdir())


# --- records: JSON that is read again

RECORD = {"articles": 3_400, "shards": [{"shard": "58409234ea8ef732", "source": "größe"}], "dropped": 0.25, "detail": None}


def test_a_record_is_read_as_it_was_written(tmp_path):
    write_record(tmp_path / "record.json", RECORD)
    assert read_record(tmp_path / "record.json") == RECORD


@pytest.mark.slow
def test_a_flipped_bit_of_a_record_is_noticed(tmp_path):
    path = tmp_path / "record.json"
    write_record(path, RECORD)
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            assert read_record(path).items() >= RECORD.items()  # where the word `digest` itself is another
        except UserError as error:
            assert str(error).startswith(f"{path}: damaged (")


@pytest.mark.parametrize("content", ["", "null", "[]", '"x"', "{", "\ud800"])
def test_what_is_no_record_is_named(tmp_path, content):
    (tmp_path / "record.json").write_text(content, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(UserError, match=r"record\.json: damaged"):
        read_record(tmp_path / "record.json")


def test_a_record_of_an_earlier_version_has_no_digest(tmp_path):
    (tmp_path / "record.json").write_text(json.dumps(RECORD))
    assert read_record(tmp_path / "record.json") == RECORD


# --- seals: files whose readers stop at an end of their own


def test_damage_to_a_sealed_file_is_noticed_and_pickle_does_not_mind_the_append_checksum(tmp_path):
    path = tmp_path / "reducer.pkl"
    path.write_bytes(content := pickle.dumps({"a": [0.5] * 20}))
    append_checksum(path)
    assert pickle.loads(path.read_bytes()) == {"a": [0.5] * 20}
    assert verified_length(path) == len(content)
    whole = path.read_bytes()
    flips = (whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :] for at in range(len(whole)))
    for damaged in [*flips, content, whole[:-1], whole[1:], b""]:
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"reducer\.pkl: damaged"):
            verified_length(path)
