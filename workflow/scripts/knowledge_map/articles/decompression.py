"""Files of a source, opened as streams of bytes whatever they are compressed with."""

import errno
import functools
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import zstandard

from knowledge_map.articles.byte_stream import ByteStream
from knowledge_map.articles.bzip2 import START, open_bzip2
from knowledge_map.common.errors import UserError
from knowledge_map.common.progress import log
from knowledge_map.common.text import reason_of

BUFFER = 1 << 20

LONGEST_LINE = 1 << 26  # bytes; what is longer is no line of text, and would have to fit into memory, as would what it holds

EXPANSION = 250  # times its size a file may expand to; real text shrinks to a tenth or, full of repetition, a hundredth

FREE_EXPANSION = 1 << 26  # bytes that may come of a file of any size

UTF8_MARK, UTF16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")

USUAL_WINDOW, LARGEST_WINDOW = 1 << 27, 1 << 31
"""Bytes of what came before that a zstd file may refer to: with ordinary settings, and with `--long=31`."""

ZSTD_PIECE = 1 << 12
"""Bytes of a zstd file taken at once; they expand to 128 MiB at most."""


def _open_zstd(path: Path) -> io.RawIOBase:
    return ByteStream(_zstd_pieces(path))


def _zstd_pieces(path: Path) -> Generator[bytes]:
    """Yield what a file of one or more zstd frames expands to, whatever window it was compressed with.

    Raises EOFError where it is cut short, which the package's own streams do not tell, and ZstdError where it is damaged.
    """
    with path.open("rb") as file:
        window = zstandard.get_frame_parameters(file.read(64)).window_size
        if USUAL_WINDOW < window <= LARGEST_WINDOW:
            _tell_window(path, window)
        file.seek(0)
        stream = None
        while piece := file.read(ZSTD_PIECE):
            while piece:
                stream = stream or zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW).decompressobj()
                yield stream.decompress(piece)
                piece, stream = (stream.unused_data, None) if stream.eof else (b"", stream)
    if stream is not None:
        raise EOFError("Compressed file ended before the end of its last frame")


@functools.cache
def _tell_window(path: Path, window: int) -> None:
    log.info(f"{path}: compressed with a window of {window >> 20:,} MiB (zstd --long); reading it may take as much memory")


COMPRESSIONS: dict[str, tuple[re.Pattern[bytes], Callable[[Path], Any]]] = {
    ".gz": (re.compile(rb"\x1f\x8b"), gzip.open),
    ".bz2": (START, open_bzip2),
    ".xz": (re.compile(rb"\xfd7zXZ\x00"), lzma.open),
    # A frame that is to be skipped may come first.
    ".zst": (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), _open_zstd),
}


class Unreadable(UserError):
    """A file that cannot be read to its end."""


class Expansion:
    """How much has come of a file, or of several that have so many bytes, so that a small one cannot keep a job busy for days."""

    def __init__(self, path: Path, size: int | None = None):
        self._path = path
        self._left = FREE_EXPANSION + EXPANSION * (path.stat().st_size if size is None else size)

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

    def __init__(self, path: Path, content: Any):
        self._content, self._expansion = content, Expansion(path)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyrefly: ignore[bad-override]
        size = self._content.readinto(buffer)
        self._expansion.add(size)
        return size

    def close(self) -> None:
        self._content.close()
        super().close()


@contextmanager
def open_bytes(path: Path, threads: int = 1) -> Iterator[io.BufferedReader]:
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
        with cast(io.BufferedReader, io.BufferedReader(raw, BUFFER)) as stream:
            yield stream
    except (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise Unreadable(f"{path}: cannot be read to its end ({reason_of(error)}); {_remedy(error)}.") from None


def _remedy(error: Exception) -> str:
    """Return what helps where a file cannot be read to its end."""
    words = str(error).lower()
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
        return "fix its permissions"
    if isinstance(error, OSError) and error.errno:  # the disk's own word; a decompressor has none
        return "see to its disk or its network, and run again"
    if "dictionary" in words:
        return "it was compressed with a dictionary of its own; give it decompressed"
    if "memory" in words:
        return f"it needs more memory than there is, or a window above {LARGEST_WINDOW >> 30} GiB; compress it without --long"
    return "fetch or make the file anew"


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a text file without byte order marks, of which joined files have several.

    A line ends at a line feed; where the file begins without any, at a carriage return, as old programs for the Mac write it.
    Raises UserError if the file is damaged, in UTF-16, or has a line too long to be one.
    """
    with open_bytes(path) as stream:
        start = stream.peek(3)
        if start.startswith(UTF16_MARKS):
            raise UserError(f"{path}: is in UTF-16; save it as UTF-8.")
        if b"\n" not in start and b"\r" in start[:-1]:
            stream = io.BufferedReader(_LineFeeds(stream), BUFFER)
        number = 0
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise UserError(f"{path}: line {number} is longer than {LONGEST_LINE:,} bytes; is this the format it is read as?")
            yield line.removeprefix(UTF8_MARK) if line[0] == UTF8_MARK[0] else line


class _LineFeeds(io.RawIOBase):
    """A stream in which every line ends with a line feed, whatever it ended with."""

    def __init__(self, stream: io.BufferedReader):
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyrefly: ignore[bad-override]
        content = self._stream.read(len(buffer) - 1)
        if content.endswith(b"\r"):
            content += self._stream.read(1)
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        buffer[: len(content)] = content
        return len(content)
