"""Read small files of articles the way the workflow does."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from knowledge_map.articles.reading import read_articles
from knowledge_map.articles.records import Article, Source, SourceReport
from knowledge_map.articles.sampling import SeenIds


class Reader:
    """Read sources below one folder; `seen` starts anew each time."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __call__(
        self, path: Path, max_characters: int = 10_000, threads: int = 1, **settings
    ) -> tuple[list[Article], SourceReport]:
        source = Source.of({"name": "wiki", "path": str(path)} | settings)
        report = SourceReport(source.name, source.path)
        with SeenIds(self.folder / "scratch_dir") as seen:
            articles = list(read_articles(source, report, seen, max_characters, self.folder / "scratch_dir", threads))
        assert report.read >= report.kept + report.not_drawn + sum(report.left_out.values()) + sum(report.dropped.values())
        assert report.kept == len(articles)
        json.dumps(asdict(report))
        assert not list((self.folder / "scratch_dir").iterdir())
        return articles, report

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
