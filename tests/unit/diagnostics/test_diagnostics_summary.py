"""What the summary promises: true numbers of a faithful map, chance levels of noise, exact or from a sample of stated size."""

import numpy as np
import pytest
from diagnosing import measure
from maps import on_arc, random_vectors, write_map
from sklearn.manifold import trustworthiness

from knowledge_map.common.errors import UserError
from knowledge_map.layout.table import normalized, write_layout


@pytest.fixture(scope="module")
def faithful(tmp_path_factory) -> dict:
    """The summary of a map equal to embedding space, beside a UMAP layout that is noise."""
    vectors = on_arc(300, 4)
    noise = np.random.default_rng(9).uniform(-8, 8, vectors.shape)
    return measure(*write_map(tmp_path_factory.mktemp("faithful"), vectors, 4, vectors, noise))[1]


def test_a_map_equal_to_embedding_space_has_the_best_of_every_measure(faithful):
    measures = faithful["layouts"]["map"]
    assert measures["overlap"] == {"5": 1.0, "10": 1.0, "50": 1.0}
    assert measures["within_reach"] == measures["questions_among_articles"] == 1.0
    for name in ("article_recall", "trustworthiness", "continuity"):
        assert min(measures[name].values()) > 0.99, name  # float32 does not tell neighbors on either side apart
    assert measures["triplet_accuracy"] > 0.999
    assert measures["spearman"] > 0.999


def test_a_layout_of_noise_has_chance_values_beside_it(faithful):
    measures, chance = faithful["layouts"]["raw"], faithful["chance"]
    for name in ("article_recall", "trustworthiness", "continuity"):
        for k, value in measures[name].items():
            assert value == pytest.approx(chance[name][k], abs=0.06), (name, k)
    assert chance["article_recall"]["15"] == pytest.approx(15 / 299, abs=1e-6)  # an article is not among its own neighbors
    assert measures["overlap"]["50"] == pytest.approx(chance["overlap"]["50"], abs=0.1)
    assert measures["triplet_accuracy"] == pytest.approx(chance["triplet_accuracy"], abs=0.03)
    assert measures["spearman"] == pytest.approx(chance["spearman"], abs=0.1)
    assert measures["neighbor_cosine"] == pytest.approx(chance["neighbor_cosine"], abs=0.1)


def test_every_mean_has_an_interval_around_it(faithful):
    for layout, intervals in faithful["intervals"].items():
        measures = faithful["layouts"][layout]
        for name, interval in intervals.items():
            pairs = zip(measures[name].values(), interval.values(), strict=True) if isinstance(interval, dict) else None
            for value, (low, high) in pairs or [(measures[name], interval)]:
                assert low - 1e-6 <= value <= high + 1e-6, (layout, name)


def test_recall_of_articles_agrees_with_brute_force(tmp_path):
    vectors, rng = random_vectors(120, 8), np.random.default_rng(5)
    positions = vectors[:, :2] + rng.normal(scale=0.1, size=(120, 2)).astype(np.float32)
    recall = measure(*write_map(tmp_path, vectors, 0, positions, positions))[1]["layouts"]["map"]["article_recall"]
    near_in_space, near_on_map = (vectors @ vectors.T), -np.linalg.norm(positions[:, None] - positions[None], axis=2)
    for matrix in (near_in_space, near_on_map):
        np.fill_diagonal(matrix, -np.inf)
    for k in (1, 5, 15):
        first, second = (np.argsort(-matrix, axis=1)[:, :k] for matrix in (near_in_space, near_on_map))
        expected = np.mean([len(set(a) & set(b)) / k for a, b in zip(first, second, strict=True)])
        assert recall[str(k)] == pytest.approx(expected, abs=1e-6)


def test_trustworthiness_and_continuity_of_a_map_are_those_of_scikit_learn(tmp_path):
    vectors, rng = random_vectors(80, 6), np.random.default_rng(1)
    positions = (vectors[:, :2] + rng.normal(scale=0.2, size=(80, 2))).astype(np.float32)
    measures = measure(*write_map(tmp_path, vectors, 0, positions, positions))[1]["layouts"]["map"]
    for k in (1, 5, 15):
        # Of unit vectors, euclidean distance ranks as cosine does; continuity is trustworthiness with the spaces exchanged.
        assert measures["trustworthiness"][str(k)] == pytest.approx(trustworthiness(vectors, positions, n_neighbors=k), abs=1e-6)
        assert measures["continuity"][str(k)] == pytest.approx(trustworthiness(positions, vectors, n_neighbors=k), abs=1e-6)


def test_a_sample_stands_for_all_articles_and_its_size_is_stated(tmp_path):
    vectors = random_vectors(400, 6)
    paths = write_map(tmp_path, vectors, 0, vectors[:, :2], vectors[:, 1:3])
    exact, drawn = measure(*paths, exact_up_to=400)[1], measure(*paths, exact_up_to=399, sample=150)[1]
    assert (exact["sample"]["articles"], drawn["sample"]["articles"]) == (400, 150)
    for name in ("article_recall", "trustworthiness", "continuity"):
        for layout in ("map", "raw"):
            assert drawn["layouts"][layout][name] == pytest.approx(exact["layouts"][layout][name], abs=0.05)


