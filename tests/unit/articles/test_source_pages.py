"""The sizes of pages: those that Arrow writes, and an error of one kind for whatever is forged."""

import io
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_map.common.parquet_pages import Chunk, chunks_of, pages_of

TABLE = pa.table({"id": range(500), "text": [f"text {number % 70}" * 20 for number in range(500)]})


def written(**options) -> bytes:
    out = io.BytesIO()
    pq.write_table(TABLE, out, **options)
    return out.getvalue()


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("use_dictionary", [True, False])
@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_pages_have_the_size_and_the_values_that_were_written(version, use_dictionary, compression):
    options = {"row_group_size": 200, "data_page_size": 2_000, "write_page_checksum": True, "write_statistics": False}
    content = written(data_page_version=version, use_dictionary=use_dictionary, compression=compression, **options)
    metadata = pq.read_metadata(io.BytesIO(content))
    groups = chunks_of(io.BytesIO(content))
    assert [[chunk.column for chunk in group] for group in groups] == [["id", "text"]] * 3
    for number, group in enumerate(groups):
        for column, chunk in enumerate(group):
            pages = list(pages_of(io.BytesIO(content), chunk))
            told = metadata.row_group(number).column(column)
            assert sum(page.values for page in pages) == told.num_values
            assert 0 <= told.total_uncompressed_size - sum(page.size for page in pages) < 150 * len(pages)  # the headers
            assert any(page.values == 0 for page in pages) == use_dictionary


CONTENT = written(row_group_size=200)


@settings(deadline=None)
@given(st.data())
def test_what_is_forged_is_one_kind_of_error(data):
    content = bytearray(CONTENT)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ValueError):
        for group in chunks_of(io.BytesIO(content)):
            for chunk in group:
                assert all(page.size >= 0 for page in pages_of(io.BytesIO(content), chunk))


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_are_pages_without_end(content):
    with suppress(ValueError):
        list(pages_of(io.BytesIO(content), Chunk("text", 0, len(content))))
    with suppress(ValueError):
        chunks_of(io.BytesIO(content + len(content).to_bytes(4, "little") + b"PAR1"))
