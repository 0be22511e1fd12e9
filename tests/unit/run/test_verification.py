"""What verification promises: a sound result passes, every harm done to it is found and named, and nothing is ever raised."""

import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from maps import SETTINGS, write_map

from knowledge_map.common.errors import UserError
from knowledge_map.common.files import write_json
from knowledge_map.common.parquet import read_parquet, write_parquet
from knowledge_map.diagnostics.coverage import occupied_cells
from knowledge_map.diagnostics.layouts import layouts_of
from knowledge_map.diagnostics.summary import measure_map
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.pickle_export import map_metadata
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.run.verification import FILES, Criterion, as_table, read_pickle_metadata, verify

ARTICLES, QUESTIONS, NEIGHBORS = 200, 3, 4


def lifted(positions: np.ndarray) -> np.ndarray:
    """Return unit vectors, float32 [n, 3], whose neighbors by cosine are nearly the neighbors of `positions` in the plane."""
    vectors = np.column_stack([positions, np.full(len(positions), 2.0)])
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def write_neighbors(path: Path, vectors: np.ndarray) -> None:
    distances = 1 - vectors.astype(float) @ vectors.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :NEIGHBORS]
    columns = {
        "row": pa.array(np.arange(len(vectors), dtype=np.int32)),
        "neighbors": pa.array(nearest.tolist(), pa.list_(pa.int32(), NEIGHBORS)),
        "distances": pa.array(np.take_along_axis(distances, nearest, axis=1).tolist(), pa.list_(pa.float32(), NEIGHBORS)),
    }
    write_parquet(path, pa.table(columns))


def write_pickle(path: Path, metadata: dict, protocol: int = 5, fast: bool = False) -> None:
    with path.open("wb") as file:
        pickler = pickle.Pickler(file, protocol)
        pickler.fast = fast
        pickler.dump({"metadata": metadata, "items": [{"text": "x", "embedding": [0.5] * 3}], "umap_reducer": Path("a reducer")})


