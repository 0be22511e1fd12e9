"""The page of tiles: every article in one tile, every title found by its words, files named by their content."""

import json
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from labelled_maps import HOSTILE, labelled, small_map
from page_files import Elements

from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import read_parquet, write_parquet
from knowledge_map.labels.table import SCHEMA as LABELS
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.records import Question
from knowledge_map.run.serving import page_server
from knowledge_map.views.page.content import PageContent, PageSettings
from knowledge_map.views.page.tiles import TILED_COLUMNS, write_tiles
from knowledge_map.views.page.tiles.parts import ContentFolder
from knowledge_map.views.page.tiles.quadtree import BITS, CELLS, SPARED, build_quadtree
from knowledge_map.views.page.tiles.titles import KEY, folded_titles, trie_nodes

# --- the quadtree


@pytest.mark.parametrize("count", [0, 1, 900, 5_000])
def test_every_article_stands_in_one_tile_of_its_square(count):
    clumps = np.random.default_rng(2).normal(30_000, [200, 9_000], (count, 2)).clip(0, 65535).astype(np.uint16)
    tree = build_quadtree(clumps, 200)
    assert np.sort(tree.order).tolist() == list(range(count))
    for tile, (level, code) in enumerate(zip(tree.level.tolist(), tree.code.tolist(), strict=True)):
        own = clumps[tree.order[tree.first[tile] : tree.first[tile + 1]]].astype(np.int64)
        x, y = (sum((code >> 2 * bit + axis & 1) << bit for bit in range(level)) for axis in (0, 1))
        assert (own >> (BITS - level) == [x, y]).all()
        if tree.children[tile]:
            cells = np.unique(own >> max(BITS - level - CELLS, 0), axis=0)
            assert len(own) <= 200 and (len(cells) == len(own) or level >= BITS - CELLS)
        else:
            assert len(own) <= 200 * SPARED


def test_the_children_of_a_tile_follow_in_the_order_of_their_parents():
    tree = build_quadtree(np.random.default_rng(0).integers(0, 65536, (3_000, 2)).astype(np.uint16), 100)
    assert sum(mask.bit_count() for mask in tree.children.tolist()) == len(tree.level) - 1
    assert (np.diff(tree.level.astype(int)) >= 0).all()


def test_a_coarse_tile_is_spread_evenly_though_most_articles_lie_in_one_corner():
    random = np.random.default_rng(1)
    steps = np.concatenate([random.integers(0, 65536, (2_000, 2)), random.integers(0, 4_096, (20_000, 2))]).astype(np.uint16)
    tree = build_quadtree(steps, 1_000)
    root = steps[tree.order[: tree.first[1]]]
    assert (root < 4_096).all(axis=1).mean() < 0.1  # of all articles these are nine tenths


def test_a_coarse_tile_of_which_much_is_empty_is_no_denser_than_its_neighbors():
    steps = np.random.default_rng(2).integers(0, [65_536, 42_000], (60_000, 2)).astype(np.uint16)  # the upper tiles have a fourth
    tree = build_quadtree(steps)
    sizes = np.diff(tree.first)[1:5]
    assert tree.level[1:6].tolist() == [1, 1, 1, 1, 2]
    assert sizes[2:].max() / sizes[:2].min() < 0.35


def test_articles_on_one_spot_do_not_go_on_for_ever():
    tree = build_quadtree(np.full((500, 2), 7, np.uint16), 10)
    assert tree.level.max() == BITS and np.diff(tree.first).sum() == 500


# --- the search index


def test_a_trie_has_the_best_of_any_beginning_on_one_path():
    random = np.random.default_rng(3)
    keys = np.zeros((3_000, KEY), np.uint8)
    keys[:, :6] = random.integers(97, 101, (3_000, 6))
    keys[1_000:1_200, :] = 97  # all alike
    keys = keys[np.lexsort(keys.T[::-1])]
    ranks = random.permutation(3_000)
    nodes = list(trie_nodes(keys, ranks, 50))
    assert np.sort(np.concatenate([node.taken for node in nodes])).tolist() == list(range(3_000))
    for beginning in ([], [97], [98, 99], [100, 97, 98]):
        own = np.flatnonzero((keys[:, : len(beginning)] == beginning).all(axis=1))
        on_path, depth = [], 0
        for node in nodes:  # each stands before those below it
            if node.depth == depth and (not depth or node.bytes[0] <= beginning[depth - 1] <= node.bytes[1]):
                on_path.append(node.taken)
                depth += 1
                if depth > len(beginning):
                    break
        held = np.intersect1d(np.concatenate(on_path), own)
        best = own[np.argsort(ranks[own])][:20]
        assert np.isin(best, held).all()


