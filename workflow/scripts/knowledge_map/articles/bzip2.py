"""bzip2 files whose parts are decompressed side by side: Wikipedia's multistream dumps, and what pbzip2 writes."""

import re
from bz2 import BZ2Decompressor
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO, NamedTuple

from knowledge_map.articles.byte_stream import ByteStream
from knowledge_map.common.parallel import in_order

START = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")

PART = 1 << 20  # bytes of a compressed part

AT_ONCE = 1 << 24  # bytes decompressed in one go


class _Begun(NamedTuple):
    """A part of a file, and what it decompresses to where a stream begins there."""

    part: bytes
    decompressor: BZ2Decompressor
    content: bytes
    error: OSError | None


def open_bzip2(path: Path, threads: int = 1) -> RawIOBase:
    """Open a file of one or more bzip2 streams; reading raises EOFError or OSError where it is cut short or damaged.

    Unlike `bz2.open`, this takes what follows a stream and is none for damage, not for the end of the file.
    """
    return ByteStream(_decompressed(path, threads))


def _decompressed(path: Path, threads: int) -> Generator[bytes]:
    """Yield the content piece by piece.

    Every part that looks like the beginning of a stream is decompressed ahead of its turn. When its turn comes and the stream
    before it has not ended, it was none, and is read as more of that one: what is yielded does not depend on guesses.
    """
    stream = None
    with path.open("rb") as file, ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
        for begun in in_order(pool, _begin, _parts(file), 2 * threads):
            if stream and not stream.eof:
                content = stream.decompress(begun.part, AT_ONCE)
            elif begun.error:
                raise begun.error
            else:
                stream, content = begun.decompressor, begun.content
            yield content
            while not (stream.eof or stream.needs_input):
                yield stream.decompress(b"", AT_ONCE)
            if stream.unused_data:
                raise OSError("Invalid data after a stream")
    if stream and not stream.eof:
        raise EOFError("Compressed file ended before the end-of-stream marker was reached")


def _parts(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file in parts, cut where a stream seems to begin, and where a part gets too long."""
    held = b""
    while chunk := file.read(PART):
        held += chunk
        start = 0
        for found in START.finditer(held):
            if found.start() > start:
                yield held[start : found.start()]
            start = found.start()
        held = held[start:]
        if len(held) > PART:
            yield held[:-9]  # the last bytes may be the first ones of a start
            held = held[-9:]
    if held:
        yield held


def _begin(part: bytes) -> _Begun:
    decompressor = BZ2Decompressor()
    try:
        return _Begun(part, decompressor, decompressor.decompress(part, AT_ONCE), None)
    except OSError as error:
        return _Begun(part, decompressor, b"", error)
