"""The interactive page: one file that needs no network, in which every text stays text."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest
from test_labels import HOSTILE, labelled, small_map

from knowledge_map.labels import SCHEMA
from knowledge_map.map_table import question_region
from knowledge_map.page import _web_addresses, write_page
from knowledge_map.questions import Question


class Elements(HTMLParser):
    """The elements of a page, as (tag, attributes, the text directly after the start tag)."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append([tag, dict(attrs), ""])

    def handle_data(self, data):
        if self.found:
            self.found[-1][2] += data

    def handle_endtag(self, tag):
        self.found.append(["/" + tag, {}, ""])

    def all(self, tag):
        return [element for element in self.found if element[0] == tag]


def page(folder, articles=60, questions=3, titles=None):
    """Write the page of a small map; return the map, the page's text, its elements and its data."""
    knowledge_map, embeddings = small_map(folder, articles, questions, titles)
    table = labelled((knowledge_map, embeddings), 2, 4)
    asked = [Question(f"question:{row}", f"Why {row}?", ("<i>yes</i>", "no"), 1, {}) for row in range(questions)]
    region = question_region(knowledge_map.places[~knowledge_map.is_article], 0.1)
    write_page(knowledge_map, table, asked[::-1], region, folder / "map.html")
    html = (folder / "map.html").read_text(encoding="utf-8")
    elements = Elements(html)
    return knowledge_map, html, elements, json.loads(elements.all("script")[0][2])


def decoded(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


def test_hostile_titles_stay_text(tmp_path):
    _, html, elements, data = page(tmp_path, articles=len(HOSTILE), titles=HOSTILE)
    assert data["titles"][: len(HOSTILE)] == HOSTILE
    assert len(elements.all("script")) == 2
    assert not elements.all("img") and not elements.all("b") and not elements.all("i")
    assert "<img" not in html and "\u2028" not in html


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(tmp_path):
    _, _, elements, _ = page(tmp_path)
    (policy,) = (attributes["content"] for _, attributes, _ in elements.all("meta") if "http-equiv" in attributes)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    def digest(text):
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == digest(elements.all("style")[0][2])
    assert rules["script-src"] == digest(elements.all("script")[1][2])
    assert "unsafe" not in policy


def test_nothing_is_loaded_and_no_handler_is_inline(tmp_path):
    _, html, elements, _ = page(tmp_path)
    names = {name for _, attributes, _ in elements.found for name in attributes}
    assert not names & {"src", "href", "srcset", "style", "action"}
    assert not [name for name in names if name.startswith("on")]
    script = elements.all("script")[1][2]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|fetch\(|XMLHttpRequest|import\(", script)
    assert "@import" not in html and "url(" not in elements.all("style")[0][2]


def test_places_neighbors_and_questions_reach_the_page(tmp_path):
    knowledge_map, _, _, data = page(tmp_path, articles=60, questions=3)
    assert data["articles"] == 60
    assert decoded(data["places"], "<u2").reshape(-1, 2) / 65535 == pytest.approx(knowledge_map.places, abs=1e-5)
    assert decoded(data["neighbors"], "<i4").reshape(63, -1).tolist() == [[0, 1, 2]] * 63
    assert data["titles"][60:] == ["Why 0?", "Why 1?", "Why 2?"]
    question = {"id": "question:0", "options": ["<i>yes</i>", "no"], "answer": 1, "difficulty": 0, "source": -1}
    assert data["questions"][0] == question
    assert [level["grid"] for level in data["levels"]] == [2, 4]
    assert {len(data[name]) for name in ("titles", "excerpts", "urls")} == {63}


def test_the_same_map_gives_the_same_bytes(tmp_path):
    _, first, _, _ = page(tmp_path)
    assert page(tmp_path)[1] == first


@pytest.mark.parametrize("articles", [1, 40])
def test_a_map_without_questions_has_a_page(tmp_path, articles):
    _, html, _, data = page(tmp_path, articles=articles, questions=0)
    assert data["questions"] == [] and data["region"] is None
    assert 'id="region"' not in html


def test_a_map_without_labels_has_a_page(tmp_path):
    knowledge_map, _ = small_map(tmp_path, 5, 0)
    write_page(knowledge_map, SCHEMA.empty_table(), [], None, tmp_path / "map.html")
    assert '"levels":[]' in (tmp_path / "map.html").read_text(encoding="utf-8")


def test_only_web_addresses_become_links():
    urls = ["https://a.org", "HTTP://b.org", "javascript:alert(1)", "data:text/html,x", " https://c.org", "", None]
    assert _web_addresses(pa.chunked_array([urls])).to_pylist() == ["https://a.org", "HTTP://b.org", "", "", "", "", ""]
