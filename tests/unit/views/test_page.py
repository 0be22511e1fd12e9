"""The interactive page: one file that needs no network, in which every text stays text."""

import base64
import hashlib
import re
import zlib
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pytest
from labelled_maps import HOSTILE, labelled, small_map
from page_files import Elements, page

from knowledge_map.labels.table import SCHEMA, shown_labels
from knowledge_map.map.region import Region
from knowledge_map.views.page import PageContent, write_page
from knowledge_map.views.page.columns import (
    FOLLOWS,
    NONE,
    Address,
    label_rows,
    neighbor_columns,
    packed,
    source_column,
    stretch_column,
    trust_column,
    url_column,
    web_addresses,
)


def test_hostile_titles_stay_text(tmp_path):
    _, html, elements = page(tmp_path, articles=len(HOSTILE), titles=HOSTILE)
    assert elements.texts("titles")[: len(HOSTILE)] == HOSTILE
    assert [attributes.get("type") for _, attributes, _ in elements.all("script")].count(None) == 1
    assert not elements.all("img") and not elements.all("i")
    assert "<img" not in html and "\u2028" not in html


def test_the_policy_allows_this_style_and_these_scripts_and_nothing_else(tmp_path):
    _, _, elements = page(tmp_path)
    (policy,) = (attributes["content"] for _, attributes, _ in elements.all("meta") if "http-equiv" in attributes)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    def digest(text):
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == digest(elements.all("style")[0][2])
    loader, script = elements.all("script")[-1][2], elements.column("script").decode()
    assert rules["script-src"] == f"{digest(loader)} {digest(script)}"
    assert rules.keys() == {"default-src", "style-src", "script-src", "base-uri", "form-action"}
    assert "unsafe" not in policy


