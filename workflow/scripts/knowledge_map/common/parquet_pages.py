"""How large the pages of a parquet file get, told by the pages themselves before any is decompressed.

A file's metadata tells it, too, but a forged file may say one thing there and another in the header of a page, whose word is the
one that memory is taken by. Both are read here by themselves: Arrow tells nothing of pages, and asked for what the metadata
say of a column, it ends the process where they are forged.

The numbers are those of the fields in https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

import os
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

LONGEST_METADATA = 1 << 26  # bytes

HEADER = 1 << 16  # bytes read in search of a page's header

LONGEST_HEADER = 1 << 24  # bytes of one; Arrow takes no longer ones either

END = 8  # bytes behind the metadata: their length, and PAR1


class Chunk(NamedTuple):
    """The pages of a column in a row group: where they begin in the file and how many bytes they take up there."""

    column: str
    position: int
    size: int


class Page(NamedTuple):
    """Bytes of a page once it is decompressed, and the values in it; 0 for a dictionary, whose values are for all pages."""

    size: int
    values: int


def chunks_of(content: BinaryIO) -> list[list[Chunk]]:
    """Return the column chunks of every row group. Raises ValueError where the metadata cannot be read."""
    size = content.seek(-END, os.SEEK_END)
    length = int.from_bytes(content.read(4), "little")
    if length > min(size, LONGEST_METADATA):
        raise ValueError("its metadata has no end" if length > size else f"more than {LONGEST_METADATA:,} bytes of metadata")
    content.seek(size - length)
    try:
        groups = _Compact(content.read(length)).struct()[4]
        return [[_chunk(chunk[3]) for chunk in group[1] if chunk[3][5] > 0] for group in groups]
    except (KeyError, IndexError, TypeError, AttributeError):
        raise ValueError("its metadata is damaged") from None


def _chunk(metadata: dict[int, Any]) -> Chunk:
    """Return what the struct `ColumnMetaData` says."""
    position = min(metadata[9], metadata.get(11) or metadata[9])  # of the first page, and of the dictionary if there is one
    return Chunk(b".".join(metadata[3]).decode("utf-8"), position + 0, metadata[7] + 0)  # TypeError unless they are numbers


def pages_of(content: BinaryIO, chunk: Chunk) -> Iterator[Page]:
    """Yield the pages of a column chunk. Raises ValueError where a header cannot be read."""
    position = chunk.position
    while position < chunk.position + chunk.size:
        header, length = _header(content, position)
        size, compressed = header.get(2), header.get(3)
        if not isinstance(size, int) or not isinstance(compressed, int) or size < 0 or compressed < 0:
            raise ValueError("a page without a size")
        data = header.get(5) or header.get(8)
        values = data.get(1) if isinstance(data, dict) else 0
        yield Page(size, values if isinstance(values, int) else 0)
        position += length + compressed


def _header(content: BinaryIO, position: int) -> tuple[dict[int, Any], int]:
    """Return the fields of the struct `PageHeader` that begins at a position of a file, and its length."""
    for longest in (HEADER, LONGEST_HEADER):
        content.seek(position)
        compact = _Compact(content.read(longest))
        try:
            return compact.struct(), compact.position
        except IndexError:
            continue
    raise ValueError("a page without an end to its header")


class _Compact:
    """Structs in Thrift's compact protocol, their fields by number; parquet has no maps.

    https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
    """

    DEEPEST = 10

    def __init__(self, content: bytes):
        self._content = content
        self.position = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Read a struct. Raises IndexError at the end of the content, ValueError where it makes no sense."""
        fields, number = {}, 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            kind = head & 15
            fields[number] = kind == 1 if kind < 3 else self._value(kind, depth)  # a truth value takes no byte of its own
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > self.DEEPEST:
            raise ValueError("metadata nested too deeply")
        match kind:
            case 1 | 2 | 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._integer()
            case 7:
                return self._bytes(8)
            case 8:
                return self._bytes(self._unsigned())
            case 9 | 10:
                head = self._byte()
                length = head >> 4 if head >> 4 < 15 else self._unsigned()
                return [self._value(head & 15, depth + 1) for _ in range(length)]
            case 12:
                return self.struct(depth + 1)
        raise ValueError("metadata that make no sense")

    def _integer(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _unsigned(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("metadata with a strange number")

    def _bytes(self, length: int) -> bytes:
        start, self.position = self.position, self.position + length
        if self.position > len(self._content):
            raise IndexError
        return self._content[start : self.position]

    def _byte(self) -> int:
        self.position += 1
        return self._content[self.position - 1]
