"""The knowledge map as a table: excerpts of whole words, the question region, and every column in its row."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from embedded_files import vectors_of, write_embedded
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import read_parquet, write_parquet
from knowledge_map.embedding.table import EmbeddingTable, merge_embeddings
from knowledge_map.layout.table import write_layout
from knowledge_map.map.join import iterate_texts, write_knowledge_map
from knowledge_map.map.pickle_export import map_metadata
from knowledge_map.map.region import Region, question_region
from knowledge_map.map.table import EXCERPT, KnowledgeMap, excerpt
from knowledge_map.map.trust import stretch_of, trust_of_map, typical_distance
from knowledge_map.neighbors.graph import write_neighbors

# --- excerpts

words = st.text(st.sampled_from("abcdefg,;:."), min_size=1, max_size=30)
spaces = st.text(st.sampled_from(" \n\t\u00a0\u2003"), min_size=1, max_size=500)


@settings(deadline=None)
@given(st.lists(st.tuples(words, spaces), max_size=40), st.integers(31, EXCERPT))
def test_an_excerpt_is_the_opening_in_whole_words(pieces, characters):
    short = excerpt("".join(word + space for word, space in pieces), characters)
    assert len(short) <= characters
    whole = [word for word, _ in pieces]
    if short == " ".join(whole):
        return
    assert short.endswith("…")
    kept = short.removesuffix("…").split()
    # Commas and the like go before an ellipsis, and with them whole words of nothing else.
    if kept:
        assert kept[:-1] == whole[: len(kept) - 1]
        assert kept[-1] == whole[len(kept) - 1].rstrip(",;:")
    else:
        assert not whole[0].rstrip(",;:")


def test_an_excerpt_is_as_long_as_it_may_be():
    assert excerpt("abcd " * 20) == ("abcd " * 20).strip()
    assert excerpt("abcd " * 21) == ("abcd " * 19).strip() + "…"


def test_a_word_after_a_wide_gap_is_whole():
    assert excerpt("one" + " " * 395 + "another") == "one another"


def test_a_word_longer_than_an_excerpt_is_cut():
    assert excerpt("x" * 300) == "x" * 99 + "…"


def test_blanks_make_no_excerpt():
    assert excerpt(" \n ") == ""


# --- the question region


def test_the_padding_is_a_fraction_of_the_longer_side():
    region = question_region(np.array([[0.3, 0.4], [0.5, 0.5]]), 0.5)
    assert np.allclose(list(region.as_dict().values()), [0.2, 0.6, 0.3, 0.6])
    assert list(region.as_dict()) == ["x_min", "x_max", "y_min", "y_max"]


def test_the_region_ends_at_the_border_of_the_map():
    assert question_region(np.array([[0.1, 0.2], [0.9, 0.8]]), 10) == Region(0, 1, 0, 1)


def test_a_single_question_has_a_region_of_some_extent():
    region = question_region(np.array([[0.5, 0.5]]), 0.5)
    assert np.allclose(list(region.as_dict().values()), [0.45, 0.55, 0.45, 0.55])


def test_without_questions_there_is_no_region():
    assert question_region(np.empty((0, 2)), 0.1) is None


def test_a_region_contains_its_border():
    inside = Region(0.25, 0.5, 0.25, 0.5).contains(np.array([[0.25, 0.5], [0.3, 0.3], [0.51, 0.3], [0.3, 0.2]]))
    assert inside.tolist() == [True, True, False, False]


# --- the table

ARTICLES, QUESTIONS, DIMENSION, K = 25, 3, 4, 5
ROWS = ARTICLES + QUESTIONS


def write_inputs(folder: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """Write embeddings, layout and neighbor graph, and return layout and graph as arrays, and the texts."""
    shard = write_embedded(folder / "shard.parquet", vectors_of(ARTICLES, DIMENSION))
    questions = write_embedded(folder / "questions.parquet", vectors_of(QUESTIONS, DIMENSION, 1))
    merge_embeddings([shard], questions, folder / "embeddings.parquet")
    random = np.random.default_rng(2)
    columns = {name: random.random(ROWS).astype(np.float32) for name in ("x", "y", "x_raw", "y_raw")}
    write_layout(folder / "layout.parquet", **columns)
    arrays = columns | {
        "ids": np.array([random.permutation(ROWS)[:K] for _ in range(ROWS)], np.int32),
        "distances": random.random((ROWS, K)).astype(np.float32),
    }
    write_neighbors(folder / "neighbors.parquet", 0, arrays["ids"], arrays["distances"])
    return arrays, [f"text {n} " * 20 for n in range(ROWS)]


@pytest.fixture
def written(tmp_path) -> tuple[Path, dict[str, np.ndarray], list[str]]:
    arrays, texts = write_inputs(tmp_path)
    paths = (tmp_path / f"{name}.parquet" for name in ("embeddings", "layout", "neighbors"))
    write_knowledge_map(*paths, texts, tmp_path / "knowledge_map.parquet")
    return tmp_path, arrays, texts


def test_every_column_of_the_map_stands_in_its_row(written):
    folder, arrays, texts = written
    table = read_parquet(folder / "knowledge_map.parquet")
    embeddings = read_parquet(folder / "embeddings.parquet")
    for name in ("row", "item_id", "kind", "source", "title", "url"):
        assert table[name].to_pylist() == embeddings[name].to_pylist()
    for name in ("x", "y", "x_raw", "y_raw"):
        assert np.array_equal(table[name].to_numpy(), arrays[name])
    for name in ("ids", "distances"):
        assert np.array_equal([near[name] for near in table["neighbors"].to_pylist()], arrays[name])
    assert table["excerpt"].to_pylist() == [excerpt(text) for text in texts]
    positions = np.column_stack([arrays["x"], arrays["y"]])
    found = trust_of_map(positions, ARTICLES, [arrays["ids"]])
    typical = KnowledgeMap(folder / "knowledge_map.parquet").typical_distance
    assert typical == typical_distance(found.distance[:ARTICLES])
    assert np.array_equal(table["trust"].to_numpy(), found.trust, equal_nan=True)
    assert np.array_equal(table["stretch"].to_numpy(), stretch_of(found.distance, typical), equal_nan=True)
    assert table["trust"].null_count == np.isnan(found.trust).sum()


CARRIED = pa.table({"item_id": [f"wiki:{n}" for n in range(ARTICLES)], "year": range(ARTICLES), "tags": [["a", "b"]] * ARTICLES})


def test_carried_columns_stand_beside_their_articles_and_are_missing_for_questions(written):
    folder, _, texts = written
    inputs = [folder / f"{name}.parquet" for name in ("embeddings", "layout", "neighbors")]
    carried = CARRIED.set_column(0, "item_id", read_parquet(inputs[0])["item_id"].slice(0, ARTICLES))
    write_parquet(folder / "carried.parquet", carried)
    write_knowledge_map(*inputs, texts, folder / "with.parquet", folder / "carried.parquet")
    table = read_parquet(folder / "with.parquet")
    assert table["year"].to_pylist() == [*range(ARTICLES), *[None] * QUESTIONS]
    assert table["tags"].to_pylist() == [["a", "b"]] * ARTICLES + [None] * QUESTIONS
    assert table.drop_columns(["year", "tags"]).equals(read_parquet(folder / "knowledge_map.parquet"))
    assert [field.name for field in KnowledgeMap(folder / "with.parquet").carried] == ["year", "tags"]


@pytest.mark.parametrize("carried", [CARRIED, CARRIED.slice(0, 9)], ids=["other articles", "too few"])
def test_carried_columns_of_other_articles_are_refused(written, carried):
    folder, _, texts = written
    inputs = [folder / f"{name}.parquet" for name in ("embeddings", "layout", "neighbors")]
    write_parquet(folder / "carried.parquet", carried)
    with pytest.raises(UserError, match=r"carried\.parquet: damaged \(its articles are not those of the map\)"):
        write_knowledge_map(*inputs, texts, folder / "with.parquet", folder / "carried.parquet")
    assert not (folder / "with.parquet").exists()


def test_a_map_that_has_grown_names_those_before_the_last_one_first(written):
    folder, _, texts = written
    inputs = [folder / f"{name}.parquet" for name in ("embeddings", "layout", "neighbors")]
    former = folder / "knowledge_map.parquet"
    for number in range(2):
        grown = folder / f"grown{number}.parquet"
        write_knowledge_map(*inputs, texts, grown, former=former)
        former = grown
    name = KnowledgeMap(folder / "knowledge_map.parquet", ["item_id", "title"]).name
    assert KnowledgeMap(folder / "grown0.parquet").former == [name]
    assert KnowledgeMap(folder / "grown1.parquet").former == [name, name]


def test_the_map_in_memory_tells_articles_from_questions(written):
    folder, arrays, _ = written
    knowledge_map = KnowledgeMap(folder / "knowledge_map.parquet", ["title"])
    assert knowledge_map.is_article.tolist() == [True] * ARTICLES + [False] * QUESTIONS
    assert np.array_equal(knowledge_map.positions, np.column_stack([arrays["x"], arrays["y"]]))
    assert np.array_equal(knowledge_map.raw_positions, np.column_stack([arrays["x_raw"], arrays["y_raw"]]))
    assert knowledge_map.question_region(0.1) == question_region(knowledge_map.positions[ARTICLES:], 0.1)


def test_the_map_is_described_in_the_labs_words(written):
    folder, _, _ = written
    knowledge_map = KnowledgeMap(folder / "knowledge_map.parquet")
    metadata = map_metadata(EmbeddingTable(folder / "embeddings.parquet"), knowledge_map, {"n_neighbors": 15}, 0.1)
    assert metadata == {
        "total_items": ROWS,
        "num_questions": QUESTIONS,
        "num_articles": ARTICLES,
        "embedding_dim": DIMENSION,
        "umap_params": {"n_neighbors": 15},
        "question_region": knowledge_map.question_region(0.1).as_dict(),
    }


def test_texts_come_in_the_order_of_the_embedding_table(tmp_path):
    for name, count in (("b", 7), ("a", 5), ("questions", 2)):
        texts = pa.table({"text": [f"{name} {n}" for n in range(count)], "title": [""] * count})
        write_parquet(tmp_path / f"{name}.parquet", texts, 3)
    texts = iterate_texts([tmp_path / "b.parquet", tmp_path / "a.parquet"], tmp_path / "questions.parquet", batch=4)
    assert list(texts) == [f"{name} {n}" for name, count in (("b", 7), ("a", 5), ("questions", 2)) for n in range(count)]
