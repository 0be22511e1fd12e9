"""Samples: reproducible, nested, and on disk."""

import random
import tracemalloc

import pytest

from knowledge_map.articles import sampling as sampling_module
from knowledge_map.articles.records import Article
from knowledge_map.articles.sampling import Sample, SeenIds

ROWS = [{"id": number, "text": f"text {number}"} for number in range(300)]


def ids(articles) -> list[str]:
    return [article.item_id for article in articles]


def test_a_sample_is_the_same_wherever_its_articles_stand(read, write):
    shuffled = random.Random(0).sample(ROWS, len(ROWS))
    first, report = read(write("a.jsonl", ROWS), limit=20, sample_seed=1)
    second, _ = read(write("b.jsonl", shuffled), limit=20, sample_seed=1)
    assert first == second
    assert (report.read, report.kept, report.not_drawn, report.stopped_at_limit) == (300, 20, 280, False)


def test_a_smaller_sample_begins_a_larger_one(read, write):
    path = write("a.jsonl", ROWS)
    samples = [ids(read(path, limit=limit, sample_seed=1)[0]) for limit in (5, 50, 1_000, None)]
    assert samples[2] == samples[3] and len(samples[2]) == 300
    assert samples[2][:50] == samples[1] and samples[1][:5] == samples[0]


def test_another_seed_draws_another_sample(read, write):
    path = write("a.jsonl", ROWS)
    one, other = (set(ids(read(path, limit=50, sample_seed=seed)[0])) for seed in (1, 2))
    assert 0 < len(one & other) < 25


def test_only_good_articles_are_drawn_and_only_what_is_kept_counts_as_replaced(read, write):
    rows = [*ROWS, {"id": "empty", "text": ""}, ROWS[0]]
    articles, report = read(write("a.jsonl", rows), limit=20, sample_seed=1)
    assert report.dropped == {"no text": 1, "duplicate id": 1}
    assert report.replaced == {"title taken from the opening words": 20}
    assert all(article.title == article.text for article in articles)


def test_articles_come_out_of_the_sample_as_they_went_in(read, write):
    row = {"id": "a", "title": "t", "url": "u", "text": "x\0y\n😀"}
    path = write("a.jsonl", [row])
    assert read(path, sample_seed=1)[0] == read(path)[0]


def test_pruning_changes_no_sample(tmp_path, monkeypatch):
    def drawn(slack: int) -> list[tuple]:
        monkeypatch.setattr(sampling_module, "SLACK", slack)
        with Sample(tmp_path / "sample.sqlite", seed=1, limit=10) as sample:
            for number in range(2_000):
                sample.offer(f"wiki:{number}", (*Article(f"wiki:{number}", "wiki", "", "", ""), ""))
            assert sample._held <= 20 + slack
            return list(sample.drawn())

    assert drawn(slack=5) == drawn(slack=10_000)


def test_seen_ids_stay_out_of_memory_and_off_the_disk_afterwards(tmp_path):
    tracemalloc.start()
    with SeenIds(tmp_path) as seen:
        assert all(seen.add(f"wiki:{number}") for number in range(20_000))
        assert not any(seen.add(f"wiki:{number}") for number in range(0, 20_000, 1_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_in_the_spool_is_overwritten(tmp_path):
    (tmp_path / "seen-ids.sqlite").write_bytes(b"half a database")
    with SeenIds(tmp_path) as seen:
        assert seen.add("wiki:1")


def test_a_folder_with_odd_characters_can_hold_the_spool(tmp_path):
    with SeenIds(tmp_path / "a b?c#d%20") as seen:
        assert seen.add("wiki:1")
        assert (tmp_path / "a b?c#d%20" / "seen-ids.sqlite").exists()


@pytest.mark.parametrize("limit", [1, 299, 300, 301])
def test_kept_and_not_drawn_make_up_all_good_articles(read, write, limit):
    _, report = read(write("a.jsonl", ROWS), limit=limit, sample_seed=3)
    assert (report.kept, report.not_drawn) == (min(limit, 300), max(0, 300 - limit))