def write_results(folder: Path, positions: np.ndarray, questions: int = QUESTIONS) -> None:
    """Write a sound results folder with a map at `positions`; what verification does not look into holds a word."""
    for name in ["knowledge_map.html", *FILES, "shards/ab12.parquet"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("something")
    write_map(folder, lifted(positions), questions, positions, positions)
    table = EmbeddingTable(folder / "embeddings.parquet")
    knowledge_map = KnowledgeMap(folder / "knowledge_map.parquet", ["item_id", "title"])
    layouts = layouts_of(table, knowledge_map, folder)
    _, summary = measure_map(table, knowledge_map, layouts, replace(SETTINGS, k=[5, 10]), threads=1)
    write_json(folder / "diagnostics/summary.json", summary)
    write_json(folder / "shards/manifest.json", {"articles": ARTICLES, "shards": [{"shard": "ab12"}]})
    article = {"title": "t", "url": "u", "excerpt": "e", "x": 0.5, "y": 1.0}
    write_json(folder / "articles.json", [article] * ARTICLES)
    write_neighbors(folder / "neighbors.parquet", lifted(positions))
    write_pickle(
        folder / "knowledge_map.pkl", map_metadata(table, knowledge_map, {"n_neighbors": 15, "seed": None}, padding=0.25)
    )


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    write_results(folder, np.random.default_rng(0).uniform(0, 1, (ARTICLES + QUESTIONS, 2)).astype(np.float32))
    return folder


@pytest.fixture
def results(sound, tmp_path) -> Path:
    """A sound results folder to do harm to."""
    return Path(shutil.copytree(sound, tmp_path / "results"))


def failures(results: Path, articles: int = ARTICLES, questions: int = QUESTIONS, target: float = 0.6) -> dict[str, str]:
    """Return what was found, by the name of each criterion that failed."""
    criteria = verify(results, articles, questions, target, k=5)
    return {criterion.name: criterion.found for criterion in criteria if not criterion.passed}


def change_column(path: Path, name: str, change: Callable[[list], list]) -> None:
    table = read_parquet(path)
    index = table.schema.get_field_index(name)
    values = pa.array(change(table[name].to_pylist()), table.schema.field(name).type)
    write_parquet(path, table.set_column(index, table.schema.field(name), values))


def replaced(row: int, value: object) -> Callable[[list], list]:
    return lambda values: [*values[:row], value, *values[row + 1 :]]


def test_a_sound_result_passes_every_criterion(sound):
    criteria = verify(sound, ARTICLES, QUESTIONS, 0.6, k=5)
    assert all(criterion.passed for criterion in criteria), as_table(criteria)
    assert as_table(criteria).endswith(f"All {len(criteria)} criteria passed.\n")


def test_a_map_with_appended_articles_holds_the_items_of_the_map_where_they_lie(results):
    (results / "appended").mkdir()
    for name in ("knowledge_map.parquet", "embeddings.parquet", "articles.json"):
        shutil.copy(results / name, results / "appended" / name)
    write_parquet(results / "projection.parquet", pa.table({"item_id": pa.array([], pa.string())}))
    assert all(criterion.passed for criterion in verify(results, ARTICLES, QUESTIONS, 0.6, k=5, with_appended=True))
    change_column(results / "appended/knowledge_map.parquet", "x", replaced(3, 0.123))
    failed = [
        criterion for criterion in verify(results, ARTICLES, QUESTIONS, 0.6, k=5, with_appended=True) if not criterion.passed
    ]
    assert [criterion.found for criterion in failed] == ["its items are not those of knowledge_map.parquet"]


def test_a_pickle_is_missed_only_where_one_is_wanted(results):
    (results / "knowledge_map.pkl").unlink()
    criteria = verify(results, ARTICLES, QUESTIONS, 0.6, k=5, with_pickle=False)
    assert all(criterion.passed for criterion in criteria), as_table(criteria)
    assert not any("knowledge_map.pkl" in criterion.name for criterion in criteria)
    assert failures(results)["files"] == "missing or empty: knowledge_map.pkl"


def test_a_folder_that_is_not_there_fails_and_raises_nothing(tmp_path):
    criteria = verify(tmp_path / "nowhere", ARTICLES, QUESTIONS, 0.6, k=5)
    assert not any(criterion.passed for criterion in criteria)


@pytest.mark.parametrize("name", ["labels.json", "shards/ab12.parquet", "diagnostics/report.html", "knowledge_map.html"])
@pytest.mark.parametrize("harm", ["missing", "empty"])
def test_a_missing_or_empty_file_is_named(results, name, harm):
    (results / name).unlink()
    if harm == "empty":
        (results / name).touch()
    assert failures(results) == {"files": f"missing or empty: {name}"}


@pytest.mark.parametrize(
    "name",
    [
        "shards/manifest.json",
        "embeddings.parquet",
        "neighbors.parquet",
        "knowledge_map.parquet",
        "knowledge_map.pkl",
        "articles.json",
        "diagnostics/summary.json",
    ],
)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_a_truncated_file_fails_with_its_name(results, name, part):
    path = results / name
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    found = failures(results)
    assert any(name in reason for reason in found.values()), found


def test_a_flipped_byte_in_the_vectors_fails_with_the_files_name(results):
    path = results / "embeddings.parquet"
    content = bytearray(path.read_bytes())
    content[content.find(lifted(KnowledgeMap(results / "knowledge_map.parquet").positions)[20].tobytes())] ^= 0xFF
    path.write_bytes(content)
    assert "embeddings.parquet: damaged" in failures(results)["vectors"]


def test_counts_that_are_not_the_expected_ones_fail_everywhere(results):
    assert failures(results, articles=ARTICLES + 1).keys() == {
        "articles in shards/manifest.json",
        "items in embeddings.parquet",
        "items in knowledge_map.parquet",
        "items in knowledge_map.pkl",
        "items in diagnostics/summary.json",
        "rows of neighbors.parquet",
        "articles in articles.json",
    }


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.9])
def test_a_vector_that_is_not_finite_or_not_of_unit_length_fails_with_its_row(results, value):
    change_column(results / "embeddings.parquet", "embedding", replaced(17, [value, 0.0, 0.0]))
    assert failures(results) == {"vectors": "1 are not, the first in row 17"}


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("neighbors", [1, 2, 4, ARTICLES + QUESTIONS], "row 9 has a neighbor that is no row"),
        ("neighbors", [1, 2, 4, -1], "row 9 has a neighbor that is no row"),
        ("neighbors", [1, 2, 9, 3], "row 9 has itself among its neighbors"),
        ("distances", [0.1, 0.2, 0.15, 0.3], "row 9 has distances that fall"),
        ("distances", [0.1, 0.2, 0.3, np.nan], "row 9 has a distance that is not finite"),
        ("row", 10, "the column row is out of order after row 0"),
    ],
)
def test_a_broken_neighbor_list_fails_with_its_row(results, column, value, fault):
    change_column(results / "neighbors.parquet", column, replaced(9, value))
    assert failures(results) == {"neighbors": fault}


