"""No id twice, and reproducible samples, for any number of articles: both live in a scratch database on disk."""

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

SLACK = 10_000  # candidates that a sample holds beyond twice its size before it is pruned


class _Scratch:
    """A database that is thrown away at the end; what an earlier run left at its path is overwritten."""

    def __init__(self, path: Path, *statements: str):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._path = path
        # Nobody else opens it, and some cluster file systems cannot lock.
        self._database = sqlite3.connect(f"{path.absolute().as_uri()}?nolock=1", uri=True, isolation_level=None)
        for statement in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -16000", "BEGIN"):
            self._database.execute(statement)
        for statement in statements:
            self._database.execute(statement)

    def close(self) -> None:
        """Delete the database."""
        self._database.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SeenIds(_Scratch):
    """The ids met so far, in the file `folder`/seen-ids.sqlite: 16 bytes each on disk, however many there are."""

    def __init__(self, folder: Path):
        super().__init__(Path(folder) / "seen-ids.sqlite", "CREATE TABLE seen (digest BLOB PRIMARY KEY) WITHOUT ROWID")

    def add(self, item_id: str) -> bool:
        """Return whether the id is new, and remember it."""
        digest = hashlib.blake2b(item_id.encode(), digest_size=16).digest()
        return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (digest,)).rowcount == 1


class Sample(_Scratch):
    """The `limit` articles with the smallest keys (all, if None); a key is a digest of the seed and the article's id."""

    def __init__(self, path: Path, seed: int, limit: int | None):
        super().__init__(
            path,
            "CREATE TABLE candidates (key INTEGER, item_id TEXT, source TEXT, title TEXT, url TEXT, text TEXT, carried TEXT, "
            "vector BLOB, replaced TEXT)",
            "CREATE INDEX by_key ON candidates (key, item_id)",
        )
        self._seed, self._limit = seed, limit
        self._held, self._threshold = 0, 1 << 63
        self.offered = 0

    @property
    def size(self) -> int:
        """How many of the articles offered are in the sample."""
        return self.offered if self._limit is None else min(self.offered, self._limit)

    def offer(self, item_id: str, row: tuple[Any, ...]) -> None:
        """Take an article into consideration; `row` is what `drawn` returns for it: an article, and what was replaced."""
        self.offered += 1
        digest = hashlib.blake2b(f"{self._seed}\n{item_id}".encode(), digest_size=8).digest()
        key = int.from_bytes(digest, "big") >> 1  # 63 bits, what SQLite sorts as integers
        if key > self._threshold:
            return
        self._database.execute("INSERT INTO candidates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (key, *row))
        self._held += 1
        if self._limit is not None and self._held > 2 * self._limit + SLACK:
            self._prune()

    def drawn(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of the sample in the order of their keys."""
        smallest = (
            "SELECT item_id, source, title, url, text, carried, vector, replaced FROM candidates ORDER BY key, item_id LIMIT ?"
        )
        yield from self._database.execute(smallest, (self.size,))

    def _prune(self) -> None:
        assert self._limit is not None  # without one there is nothing to prune
        last = "SELECT key FROM candidates ORDER BY key LIMIT 1 OFFSET ?"
        (self._threshold,) = self._database.execute(last, (self._limit - 1,)).fetchone()
        self._held -= self._database.execute("DELETE FROM candidates WHERE key > ?", (self._threshold,)).rowcount
