"""The list of articles: valid JSON whatever the titles say, an article a line, and no question among them."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maps import write_map

from knowledge_map.common.errors import UserError
from knowledge_map.map.articles_json import write_articles_json

HOSTILE = [
    '"',
    "\\",
    "</script>",
    "a\nb\r\tc",
    "\u2028\u2029",
    "\x00\x1f\x7f",
    "𝔘niçødé 細胞",
    "",
    "null",
    "{}[],:",
    "'; DROP TABLE--",
]


def write(folder: Path, titles: list[str], questions: int) -> tuple[np.ndarray, str]:
    """Write a map of items with these titles and return their positions and the JSON."""
    rows = len(titles)
    positions = np.random.default_rng(0).random((rows, 2)).astype(np.float32)
    path, _ = write_map(folder, np.ones((rows, 3), np.float32), questions, positions, positions, titles)
    write_articles_json(path, folder / "articles.json")
    return positions, (folder / "articles.json").read_text(encoding="utf-8")


def test_articles_stand_in_order_without_the_questions(tmp_path):
    positions, content = write(tmp_path, HOSTILE, questions=2)
    articles = json.loads(content)
    assert [article["title"] for article in articles] == HOSTILE[:-2]
    assert [article["excerpt"] for article in articles] == HOSTILE[:-2]
    assert np.allclose([[article["x"], article["y"]] for article in articles], positions[:-2], atol=1e-6)
    assert all(list(article) == ["title", "url", "excerpt", "x", "y"] for article in articles)


def test_an_article_is_a_line(tmp_path):
    _, content = write(tmp_path, HOSTILE, questions=0)
    opening, *lines, closing, rest = content.split("\n")
    assert (opening, closing, rest) == ("[", "]", "")
    assert [json.loads(line.rstrip(",")) for line in lines] == json.loads(content)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=10))
def test_any_title_comes_back(tmp_path_factory, titles):
    _, content = write(tmp_path_factory.getbasetemp(), titles, questions=0)
    assert [article["title"] for article in json.loads(content)] == titles


def test_a_damaged_map_leaves_no_list(tmp_path):
    write(tmp_path, HOSTILE, questions=0)
    (tmp_path / "articles.json").unlink()
    path = tmp_path / "knowledge_map.parquet"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(UserError, match=r"knowledge_map\.parquet: damaged"):
        write_articles_json(path, tmp_path / "articles.json")
    assert [file.name for file in tmp_path.glob("*.json*")] == []
