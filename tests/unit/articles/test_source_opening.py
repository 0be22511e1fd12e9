"""Files, folders, compression, and how a format is told."""

import bz2
import gzip
import lzma
import os
import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from knowledge_map.articles import decompression as opening_module
from knowledge_map.articles.discovery import files_of
from knowledge_map.articles.records import Source
from knowledge_map.common.errors import UserError

COMPRESS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}
LINES = b"".join(b'{"id": %d, "text": "text %d"}\n' % (number, number * 7919) for number in range(2_000))


def test_a_folder_stands_for_the_parquet_files_below_it_in_order(tmp_path, read):
    for number, name in enumerate(["b/1.parquet", "a/2.parquet", "a/10.parquet", "c.parquet"]):
        (tmp_path / "shards" / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"text": [name, None]}), tmp_path / "shards" / name)
        (tmp_path / "shards" / f"{number}.txt").write_text("no parquet")
    articles, report = read(tmp_path / "shards")
    assert [article.text for article in articles] == ["a/10.parquet", "a/2.parquet", "b/1.parquet", "c.parquet"]
    assert report.examples[0]["row"] == "a/10.parquet row 2"
    assert report.format == "parquet"


@pytest.mark.parametrize(
    ("name", "problem"),
    [("missing", "no such file"), ("empty", r"no \*.xml\[.bz2\] or \*.parquet or \*.tsv or \*.csv or \*.jsonl file")],
)
def test_a_source_that_is_not_there_is_an_error_with_its_name(tmp_path, name, problem):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=f"{name}: {problem}.*wiki"):
        files_of(Source("wiki", str(tmp_path / name)))


def test_a_folder_is_not_read_as_pickles(tmp_path):
    with pytest.raises(UserError, match=r"a folder, which is read as .*parquet.* files, not as pickle; name one file in it"):
        files_of(Source("wiki", str(tmp_path), format="pickle"))


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("name", ["a.jsonl.{}", "a.jsonl", "a"])
def test_compression_is_told_by_content(read, write, suffix, name):
    articles, report = read(write(name.format(suffix), COMPRESS[suffix](LINES)))
    assert (len(articles), report.format) == (2_000, "jsonl")


@pytest.mark.parametrize("suffix", COMPRESS)
def test_concatenated_compressed_parts_are_all_read(read, write, suffix):
    assert len(read.texts(write("a.jsonl", COMPRESS[suffix](LINES[:300]) + COMPRESS[suffix](LINES[300:])))) == 2_000


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("harm", ["cut", "cut by little", "flipped"])
@pytest.mark.parametrize("content", ["jsonl", "csv", "pickle"])
def test_a_damaged_compressed_file_is_an_error_and_never_passes_for_whole(read, write, suffix, harm, content):
    plain = {"jsonl": LINES, "csv": b"text\n" + LINES.replace(b'"', b""), "pickle": pickle.dumps(LINES.decode().splitlines())}
    whole = COMPRESS[suffix](plain[content])
    middle = len(whole) // 2
    harmed = {
        "cut": whole[:middle],
        "cut by little": whole[:-3],
        "flipped": whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :],
    }[harm]
    with pytest.raises(UserError, match=r"a\.data: .*; fetch or make the file anew"):
        read(write("a.data", harmed), format=content)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a", b'\n {"text": "x"}', "jsonl"),
        ("a", b'\xef\xbb\xbf{"text": "x"}', "jsonl"),
        ("a.ndjson", b'"x"', "jsonl"),
        ("a.JSON", b'{"text": "x"}', "jsonl"),
        ("a", b"id,text\n1,x", "csv"),
        ("a.txt", b'"id","content"\r\n1,x\r\n', "csv"),
        ("a", b"id\ttext\n1\tx", "tsv"),
        ("a.tsv.gz", gzip.compress(b"text\nx", mtime=0), "tsv"),
        ("a", pickle.dumps(["x"], 4), "pickle"),
        ("a.csv", pickle.dumps(["x"], 2), "pickle"),
        ("a.pkl", pickle.dumps(["x"], 0), "pickle"),
        ("a.pickle.xz", lzma.compress(pickle.dumps(["x"], 1)), "pickle"),
    ],
)
def test_a_format_is_told_by_content_and_name(read, write, name, content, expected):
    articles, report = read(write(name, content))
    assert (report.format, [article.text for article in articles]) == (expected, ["x"])


def test_parquet_is_told_by_content(tmp_path, read):
    pq.write_table(pa.table({"text": ["x"]}), tmp_path / "a.bin")
    assert read(tmp_path / "a.bin")[1].format == "parquet"


def test_a_configured_format_wins(read, write):
    assert read.texts(write("a.jsonl", b"text\nx"), format="csv") == ["x"]


def test_an_article_about_mediawiki_is_no_dump(read, write):
    assert read.texts(write("a.jsonl", ["A dump begins with <mediawiki>."]))


@pytest.mark.parametrize("content", [b"some prose\nand more", b"\x00\x01\x02", b"title,body\nx,y"])
def test_a_file_of_no_known_format_is_an_error(read, write, content):
    with pytest.raises(UserError, match="its format cannot be told; set `format` of wiki"):
        read(write("a", content))


def test_an_unknown_format_is_an_error(read, write):
    with pytest.raises(UserError, match="no format `xlsx`"):
        read(write("a.jsonl", ["x"]), format="xlsx")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_utf_16_is_named_as_such(read, write, name, encoding):
    with pytest.raises(UserError, match="save it as UTF-8"):
        read(write(name, '\ufeff{"text": "x"}'.encode(encoding)))


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_line_without_end_is_not_taken_into_memory(read, write, monkeypatch, name):
    monkeypatch.setattr(opening_module, "LONGEST_LINE", 100)
    with pytest.raises(UserError, match="line 2 is longer than 100 bytes"):
        read(write(name, '"text"\n' + "x" * 200))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_an_error(read, write):
    path = write("a.jsonl", ["x"])
    path.chmod(0)
    with pytest.raises(UserError, match="cannot be read"):
        read(path)