def test_titles_are_folded_as_the_page_folds_what_is_looked_for():
    titles = pa.chunked_array([["Éclair", "ΟΔΥΣΣΕΥΣ", "İstanbul", "line\nbreak\x07", "Straße", "東京", "A\u0301"]])
    assert folded_titles(titles).to_pylist() == ["eclair", "οδυσσευσ", "istanbul", "line break ", "straße", "東京", "a"]


# --- the folder


def parts_of(content: bytes) -> dict[str, bytes]:
    """Return the parts of a file by their names."""
    line, rest = zlib.decompress(content).split(b"\n", 1)
    parts, at = {}, 0
    for name, length in json.loads(line)["parts"]:
        parts[name] = rest[at : at + length]
        at += length
    assert at == len(rest)
    return parts


def numbers(content: bytes, width: int) -> np.ndarray:
    return np.frombuffer(content, np.uint8).reshape(width, -1).T.copy().view(f"<u{width}").ravel()


def texts(parts: dict[str, bytes], name: str) -> list[str]:
    ends = np.cumsum(numbers(parts[f"{name}-lengths"], 4))
    return [parts[name][start:end].decode() for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def write(folder: Path, titles: list[str] | None = None, questions: int = 2, articles: int = 120, **settings):
    """Write the tiles of a small map; return the map, the elements of the page, and its files by their kinds."""
    knowledge_map, table = small_map(folder, articles, questions, titles)
    asked = [Question(f"question:{row}", f"Why {row}?", ("yes", "no"), 1, {}) for row in range(questions)]
    labels = labelled((knowledge_map, table), 2, 4) if articles else LABELS.empty_table()
    page = folder / "page" / "index.html"
    tiled = KnowledgeMap(knowledge_map.path, TILED_COLUMNS)
    write_tiles(PageContent(tiled, labels, asked, settings=PageSettings(**settings)), page, capacity=30)
    return knowledge_map, Elements(page.read_text(encoding="utf-8")), files_of(folder)


def files_of(folder: Path) -> dict[str, bytes]:
    data = folder / "page" / "data"
    return {str(file.relative_to(data)): file.read_bytes() for file in sorted(data.rglob("*")) if file.is_file()}


def in_order(elements: Elements, files: dict[str, bytes]) -> tuple[list[dict], list[dict]]:
    """Return the parts of all tiles, and of all files of details, in the order of their articles."""
    children = len(elements.column("tree")) // 5
    digests = [elements.column("digests")[at : at + 8].hex() for at in range(0, len(elements.column("digests")), 8)]
    tiles = [parts_of(files[f"tiles/{digest}.bin"]) for digest in digests[:children]]
    return tiles, [parts_of(files[f"details/{digest}.bin"]) for digest in digests[children:]]


def test_every_article_reaches_the_tiles_with_its_position_neighbors_and_excerpt(tmp_path):
    knowledge_map, elements, files = write(tmp_path, neighbors=2)
    tiles, details = in_order(elements, files)
    titles = [title for tile in tiles for title in texts(tile, "titles")]
    row_of = {title: row for row, title in enumerate(knowledge_map.table["title"].to_pylist())}
    rows = [row_of[title] for title in titles]
    assert sorted(rows) == list(range(120))
    steps = np.concatenate([numbers(tile["positions"], 2).reshape(2, -1).T for tile in tiles])
    assert steps / 65535 == pytest.approx(knowledge_map.positions[rows], abs=1e-5)
    assert [text for part in details for text in texts(part, "excerpts")] == [f"About {title}" for title in titles]
    near = np.frombuffer(b"".join(part["neighbors"] for part in details), np.uint8).reshape(-1, 2, 3) @ [1, 256, 65536]
    assert [[rows[number] for number in some] for some in near.tolist()] == [[0, 1]] * 120
    density = numbers(elements.column("density"), 4)
    assert density.sum() == 120


def test_hostile_titles_stay_text_in_tiles_and_index(tmp_path):
    _, elements, files = write(tmp_path, titles=HOSTILE, articles=len(HOSTILE))
    tiles, _ = in_order(elements, files)
    assert sorted(title for tile in tiles for title in texts(tile, "titles")) == sorted(HOSTILE)
    assert not elements.all("img")
    (policy,) = (attributes["content"] for _, attributes, _ in elements.all("meta") if "http-equiv" in attributes)
    assert "connect-src 'self';" in policy and "unsafe" not in policy


def test_what_stays_the_same_is_not_written_again_and_what_is_no_longer_needed_goes(tmp_path):
    knowledge_map, _, before = write(tmp_path)
    stamps = {file: file.stat().st_mtime_ns for file in (tmp_path / "page" / "data").rglob("*.bin")}
    (tmp_path / "page" / "data" / "tiles" / "left.tmp").write_bytes(b"of a writer that was killed")
    titles = knowledge_map.table["title"].to_pylist()[:120]
    _, _, after = write(tmp_path, titles=["Another", *titles[1:]])
    changed = {name.split("/")[0] for name in before.keys() ^ after.keys()}
    assert "tiles" in changed and len([name for name in before.keys() - after.keys() if name.startswith("tiles/")]) == 1
    kept = before.keys() & after.keys()
    assert all(
        stamps[tmp_path / "page" / "data" / name] == (tmp_path / "page" / "data" / name).stat().st_mtime_ns for name in kept
    )
    assert "tiles/left.tmp" not in after


def test_the_same_map_gives_the_same_bytes(tmp_path):
    first = write(tmp_path / "one")[2]
    assert write(tmp_path / "two")[2] == first
    pages = [(tmp_path / name / "page" / "index.html").read_bytes() for name in ("one", "two")]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("settings", [{"excerpts": "none"}, {"neighbors": 0}, {"excerpts": "region"}])
def test_no_more_is_carried_than_asked_for(tmp_path, settings):
    _, elements, files = write(tmp_path, **settings)
    _, details = in_order(elements, files)
    excerpts = [text for part in details for text in texts(part, "excerpts")]
    if "neighbors" in settings:
        assert all(part["neighbors"] == b"" for part in details)
    else:
        assert any(excerpts) == (settings["excerpts"] == "region") and not all(excerpts)


def test_a_map_without_questions_has_tiles(tmp_path):
    _, elements, _ = write(tmp_path, questions=0)
    assert elements.head()["tiles"]["questions"] == [] and elements.head()["region"] is None


def test_articles_may_end_where_a_batch_of_rows_ends(tmp_path, monkeypatch):
    whole = write(tmp_path / "one")[2]
    monkeypatch.setattr("knowledge_map.views.page.tiles.write.READ", 40)  # 120 articles, and then the questions
    assert write(tmp_path / "two")[2] == whole


def test_a_file_that_lost_its_end_is_written_again(tmp_path):
    folder = ContentFolder(tmp_path)
    name = folder.add("tiles", b"content").hex()
    file = tmp_path / "tiles" / f"{name}.bin"
    file.write_bytes(b"cont")
    again = ContentFolder(tmp_path)
    again.add("tiles", b"content")
    assert file.read_bytes() == b"content" and again.written == 1


def test_too_many_items_are_refused_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr("knowledge_map.views.page.tiles.write.NONE", 100)
    with pytest.raises(UserError, match="set `file`"):
        write(tmp_path)


# --- showing it


def test_a_folder_without_a_page_and_a_port_that_is_taken_are_told(tmp_path):
    with pytest.raises(UserError, match="page_tiles"):
        page_server(tmp_path)
    (tmp_path / "index.html").write_text("page")
    with page_server(tmp_path) as server, pytest.raises(UserError, match="take another"):
        page_server(tmp_path, server.server_address[1])


def test_carried_columns_reach_the_tiles_as_they_reach_the_page_of_one_file(tmp_path):
    knowledge_map, _ = small_map(tmp_path, 60, 0)
    years = pa.array([1990 + row % 7 for row in range(60)])
    tagged = pa.array([["a", "b"][: row % 3] for row in range(60)])
    write_parquet(knowledge_map.path, read_parquet(knowledge_map.path).append_column("year", years).append_column("tags", tagged))
    page = tmp_path / "page" / "index.html"
    write_tiles(PageContent(KnowledgeMap(knowledge_map.path, TILED_COLUMNS), LABELS.empty_table()), page, capacity=20)
    elements = Elements(page.read_text(encoding="utf-8"))
    tiles, _ = in_order(elements, files_of(tmp_path))
    rows = [int(title.split()[1]) for tile in tiles for title in texts(tile, "titles")]
    year, tags = elements.head()["carried"]
    assert [year["first"] + code for tile in tiles for code in tile["carried-0"]] == [years[row].as_py() for row in rows]
    assert [each for tile in tiles for each in tile["carried-1-each"]] == [row % 3 for row in rows]
    assert tags["kind"] == "tags"
    assert elements.texts("carried-1-names") == ["a", "b"]  # they travel with the page
