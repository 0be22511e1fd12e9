"""Labels of the map: every cell has one that says what is around it, levels agree, and every table holds what it promises."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from labelled_maps import HOSTILE, labelled, small_map

from knowledge_map.labels import nearest
from knowledge_map.labels.subjects import _words_of
from knowledge_map.labels.table import SCHEMA, atlas_labels, names_at, shown_labels, with_placed, write_labels
from knowledge_map.map.region import Region
from knowledge_map.map.table import SCHEMA as MAP_SCHEMA


def rows_of(labels: pa.Table, grid: int, extent: str = "map") -> list[dict]:
    return labels.filter((pc.field("grid") == grid) & (pc.field("extent") == extent)).to_pylist()


# --- cells


def test_labels_cover_the_whole_plane_on_every_level_with_gy_upward(tmp_path):
    table = labelled(small_map(tmp_path), 4, 2)
    assert table.schema == SCHEMA
    assert table["level"].to_pylist() == [0] * 4 + [1] * 16
    assert table["grid"].to_pylist() == [2] * 4 + [4] * 16
    cells = list(zip(*(table[name].to_pylist()[:4] for name in ("gx", "gy", "center_x", "center_y")), strict=True))
    assert cells == [(0, 0, 0.25, 0.25), (1, 0, 0.75, 0.25), (0, 1, 0.25, 0.75), (1, 1, 0.75, 0.75)]


def test_every_article_is_counted_in_one_cell_of_each_level_and_no_question_is(tmp_path):
    table = labelled(small_map(tmp_path, articles=100, questions=20), 3, 6)
    counted = table.group_by("grid", use_threads=False).aggregate([("article_count", "sum")])
    assert counted.to_pylist() == [{"grid": 3, "article_count_sum": 100}, {"grid": 6, "article_count_sum": 100}]


def test_the_question_region_has_grids_of_its_own_in_the_same_table(tmp_path):
    small = small_map(tmp_path)
    region = small[0].question_region(0.1)
    table = labelled(small, 2, 4, region=region)
    assert table["extent"].to_pylist() == ["map"] * 20 + ["region"] * 20
    cells = rows_of(table, 4, "region")
    inside = region.contains(small[0].positions[small[0].is_article]).sum()
    assert sum(cell["article_count"] for cell in cells) == inside > 0
    assert all(region.contains(np.array([[cell["center_x"], cell["center_y"]]])).all() for cell in cells)
    assert cells[0]["cell_width"] == pytest.approx((region.x_max - region.x_min) / 4)
    assert table.slice(0, 20).equals(labelled(small, 2, 4))


def test_placed_articles_are_counted_in_their_cells_and_change_no_name(tmp_path):
    small = small_map(tmp_path)
    region = small[0].question_region(0.1)
    table = labelled(small, 2, 4, region=region)
    inside = [region.x_min + 0.01, region.y_min + 0.01]
    placed = np.array([[1.0, 1.0], [0.0, 1.0], inside])
    counted = with_placed(table, placed)
    assert counted.drop_columns("article_count").equals(table.drop_columns("article_count"))
    more = pc.subtract(counted["article_count"], table["article_count"])
    cells = pa.table({"extent": table["extent"], "grid": table["grid"], "more": more})
    by_grid = cells.group_by(["extent", "grid"], use_threads=False).aggregate([("more", "sum")])
    within = int(region.contains(placed).sum())
    assert by_grid["more_sum"].to_pylist() == [3, 3, within, within]
    assert (more[2].as_py(), more[3].as_py()) >= (1, 1)


def test_candidates_are_among_the_articles_nearest_to_the_centre(tmp_path):
    small = small_map(tmp_path, articles=100, questions=50)
    for cell in labelled(small, 5, k=7, candidates=4).to_pylist():
        distances = np.linalg.norm(small[0].positions[:100] - [cell["center_x"], cell["center_y"]], axis=1)
        nearest = np.argsort(distances)[:7]
        rows = [near["row"] for near in cell["candidates"]]
        assert len(set(rows)) == 4
        assert set(rows) <= set(nearest.tolist())
        assert [near["title"] for near in cell["candidates"]] == [f"Article {row}" for row in rows]
        assert [near["distance"] for near in cell["candidates"]] == pytest.approx(distances[rows], abs=1e-6)
        assert cell["radius"] == pytest.approx(distances[nearest[-1]], abs=1e-6)
        if not cell["sparse"]:
            assert cell["label_row"] in nearest
            assert 0 <= cell["confidence"] <= 1


def test_the_confidence_is_the_mean_cosine_to_the_articles_of_the_cell(tmp_path):
    small = small_map(tmp_path)
    vectors = nearest.unit(small[1].vectors())
    positions = small[0].positions[:200]
    for cell in labelled(small, 4).to_pylist():
        half = np.array([cell["cell_width"], cell["cell_height"]]) / 2
        inside = (np.abs(positions - [cell["center_x"], cell["center_y"]]) <= half).all(axis=1)
        cosines = vectors[:200][inside] @ vectors[cell["label_row"]]
        assert cell["confidence"] == pytest.approx(max(0, cosines.mean()), abs=1e-3)


def test_a_cell_far_from_all_articles_is_sparse_and_has_no_name(tmp_path):
    corner = np.random.default_rng(1).uniform(0, 0.17, (43, 2)).astype(np.float32)
    cells = rows_of(labelled(small_map(tmp_path, articles=40, positions=corner), 5, sparse_distance=0.6), 5)
    assert {(cell["gx"], cell["gy"]) for cell in cells if not cell["sparse"]} == {(0, 0), (1, 0), (0, 1)}
    for cell in cells:
        assert (cell["label"] is None) == (cell["area"] is None) == (cell["label_x"] is None) == cell["sparse"]
        assert len(cell["candidates"]) >= 3


def test_a_cell_that_holds_an_article_is_never_sparse(tmp_path):
    table = labelled(small_map(tmp_path, articles=50), 32, sparse_distance=0.1)
    assert table["sparse"].to_pylist() == [count == 0 for count in table["article_count"].to_pylist()]


# --- names


def test_a_cell_is_named_after_the_article_most_like_those_around(tmp_path):
    vectors = np.zeros((6, 8), np.float32)
    vectors[:, 0], vectors[:3, 1], vectors[3, 2], vectors[4, :] = 1, (0.5, 0, -0.5), 3, [0] * 7 + [1]
    positions = np.full((6, 2), 0.5, np.float32)
    titles = ["Kitten", "Cat", "Lion", "Dog", "Stone"]
    assert labelled(small_map(tmp_path, 5, 1, titles, positions, vectors), 1)["label"].to_pylist() == ["Cat"]


def test_many_neighbor_lists_speak_for_a_title(tmp_path):
    small = small_map(tmp_path, 5, 1, vectors=np.ones((6, 8), np.float32), positions=np.full((6, 2), 0.5, np.float32))
    lists = [{"ids": [4, 1], "distances": [0.1, 0.1]}] * 6
    small[0].table = small[0].table.set_column(
        small[0].table.column_names.index("neighbors"),
        "neighbors",
        pa.chunked_array([pa.array(lists, MAP_SCHEMA.field("neighbors").type)]),
    )
    assert labelled(small, 1, popularity=0.1)["label"].to_pylist() == ["Article 1"]
    assert labelled(small, 1, popularity=0)["label"].to_pylist() == ["Article 0"]


def test_what_is_uninformative_names_no_cell_that_has_another_candidate(tmp_path):
    titles = [f"List of things {row}" if row % 5 else f"Thing {row}" for row in range(300)]
    small = small_map(tmp_path, articles=300, titles=titles)
    table = labelled(small, 4, 8, **{"from": "titles"})
    assert not [label for label in table["label"].to_pylist() if label and label.startswith("List")]
    all_lists = labelled(small_map(tmp_path, 5, 0, [f"List of things {row}" for row in range(5)]), 2)
    assert all(cell["label"].startswith("List of things") for cell in all_lists.to_pylist() if not cell["sparse"])


def test_a_coarser_cell_without_any_named_cell_in_it_is_sparse(tmp_path):
    positions = np.array([[0.49, 0.25], [0.4, 0.25], [0.4, 0.4]], np.float32)
    table = labelled(small_map(tmp_path, 2, 1, positions=positions), 2, 8, sparse_distance=0.5)
    sparse = {(cell["gx"], cell["gy"]): cell["sparse"] for cell in rows_of(table, 2)}
    assert sparse == {(0, 0): False, (1, 0): True, (0, 1): True, (1, 1): True}


def test_neighboring_cells_of_one_name_are_one_area_labelled_once(tmp_path):
    cells = rows_of(labelled(small_map(tmp_path, articles=60), 12), 12)
    by_place = {(cell["gx"], cell["gy"]): cell for cell in cells if not cell["sparse"]}
    for (gx, gy), cell in by_place.items():
        for other in (by_place.get((gx + 1, gy)), by_place.get((gx, gy + 1))):
            if other:
                assert (cell["label"] == other["label"]) == (cell["area"] == other["area"])
    shown = [cell["area"] for cell in cells if cell["shown"]]
    assert sorted(shown) == sorted({cell["area"] for cell in by_place.values()})
    assert len(shown) < len(by_place)


# --- odd maps


@pytest.mark.parametrize("articles", [1, 2, 5])
def test_k_larger_than_the_corpus_takes_all_articles(tmp_path, articles):
    table = labelled(small_map(tmp_path, articles=articles), 2, 4, candidates=10)
    assert {len(candidates) for candidates in table["candidates"].to_pylist()} == {articles}
    assert set(table["label"].to_pylist()) - {None} <= {f"Article {row}" for row in range(articles)}


def test_articles_on_one_spot_name_it_and_nothing_else(tmp_path):
    small = small_map(tmp_path, articles=50, positions=np.full((53, 2), 0.3, np.float32))
    table = labelled(small, 2, 8, region=small[0].question_region(0.1))
    named = {(cell["extent"], cell["grid"]) for cell in table.to_pylist() if cell["shown"]}
    assert named == {("map", 2), ("map", 8), ("region", 2), ("region", 8)}
    assert len(shown_labels(table, 8)) == 1


def test_vectors_of_zero_still_give_labels(tmp_path):
    table = labelled(small_map(tmp_path, 20, 1, vectors=np.zeros((21, 8), np.float32)), 2)
    assert table["confidence"].to_pylist() == [0] * 4
    assert None not in table["label"].to_pylist()


def test_a_map_of_nameless_articles_has_no_labels(tmp_path):
    table = labelled(small_map(tmp_path, titles=[""] * 200), 2, 4)
    assert set(table["label"].to_pylist()) == {None}
    assert not any(table["shown"].to_pylist())


# --- tables


def test_shown_labels_name_each_area_with_articles_once_and_the_largest_first(tmp_path):
    table = labelled(small_map(tmp_path, articles=30), 3, 12)
    shown = shown_labels(table, 12)
    assert len(set(shown["area"].to_pylist())) == shown.num_rows > 5
    assert np.all(np.diff(shown["score"].to_numpy()) <= 0)
    assert len(shown_labels(SCHEMA.empty_table(), 12)) == 0


def test_threads_and_block_size_do_not_change_a_byte(tmp_path, monkeypatch):
    written = []
    for threads, pairs in ((1, 5_000), (2, 3)):
        monkeypatch.setattr(nearest, "PAIRS", pairs)
        small = small_map(tmp_path)
        names = [tmp_path / name for name in ("l.parquet", "l.json", "m.parquet")]
        write_labels(labelled(small, 3, 6, region=small[0].question_region(0.1), threads=threads), *names)
        written.append([path.read_bytes() for path in names])
    assert written[0] == written[1]


def test_labels_json_lists_cells_and_keeps_hostile_titles_as_text(tmp_path):
    table = labelled(small_map(tmp_path, articles=len(HOSTILE), titles=HOSTILE), 3, candidates=20)
    write_labels(table, tmp_path / "labels.parquet", tmp_path / "labels.json", tmp_path / "map_labels.parquet")
    cells = json.loads((tmp_path / "labels.json").read_text(encoding="utf-8"))
    assert len(cells) == 9
    assert cells[0].keys() >= {"gx", "gy", "center_x", "center_y", "label", "article_count"}
    for cell in cells:
        assert {near["title"] for near in cell["candidates"]} == (set() if cell["sparse"] else set(HOSTILE))
        assert all(set(near) == {"title", "distance"} for near in cell["candidates"])
    assert not all(cell["sparse"] for cell in cells)
    assert pq.read_table(tmp_path / "labels.parquet").equals(table)
    for label in table["label"].to_pylist():
        assert label is None or (0 < len(label) <= 40 and label.isprintable())


def test_embedding_atlas_gets_each_label_at_the_magnification_it_is_for(tmp_path):
    region = Region(0.4, 0.6, 0.4, 0.5)
    table = labelled(small_map(tmp_path, articles=2000), 2, 4, 8, region=region)
    atlas = atlas_labels(table)
    assert {field.name: str(field.type) for field in atlas.schema} == {
        "x": "float", "y": "float", "text": "string", "level": "int32", "priority": "float",
    }  # fmt: skip
    assert atlas.num_rows and not any(column.null_count for column in atlas.columns)
    # Of the region, a fifth of the map wide, only the grid of 8 is finer than the finest of the map.
    expected = {0: shown_labels(table, 2), 1: shown_labels(table, 4), 2: shown_labels(table, 8)}
    expected[4] = shown_labels(table, 8, "region")
    expected[3] = shown_labels(table, 4, "region")
    for level, shown in expected.items():
        found = atlas.filter(pc.field("level") == level)
        assert found["text"].to_pylist() == shown["label"].to_pylist()
    assert atlas.num_rows == sum(len(shown) for shown in expected.values())


def test_two_forms_of_a_word_do_not_name_a_cell_together():
    words = _words_of(pa.array(["Stars", "star", "Moon", "moons and stars"]))
    together = (words @ words.T).toarray() == 0
    assert together.tolist() == [
        [False, False, True, False],
        [False, False, True, False],
        [True, True, False, False],
        [False] * 4,
    ]


# --- names at points


def test_a_point_has_the_name_of_the_finest_cell_that_is_no_smaller_than_asked_for(tmp_path):
    small = small_map(tmp_path)
    region = Region(0.2, 0.6, 0.1, 0.5)
    table = labelled(small, 2, 8, region=region)
    points = np.array([[0.31, 0.32], [0.9, 0.9], [0.0, 1.0]])

    def names(extent: str, grid: int) -> list[str]:
        cells = {(cell["gx"], cell["gy"]): cell["label"] or "" for cell in rows_of(table, grid, extent)}
        box = Region(0, 1, 0, 1) if extent == "map" else region
        low, sides = np.array([box.x_min, box.y_min]), np.array([box.x_max - box.x_min, box.y_max - box.y_min])
        return [cells.get(tuple(np.clip((point - low) / sides * grid, 0, grid - 1).astype(int).tolist())) for point in points]

    assert names_at(table, points, 0.9) == names_at(table, points, 0.3) == names("map", 2)
    assert names_at(table, points, 0.15) == [names("region", 2)[0], *names("map", 2)[1:]]
    assert names_at(table, points, 0.1) == names("map", 8)
    assert names_at(table, points, 0.01) == [names("region", 8)[0], *names("map", 8)[1:]]


def test_a_point_far_from_all_articles_has_no_name(tmp_path):
    positions = np.vstack([np.random.default_rng(1).uniform(0, 0.2, (40, 2)), [[0.1, 0.1]]]).astype(np.float32)
    table = labelled(small_map(tmp_path, articles=40, questions=1, positions=positions), 8)
    near, far = names_at(table, np.array([[0.1, 0.1], [0.9, 0.9]]), 0.01)
    assert near and far == ""