def test_another_seed_draws_another_sample(tmp_path):
    vectors, positions = random_vectors(300, 8), np.random.default_rng(1).uniform(size=(300, 2))
    paths = write_map(tmp_path, vectors, 0, positions, positions)
    first, again, other = (measure(*paths, seed=seed, exact_up_to=0, sample=50)[1] for seed in (1, 1, 2))
    assert first == again
    assert first["layouts"]["map"]["triplet_accuracy"] != other["layouts"]["map"]["triplet_accuracy"]


def test_a_map_without_questions_is_measured_all_the_same(tmp_path):
    vectors = on_arc(80, 0)
    records, summary = measure(*write_map(tmp_path, vectors, 0, vectors, vectors))
    measures = summary["layouts"]["map"]
    assert records == []
    assert measures["overlap"] == {"5": None, "10": None, "50": None}
    assert measures["article_recall"]["15"] == 1.0
    assert measures["bounds"]["questions"] is None
    assert [region["box"] for region in summary["regions"]] == [None] * 4
    assert summary["question_weight"] is None
    assert {criterion["name"] for criterion in summary["criteria"]} == {"coverage", "article_recall", "triplet_accuracy"}


@pytest.mark.parametrize("articles", [1, 2, 3, 12])
def test_fewer_articles_than_neighbors_are_no_error(tmp_path, articles):
    vectors = on_arc(articles, 2)
    _, summary = measure(*write_map(tmp_path, vectors, 2, vectors, vectors))
    measures = summary["layouts"]["map"]
    assert measures["overlap"] == {"5": 1.0, "10": 1.0, "50": 1.0}
    assert measures["article_recall"]["5"] == (None if articles == 1 else 1.0)
    assert measures["trustworthiness"]["5"] == (1.0 if articles == 12 else None)
    assert (measures["triplet_accuracy"] is None) == (articles < 3)


def test_articles_all_on_one_spot_are_no_error(tmp_path):
    vectors = np.tile(np.array([[1, 0]], np.float32), (40, 1))
    _, summary = measure(*write_map(tmp_path, vectors, 2, vectors * 0.5, vectors * 0))
    assert summary["duplicates"]["pairs_with_one_vector"] == 38 * 37 // 2
    assert summary["layouts"]["map"]["pairs_on_one_spot"] == 38 * 37 // 2
    assert summary["layouts"]["map"]["spearman"] is None
    assert summary["layouts"]["map"]["trustworthiness"]["5"] == 1.0  # none is nearer than another


def test_without_refinement_nothing_is_compared_with_umap(tmp_path):
    raw = random_vectors(60, 2) * 9
    vectors, positions = random_vectors(60, 8), normalized(raw)
    _, summary = measure(*write_map(tmp_path, vectors, 3, positions, raw))
    assert not summary["refined"]
    assert summary["layouts"]["map"] == summary["layouts"]["raw"]
    assert {criterion["name"] for criterion in summary["criteria"]} == {"overlap", "questions_on_map", "coverage"}


def test_the_layout_with_light_questions_stands_between_map_and_umap(tmp_path):
    vectors = on_arc(60, 3)
    write_layout(tmp_path / "uniform_weight.parquet", x=vectors[:, 1], y=vectors[:, 0])
    _, summary = measure(*write_map(tmp_path, vectors, 3, vectors, -vectors), uniform_weight=tmp_path / "uniform_weight.parquet")
    assert list(summary["layouts"]) == ["map", "uniform_weight", "raw"]
    assert summary["layouts"]["uniform_weight"]["overlap"]["5"] == 1.0


@pytest.mark.parametrize("where", ["vectors", "positions"])
def test_numbers_that_are_none_are_an_error_that_names_the_file(tmp_path, where):
    vectors = on_arc(30, 1)
    broken = vectors.copy()
    broken[7, 1] = np.nan
    paths = write_map(tmp_path, *((broken, 1, vectors) if where == "vectors" else (vectors, 1, broken)), vectors)
    with pytest.raises(UserError, match="embeddings.parquet" if where == "vectors" else "knowledge_map.parquet"):
        measure(*paths)


def test_map_and_embeddings_of_different_items_are_an_error_of_one_line(tmp_path):
    vectors = on_arc(30, 1)
    (tmp_path / "other").mkdir()
    knowledge_map, _ = write_map(tmp_path, vectors, 1, vectors, vectors)
    _, embeddings = write_map(tmp_path / "other", vectors[:-1], 1, vectors[:-1], vectors[:-1])
    with pytest.raises(UserError, match=r"knowledge_map\.parquet: its items are not those of") as raised:
        measure(knowledge_map, embeddings)
    assert "\n" not in str(raised.value)
