"""Files of the page of tiles: packed columns in one compressed file, which is named by the digest of its content."""

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

from knowledge_map.common.checksum import content_digest

NAME = 8
"""Bytes of a digest that name a file."""

LEVEL = 6
"""Level of compression: 9 takes three times as long for files that are 1 % smaller."""


def packed_parts(head: dict, parts: Mapping[str, bytes]) -> bytes:
    """Return the zlib stream of one line of JSON, `head` with the length of each part, and of the parts one behind the other."""
    line = json.dumps(head | {"parts": [[name, len(part)] for name, part in parts.items()]}, separators=(",", ":"))
    return zlib.compress(b"".join([line.encode(), b"\n", *parts.values()]), LEVEL)


class ContentFolder:
    """A folder of files that are named by the digest of their content; one that is there is not written again.

    Attributes
    ----------
    files, bytes : of what belongs to the folder.
    written : files that were not there before.
    """

    def __init__(self, path: Path):
        self.path = path
        self.files, self.bytes, self.written = 0, 0, 0
        self._names: set[str] = set()

    def add(self, kind: str, content: bytes) -> bytes:
        """Take a file of a kind, which names its folder; return the digest that names it."""
        digest = content_digest([content])[: 2 * NAME]
        name = f"{kind}/{digest}.bin"
        if name in self._names:
            return bytes.fromhex(digest)
        self._names.add(name)
        self.files, self.bytes = self.files + 1, self.bytes + len(content)
        path = self.path / name
        if not path.exists() or path.stat().st_size != len(content):  # one that lost its end with the power is written again
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".tmp")
            temporary.write_bytes(content)
            os.replace(temporary, path)
            self.written += 1
        return bytes.fromhex(digest)

    def remove_others(self) -> int:
        """Remove the files of former pages, and what a writer left that was killed; return how many."""
        others = [file for file in self.path.glob("*/*") if f"{file.parent.name}/{file.name}" not in self._names]
        for file in others:
            file.unlink()
        return len(others)
