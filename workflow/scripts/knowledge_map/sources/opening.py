"""Files of a source, opened as streams of bytes whatever they are compressed with."""

import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from knowledge_map.errors import UserError, printable
from knowledge_map.sources.bzip2 import START, open_bzip2
from knowledge_map.sources.records import Source

BUFFER = 1 << 20
LONGEST_LINE = 1 << 26  # bytes; what is longer is no line of text, and would have to fit into memory, as would what it holds
EXPANSION = 250  # times its size a file may expand to; real text shrinks to a tenth or, full of repetition, a hundredth
FREE_EXPANSION = 1 << 26  # bytes that may come of a file of any size
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # in a file name: control characters, and bytes that are no UTF-8
UTF8_MARK, UTF16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


def _open_zstd(path: Path) -> BinaryIO:
    # Arrow's stream, unlike zstandard's, tells a cut file from a whole one.
    return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")


COMPRESSIONS: dict[str, tuple[re.Pattern[bytes], Callable[[Path], BinaryIO]]] = {
    ".gz": (re.compile(rb"\x1f\x8b"), gzip.open),
    ".bz2": (START, open_bzip2),
    ".xz": (re.compile(rb"\xfd7zXZ\x00"), lzma.open),
    ".zst": (re.compile(rb"\x28\xb5\x2f\xfd"), _open_zstd),
}


class Unreadable(UserError):
    """A file that cannot be read to its end."""


class Expansion:
    """How much has come of a file, so that a small one cannot keep a job busy for days."""

    def __init__(self, path: Path):
        self._path = path
        self._left = FREE_EXPANSION + EXPANSION * path.stat().st_size

    def add(self, size: int) -> None:
        """Count bytes or characters. Raises Unreadable where there are more than of any file of articles."""
        self._left -= size
        if self._left < 0:
            raise Unreadable(
                f"{self._path}: expands to more than {EXPANSION} times its size, as a decompression bomb does; "
                "if it is meant so, give what it expands to."
            )


class _Expanded(io.RawIOBase):
    """What a file is decompressed to, as far as it may expand."""

    def __init__(self, path: Path, content: BinaryIO):
        self._content, self._expansion = content, Expansion(path)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        size = self._content.readinto(buffer)
        self._expansion.add(size)
        return size

    def close(self) -> None:
        self._content.close()
        super().close()


FOLDERS = {
    # Formats of which a folder may hold many files, and their names there.
    "parquet": (re.compile(r".*\.parquet", re.DOTALL), "*.parquet"),
    "mediawiki": (re.compile(r".*\.xml(-p\d+p\d+)?(\.(gz|bz2|xz|zst))?", re.IGNORECASE | re.DOTALL), "*.xml[.bz2]"),
}


def files_of(source: Source) -> list[Path]:
    """Return the file of a source, or the parquet files or parts of a MediaWiki dump below its folder, in sorted order.

    A source on the hub has none before it is fetched. Raises UserError if there is none, or both.
    """
    if source.files is not None or source.on_hub:
        return list(source.files or [])
    path = Path(source.path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        problem = "is no plain file" if path.exists() else "no such file or folder"
        raise UserError(f"{path}: {problem}; correct the path of {source.name} under `articles`.")
    if source.format not in ("auto", *FOLDERS):
        raise UserError(
            f"{path}: a folder, which is read as {' or '.join(FOLDERS)} files, not as {source.format}; name one file in it."
        )
    formats = FOLDERS if source.format == "auto" else [source.format]
    below = sorted(file for file in path.rglob("*") if file.is_file())
    found = {name: [file for file in below if FOLDERS[name][0].fullmatch(file.name)] for name in formats}
    if sum(map(bool, found.values())) > 1:
        raise UserError(f"{path}: holds both {' and '.join(found)} files; set `format` of {source.name} to one of them.")
    files = next(filter(None, found.values()), None)
    if files is None:
        names = " or ".join(FOLDERS[name][1] for name in formats)
        raise UserError(f"{path}: no {names} file below this folder; correct the path of {source.name} under `articles`.")
    for file in files:
        if UNFIT.search(str(file)):
            raise UserError(f"{file}: has a control character in its name, or is not named in UTF-8; rename it.")
    return files


@contextmanager
def open_bytes(path: Path, threads: int = 1) -> Iterator[BinaryIO]:
    """Yield the content of a file, decompressed as its first bytes ask for, by several threads where it can be.

    Raises Unreadable, here or while the stream is read, if the file cannot be read or is damaged or cut short.
    """
    try:
        with path.open("rb") as plain:
            start = plain.read(16)
        opened = next((opened for magic, opened in COMPRESSIONS.values() if magic.match(start)), None)
        if opened is open_bzip2:
            opened = partial(open_bzip2, threads=threads)
        raw = _Expanded(path, opened(path)) if opened else path.open("rb", buffering=0)
        with io.BufferedReader(raw, BUFFER) as stream:
            yield stream
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise Unreadable(f"{path}: cannot be read to its end ({reason_of(error)}); fetch or make the file anew.") from None


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a text file without its byte order mark.

    Raises UserError if the file is damaged, in UTF-16, or has a line too long to be one.
    """
    with open_bytes(path) as stream:
        start = stream.peek(3)
        if start.startswith(UTF16_MARKS):
            raise UserError(f"{path}: is in UTF-16; save it as UTF-8.")
        if start.startswith(UTF8_MARK):
            stream.read(len(UTF8_MARK))
        number = 0
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise UserError(f"{path}: line {number} is longer than {LONGEST_LINE:,} bytes; is this the format it is read as?")
            yield line


def reason_of(error: Exception) -> str:
    """Return an error's own words, fit for one line."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return shown(words.partition("\n")[0]) or type(error).__name__


def shown(text: str, longest: int = 200) -> str:
    """Return foreign text fit for a message: one line, short, and nothing in it that a terminal would obey."""
    return printable(text[:longest]) + ("…" if len(text) > longest else "")
