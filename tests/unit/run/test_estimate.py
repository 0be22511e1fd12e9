"""The estimate covers every rule, grows as the rules do, and says what is short and what would help."""

from pathlib import Path

import numpy as np
import pytest

from knowledge_map.articles.records import Article
from knowledge_map.articles.shards import write_shard
from knowledge_map.articles.vectors import write_vectors
from knowledge_map.common.files import write_record
from knowledge_map.common.progress import duration
from knowledge_map.embedding.encoders import Embedded, TextEncoder
from knowledge_map.embedding.model import EmbeddingModel
from knowledge_map.run import estimate as estimates
from knowledge_map.run.estimate import BY_INDEX, COSTS, SPEED, Embedding, Ways, as_lines, estimate, measure_embedding

RULES = Path(__file__).parents[3] / "workflow" / "rules"

MEASURED = Embedding(load=5, rate=100, truncated=0.0, dimension=384, memory=800, computed_in="float32")


@pytest.fixture
def manifest(tmp_path):
    def of(*sizes: int) -> Path:
        shards = [{"shard": f"{n:016x}", "articles": size} for n, size in enumerate(sizes)]
        write_record(tmp_path / "manifest.json", {"articles": sum(sizes), "shards": shards, "sources": []})
        return tmp_path / "manifest.json"

    return of


def seconds(rows, rule: str) -> float:
    return next(row.seconds for row in rows if row.rule == rule)


def test_every_rule_of_a_run_is_estimated():
    lines = [line for file in RULES.glob("*.smk") for line in file.read_text().splitlines()]
    rules = {line.split()[1].rstrip(":") for line in lines if line.startswith("rule ")}
    asked_for_only = {"verify", "estimate", "fetch_dataset", "domain_bundle", "question_audit", "keep_layout"}
    asked_for_only |= {"project", "place_items", "append_articles", "append_labels"}
    assert rules - asked_for_only - {"embed_shard", "embed_questions"} <= COSTS.keys() | BY_INDEX.keys()


def test_the_neighbor_graph_grows_with_the_square_and_what_is_streamed_with_the_articles(manifest):
    small, large = (estimate(manifest(n), MEASURED, cores=2, job_threads=1, ways=Ways(), speed=SPEED) for n in (240_000, 480_000))
    assert seconds(large, "neighbor_block") == pytest.approx(4 * seconds(small, "neighbor_block"), rel=0.02)
    assert seconds(large, "map_pickle") == pytest.approx(2 * seconds(small, "map_pickle"), rel=0.1)


def test_a_large_map_takes_other_ways(manifest):
    large_ways = Ways(index=True, graph_alone=True, pickle=False)
    exact, large = (estimate(manifest(1_000_000), MEASURED, 2, 1, ways, SPEED) for ways in (Ways(), large_ways))
    of_exact, of_large = ([row.rule for row in rows] for rows in (exact, large))
    assert set(of_exact) ^ set(of_large) == {"neighbor_index", "map_pickle"}
    assert of_large.index("neighbor_index") + 1 == of_large.index("neighbor_block")
    assert seconds(large, "neighbor_block") < seconds(exact, "neighbor_block") / 10
    assert max(row.memory for row in large) < 4000 < max(row.memory for row in exact)


def test_a_machine_half_as_fast_takes_twice_as_long(manifest):
    fast, slow = (estimate(manifest(24_000), MEASURED, 2, 1, Ways(), speed) for speed in (SPEED, 2 * SPEED))
    assert seconds(slow, "fit_umap") == 2 * seconds(fast, "fit_umap")
    assert seconds(slow, "embed_shard") == seconds(fast, "embed_shard")  # is measured


def test_shards_are_embedded_as_many_at_a_time_as_there_is_room_for(manifest):
    path = manifest(10_000, 10_000, 4_000)
    assert seconds(estimate(path, MEASURED, 1, 1, Ways(), SPEED), "embed_shard") == 3 * 5 + 240
    assert seconds(estimate(path, MEASURED, 2, 1, Ways(), SPEED), "embed_shard") == 2 * 5 + 140
    assert seconds(estimate(path, MEASURED, 8, 1, Ways(), SPEED), "embed_shard") == 5 + 100


def test_two_refinements_share_the_cores_and_one_alone_has_them_all(manifest):
    two, four, alone = (
        seconds(estimate(manifest(24_000), MEASURED, cores, 1, Ways(grown=grown), SPEED), "refine_layout")
        for cores, grown in ((2, False), (4, False), (2, True))
    )
    assert two > four == alone


@pytest.mark.parametrize(("cores", "counted"), [(1, 2), (2, 1)])
def test_what_runs_side_by_side_counts_once_in_the_whole(manifest, tmp_path, cores, counted):
    rows = estimate(manifest(24_000), MEASURED, cores, 1, Ways(), SPEED)
    others = sum(row.seconds for row in rows if row.rule not in ("refine_layout", "refine_uniform_weight"))
    whole = duration(others + counted * seconds(rows, "refine_layout"))
    assert [whole in line for line in as_lines(rows, MEASURED, 256, tmp_path) if line.startswith("all ")] == [True]


