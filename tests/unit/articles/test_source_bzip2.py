"""bzip2 files of one and of many streams, read by one and by many threads."""

import bz2
from functools import cache

import numpy as np
import pytest

from knowledge_map.articles import bzip2

pytestmark = pytest.mark.slow  # compresses tens of megabytes

RANDOM = np.random.default_rng(7)
CONTENT = RANDOM.integers(0, 256, 400_000, dtype=np.uint8).tobytes() + b"a page\n" * 200_000


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(bzip2, "PART", 10_000)
    monkeypatch.setattr(bzip2, "AT_ONCE", 50_000)


@cache
def streams(size: int) -> list[bytes]:
    """Return the content, compressed in parts of a size."""
    return [bz2.compress(CONTENT[start : start + size]) for start in range(0, len(CONTENT), size)]


@pytest.fixture
def read(tmp_path):
    """Write a file and read it with some threads."""

    def read(compressed: bytes, threads: int) -> bytes:
        (tmp_path / "a.bz2").write_bytes(compressed)
        with bzip2.open_bzip2(tmp_path / "a.bz2", threads) as stream:
            return b"".join(iter(lambda: stream.read(100_000), b""))

    return read


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("size", [3_000, 70_000, 10**7])
def test_all_streams_are_read(read, size, threads):
    assert read(b"".join(streams(size)), threads) == CONTENT
    assert read(bz2.compress(b"") + streams(len(CONTENT))[0] + bz2.compress(b""), threads) == CONTENT


@pytest.mark.parametrize("threads", [1, 4])
def test_what_only_looks_like_a_stream_is_content(read, threads):
    # A file within the file: bzip2 cannot make it smaller, and blocks of random bytes hold no second layer as it is.
    decoy = b"BZh91AY&SY" * 3_000
    assert read(bz2.compress(decoy + CONTENT), threads) == decoy + CONTENT
    (stored,) = streams(len(CONTENT))
    middle = len(stored) // 2
    with pytest.raises(OSError):
        read(stored[:middle] + b"BZh91AY&SY" + stored[middle + 10 :], threads)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("cut", [3, 30, 5_000])
def test_a_file_that_is_cut_short_is_an_error(read, threads, cut):
    with pytest.raises(EOFError):
        read(b"".join(streams(70_000))[:-cut], threads)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("place", ["within a stream", "where a stream begins", "behind the last"])
def test_damage_is_an_error_wherever_it_is(read, threads, place):
    first, second, *rest = streams(70_000)
    harmed = {
        "within a stream": [first[:200] + bytes([first[200] ^ 255]) + first[201:], second, *rest],
        "where a stream begins": [first, b"\0" + second[1:], *rest],
        "behind the last": [first, second, *rest, b"more"],
    }[place]
    with pytest.raises(OSError):
        read(b"".join(harmed), threads)
