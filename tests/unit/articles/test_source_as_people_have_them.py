"""Files as people have them: every article is read, or the refusal names reason and remedy. `tests/cases` has inputs."""

import bz2
import gzip
import io
import os
import shutil
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest
import zstandard

from knowledge_map.articles.foreign import FOREIGN
from knowledge_map.articles.records import Article
from knowledge_map.common.errors import UserError

CASES = Path(__file__).parents[2] / "cases"


@pytest.mark.parametrize(
    ("path", "notes"),
    [
        ("tsv-quote-merges/a.tsv", {"written without quoting, and read so": 1}),
        ("folder-of-json-lines/text", {}),
        ("zst-long-window/a.jsonl.zst", {}),
        ("bom-within/j.jsonl", {}),
        ("csv-backslash/b.csv", {"quotes are escaped by backslashes, and read so": 1}),
        ("csv-mac-line-ends/m.csv", {}),
    ],
)
def test_all_sixty_articles_are_read(read, path, notes):
    articles, report = read(CASES / path)
    assert (len(articles), report.read, report.dropped, report.notes) == (60, 60, {}, notes)
    assert len({article.title for article in articles}) == 60
    assert all(article.title.split()[0] in article.text and article.text.endswith(".") for article in articles[1:5])


def test_a_text_that_begins_with_a_quote_keeps_it_where_nothing_is_quoted(read):
    articles, _ = read(CASES / "tsv-quote-merges/a.tsv")
    assert sum(article.text.startswith('"') for article in articles) == 1
    assert sum(article.text.endswith('"') for article in articles) == 1


def test_backslashes_that_escape_are_no_part_of_a_text(read):
    assert read.texts(CASES / "csv-backslash/b.csv")[0].startswith('He said "x", and The crater')


def test_a_linked_subfolder_is_read(tmp_path, read):
    shutil.copytree(CASES / "linked-subfolder", tmp_path / "case")
    (tmp_path / "case/data/more").symlink_to("../elsewhere")
    articles, report = read(tmp_path / "case/data")
    assert (len(articles), report.not_read) == (60, {})


def test_the_shadows_of_a_mac_are_passed_over_and_told(tmp_path, read):
    shutil.copytree(CASES / "appledouble/data", tmp_path / "data")
    (tmp_path / "data/._part-0.parquet").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        ")
    articles, report = read(tmp_path / "data")
    assert len(articles) == 60
    assert report.not_read == {"names that begin with ., such as ._part-0.parquet": 1}
    with pytest.raises(UserError, match=r"is an AppleDouble file.*; name the file without the `\._` before its name"):
        read(tmp_path / "data/._part-0.parquet")


@pytest.mark.parametrize("format", ["auto", "parquet", "csv", "jsonl"])
@pytest.mark.parametrize("name", ["lfs.parquet", "lfs.csv", "lfs.jsonl"])
def test_a_pointer_of_git_lfs_is_named_whatever_the_format(read, name, format):
    with pytest.raises(UserError, match=r"is a pointer of Git LFS.*; fetch the data by `git lfs pull`"):
        read(CASES / "lfs-pointer" / name, format=format)


def test_a_row_without_text_names_the_fields_it_has(read):
    articles, report = read(CASES / "no-text-field" / "segment_wiki.jsonl")
    assert (articles, report.dropped) == ([], {"no text": 60})
    assert report.examples[0]["detail"] == "neither `text` nor `content`; the row has title, section_titles, section_texts"


def test_the_text_of_langchain_is_known_by_its_name(read):
    articles, report = read(CASES / "no-text-field" / "lc.jsonl")
    assert len(articles) == 60
    assert report.notes == {"`page_content` is read as `text`": 1}


# First bytes


