"""Inputs for the readers: good files, files of the right shape with strange content, and files that were harmed.

What `make(reader, seed, number)` returns depends on its arguments alone.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import pickle
import random
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
import zstandard
from harmful_pickles import harmful

HARM = Path("harm")
"""What the harmful pickles would make, below the folder a reader works in."""
HARMFUL = [content for _, content in harmful(HARM)]

TITLES = [
    "Cell (biology)",
    "Köln & Bonn",
    "../../x",
    "/etc/passwd",
    "</script><!--",
    "a\nb\x1b[31m",
    "\u2028",
    "x" * 3_000,
    "",
    "細胞 😀",
]
FRAGMENTS = [
    *(
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xf0\x90",
        b"\xef\xbb\xbf",
        b"\x00",
        b"\r",
        b"\n",
        b"\r\n",
        b"\x1a",
        b"\\ud800",
        b"\\u0000",
    ),
    *(b'"', b"'", b",", b"\t", b"{", b"}", b"[", b"]", b"<", b">", b"&", b"|", b"=", b"-->", b"<!--", b"<![CDATA[", b"]]>"),
    *(b"NaN", b"-Infinity", b"1e999", b"-0", b"9" * 5_000, b"0" * 5_000, b"null", b"true", b"\xe2\x80\xa8", b"../../x"),
    *(b"[" * 2_000, b'{"a":' * 2_000, b"(" * 2_000, b"<a>" * 200, b"{{" * 500, b"[[" * 500, b"x" * 70_000, b" " * 5_000),
    *(b"<page>", b"</page>", b"<text>", b"&lt;", b"&#0;", b"&x;", b"<!DOCTYPE m [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"),
    *(b"PAR1", b"BZh91AY&SY", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", b"\x80\x04", b"\x80\x05\x95"),
    *(struct.pack("<i", number) for number in (-1, 2**31 - 1, -(2**31))),
    *(struct.pack("<q", number) for number in (-1, 2**63 - 1, 2**40)),
]
COMPRESS: list[Callable[[bytes], bytes]] = [
    gzip.compress,
    bz2.compress,
    lzma.compress,
    zstandard.ZstdCompressor(write_checksum=True).compress,
    lambda content: zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True, write_content_size=False)
    ).compress(content),
    lambda content: b"".join(bz2.compress(content[start : start + 500]) for start in range(0, len(content), 500)),
]


class Input(NamedTuple):
    name: str
    content: bytes


def make(reader: str, seed: int, number: int) -> Input:
    """Return the input of this number: a good one now and then, most of them harmed."""
    rng = random.Random(f"{seed} {reader} {number}")
    name, content = MAKERS[reader](rng)
    if rng.random() < 0.6:
        content = harmed(rng, content)
    if reader in ("jsonl", "csv", "tsv", "pickle", "mediawiki") and rng.random() < 0.15:
        content = rng.choice(COMPRESS)(content)
        if rng.random() < 0.6:
            content = harmed(rng, content)
    return Input(name, content)


def harmed(rng: random.Random, content: bytes) -> bytes:
    """Return content after a few changes of bits, bytes, and runs of bytes."""
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        start = rng.randint(0, len(content))
        stop = min(len(content), start + int(2 ** rng.uniform(0, 10)))
        match rng.randrange(9):
            case 0 | 1 if start < len(content):
                content[start] ^= 1 << rng.randrange(8)
            case 2 if start < len(content):
                content[start] = rng.randrange(256)
            case 3:
                del content[start:]
            case 4:
                del content[start:stop]
            case 5:
                content[start:start] = content[start:stop] * rng.choice([1, 1, 2, 200])
            case 6:
                content[start:start] = rng.choice(FRAGMENTS)
            case 7:
                content[start:stop] = rng.choice(FRAGMENTS)
            case 8:
                content[start:stop] = rng.randbytes(stop - start)
        del content[1_000_000:]
    return bytes(content)


def value(rng: random.Random, depth: int = 3) -> object:
    """Return a value as JSON has them, strange ones among them."""
    kind = rng.randrange(12 if depth else 8)
    match kind:
        case 0:
            return rng.choice(TITLES)
        case 1:
            return "".join(chr(rng.choice([32, 65, 0x300, 0xD800, 0x2028, 0x1F600, rng.randrange(0x110000)])) for _ in range(9))
        case 2:
            return rng.choice([0, -1, 12, 2**31, 2**63, 10**30, 10**400, rng.randrange(10**6)])
        case 3:
            return rng.choice([0.0, 12.0, -0.5, 1e308, float("nan"), float("inf")])
        case 4:
            return rng.choice([None, True, False])
        case 5 | 6 | 7:
            return f"Text {rng.randrange(50)} is of some words. " * rng.choice([1, 1, 3, 300])
        case 8 | 9:
            return [value(rng, depth - 1) for _ in range(rng.randrange(4))]
        case _:
            return {
                rng.choice(["id", "title", "text", "a", "", "\ud800"]): value(rng, depth - 1) for _ in range(rng.randrange(4))
            }


def row(rng: random.Random) -> object:
    """Return what may be an article."""
    if rng.random() < 0.1:
        return value(rng)
    fields = {"id": rng.randrange(30), "title": rng.choice(TITLES), "url": "https://a.org/b", "text": value(rng, 0)}
    for _ in range(rng.choice([0, 0, 1, 2])):
        fields[rng.choice(["id", "title", "url", "text", "content", "other"])] = value(rng)
    return fields


def rows(rng: random.Random) -> list:
    return [row(rng) for _ in range(rng.choice([1, 3, 3, 20]))]


def json_lines(rng: random.Random) -> Input:
    lines = [json.dumps(row, ensure_ascii=rng.random() < 0.7).encode("utf-8", "surrogatepass") for row in rows(rng)]
    content = rng.choice([b"\n", b"\n", b"\r\n", b"\n\n", b"\r", b"\xef\xbb\xbf", b"\n\xef\xbb\xbf", b""]).join(lines)
    return Input("a.jsonl", foreign(rng, content))


def foreign(rng: random.Random, content: bytes) -> bytes:
    """Return content now and then behind the first bytes of what is no file of articles."""
    return rng.choice(FOREIGN_BYTES) + content if rng.random() < 0.03 else content


FOREIGN_BYTES = [
    *(b"version https://git-lfs.github.com/spec/v1\n", b"<!DOCTYPE html>", b"<?xml version='1.0'?><Error>", b"PK\x03\x04"),
    *(b"ARROW1\0\0", b"\xff\xff\xff\xff\x10\0\0\0\x10\0\0\0", b"\x93NUMPY", b"GGUF\x03\0\0\0", b'\x10\0\0\0\0\0\0\0{"'),
    *(
        b"SQLite format 3\0",
        b"ORC\x0b",
        b"Obj\x01",
        b"\0" * 600,
        b"\0\x05\x16\x07\0",
        b"\xff\xfe",
        b"sep=;\n",
        b"\n\n,,,\n",
        b"%PDF-",
    ),
]


def table(rng: random.Random, delimiter: str, name: str) -> Input:
    """Return a table quoted in one of the ways of this world, or not at all, perhaps of several that were joined."""
    parts = [_table(rng, rng.choice([delimiter] * 9 + [";", "|"])) for _ in range(rng.choice([1, 1, 1, 1, 2]))]
    content = rng.choice(["", "\n", "\ufeff", "\n\ufeff"]).join(parts)
    return Input(name, foreign(rng, content.encode("utf-8", "surrogatepass")))


def _table(rng: random.Random, delimiter: str) -> str:
    columns = rng.sample(["id", "title", "url", "text", "content", "x"], rng.randint(2, 6))
    if rng.random() < 0.1:
        columns = [rng.choice([name, name.upper(), f" {name.title()} "]) for name in columns]
    out = io.StringIO()
    end = rng.choice(["\r\n", "\r\n", "\n", "\r"])
    kept = [fields for fields in rows(rng) if isinstance(fields, dict)]
    values = [[fields.get(column.strip().lower()) for column in columns] for fields in kept]
    match rng.randrange(5):
        case 0:  # without quoting: quotes are characters
            signs = ['"', '"x', 'x"', 'x "y" z', "x\\", '\\"', *TITLES]
            values = [[rng.choice(signs) if rng.random() < 0.4 else value for value in row] for row in values]
            lines = [delimiter.join(str(value) for value in row) for row in [columns, *values]]
            out.write(end.join(lines))
        case 1:
            quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONE])
            escaped = csv.writer(
                out, delimiter=delimiter, quoting=quoting, escapechar="\\", doublequote=False, lineterminator=end
            )
            escaped.writerows([columns, *values])
        case _:
            quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
            writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
            writer.writerow(columns)
            for row in values:
                writer.writerow(row)
                if rng.random() < 0.05:
                    writer.writerow(rng.choice([columns, [""] * len(columns), [*row, ""]]))
    return out.getvalue()


def parquet(rng: random.Random) -> Input:
    count = rng.choice([1, 5, 40])
    arrays = {name: _array(rng, count, name == "text") for name in [*rng.sample(["id", "title", "url", "x"], 3), "text"]}
    schema = pa.table(arrays)
    if rng.random() < 0.1:  # a type that is told by a pickle, which old versions of Arrow loaded
        bad = rng.choice(HARMFUL)
        about = {"ARROW:extension:name": rng.choice(["arrow.py_extension_type", "arrow.json"]), "ARROW:extension:metadata": bad}
        fields = [field.with_metadata(about) for field in schema.schema]
        schema = schema.cast(pa.schema(fields, metadata={"pandas": bad}))
    out = io.BytesIO()
    pq.write_table(
        schema,
        out,
        compression=rng.choice(["none", "snappy", "zstd", "gzip", "brotli", "lz4"]),
        use_dictionary=rng.random() < 0.5,
        row_group_size=rng.choice([2, 100]),
        data_page_size=rng.choice([64, 1 << 20]),
        data_page_version=rng.choice(["1.0", "2.0"]),
        write_page_checksum=rng.random() < 0.3,
        version=rng.choice(["1.0", "2.6"]),
    )
    return Input("a.parquet", out.getvalue())


def _array(rng: random.Random, count: int, of_texts: bool) -> pa.Array:
    texts = [None if rng.random() < 0.1 else rng.choice(TITLES) + str(rng.randrange(20)) for _ in range(count)]
    match rng.randrange(4 if of_texts else 12):
        case 0 | 1:
            return pa.array(texts)
        case 2:
            return pa.array([text or "" for text in texts]).dictionary_encode()
        case 3:
            return pa.array([None if text is None else text.encode() + b"\xff" for text in texts], pa.binary())
        case 4 | 5:
            return pa.array(range(count)).cast(rng.choice([pa.int8(), pa.uint64(), pa.float32(), pa.date64(), pa.time64("us")]))
        case 6:
            return pa.array(range(count)).cast(pa.timestamp(rng.choice(["s", "us"]), tz=rng.choice([None, "UTC", "../../x"])))
        case 7:
            return pa.array([texts] * count)
        case 8:
            return pa.array([{"a": {"b": text}} for text in texts])
        case 9:
            return pa.array(texts, rng.choice([pa.large_string(), pa.string_view()]))
        case 10:
            return pa.array([b"12345678"] * count, pa.binary(8))
        case _:
            return pa.array([None] * count, rng.choice([pa.null(), pa.bool_(), pa.decimal128(20)]))


def pickled(rng: random.Random) -> Input:
    match rng.randrange(4):
        case 0:
            content = rng.choice(HARMFUL)
        case 1:
            content = _opcodes(rng)
        case _:
            content = pickle.dumps(_objects(rng), rng.randrange(pickle.HIGHEST_PROTOCOL + 1))
    return Input("a.pkl", content)


def _objects(rng: random.Random) -> object:
    articles = rows(rng)
    texts = [f"Text {number}" for number in range(5)]
    match rng.randrange(6):
        case 0:
            return [np.array(texts, dtype=object).reshape(-1, 1)]
        case 1:
            return np.array(texts)
        case 2:
            articles.append(articles)
            return articles
        case 3:
            return [*articles, np.str_("x"), {1, 2}, b"bytes", 1j, articles[0]]
        case _:
            return articles


def _opcodes(rng: random.Random) -> bytes:
    """Return a program of opcodes that may or may not make sense."""
    pieces = [
        *(b"(", b"0", b"1", b"2", b"N", b"]", b"}", b")", b"a", b"e", b"l", b"d", b"s", b"u", b"t", b"R", b"b", b"o", b"Q"),
        *(b"\x81", b"\x85", b"\x86", b"\x87", b"\x88", b"\x8f", b"\x90", b"\x91", b"\x92", b"\x93", b"\x94", b"\x97"),
        *(b"K\x01", b"I1\n", b"L1L\n", b"L" + b"9" * 5_000 + b"L\n", b"\x8a\x01\x01", b"F1e999\n", b"\x8b\xff\xff\xff\x7f"),
        *(
            b"S'x'\n",
            b"Vx\n",
            b"\x8c\x01x",
            b"X\xff\xff\xff\x7f",
            b"\x8d" + b"\xff" * 7 + b"\x7f",
            b"B\xff\xff\xff\xff",
            b"U\x01x",
        ),
        *(b"h\x00", b"h\x01", b"q\x00", b"q\x01", b"p9999999999\n", b"j\xff\xff\xff\xff", b"\x82\x01", b"\x84\xff\xff\xff\x7f"),
        *(b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy.core.numeric\n_frombuffer\n", b"cos\nsystem\n"),
        *(b"cnumpy.core.multiarray\nscalar\n", b"ccollections\nOrderedDict\n", b"c_codecs\nencode\n", b"S'O8'\n", b"S'U1'\n"),
        *(b"ibuiltins\neval\n", b"\x80\x05", b"\x95" + b"\xff" * 8, b"Pid\n"),
    ]
    return rng.choice([b"", b"\x80\x04]"]) + b"".join(rng.choices(pieces, k=rng.randrange(200))) + rng.choice([b"", b"e.", b"."])


MARKUP = [
    *("[[", "]]", "{{", "}}", "{|", "|}", "|", "||", "!!", "|-", "=", "==", "\n", "\n\n", "''", "'''", " ", "*", "#", ":", ";"),
    *("<ref>", "</ref>", "<ref name=a/>", "<ref", "<nowiki>", "</nowiki>", "<math>", "</math>", "<!--", "-->", "<br>", "<div>"),
    *("[http://a.org b]", "[mailto:a", "&amp;", "&#9999999999;", "&#xd800;", "&nosuch;", "__TOC__", "File:a.jpg", "Category:"),
    *(
        "{{lang|de|Wort}}",
        "{{convert|1|to|2|km}}",
        "{{as of|2020}}",
        "{{frac|1|2}}",
        "{{chem|H|2|O}}",
        "http://a.org",
        "#REDIRECT",
    ),
    *(
        "[[Bild:A.jpg|mini|Wort]]",
        "[[be-x-old:A]]",
        "[[:de:A|b]]",
        "-{",
        "}-",
        "-{zh-hans:土豆;zh-hant:馬鈴薯}-",
        "-{A|zh-cn:a}-",
    ),
    *(
        "zh-tw:",
        "=>",
        "{{{",
        "}}}",
        "{{{1|a}}}",
        "{{formatnum:1234}}",
        "{{lc:ABC}}",
        "{{plural:5|a|b}}",
        "{{#if:x|a|b}}",
        "{{uc:",
    ),
    *(
        "{{val|1.2|e=5|u=km}}",
        "{{unité|5|m|2}}",
        "{{date|21|mars|1977}}",
        "{{s-|XIX|e}}",
        "{{M|5|u=km}}",
        "{{num|5|кг}}",
        "{{和暦|1977}}",
    ),
    *("{{birth date|1950|5|21}}", "{{age|1950|5|21|2000|1|1}}", "{{gaps|1|000}}", "{{height|ft=6|in=2}}", "{{XIXe siècle}}"),
    *(
        "<includeonly>",
        "</includeonly>",
        "<noinclude>",
        "</noinclude>",
        "<onlyinclude>",
        "__目次強制__",
        "__БЕЗ_ОГЛАВЛЕНИЯ__",
        "__",
    ),
    *("Words of a sentence. ", "The cell is small.", "x" * 300, " " * 1_000, "\x00", "\u2028", "細胞", "a=b", "</script>", "\\"),
]


def wikitext(rng: random.Random) -> str:
    return "".join(
        piece * rng.choice([1] * 60 + [50, 1_000]) for piece in rng.choices(MARKUP, k=rng.choice([5, 50, 50, 200]))
    ) + rng.choice(["", "The cell is the smallest unit of life. " * 10])


def wikitext_file(rng: random.Random) -> Input:
    return Input("a.txt", wikitext(rng).encode("utf-8", "surrogatepass"))


NAMESPACES = ["6'>Datei", "1'>Diskussion", "1'>Talk", "'>", "10'>a_b"]


def _page(rng: random.Random, number: int, with_ns: bool) -> str:
    """Return a page, now and then with several revisions, in whose text there may be what XML forbids."""
    title = rng.choice([*TITLES, "Talk:Cell", "Diskussion:Cell"])
    careless = rng.random() < 0.05

    def written(text: str) -> str:
        if careless:
            return text
        text = "".join(character for character in text if character >= " " or character == "\n")
        return text.replace("&", "&amp;").replace("<", "&lt;")

    revisions = []
    for revision in range(rng.choice([1, 1, 1, 2, 30])):
        text = written(wikitext(rng) if rng.random() < 0.5 and not revision else "The cell is the smallest unit of life. " * 10)
        text += rng.choice([""] * 150 + ["&#x1f;", "\x0b", "\ufffe", "&#xd800;", "&#0;", "\x00"])
        time = rng.choice(["", "", f"<timestamp>20{revision:02}-01-01T00:00:00Z</timestamp>", "<timestamp>x</timestamp>"])
        revisions.append(f"<revision><id>{revision}</id>{time}<model>wikitext</model><text>{text}</text></revision>\n")
    rng.shuffle(revisions)
    ns = f"<ns>{rng.choice([0, 0, 0, 14])}</ns>" if with_ns else ""
    redirect = rng.choice(["", "", '<redirect title="x" />'])
    return f"<page><title>{written(title)}</title>{ns}<id>{number}</id>{redirect}{''.join(revisions)}</page>\n"


def _whole_dump(rng: random.Random) -> str:
    with_ns = rng.random() < 0.7
    pages = [_page(rng, number, with_ns) for number in range(rng.choice([0, 1, 3, 10]))]
    start = rng.choice(["", "", "<?xml version='1.0' encoding='UTF-7'?>", "<!-- a --><!DOCTYPE a [<!ENTITY % x SYSTEM 'x'>%x;]>"])
    base = rng.choice(["https://en.wikipedia.org/wiki/Main_Page", "javascript:alert(1)", "http://a.org/?title=x", "http://[a/"])
    names = "".join(f"<namespace key='{name}</namespace>" for name in rng.sample(NAMESPACES, 2))
    site = f"<siteinfo><base>{base}</base><namespaces>{names}</namespaces></siteinfo>\n"
    language = rng.choice(["", " xml:lang='zh'", " xml:lang='fr'", " xml:lang='x'"])
    return f"{start}<mediawiki{language}>{site}{''.join(pages)}</mediawiki>" + rng.choice(["", "\n", "\n\n"] * 5 + [" x"])


def dump(rng: random.Random) -> Input:
    whole = "".join(_whole_dump(rng) for _ in range(rng.choice([1, 1, 1, 2, 3])))
    return Input("a.xml", whole.encode(rng.choice(["utf-8"] * 9 + ["utf-16"]), "surrogatepass"))


LABELLED = {"text": ["a", "b", "c"], "label": ["A", "B", "C"]}
ASKED: list[dict] = [
    {"question": "Which?", "options": ["a", "b"], "correctIndex": 1},
    {"id": 7, "question_text": "Which?", "options": {"A": "a", "B": "b"}, "correct_answer": "A"},
    {"question": "Which?", "subject": "x", "choices": ["a", "b", "c"], "answer": 2},
    {"question_id": 7, "question": "Which?", "options": ["a", "b", "c"], "answer": "C", "answer_index": 2},
    {"id": "x_1", "question": "Which?", "choices": LABELLED, "answerKey": "2"},
    {"id": "7-9", "question": {"stem": "Which?", "choices": [{"text": "a", "label": "A"}]}, "answerKey": "A"},
    {"id": "7-9", "question_stem": "Which?", "choices": LABELLED, "answerKey": "C"},
    {"example_id": "high1.txt", "article": "Long ago", "question": "Which?", "options": ["a", "b"], "answer": "B"},
    {"question": "Which?", "options": ["a", "b"], "answer": "(b)"},
    {"question": "Which?", "correct_answer": "a", "distractor1": "b", "distractor2": "c", "support": "So."},
    {"question": "5&deg;?", "correct_answer": "R&amp;B", "incorrect_answers": ["b", "&#99999999;"], "difficulty": "easy"},
    {"question": "Which?", "A": "a", "B": "b", "C": "", "answer": "B"},
    {"Question": "Which?", "Options": ["a", "b"], "correctAnswer": "b"},
]
"""A record of each form."""


def questions(rng: random.Random) -> Input:
    count = rng.choice([1, 2, 10])
    kind = rng.choice(["list", "list", "lines", "collection", "csv", "tsv", "parquet"])
    like = [rng.choice(ASKED)] * count if kind == "parquet" else [rng.choice(ASKED) for _ in range(count)]
    records = [_question(rng, number, record) for number, record in enumerate(like)]
    text, encoded = partial(json.dumps, ensure_ascii=rng.random() < 0.9), ("utf-8", "surrogatepass")
    match kind:
        case "lines":
            lines = [text(record).encode(*encoded) for record in records]
            return Input(rng.choice(["questions.jsonl", "questions.json"]), rng.choice([b"\n", b"\r\n", b"\n\n"]).join(lines))
        case "csv" | "tsv":
            return Input(f"questions.{kind}", _question_table(rng, records, text, kind).encode(*encoded))
        case "parquet":
            if (content := _question_columns(rng, records)) is not None:
                return Input("questions.parquet", content)
        case "collection":
            return Input("questions.json", text(_collection(rng, records)).encode(*encoded))
    return Input("questions.json", text(records).encode(*encoded))


def _question(rng: random.Random, number: int, like: dict) -> dict:
    """Return a record like another one, with a text of its own and now and then strange values."""
    record = json.loads(json.dumps(like).replace("Which?", f"Question {number}?"))
    keys = ["id", "question", "question_text", "options", "correctIndex", "correct_answer", "difficulty", "source_article"]
    keys += ["choices", "answer", "answer_index", "answerKey", "incorrect_answers", "distractor1", "article", "A", "B"]
    keys += ["domain_ids", "concepts_tested"]
    for _ in range(rng.choice([0, 0, 1, 1, 3])):
        record[rng.choice(keys if rng.random() < 0.5 else list(record))] = value(rng)
    return record


def domains(rng: random.Random) -> Input:
    """Make a file of domains, many of them below earlier ones, and now and then with strange values or parents."""
    count = rng.choice([1, 2, 30])
    records = [{"id": f"d{number}", "name": f"Domain {number}"} for number in range(count)]
    for number, record in enumerate(records):
        if number and rng.random() < 0.5:
            record["parent_id"] = f"d{rng.randrange(number)}"
        if rng.random() < 0.3:
            record["region"] = {side: rng.choice([0, 0.2]) + (0.5 if "max" in side else 0) for side in SIDES}
    for _ in range(rng.choice([0, 0, 1, 3])):
        record = rng.choice(records)
        record[rng.choice(["id", "name", "parent_id", "region"])] = rng.choice([value(rng), f"d{rng.randrange(count)}"])
    text, encoded = partial(json.dumps, ensure_ascii=rng.random() < 0.9), ("utf-8", "surrogatepass")
    match rng.choice(["list", "lines", "index", "csv"]):
        case "lines":
            return Input("domains.jsonl", b"\n".join(text(record).encode(*encoded) for record in records))
        case "index":
            return Input("domains.json", text({"schema_version": "1.0", "domains": records}).encode(*encoded))
        case "csv":
            return Input("domains.csv", _question_table(rng, records, text, "csv").encode(*encoded))
    return Input("domains.json", text(records).encode(*encoded))


SIDES = ("x_min", "x_max", "y_min", "y_max")


def _collection(rng: random.Random, records: list[dict]) -> dict:
    count = len(records) + rng.choice([0, 0, 0, 1])
    made: dict = rng.choice(
        [
            {"domain": {"id": "x"}, "questions": records, "labels": [{"label": "x"}], "articles": []},
            {"response_code": 0, "results": records},
            {
                "id": "1.txt",
                "article": "Long ago",
                "questions": ["Which?"] * count,
                "options": [["a"]] * len(records),
                "answers": ["A"] * count,
            },
            {"questions": [{"questions": records}]},
        ]
    )
    if rng.random() < 0.3:
        made[rng.choice([*made, "x"])] = value(rng)
    return made


def _question_table(rng: random.Random, records: list[dict], text: Callable, kind: str) -> str:
    columns = list(dict.fromkeys(name for record in records for name in record))
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=rng.choice(",;") if kind == "csv" else "\t", lineterminator=rng.choice(["\n", "\r\n", "\r"])
    )
    if rng.random() < 0.9:
        writer.writerow(columns)
    write = rng.choice([text, repr])
    for record in records:
        cells = (record.get(column) for column in columns)
        writer.writerow([write(cell) if isinstance(cell, list | dict) else cell for cell in cells])
    return out.getvalue()


def _question_columns(rng: random.Random, records: list[dict]) -> bytes | None:
    """Return records as a parquet file, None where Arrow has no type for them."""
    out = io.BytesIO()
    try:
        made = pa.Table.from_pylist(records)
        pq.write_table(
            made,
            out,
            compression=rng.choice(["none", "snappy", "zstd", "gzip"]),
            use_dictionary=rng.random() < 0.7,
            row_group_size=rng.choice([2, 100]),
            data_page_size=rng.choice([64, 1 << 20]),
            data_page_version=rng.choice(["1.0", "2.0"]),
            write_page_checksum=rng.random() < 0.3,
        )
    except (pa.ArrowException, UnicodeError, OverflowError, TypeError):
        return None
    return out.getvalue()


def config(rng: random.Random) -> Input:
    settings: dict = {"articles": [{"name": "wiki", "path": "a.jsonl"}], "questions": None, "results": "results"}
    settings |= {"umap": {"n_neighbors": 5}, "labels": {"grid": [4, 8]}, "shards": {"size": 24, "max_dropped": 0.1}}
    for _ in range(rng.choice([0, 1, 1, 3])):
        inner: dict | list = settings
        key = rng.choice(["articles", "questions", "results", "umap", "labels", "shards", "embedding", "projection", "x"])
        while isinstance(inner.get(key), dict) and inner[key] and rng.random() < 0.8:
            inner = inner[key]
            key = rng.choice([*inner, "x"])
        if key == "articles" and isinstance(inner.get(key), list) and inner[key] and isinstance(inner[key][0], dict):
            inner, key = inner[key][0], rng.choice(["name", "path", "format", "limit", "sample_seed", "mediawiki", "huggingface"])
        inner[key] = value(rng) if rng.random() < 0.9 else inner
    content = yaml.safe_dump(settings, allow_unicode=rng.random() < 0.5)
    if rng.random() < 0.05:
        bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
        content = bomb + content.replace("results: results", rng.choice(["results: *a8", "umap: *a8", "articles: *a8"]))
    return Input("config.yaml", content.encode("utf-8", "surrogatepass"))


def any_format(rng: random.Random) -> Input:
    made = rng.choice([json_lines, parquet, pickled, dump, lambda rng: table(rng, ",", "a.csv")])(rng)
    return Input(rng.choice([made.name, "a", "a.json", "a.csv", "a.pkl", "a.xml.bz2"]), made.content)


MAKERS: dict[str, Callable[[random.Random], Input]] = {
    "jsonl": json_lines,
    "csv": lambda rng: table(rng, ",", "a.csv"),
    "tsv": lambda rng: table(rng, "\t", "a.tsv"),
    "parquet": parquet,
    "pickle": pickled,
    "mediawiki": dump,
    "auto": any_format,
    "huggingface": parquet,
    "wikitext": wikitext_file,
    "questions": questions,
    "domains": domains,
    "config": config,
}
