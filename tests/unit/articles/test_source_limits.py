"""Files that are small, and grow without measure when they are read: refused in one line, in bounded memory and time.

Each is read in a process of its own that may take only so much memory.
"""

import bz2
import gzip
import lzma
import multiprocessing
import os
import re
import resource
import struct
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from knowledge_map.articles.formats import parquet
from knowledge_map.articles.formats.mediawiki.wikitext import plain_text
from knowledge_map.articles.reading import LONGEST_TITLE, LONGEST_URL
from knowledge_map.common.errors import UserError
from knowledge_map.common.items import LONGEST_ID

pytestmark = pytest.mark.slow  # forks a process for each file

MEMORY = 800 << 20
COMPRESS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


@pytest.fixture
def refusal(read):
    """Read a file within `MEMORY` bytes beyond what is held, and return the message it is refused with."""
    if sys.platform != "linux":
        pytest.skip("limits its own memory as Linux does")

    def work(path: Path, settings: dict, sending) -> None:
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
        try:
            read(path, **settings)
        except UserError as error:
            sending.send(str(error))
        except BaseException as error:
            sending.send(repr(error))
        else:
            sending.send("not refused")

    def refusal(path: Path, **settings) -> str:
        fork = multiprocessing.get_context("fork")
        receiving, sending = fork.Pipe(duplex=False)
        process = fork.Process(target=work, args=(path, settings, sending))
        process.start()
        sending.close()
        message = receiving.recv() if receiving.poll(300) else "takes too long"
        process.kill()
        process.join()
        assert "\n" not in message
        return message

    return refusal


BOMB = "a.data: expands to more than 250 times its size, as a decompression bomb does"


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("content", ["jsonl", "csv", "pickle", "mediawiki"])
def test_a_decompression_bomb_is_refused(refusal, write, monkeypatch, suffix, content):
    monkeypatch.setattr("knowledge_map.articles.decompression.FREE_EXPANSION", 3_000_000)
    start, part = {
        "jsonl": (b'"a"\n', b" " * 999_999 + b"\n"),
        "csv": (b"text\n", b'"' + b" " * 999_997 + b'"\n'),
        "pickle": (b"\x80\x04]", b"B" + struct.pack("<I", 999_994) + bytes(999_994) + b"0"),
        "mediawiki": (b"<mediawiki><page></page>", b"<!--" + b" " * 999_990 + b"--><page></page>"),
    }[content]
    compress = COMPRESS[suffix]
    path = write("a.data", compress(start) + compress(part) * 30)
    assert BOMB in refusal(path, format=content)


def test_a_bomb_of_many_gigabytes_is_refused_at_once(refusal, write):
    part = bz2.compress(b" " * 49_999_999 + b"\n")
    assert BOMB in refusal(write("a.data", bz2.compress(b'"a"\n') + part * 1_000), format="jsonl")


def sparse(path: Path, start: bytes, size: int) -> Path:
    path.write_bytes(start)
    os.truncate(path, size)
    return path


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_a_line_of_five_gigabytes_is_refused(refusal, tmp_path, format):
    assert "line 1 is longer than 67,108,864 bytes" in refusal(sparse(tmp_path / "a", b'"text', 5 << 30), format=format)


def test_a_header_of_millions_of_columns_is_refused(refusal, write):
    assert "3,000,001 columns; 100,000 are the most" in refusal(write("a.csv", b"text" + b",ab" * 3_000_000 + b"\nx\n"))


def test_a_row_that_goes_on_over_lines_without_end_is_dropped(read, write, monkeypatch):
    monkeypatch.setattr("knowledge_map.articles.formats.delimited.LONGEST_ROW", 1_000)
    articles, report = read(write("a.csv", 'text,x\n"a",1\n"' + '\n","' * 300 + '"\n"b",2\n'))
    assert articles[0].text == "a"
    assert report.examples[0] == {"row": "line 3", "reason": "broken row", "detail": "a row of more than 1,000 bytes"}


def test_numbers_of_a_million_digits_and_lists_a_million_deep_are_broken_rows(read, write):
    lines = b'"a"\n{"text": "x", "id": ' + b"9" * 1_000_000 + b'}\n{"text": ' + b"[" * 1_000_000 + b'\n"b"\n'
    articles, report = read(write("a.jsonl", lines))
    assert ([article.text for article in articles], report.dropped) == (["a", "b"], {"broken row": 2})


# Pickles

DTYPE = b"cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR"


def array_of(data: bytes) -> bytes:
    return b"cnumpy.core.numeric\n_frombuffer\n(" + data + DTYPE + b"I1\ntR"


PICKLES = {
    "arrays of one array": (
        b"\x80\x04](" + b"(" + b"N" * 5_000 + b"lq\x01" + array_of(b"h\x01") + b"q\x020(" + b"h\x02" * 5_000 + b"lq\x030",
        array_of(b"h\x03") + b"e.",
        "arrays in arrays that hold more articles than there are bytes for",
    ),
    "arrays of the rows they stand in": (b"\x80\x04]q\x00(", array_of(b"h\x00") * 900 + b"e.", "empty; "),
    "marks in marks": (
        b"\x80\x04]" + DTYPE + b"q\x00",
        b"(K\x01)h\x00\x89]" * 30_000 + b".",
        "nested more than 1,000 levels deep",
    ),
    "a string without end": (b"\x80\x04]S'", b"x" * 70_000_000, "a line of more than 67,108,864 bytes"),
    "a value of two gigabytes": (b"\x80\x05]\x96", struct.pack("<Q", 2 << 30) + b"x", "a value of more than 536,870,912 bytes"),
    "one text again and again": (
        b"\x80\x04]X" + struct.pack("<I", 10**6) + b"x" * 10**6 + b"q\x01a(",
        b"h\x01" * 500 + b"e.",
        "expands to more than 250 times its size",
    ),
}