def zipped(name: str, content: bytes = b"x" * 50) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def written(write: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    write(out)
    return out.getvalue()


def tar() -> bytes:
    def write(out: io.BytesIO) -> None:
        with tarfile.open(fileobj=out, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("a.jsonl"))

    return written(write)


def database() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE a (text)")
    return connection.serialize()


def stream() -> bytes:
    def write(out: io.BytesIO) -> None:
        with pa.ipc.new_stream(out, TABLE.schema) as writer:
            writer.write_table(TABLE)

    return written(write)


TABLE = pa.table({"text": ["x"]})
CONTENTS = {
    "pointer of Xet": b"# xet version 0\nfilesize = 1\n",
    "pointer of git-annex": b"/annex/objects/SHA256E-s12--ab.parquet\n",
    "pointer of DVC": b"outs:\n- md5: ab\n  path: a.csv\n",
    "an HTML page": b"\n<!-- x -->\n<!DOCTYPE html>\n<html><body>404</body></html>",
    "message of a server": b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>',
    "nothing but zeros": bytes(5_000),
    "in UTF-16": '{"text": "x"}'.encode("utf-16-le"),
    "in UTF-32": '{"text": "x"}'.encode("utf-32"),
    "an Excel workbook": zipped("xl/workbook.xml"),
    "a Word document": zipped("word/document.xml"),
    "a sheet of OpenDocument": zipped("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
    "a book in EPUB": zipped("mimetype", b"application/epub+zip"),
    "NumPy arrays": written(lambda out: np.savez(out, texts=np.array(["x"]))),
    "a NumPy array": written(lambda out: np.save(out, np.array(["x"]))),
    "that PyTorch has saved": zipped("model/data.pkl"),
    "a ZIP archive": zipped("articles.jsonl"),
    "a 7z archive": b"7z\xbc\xaf\x27\x1c\0\4",
    "a RAR archive": b"Rar!\x1a\x07\x01\0",
    "a tar archive": tar(),
    "compressed with LZ4": b"\x04\x22\x4d\x18xx",
    "an Arrow or Feather file": written(lambda out: pyarrow.feather.write_feather(TABLE, out)),
    "a stream of Arrow": stream(),
    "an ORC file": written(lambda out: pyarrow.orc.write_table(TABLE, out)),
    "an Avro file": b"Obj\x01\x04",
    "an encrypted parquet file": b"PARE" + bytes(20),
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "a database of SQLite": database(),
    "a database of DuckDB": b"\x01" * 8 + b"DUCK\x40\0\0\0",
    "a dump of a SQL database": b"-- MySQL dump 10.13\n",
    "weights of a model (GGUF)": b"GGUF\x03\0\0\0",
    "weights of a model (safetensors)": b'\x40\0\0\0\0\0\0\0{"a":{}}',
    "a PDF document": b"%PDF-1.7\n",
    "text of wikiextractor": b'<doc id="1" url="u" title="T">\nText\n</doc>\n',
    "a picture": b"\x89PNG\r\n\x1a\n",
    "of an old Office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
}


@pytest.mark.parametrize("name", ["a", "a.jsonl", "a.csv", "a.parquet", "a.xml"])
@pytest.mark.parametrize("what", CONTENTS)
def test_what_is_no_file_of_articles_is_named_with_its_remedy(read, write, what, name):
    with pytest.raises(UserError) as error:
        read(write(name, CONTENTS[what]))
    message = str(error.value)
    assert f"{name}: is " in message and what in message and "; " in message
    assert "fetch or make the file anew" not in message


PLAIN = [
    *(b'{"text": "x"}', b"id,text\n1,x\n", b"title\ttext\n", b"<mediawiki><page/>", b'"x"\n', b"PAR1\x15\x04", b"\x80\x04]"),
    *(b"text\nversion https://git-lfs.github.com/spec/v1", b"ORC,ftype,GGUF\n", b"MZ,text\n", b"A\n2\n", b"BM,text\n", b"RD\n"),
]


def test_every_row_of_the_table_has_a_remedy_and_matches_no_plain_beginning():
    for each in FOREIGN:
        assert each.what and each.remedy and not each.remedy.endswith(".")
        assert not any(map(each.first_bytes.match, PLAIN))


def test_a_compressed_archive_is_named_too(read, write):
    with pytest.raises(UserError, match="is a tar archive; unpack it"):
        read(write("a.jsonl.zst", zstandard.compress(tar())))


def test_parquet_that_was_compressed_as_a_whole_is_named(read, write, tmp_path):
    pq.write_table(TABLE, tmp_path / "a")
    with pytest.raises(UserError, match="parquet that was compressed as a whole; decompress it"):
        read(write("a.parquet.zst", zstandard.compress((tmp_path / "a").read_bytes())))


def test_a_format_that_contradicts_the_first_bytes_is_named(read, tmp_path):
    pq.write_table(TABLE, tmp_path / "a.csv")
    with pytest.raises(UserError, match="is parquet, and not csv; set `format` of wiki to parquet or auto"):
        read(tmp_path / "a.csv", format="csv")


def test_other_xml_is_named(read, write):
    with pytest.raises(UserError, match="is XML, of which only the dumps of MediaWiki are read"):
        read(write("a.jsonl", '<?xml version="1.0"?><rss/>'))


def test_json_spread_over_lines_is_named(read, write):
    with pytest.raises(UserError, match="JSON spread over several lines; write one object a line"):
        read(write("a.json", '{\n "text": "x"\n}\n'))


def test_frames_of_zstd_with_long_and_usual_windows_follow_each_other(read, write):
    long = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=29)).compressobj()
    frames = (
        zstandard.compress(b'"a"\n')
        + long.compress(b'"b"\n')
        + long.flush()
        + b"\x50\x2a\x4d\x18\1\0\0\0x"
        + zstandard.compress(b'"c"')
    )
    assert read.texts(write("a.jsonl.zst", frames)) == ["a", "b", "c"]
    with pytest.raises(UserError, match="cannot be read to its end"):
        read(write("a.jsonl.zst", frames[:-2]))


