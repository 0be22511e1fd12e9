"""Pieces of bytes as one stream."""

import io
from collections.abc import Generator


class ByteStream(io.RawIOBase):
    """A stream to read of the pieces that a generator yields, one after the other.

    Closing it closes the generator, and with it what it reads from. Errors of the generator are raised where its piece is read.
    """

    def __init__(self, pieces: Generator[bytes]):
        self._pieces = pieces
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyrefly: ignore[bad-override]
        """Fill a buffer as far as the present piece goes, and return how many bytes that are; 0 at the end."""
        while not self._piece:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._piece = memoryview(piece)
        size = min(len(buffer), len(self._piece))
        buffer[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size

    def close(self) -> None:
        """Close the stream and its generator."""
        self._pieces.close()
        super().close()