@pytest.mark.parametrize("case", PICKLES)
def test_a_pickle_that_grows_as_it_is_read_is_refused(refusal, write, case):
    start, rest, said = PICKLES[case]
    path = write("a.pkl", start + rest)
    assert said in refusal(path)


def test_a_pickle_of_countless_objects_is_refused_before_memory_ends(refusal, write, monkeypatch):
    monkeypatch.setattr("knowledge_map.common.plain_pickle.MOST_MEMORY", 60_000_000)
    assert "it takes more than 60,000,000 bytes of memory" in refusal(write("a.pkl", b"\x80\x04](" + b"}" * 2_500_000 + b"."))


# Parquet


def test_a_large_text_that_all_rows_share_is_refused_in_little_memory(refusal, tmp_path, monkeypatch):
    monkeypatch.setattr("knowledge_map.articles.decompression.FREE_EXPANSION", 10_000_000)
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000, np.int32)), ["x" * 5_000_000])
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet")
    assert "expands to more than 250 times its size" in refusal(tmp_path / "a.parquet")


def test_a_file_of_countless_empty_rows_is_refused(refusal, tmp_path, monkeypatch):
    monkeypatch.setattr("knowledge_map.articles.decompression.FREE_EXPANSION", 1_000_000)
    pq.write_table(pa.table({"text": pa.nulls(3_000_000, pa.string())}), tmp_path / "a.parquet")
    assert "expands to more than 250 times its size" in refusal(tmp_path / "a.parquet")


def forged(path: Path) -> Path:
    """Make a file's metadata say that there is a single byte where there are millions."""
    content = path.read_bytes()
    chunk = pq.read_metadata(path).row_group(0).column(0)
    size, number = chunk.total_uncompressed_size << 1, b""
    while size > 127:
        number, size = number + bytes([size & 127 | 128]), size >> 7
    number += bytes([size])
    one = b"\x82" + b"\x80" * (len(number) - 2) + b"\0"
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    path.write_bytes(content[:start] + content[start:].replace(number, one))
    assert pq.read_metadata(path).row_group(0).column(0).total_uncompressed_size == 1
    return path


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_page_too_large_is_refused_whatever_the_metadata_say(read, tmp_path, monkeypatch, version):
    monkeypatch.setattr(parquet, "LARGEST_PAGE", 1_000_000)
    table = pa.table({"text": ["x" * 5_000_000]})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, use_dictionary=False, write_statistics=False, compression="zstd", data_page_version=version)
    with pytest.raises(UserError, match=r"a\.parquet: a page of 5,000,0\d\d bytes; 1,000,000 are the most"):
        read(forged(path))


def test_forged_sizes_of_pages_end_in_one_line(read, tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"text {number}" for number in range(50)]}), path, write_page_checksum=True)
    content = path.read_bytes()
    for place in range(4, len(content), 3):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        try:
            read(path)
        except UserError as error:
            assert str(error).startswith(f"{path}: ")


# What is too long to be what it is


def test_endless_ids_titles_and_addresses_are_left_out_or_cut(read, write):
    long = "word " * 1_000
    articles, report = read(write("a.jsonl", [{"id": long, "title": long, "url": "https://" + long, "text": "x"}]))
    (article,) = articles
    assert len(article.item_id) == len("wiki:") + 16
    assert (article.title, article.url) == (("word " * 100).strip(), "")
    assert report.replaced == {
        f"id of more than {LONGEST_ID:,} characters left out": 1,
        f"url of more than {LONGEST_URL:,} characters left out": 1,
        f"title cut at {LONGEST_TITLE} characters": 1,
    }


@pytest.mark.parametrize("separator", ["\n", "\x1b[31m", "\u2028", "\x00"])
def test_what_is_told_of_a_dropped_row_is_one_line(read, write, separator):
    name = f"a{separator}b"
    _, report = read(write("a.jsonl", [{"id": name, "text": "x"}, {"id": name, "text": "y"}]))
    assert report.examples[0]["detail"].isprintable()
    dump = "<mediawiki><page><title> </title><ns>0</ns><id>1\n2</id><text/></page></mediawiki>"
    _, report = read(write("a.xml", dump))
    assert report.examples[0]["row"] == "page 1\ufffd2 (line 1)"


@pytest.mark.parametrize("name", [b"a\nb.parquet", b"a\x1b[31m.parquet", b"caf\xe9.parquet"])
def test_files_with_names_that_no_line_can_hold_are_refused(read, tmp_path, name):
    folder = tmp_path / "parts"
    folder.mkdir()
    pq.write_table(pa.table({"text": ["x"]}), tmp_path / "a.parquet")
    os.rename(os.fsencode(tmp_path / "a.parquet"), os.fsencode(folder) + b"/" + name)
    with pytest.raises(UserError, match="control character in its name, or is not named in UTF-8; rename it") as error:
        read(folder)
    assert str(error.value).isprintable()


def test_a_template_of_blanks_takes_no_time():
    text = "".join("{{lang|" + " " * 1_900 + f"{number}\x00=x}}}}" for number in range(200))
    assert re.fullmatch(r"\s*", plain_text(text, 10**9, frozenset()))
