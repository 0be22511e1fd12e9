"""Read small files of articles the way the workflow does."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from knowledge_map.sources import Article, SeenIds, Source, Tally, read_articles


class Reader:
    """Read sources below one folder; `seen` starts anew each time."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __call__(self, path: Path, max_characters: int = 10_000, threads: int = 1, **settings) -> tuple[list[Article], Tally]:
        source = Source("wiki", str(path), **settings)
        tally = Tally(source.name, source.path)
        with SeenIds(self.folder / "spool") as seen:
            articles = list(read_articles(source, tally, seen, max_characters, self.folder / "spool", threads))
        assert tally.read >= tally.kept + tally.not_drawn + sum(tally.left_out.values()) + sum(tally.dropped.values())
        assert tally.kept == len(articles)
        json.dumps(asdict(tally))
        assert not list((self.folder / "spool").iterdir())
        return articles, tally

    def texts(self, path: Path, **settings) -> list[str]:
        return [article.text for article in self(path, **settings)[0]]


@pytest.fixture
def read(tmp_path) -> Reader:
    return Reader(tmp_path)


def json_lines(rows: list) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def write(tmp_path):
    """Write a file of the given name: text, bytes, or a list of rows as JSON Lines."""

    def write(name: str, content: str | bytes | list) -> Path:
        path = tmp_path / name
        content = json_lines(content) if isinstance(content, list) else content
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    return write
