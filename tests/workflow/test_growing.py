"""A map grows from the one before: nothing is fitted again, known items stay, and what cannot be grown from is said at once."""

import pickle
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from projects import TRACEBACK, Project, read_articles, write_articles


def positions(project: Project) -> pd.DataFrame:
    return pd.read_parquet(project / "results/knowledge_map.parquet").set_index("item_id")


def grow(project: Project, start: str) -> tuple[pd.DataFrame, Counter[str]]:
    """Add three articles, make the map from a former one, and return the former map and what ran."""
    former = positions(project)
    articles = read_articles(project / "cells.jsonl")
    new = [{"title": f"New {n}", "text": f"{articles[n]['text']} And so on."} for n in (3, 4, 5)]
    write_articles(project / "cells.jsonl", [*articles, *new])
    project.configure(layout__start=start)
    return former, project.make()


def test_a_map_grows_from_the_one_that_was_kept(finished):
    assert finished.make("keep_layout") == Counter(keep_layout=1)
    former, jobs = grow(finished, "keep")
    assert jobs["refine_layout"] == jobs["map_pickle"] == jobs["moved"] == 1
    assert jobs["fit_umap"] == jobs["refine_uniform_weight"] == 0
    grown = positions(finished)
    assert len(grown) == len(former) + 3
    moved = np.linalg.norm(grown.loc[former.index, ["x", "y"]] - former[["x", "y"]], axis=1)
    assert np.median(moved) < 0.1
    with (finished / "results/knowledge_map.pkl").open("rb") as file:
        lab = pickle.load(file)
    assert lab["metadata"]["umap_reducer_from"] == "former map"
    assert lab["metadata"]["total_items"] == len(grown) == len(lab["items"])
    assert len(lab["umap_reducer"].embedding_) == len(former)
    assert finished.make() == Counter()
    # Kept again, the map is no reason to make it anew.
    assert finished.make("keep_layout") == Counter(keep_layout=1)
    assert finished.make() == Counter()
    assert len(pd.read_parquet(finished / "results/former/knowledge_map.parquet")) == len(grown)


def test_new_items_are_put_among_known_ones_that_stay_exactly_where_they_lay(finished):
    finished.make("keep_layout")
    finished.configure(layout__settle=False)
    former, jobs = grow(finished, "keep")
    grown = positions(finished)
    assert len(grown) == len(former) + 3 and jobs["map_page"] == jobs["knn_labels"] == jobs["map_pickle"] == 1
    assert grown.loc[former.index, ["x", "y", "x_raw", "y_raw"]].equals(former[["x", "y", "x_raw", "y_raw"]])


def test_a_map_grows_from_that_of_another_folder(finished, tmp_path):
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    for name in ("knowledge_map.parquet", "umap_reducer.pkl"):
        shutil.copyfile(finished / "results" / name, earlier / name)
    former, jobs = grow(finished, str(earlier / "knowledge_map.parquet"))
    assert jobs["refine_layout"] == 1 and jobs["fit_umap"] == 0
    moved = np.linalg.norm(positions(finished).loc[former.index, ["x", "y"]] - former[["x", "y"]], axis=1)
    assert np.median(moved) < 0.1


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("keep", "keep_layout --config 'layout={start: null}'"),
        ("nowhere.parquet", "nowhere.parquet: no such file; name a knowledge_map.parquet of an earlier run"),
        ("results/knowledge_map.parquet", "is the map that is to be made; keep it first by the target keep_layout"),
        ("results/layout.parquet", "layout.parquet: no knowledge map, it has no column item_id"),
        ("cells.jsonl", "cells.jsonl: no knowledge map (Parquet magic bytes not found in footer"),
        ("alone/knowledge_map.parquet", "alone/knowledge_map.parquet: no umap_reducer.pkl beside it"),
    ],
)
def test_what_cannot_be_grown_from_is_refused_before_any_job(finished, start, words):
    (finished / "alone").mkdir()
    shutil.copyfile(finished / "results/knowledge_map.parquet", finished / "alone/knowledge_map.parquet")
    finished.configure(layout__start=start)
    run = finished.run()
    assert run.code != 0
    assert words in run.output and "layout.start" in run.output
    assert TRACEBACK not in run.output and not run.jobs


def test_a_map_without_umap_has_all_its_files_and_can_grow(finished):
    finished.configure(layout={"method": "pca"})
    jobs = finished.make()
    assert jobs["fit_pca"] == jobs["refine_layout"] == jobs["map_pickle"] == 1 and jobs["fit_umap"] == 0
    first = pd.read_parquet(finished / "results/pca.parquet")
    assert np.array_equal(positions(finished)[["x_raw", "y_raw"]].to_numpy(), first[["x_raw", "y_raw"]].to_numpy())
    with (finished / "results/knowledge_map.pkl").open("rb") as file:
        lab = pickle.load(file)
    assert lab["metadata"]["umap_params"] == {}
    vectors = np.array([item["embedding"] for item in lab["items"]], np.float32)
    assert np.allclose(lab["umap_reducer"].transform(vectors), first[["x_raw", "y_raw"]], atol=1e-4)
    finished.make("keep_layout")
    _, jobs = grow(finished, "keep")
    assert jobs["refine_layout"] == 1 and jobs["fit_pca"] == 0


def test_only_a_finished_map_can_be_kept(finished):
    Path(finished / "results/knowledge_map.parquet").unlink()
    run = finished.run("keep_layout")
    assert run.code != 0
    assert "a map is kept once it is finished" in run.output and TRACEBACK not in run.output
