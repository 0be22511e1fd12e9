"""Placed articles appended to a map stand behind its articles and before its questions; nothing else of it changes."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from maps import random_vectors, write_map

from knowledge_map.common.items import PLACED
from knowledge_map.common.parquet import as_column, open_parquet, read_metadata, read_parquet, write_parquet
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map import appending
from knowledge_map.map.appending import append_articles
from knowledge_map.map.articles_json import write_articles_json
from knowledge_map.map.pickle_export import map_metadata
from knowledge_map.map.table import SCHEMA, KnowledgeMap

ARTICLES, QUESTIONS, NEW, DIMENSION = 20, 3, 4, 6


class Finished:
    """A finished map, articles placed on it, and the paths of the map with these."""

    def __init__(self, folder: Path, new: int):
        vectors = random_vectors(ARTICLES + QUESTIONS + new, DIMENSION)
        positions = np.random.default_rng(0).random((ARTICLES + QUESTIONS, 2))
        self.map, self.table = write_map(folder, vectors[: ARTICLES + QUESTIONS], QUESTIONS, positions, positions)
        field, fitted = SCHEMA.field("neighbors"), read_parquet(self.map)
        near = pa.array([{"ids": [1, ARTICLES + 2], "distances": [0.1, 0.2]}] * len(fitted), field.type)
        write_parquet(self.map, fitted.set_column(fitted.schema.get_field_index("neighbors"), field, near), 7)
        self.projection, self.vectors = folder / "projection.parquet", vectors[ARTICLES + QUESTIONS :]
        names = [name for name in SCHEMA.names if name != "row"]
        columns = {name: fitted[name].slice(0, new) for name in names} | {
            "item_id": [f"new:{n}" for n in range(new)],
            "kind": [PLACED] * new,
            "neighbors": pa.array([{"ids": [3], "distances": [0.3]}] * new, field.type),
            "text": ["Words."] * new,
            "embedding": as_column(self.vectors),
        }
        write_parquet(self.projection, pa.table(columns))
        self.appended_map, self.appended_table = folder / "appended.parquet", folder / "appended_table.parquet"

    def append(self) -> KnowledgeMap:
        append_articles(self.map, self.table, self.projection, self.appended_map, self.appended_table)
        return KnowledgeMap(self.appended_map, ["item_id", "title"])


@pytest.mark.parametrize("batch", [6, ARTICLES, 100])
@pytest.mark.parametrize("new", [0, NEW])
def test_they_stand_between_articles_and_questions_and_rows_of_questions_follow(tmp_path, monkeypatch, batch, new):
    monkeypatch.setattr(appending, "BATCH", batch)
    finished = Finished(tmp_path, new)
    knowledge_map = finished.append()
    fitted, appended = read_parquet(finished.map), read_parquet(finished.appended_map)
    order = [*range(ARTICLES), *range(ARTICLES + QUESTIONS, ARTICLES + QUESTIONS + new), *range(ARTICLES, ARTICLES + QUESTIONS)]
    ids = [*fitted["item_id"].to_pylist(), *(f"new:{n}" for n in range(new))]
    assert appended["item_id"].to_pylist() == [ids[row] for row in order]
    assert appended["row"].to_pylist() == list(range(len(order)))
    assert (int(knowledge_map.is_article.sum()), knowledge_map.placed) == (ARTICLES + new, new)
    lists = [each["ids"] for each in appended["neighbors"].to_pylist()]
    known = [1, ARTICLES + new + 2]
    assert lists == [known] * ARTICLES + [[3]] * new + [known] * QUESTIONS
    own = [name for name in appended.column_names if name not in ("row", "neighbors")]
    assert appended.filter(pc.field("kind") != PLACED).select(own).equals(fitted.select(own))
    table = EmbeddingTable(finished.appended_table)
    assert (table.articles, table.questions) == (ARTICLES + new, QUESTIONS)
    assert np.array_equal(table.vectors(ARTICLES, ARTICLES + new), finished.vectors)
    assert np.array_equal(table.vectors(ARTICLES + new, table.rows), EmbeddingTable(finished.table).vectors(ARTICLES))


def test_answers_to_the_quiz_of_the_map_hold_for_the_map_with_them(tmp_path):
    finished = Finished(tmp_path, NEW)
    finished.append()
    with open_parquet(finished.appended_map) as file:
        assert read_metadata(file)["former"] == [KnowledgeMap(finished.map, ["item_id", "title"]).name]


def test_lists_and_metadata_tell_them_from_the_others(tmp_path):
    finished = Finished(tmp_path, NEW)
    knowledge_map = finished.append()
    write_articles_json(finished.appended_map, tmp_path / "articles.json")
    articles = json.loads((tmp_path / "articles.json").read_text())
    assert [article.get("placed", False) for article in articles] == [False] * ARTICLES + [True] * NEW
    metadata = map_metadata(EmbeddingTable(finished.appended_table), knowledge_map, {}, 0.1)
    counts = [metadata[name] for name in ("total_items", "num_articles", "num_questions", "num_placed")]
    assert counts == [ARTICLES + NEW + QUESTIONS, ARTICLES + NEW, QUESTIONS, NEW]
    assert "num_placed" not in map_metadata(EmbeddingTable(finished.table), KnowledgeMap(finished.map), {}, 0.1)
