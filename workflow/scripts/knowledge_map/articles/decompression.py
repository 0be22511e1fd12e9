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

from knowledge_map.articles.bzip2 import START, open_bzip2
from knowledge_map.common.errors import UserError
from knowledge_map.common.text import reason_of

BUFFER = 1 << 20

LONGEST_LINE = 1 << 26  # bytes; what is longer is no line of text, and would have to fit into memory, as would what it holds

EXPANSION = 250  # times its size a file may expand to; real text shrinks to a tenth or, full of repetition, a hundredth

FREE_EXPANSION = 1 << 26  # bytes that may come of a file of any size

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
