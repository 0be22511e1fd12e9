"""Checksums: digests of content, and a checksum that stands at the end of a file."""

import hashlib
import os
import zlib
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from knowledge_map.common.errors import corrupt_file_error, missing_file_error

MARK = b"CRC-32 of the content: "
"""Stands before the checksum at the end of a file."""

CHECKSUM = len(MARK) + 8
"""Bytes of the mark and the checksum behind it."""


def content_digest(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of bytes that come in parts, as hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def file_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def csp_hash(text: str) -> str:
    """Return the SHA-256 of a style or script, as a page's Content-Security-Policy names it: 'sha256-' and Base64."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


def append_checksum(path: str | Path) -> None:
    """Put a checksum at the end of a file whose readers stop at an end of their own, as those of pickles and faiss do."""
    with Path(path).open("rb+") as file:
        checksum = _crc32(file, file.seek(0, os.SEEK_END))
        file.write(MARK + checksum)


def verified_length(path: str | Path) -> int:
    """Return how many bytes a file has before its checksum. Raises UserError where the file is corrupt or has no checksum."""
    try:
        with Path(path).open("rb") as file:
            length = file.seek(0, os.SEEK_END) - CHECKSUM
            file.seek(max(0, length))
            ending = file.read()
            if not ending.startswith(MARK) or ending != MARK + _crc32(file, length):
                raise corrupt_file_error(path, "its content does not match its checksum")
    except FileNotFoundError:
        raise missing_file_error(path) from None
    return length


def _crc32(file: BinaryIO, length: int) -> bytes:
    """Return the checksum of a file's first `length` bytes, 8 hexadecimal digits, and leave the file at their end."""
    file.seek(0)
    checksum = 0
    while length:
        piece = file.read(min(length, 1 << 20))
        checksum, length = zlib.crc32(piece, checksum), length - len(piece)
    return f"{checksum:08x}".encode()