# Folders


def json_lines(path: Path, *texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f'{{"text": "{text}"}}\n' for text in texts))


def test_names_that_begin_with_a_dot_or_an_underscore_are_passed_over_at_every_level(tmp_path, read):
    for name in ("a.jsonl", ".b.jsonl", "_c.jsonl", "x/.d/e.jsonl", "_temporary/0/f.jsonl", "x/g.jsonl"):
        json_lines(tmp_path / "data" / name, name)
    (tmp_path / "data/_SUCCESS").touch()
    articles, report = read(tmp_path / "data")
    assert [article.text for article in articles] == ["a.jsonl", "x/g.jsonl"]
    assert report.not_read == {
        "names that begin with ., such as .b.jsonl": 2,
        "names that begin with _, such as _SUCCESS": 3,
    }


def test_a_folder_whose_own_name_begins_so_is_read(tmp_path, read):
    json_lines(tmp_path / "_data/a.jsonl", "x")
    assert read.texts(tmp_path / "_data") == ["x"]


def test_what_is_of_another_format_is_told(tmp_path, read):
    (tmp_path / "data").mkdir()
    pq.write_table(TABLE, tmp_path / "data/a.parquet")
    for name in ("b.csv", "c.csv", "README", "d.json"):
        (tmp_path / "data" / name).write_text("text\nx\n")
    articles, report = read(tmp_path / "data")
    assert [article.text for article in articles] == ["x"]
    assert report.not_read == {
        "files *.csv, such as b.csv": 2,
        "files *.json, such as d.json": 1,
        "files without a suffix, such as README": 1,
    }


def test_a_link_that_leads_back_is_refused(tmp_path, read):
    json_lines(tmp_path / "data/a/b.jsonl", "x")
    (tmp_path / "data/a/loop").symlink_to("..")
    with pytest.raises(UserError, match=r"data/a/loop: a link that leads back to .*data, which it lies in; remove it"):
        read(tmp_path / "data")


def test_folders_elsewhere_that_link_to_each_other_end(tmp_path, read):
    json_lines(tmp_path / "one/a.jsonl", "a")
    json_lines(tmp_path / "two/b.jsonl", "b")
    json_lines(tmp_path / "data/c.jsonl", "c")
    (tmp_path / "data/one").symlink_to("../one")
    (tmp_path / "one/two").symlink_to("../two")
    (tmp_path / "two/one").symlink_to("../one")
    with pytest.raises(UserError, match="a link that leads back to"):
        read(tmp_path / "data")


def test_a_link_to_what_is_read_already_reads_nothing_twice(tmp_path, read):
    json_lines(tmp_path / "data/v2/a.jsonl", "x")
    (tmp_path / "data/latest").symlink_to("v2")
    articles, report = read(tmp_path / "data")
    assert [article.text for article in articles] == ["x"]
    assert report.not_read == {"links to folders that are read already, such as latest": 1}


def test_a_link_to_nothing_is_refused_where_it_would_be_read_and_else_told(tmp_path, read):
    json_lines(tmp_path / "data/a.jsonl", "x")
    (tmp_path / "data/notes.txt").symlink_to("nowhere")
    assert read(tmp_path / "data")[1].not_read == {"links to nothing, such as notes.txt": 1}
    (tmp_path / "data/b.jsonl").symlink_to("nowhere")
    with pytest.raises(UserError, match=r"b\.jsonl: a link to nowhere, where nothing is"):
        read(tmp_path / "data")


def test_folders_named_as_hive_does_are_columns(tmp_path, read):
    json_lines(tmp_path / "data/lang=en/title=A%20tree/id=7/a.jsonl", "x")
    json_lines(tmp_path / "data/lang=en/title=__HIVE_DEFAULT_PARTITION__/b.jsonl", "y")
    (tmp_path / "data/c.jsonl").write_text('"only a text"\n')
    articles, _ = read(tmp_path / "data")
    assert [(article.title, article.text) for article in articles] == [
        ("only a text", "only a text"),
        ("A tree", "x"),
        ("y", "y"),
    ]
    assert articles[1].item_id == "wiki:7"