def test_nothing_is_loaded_and_no_handler_is_inline(tmp_path):
    _, html, elements = page(tmp_path)
    names = {name for _, attributes, _ in elements.found for name in attributes}
    assert not names & {"src", "href", "srcset", "style", "action"}
    assert not [name for name in names if name.startswith("on")]
    script = elements.all("script")[-1][2] + elements.column("script").decode()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|XMLHttpRequest|import\(", script)
    assert len(re.findall(r"\bfetch\(", script)) == 1  # that of a page of tiles, which the policy of this one does not allow
    assert "@import" not in html and "url(" not in elements.all("style")[0][2]


def test_places_neighbors_and_questions_reach_the_page(tmp_path):
    knowledge_map, _, elements = page(tmp_path, articles=60, questions=3)
    head = elements.head()
    assert head["articles"] == 60
    positions = np.frombuffer(elements.column("positions"), "<u2").reshape(2, -1).T / 65535
    assert positions == pytest.approx(knowledge_map.positions, abs=1e-5)
    rows = np.frombuffer(elements.column("neighbors"), np.uint8).reshape(63, 3, 3)
    assert (rows @ [1, 256, 65536]).tolist() == [[0, 1, 2]] * 63
    falls = np.frombuffer(elements.column("similarities"), np.uint8).reshape(3, 63)
    assert falls.tolist() == [[230] * 63, [0] * 63, [0] * 63]  # cosines of 0.9 in steps of 1/255
    assert elements.column("trust") == bytes([102]) * 63 and elements.column("stretch") == bytes([128]) * 63  # 0.4 and 1
    assert elements.texts("titles")[60:] == ["Why 0?", "Why 1?", "Why 2?"]
    assert head["questions"][0] | {"options": ["<i>yes</i>", "no"], "answer": 1} == head["questions"][0]
    assert [level["grid"] for level in head["levels"]] == [2, 4]
    assert len(elements.texts("excerpts")) == len(elements.texts("urls")) == 63


def test_trust_and_stretch_take_a_byte_and_unknown_ones_are_told():
    assert trust_column(pa.chunked_array([[0.0, 0.5, 1.0, None]], pa.float32())).tolist() == [0, 127, 254, 255]
    stretches = pa.chunked_array([[0.0, 0.5, 1.0, 4.0, 1e9, None]], pa.float32())
    assert stretch_column(stretches).tolist() == [0, 112, 128, 160, 254, 255]


def test_the_same_map_gives_the_same_bytes(tmp_path):
    _, first, _ = page(tmp_path)
    assert page(tmp_path)[1] == first


@pytest.mark.parametrize("articles", [1, 40])
def test_a_map_without_questions_has_a_page(tmp_path, articles):
    _, html, elements = page(tmp_path, articles=articles, questions=0)
    assert elements.head()["questions"] == [] and elements.head()["region"] is None
    assert 'id="region"' not in html and 'value="distance"' not in html


def test_a_map_without_labels_has_a_page(tmp_path):
    knowledge_map, _ = small_map(tmp_path, 5, 0)
    write_page(PageContent(knowledge_map, SCHEMA.empty_table()), tmp_path / "map.html")
    assert Elements((tmp_path / "map.html").read_text(encoding="utf-8")).head()["levels"] == []


@pytest.mark.parametrize("excerpts", ["all", "region", "none"])
def test_excerpts_are_those_asked_for(tmp_path, excerpts):
    knowledge_map, _, elements = page(tmp_path, excerpts=excerpts)
    region = Region(**elements.head()["region"])
    inside = region.contains(knowledge_map.positions) & knowledge_map.is_article
    wanted = {"all": knowledge_map.is_article, "region": inside, "none": np.zeros(63, bool)}[excerpts]
    assert [bool(text) for text in elements.texts("excerpts")] == wanted.tolist()
    assert 0 < inside.sum() < 60


@pytest.mark.parametrize("neighbors", [0, 2, 50])
def test_no_more_neighbors_than_asked_for(tmp_path, neighbors):
    _, _, elements = page(tmp_path, neighbors=neighbors)
    assert len(elements.column("neighbors")) == 63 * min(neighbors, 3) * 3


def lists(*pairs):
    kind = pa.struct([("ids", pa.list_(pa.int32())), ("distances", pa.list_(pa.float32()))])
    return pa.chunked_array([pa.array([{"ids": ids, "distances": distances} for ids, distances in pairs], kind)])


def test_short_lists_of_neighbors_are_filled_up():
    rows, falls = neighbor_columns(lists(([70_000, 2], [0.0, 0.4]), ([], []), ([5], [1.7])), 8)
    assert (rows @ [1, 256, 65536]).tolist() == [[70_000, 2], [NONE, NONE], [5, NONE]]
    assert falls.T.tolist() == [[255, 102], [0, 0], [0, 0]]  # a cosine below 0 counts as 0


def test_similarities_that_rise_are_kept_too():
    _, falls = neighbor_columns(lists(([1, 2, 3], [0.5, 0.2, 0.9])), 3)
    levels = [int(falls[0, 0])]
    for fall in falls[1:, 0].tolist():
        levels.append((levels[-1] - fall) % 256)
    assert levels == [128, 204, 26]


def test_addresses_that_follow_from_titles_are_not_repeated():
    titles = pa.chunked_array([["AC/DC", "Łódź (city)", "A b", "C'est !*", "other"], ["next", ""]])
    urls = [f"https://en.example.org/wiki/{quote(title)}" for title in titles.to_pylist()]
    urls[4] = "https://elsewhere.org/"
    urls[6] = ""
    address, column = url_column(titles, pa.chunked_array([urls]))
    assert address == Address("https://en.example.org/wiki/", False)
    assert column.to_pylist() == [FOLLOWS] * 4 + ["https://elsewhere.org/", FOLLOWS, ""]


def test_addresses_with_underscores_follow_too():
    titles = pa.chunked_array([["A b", "C d e"]])
    urls = pa.chunked_array([["https://x.org/A_b", "https://x.org/C_d_e"]])
    address, column = url_column(titles, urls)
    assert address == Address("https://x.org/", True) and column.to_pylist() == [FOLLOWS] * 2


def test_addresses_that_follow_from_nothing_are_kept():
    titles, urls = pa.chunked_array([["a", "b"]]), pa.chunked_array([["https://x.org/1", None]])
    assert url_column(titles, urls)[0] is None
    assert url_column(titles, urls)[1].to_pylist() == ["https://x.org/1", ""]


def test_only_web_addresses_become_links():
    urls = ["https://a.org", "HTTP://b.org", "javascript:alert(1)", "data:text/html,x", " https://c.org", "", None]
    assert web_addresses(pa.chunked_array([urls])).to_pylist() == ["https://a.org", "HTTP://b.org", "", "", "", "", ""]


def test_sources_come_by_frequency_and_the_rest_share_one_place():
    names, positions = source_column(pa.chunked_array([["b", "a", "b", "c"], ["b", "a"]]))
    assert names == ["b", "a", "c"] and positions.tolist() == [0, 1, 0, 2, 0, 1]
    names, positions = source_column(pa.chunked_array([[f"{n:03}" for n in range(300)]]))
    assert len(names) == 255 and positions.tolist() == [*range(255), *[255] * 45]


def test_pieces_of_base64_can_be_joined():
    content = np.random.default_rng(1).bytes(3_000_000)
    pieces = list(packed([content[:10], content[10:2_000_000], content[2_000_000:]]))
    assert len(pieces) > 1 and zlib.decompress(base64.b64decode("".join(pieces))) == content


def test_every_label_brings_the_articles_to_which_it_applies(tmp_path):
    small = small_map(tmp_path, 60, 3, [f"Moth {n}" if n < 30 else f"Bee {n}" for n in range(60)])
    labels = labelled(small, 2, 4)
    shown = [row for grid in (2, 4) for row in shown_labels(labels, grid).to_pylist()]
    distances = label_rows(labels)
    assert len(distances) == sum(label["applies_to"] for label in shown)
    start = 0
    for label in shown:
        rows = np.cumsum(distances[start : start + label["applies_to"]]).tolist()
        start += label["applies_to"]
        assert rows == sorted(set(rows))
        assert set(label["examples"]) <= set(rows)