def test_what_is_short_and_what_would_help_is_said(manifest, tmp_path):
    rows = estimate(manifest(*[10_000] * 700), Embedding(5, 20, 0.8, 1024, 3000, "float32"), 8, 1, Ways(), SPEED)
    said = "\n".join(as_lines(rows, MEASURED, 512, tmp_path))
    assert "a GPU embeds" in said and "not enough memory: fit_umap" in said and "`neighbors.method: index`" in said
    cut = "\n".join(as_lines(rows, Embedding(5, 20, 0.8, 1024, 3000, "bfloat16"), 512, tmp_path))
    assert "80 % of the texts are longer than 512 tokens; `embedding.max_tokens: 256`" in cut


class Counting(TextEncoder):
    """Takes no time, and remembers what it was given."""

    dimension = 3

    def __init__(self):
        self.texts: list[str] = []

    def encode_blocks(self, blocks):
        for block in blocks:
            self.texts += block.texts
            yield Embedded(np.ones((len(block.texts), 3), np.float32), len(block.texts) // 2, "", "float32")


@pytest.mark.parametrize("sizes", [(3,), (500,), (40, 3000)])
def test_texts_from_all_over_the_collection_are_embedded_as_the_run_will_embed_them(tmp_path, sizes):
    shards = []
    for number, size in enumerate(sizes):
        articles = [Article(f"{number}-{row}", "s", f"title {number}-{row}", "", f"text {row}") for row in range(size)]
        shards.append({"shard": write_shard(articles, tmp_path), "articles": size})
    write_record(tmp_path / "manifest.json", {"articles": sum(sizes), "shards": shards, "sources": []})
    encoder = Counting()
    model = EmbeddingModel("article", "m", None, 256, "auto", "{title}. {text}", None)
    measured = measure_embedding(tmp_path / "manifest.json", model, lambda: encoder)
    asked = estimates.SAMPLE + estimates.WARM_UP
    assert {text.split("-")[0] for text in encoder.texts} == {f"title {number}" for number in range(len(sizes))}
    assert min(sum(sizes), asked) * 0.4 <= len(set(encoder.texts)) <= asked + len(sizes)
    assert encoder.texts[0].startswith("title 0-0. text 0") and measured.dimension == 3 and measured.rate > 0


class Unasked(TextEncoder):
    """Must not be loaded."""

    def __init__(self):
        raise AssertionError("a model was loaded")


def test_articles_that_bring_vectors_along_are_not_embedded(tmp_path):
    texts = [Article(f"{row}", "s", f"title {row}", "", f"text {row}") for row in range(40)]
    given = [
        Article(f"given {row}", "s", "given", "", "given", vector=np.eye(5, dtype=np.float32)[row % 5].tobytes())
        for row in range(60)
    ]
    name = write_shard(given, tmp_path)
    brought = {"shard": name, "articles": 60, "vectors": write_vectors(given, name, tmp_path)}
    embedded = {"shard": write_shard(texts, tmp_path), "articles": 40}
    path = tmp_path / "manifest.json"
    model = EmbeddingModel("article", "m", None, 256, "auto", "{title}. {text}", None)

    write_record(path, {"articles": 100, "shards": [brought, embedded], "sources": []})
    encoder = Counting()
    measure_embedding(path, model, lambda: encoder)
    assert encoder.texts and not any("given" in text for text in encoder.texts)
    rows = {row.rule: row for row in estimate(path, MEASURED, 1, 1, Ways(), SPEED)}
    assert rows["embed_shard"].seconds == pytest.approx(5 + 40 / 100)
    assert rows["embed_shard"].disk == pytest.approx(40 * 384 * 4.05 / 1e6)

    write_record(path, {"articles": 60, "shards": [brought], "sources": []})
    assert measure_embedding(path, model, Unasked) is None
    rows = estimate(path, None, 1, 1, Ways(), SPEED)
    assert "embed_shard" not in [row.rule for row in rows]
    assert rows[0].disk == pytest.approx(60 * 5 * 4.05 / 1e6 + COSTS["shard"].disk * 0.06)
    assert "embedding: none, since the sources bring all vectors along" in as_lines(rows, None, 256, tmp_path)


@pytest.mark.parametrize(
    ("ways", "first"),
    [(Ways(), {"fit_umap"}), (Ways(umap=False), {"fit_pca"}), (Ways(grown=True), set())],
    ids=["umap", "principal components", "grown"],
)
def test_one_first_layout_is_estimated_or_none_where_the_map_grows(manifest, ways, first):
    rules = {row.rule for row in estimate(manifest(24_000), MEASURED, 2, 1, ways, SPEED)}
    assert rules & {"fit_umap", "fit_pca"} == first
    assert ("refine_uniform_weight" in rules) is not ways.grown