@pytest.mark.parametrize(
    ("names", "content", "format"),
    [
        (["a.csv", "b.csv.gz"], "text\nx@\n", "csv"),
        (["a.tsv"], "title\ttext\nT\tx@\n", "tsv"),
        (["part-00000", "part-00001"], '{"text": "x@"}\n', "jsonl"),
        (["AA/wiki_00.bz2"], '{"text": "x@"}\n', "jsonl"),
        (["a.json", "b.json"], '{"text": "x@"}\n', "jsonl"),
        (["part-00000"], "id;text\n1;x@\n", "csv"),
    ],
)
def test_folders_of_lines_and_tables_are_read(tmp_path, read, names, content, format):
    for number, name in enumerate(names):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        own = content.replace("@", str(number)).encode()
        path.write_bytes(gzip.compress(own) if name.endswith(".gz") else bz2.compress(own) if name.endswith(".bz2") else own)
    (tmp_path / "data/LICENSE").write_text("Some words.\n")
    (tmp_path / "data/dataset_info.json").write_text('{\n "features": {}\n}\n')
    articles, report = read(tmp_path / "data")
    assert (report.format, [article.text for article in articles]) == (format, [f"x{number}" for number in range(len(names))])
    assert "files without a suffix, such as LICENSE" in report.not_read


def test_a_folder_of_two_kinds_of_lines_is_refused(tmp_path, read):
    for name, content in (("a.csv", "text\nx\n"), ("b.jsonl", '"x"\n')):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / name).write_text(content)
    with pytest.raises(UserError, match="holds both csv and jsonl files; set `format` of wiki to one of them"):
        read(tmp_path / "data")
    assert read.texts(tmp_path / "data", format="csv") == ["x"]


def test_a_folder_in_which_nothing_is_read_says_what_is_there(tmp_path, read, write):
    (tmp_path / "data").mkdir()
    write("data/a.txt", "Some prose.")
    with pytest.raises(UserError, match=r"file below this folder, which has a\.txt; correct the path"):
        read(tmp_path / "data")
    write("data/wiki_00", b'<doc id="1" url="u" title="T">\nText\n</doc>\n')
    with pytest.raises(UserError, match="wiki_00: is text of wikiextractor as <doc>; run wikiextractor with --json"):
        read(tmp_path / "data")


# Fields


def test_a_text_that_is_null_or_blank_falls_through_to_the_content(read, write, tmp_path):
    rows = [{"text": None, "content": "x"}, {"text": " ", "content": "y"}, {"text": "z", "content": "no"}]
    assert read.texts(write("a.jsonl", rows)) == ["x", "y", "z"]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    assert read.texts(tmp_path / "a.parquet") == ["x", "y", "z"]
    assert read.texts(write("a.csv", "text,content\n,x\n")) == ["x"]


def test_names_that_differ_in_case_only_are_read_and_told(read, write, tmp_path):
    rows = [{"ID": 1, "Title": "T", "URL": "u", "TEXT": "x"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    for path in (write("a.jsonl", rows), tmp_path / "a.parquet", write("a.csv", 'ID, Title,URL,"TEXT"\n1,T,u,x\n')):
        (article,), report = read(path)
        assert article == Article("wiki:1", "wiki", "T", "u", "x")
        assert "`TEXT` is read as `text`" in report.notes and len(report.notes) == 4


def test_the_exact_name_wins_over_another_spelling(read, write):
    assert read.texts(write("a.csv", "Text,text\nno,x\n")) == ["x"]
    assert read.texts(write("a.jsonl", [{"Text": "no", "text": "x"}])) == ["x"]


@pytest.mark.parametrize("title", ["\u200b", "\ufeff\u00ad", "\u3164 \u2800", "\x00", "\u200e\u202c"])
def test_a_title_of_invisible_characters_counts_as_missing(read, write, title):
    (article,), report = read(write("a.jsonl", [{"title": title, "text": "Some words."}]))
    assert (article.title, report.replaced) == ("Some words.", {"title taken from the opening words": 1})
    assert read(write("a.jsonl", [{"text": title}, "x"]))[1].dropped == {"no text": 1}


def test_invisible_characters_within_a_title_stay(read, write):
    (article,), _ = read(write("a.jsonl", [{"title": "می\u200cخواهم", "text": "x"}]))
    assert article.title == "می\u200cخواهم"


def test_lines_of_json_that_were_joined_without_a_line_end_are_read(read, write):
    joined = b'{"text": "a"}\n{"text": "b"}\xef\xbb\xbf{"text": "c"}\n{"text": "d"}{"text": "}{"}'
    articles, report = read(write("a.jsonl", joined))
    assert ([article.text for article in articles], report.read, report.dropped) == (["a", "b", "c", "d", "}{"], 5, {})


def test_names_of_files_are_no_addresses(tmp_path, read, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("s3:a.parquet", "~a.parquet", "-a.parquet", "a b'\".parquet"):
        pq.write_table(TABLE, Path(name).absolute())
        assert read.texts(Path(name)) == ["x"]
    os.mkdir("~")
    pq.write_table(TABLE, Path("~/a.parquet").absolute())
    assert read.texts(Path("~/a.parquet")) == ["x"]
