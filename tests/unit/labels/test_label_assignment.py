"""Which name a cell gets: the worthiest, once on a level, from what stands back only in need."""

import numpy as np
import pyarrow as pa
import pytest

from knowledge_map.common.parquet import write_parquet
from knowledge_map.embedding.table import EmbeddingTable, table_schema
from knowledge_map.labels import candidates as choice
from knowledge_map.labels.assignment import assign
from knowledge_map.labels.candidates import LAST, TITLE, WORDS, Candidates, mean_vectors, similarities, vote_weights


def granted(side: int, *claims: tuple) -> dict[int, int]:
    """Return the name of each cell, of claims (cell, name, worth, rank)."""
    cell, name, worth, rank = (np.array(values) for values in zip(*claims, strict=True))
    result = assign(Candidates(cell, name, np.arange(len(cell)), rank, worth, worth), side)
    assert (np.diff(result.cell) > 0).all()
    return dict(zip(result.cell.tolist(), result.name.tolist(), strict=True))


def test_a_cell_takes_the_worthiest_name():
    assert granted(2, (0, 7, 0.1, TITLE), (0, 8, 0.3, TITLE), (3, 9, 0.2, TITLE)) == {0: 8, 3: 9}


def test_a_name_given_elsewhere_gives_way_to_the_next_candidate():
    claims = [(0, 7, 0.9, TITLE), (3, 7, 0.8, TITLE), (3, 9, 0.1, TITLE)]  # the cells touch at a corner only
    assert granted(2, *claims) == {0: 7, 3: 9}


def test_a_name_may_go_on_to_a_neighboring_cell():
    assert granted(2, (0, 7, 0.9, TITLE), (1, 7, 0.8, TITLE), (1, 9, 0.1, TITLE)) == {0: 7, 1: 7}
    assert granted(2, (0, 7, 0.9, TITLE), (2, 7, 0.8, TITLE), (2, 9, 0.1, TITLE)) == {0: 7, 2: 7}


def test_the_end_of_a_row_does_not_touch_the_start_of_the_next():
    assert granted(3, (2, 7, 0.9, TITLE), (3, 7, 0.8, TITLE), (3, 9, 0.1, TITLE)) == {2: 7, 3: 9}


def test_a_cell_is_named_even_if_all_its_names_are_given():
    assert granted(2, (0, 7, 0.9, TITLE), (3, 7, 0.8, TITLE)) == {0: 7, 3: 7}


def test_what_is_uninformative_names_a_cell_only_where_nothing_else_can():
    assert granted(2, (0, 7, 0.9, LAST), (0, 8, 0.1, TITLE), (3, 9, 0.1, LAST)) == {0: 8, 3: 9}
    claims = [(0, 7, 0.9, TITLE), (3, 7, 0.8, TITLE), (3, 9, 0.5, LAST)]
    assert granted(2, *claims) == {0: 7, 3: 7}


def test_shared_words_come_before_titles():
    assert granted(1, (0, 7, 0.9, TITLE), (0, 8, 0.1, WORDS)) == {0: 8}


def test_no_claims_no_names():
    nothing = Candidates(*(np.zeros(0, int) for _ in range(6)))
    assert len(assign(nothing, 4).cell) == 0


def test_votes_count_fully_within_reach_and_hardly_in_the_next_cell():
    weights = vote_weights(np.array([[0.0, 0.01, 0.05, 0.1]]), 0.05)
    assert weights.sum() == pytest.approx(1)
    assert weights[0] / weights[0, 0] == pytest.approx([1, 1, 1, 1 / 16])


@pytest.fixture
def table(tmp_path) -> EmbeddingTable:
    rows, dimension = 50, 4
    vectors = np.random.default_rng(3).normal(size=(rows, dimension)).astype(np.float32)
    vectors[7] = 0
    columns = {name: ["x"] * rows for name in ("item_id", "source", "title", "url")}
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimension)
    columns |= {"row": np.arange(rows, dtype=np.int32), "kind": ["article"] * rows, "embedding": column}
    schema = table_schema(dimension)
    write_parquet(tmp_path / "e.parquet", pa.table(columns).select(schema.names).cast(schema), row_group_size=8)
    return EmbeddingTable(tmp_path / "e.parquet")


def test_similarity_to_the_mean_is_the_weighted_mean_cosine(table, monkeypatch):
    monkeypatch.setattr(choice, "READ", 13)
    monkeypatch.setattr(choice, "PAIRS", 5)
    random = np.random.default_rng(4)
    rows = np.stack([random.permutation(50)[:6] for _ in range(9)])
    weights = vote_weights(random.uniform(size=rows.shape), 0.3)
    vectors = choice.unit(table.vectors())
    cosines = np.einsum("ckd,cld->ckl", vectors[rows], vectors[rows])
    means = mean_vectors(table, rows, weights)
    assert similarities(table, rows, means) == pytest.approx(np.einsum("ckl,cl->ck", cosines, weights), abs=1e-6)