@pytest.mark.parametrize("value", [np.nan, -0.01, 1.01])
def test_an_article_off_the_map_fails_with_its_row(results, value):
    change_column(results / "knowledge_map.parquet", "y", replaced(11, value))
    assert failures(results)["positions x, y"] == "1 are not, the first in row 11"


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("trust", 1.1, "1 of trust are not, the first in row 11"),
        ("trust", np.nan, "1 of trust are not, the first in row 11"),
        ("stretch", -0.5, "1 of stretch are not, the first in row 11"),
        ("stretch", np.inf, "1 of stretch are not, the first in row 11"),
    ],
)
def test_a_trust_that_is_none_fails_with_its_row(results, column, value, found):
    change_column(results / "knowledge_map.parquet", column, replaced(11, value))
    assert failures(results) == {"trust and stretch": found}


def test_a_trust_of_few_items_fails(results):
    change_column(results / "knowledge_map.parquet", "trust", lambda values: [0.5] * 100 + [None] * (len(values) - 100))
    assert failures(results) == {"trust and stretch": "known of 100 items, trust 50.0% on the mean"}


def test_another_order_of_the_items_fails_with_the_first_row_that_differs(results):
    change_column(results / "knowledge_map.parquet", "item_id", lambda ids: [*ids[:5], ids[6], ids[5], *ids[7:]])
    assert failures(results) == {"items of map and embeddings": "the item_id of row 5 differs"}


def test_an_item_id_that_occurs_twice_fails(results):
    for name in ("embeddings.parquet", "knowledge_map.parquet"):
        change_column(results / name, "item_id", replaced(8, "article:7"))
    assert failures(results) == {"items of map and embeddings": "1 item_ids occur more than once"}


@pytest.mark.parametrize(
    ("article", "found"),
    [
        ({"title": "t", "url": "u", "excerpt": "e", "x": 0.5, "y": 1.5}, "200, 1 incomplete or off the map"),
        ({"title": "t", "url": "u", "x": 0.5, "y": 0.5}, "200, 1 incomplete or off the map"),
        ("t", "200, 1 incomplete or off the map"),
    ],
)
def test_an_incomplete_entry_of_articles_json_fails(results, article, found):
    articles = json.loads((results / "articles.json").read_text())
    write_json(results / "articles.json", [article, *articles[1:]])
    assert failures(results) == {"articles in articles.json": found}


def test_an_overlap_below_the_target_fails_with_the_number(results):
    summary = json.loads((results / "diagnostics/summary.json").read_text())
    summary["layouts"]["map"]["overlap"]["5"] = 0.068
    write_json(results / "diagnostics/summary.json", summary)
    assert failures(results) == {"mean overlap@5 of the questions": "6.8%"}


def test_an_overlap_that_was_not_measured_fails(results):
    (criterion,) = (c for c in verify(results, ARTICLES, QUESTIONS, 0.6, k=7) if c.name == "mean overlap@7 of the questions")
    assert (criterion.passed, criterion.found) == (False, "diagnostics/summary.json has no overlap@7, only @5, @10")


def test_a_map_without_questions_passes_when_none_were_expected(tmp_path):
    write_results(tmp_path, np.random.default_rng(0).uniform(0, 1, (ARTICLES, 2)).astype(np.float32), questions=0)
    assert failures(tmp_path, questions=0) == {}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"x_min": 0.9}, "questions lie outside"),
        ({"y_max": 1.0, "y_min": 0.0, "x_min": 0.0}, "not the padded box around the questions"),
        (None, "none"),
    ],
)
def test_a_region_that_is_not_the_questions_box_fails(tmp_path, change, found):
    positions = np.random.default_rng(0).uniform(0, 1, (ARTICLES + QUESTIONS, 2)).astype(np.float32)
    positions[ARTICLES:] = [[0.4, 0.4], [0.5, 0.6], [0.6, 0.5]]
    write_results(tmp_path, positions)
    metadata = read_pickle_metadata(tmp_path / "knowledge_map.pkl")
    metadata["question_region"] = change and metadata["question_region"] | change
    write_pickle(tmp_path / "knowledge_map.pkl", metadata)
    assert failures(tmp_path)["question region in knowledge_map.pkl"].endswith(found)


def test_another_dimension_in_the_pickle_fails_and_names_both(results):
    metadata = read_pickle_metadata(results / "knowledge_map.pkl")
    write_pickle(results / "knowledge_map.pkl", metadata | {"embedding_dim": 1024})
    assert "embeddings.parquet: 3, its metadata: 3, knowledge_map.pkl: 1024" in failures(results)["embedding dimension"]


def test_articles_in_a_heap_are_not_spread(tmp_path):
    write_results(tmp_path, np.random.default_rng(0).uniform(0.45, 0.55, (ARTICLES + QUESTIONS, 2)).astype(np.float32))
    assert failures(tmp_path).keys() == {"spread of the articles"}


@pytest.mark.parametrize("articles", [400, 40_000])
def test_articles_at_random_fill_the_same_share_of_the_square_or_of_half_of_it_at_every_size(articles):
    positions = np.random.default_rng(0).uniform(0, 1, (articles, 2))
    occupied, cells = occupied_cells(positions)
    assert occupied == cells == articles // 16
    occupied, cells = occupied_cells(positions * [0.5, 1])
    assert occupied / cells == pytest.approx(0.5, abs=0.02 + 1 / cells**0.5)


METADATA = {
    "total_items": 250_010,
    "umap_params": {
        "metric": "cosine",
        "min_dist": 0.1,
        "seed": None,
        "verbose": False,
        "items": [1, [2.5, "items"]],
        "big": 2**70,
    },
    "question_region": {"x_min": 0.25},
    "empty": {},
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("fast", [False, True])
def test_metadata_are_read_from_a_pickle_of_every_protocol(tmp_path, protocol, fast):
    write_pickle(tmp_path / "map.pkl", METADATA, protocol, fast)
    assert read_pickle_metadata(tmp_path / "map.pkl") == METADATA


def test_reading_metadata_runs_nothing_that_the_pickle_asks_for(tmp_path):
    class Harm:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "harm",))

    write_pickle(tmp_path / "map.pkl", {"total_items": Harm()})
    with pytest.raises(UserError, match=r"map\.pkl: damaged \(its metadata holds `pathlib\.Path\.touch`, which"):
        read_pickle_metadata(tmp_path / "map.pkl")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("content", [b"", b".", b"no pickle at all.", pickle.dumps([1, 2]), pickle.dumps({"items": []})])
def test_what_is_no_map_pickle_is_an_error_that_names_it(tmp_path, content):
    (tmp_path / "map.pkl").write_bytes(content)
    with pytest.raises(UserError, match=r"map\.pkl: damaged"):
        read_pickle_metadata(tmp_path / "map.pkl")


def test_the_table_lines_up_and_counts_the_failures():
    lines = as_table([Criterion("vectors", "all", "all", True), Criterion("spread", "30%", "2%", False)]).splitlines()
    assert [line[:4] for line in lines[1:3]] == ["PASS", "FAIL"]
    assert lines[1].index("vectors") == lines[2].index("spread") == lines[0].index("criterion")
    assert lines[-1] == "1 of 2 criteria failed."
