"""Shards: named by their content, so that only what changed gets a new name; and a manifest that tells what became of all."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_map.articles import shards
from knowledge_map.articles.records import Source, SourceReport
from knowledge_map.articles.shards import check_shard, digest, read_manifest, write_shards
from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import read_parquet, write_parquet
from knowledge_map.common.progress import log

SIZE = 10


class Corpus:
    """Sources in a folder, sharded as often as they change."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.shards, self.manifest = folder / "shards", folder / "shards/manifest.json"

    def shard(self, max_dropped: float = 0.0, **sources: list[dict]) -> list[str]:
        """Write these articles as sources, shard them and return the shards' names in order."""
        for name, articles in sources.items():
            path = self.folder / f"{name}.jsonl"
            path.write_text("".join(json.dumps(article) + "\n" for article in articles))
        listed = [Source(name, str(self.folder / f"{name}.jsonl")) for name in sources]
        write_shards(listed, self.shards, self.manifest, SIZE, max_characters=1000, max_dropped=max_dropped)
        return [entry["shard"] for entry in read_manifest(self.manifest)["shards"]]


@pytest.fixture
def corpus(tmp_path) -> Corpus:
    return Corpus(tmp_path)


def some_articles(count: int, word: str = "text") -> list[dict]:
    return [{"id": f"{word}-{n}", "title": f"Title {n}", "url": "", "text": f"{word} of number {n}"} for n in range(count)]


def test_what_a_killed_run_left_in_the_spool_is_removed(tmp_path):
    (tmp_path / "shards" / ".scratch_dir-killed").mkdir(parents=True)
    (tmp_path / "shards" / ".scratch_dir-killed" / "seen-ids.sqlite").write_bytes(b"half")
    source = tmp_path / "articles.jsonl"
    source.write_text('{"id": "1", "text": "Some text."}\n', encoding="utf-8")
    folder = tmp_path / "shards"
    write_shards([Source("a", str(source))], folder, folder / "manifest.json", size=10, max_characters=1_000, max_dropped=0.0)
    assert not list(folder.glob(".scratch_dir-*"))


def test_appending_leaves_every_full_shard_alone(corpus):
    before = corpus.shard(wiki=some_articles(25))
    after = corpus.shard(wiki=some_articles(43))
    assert len(before) == 3 and len(after) == 5
    assert after[:2] == before[:2] and after[2] != before[2]


def test_appending_to_one_source_leaves_the_others_alone(corpus):
    first, *rest = corpus.shard(wiki=some_articles(5), books=some_articles(15, "book"))
    changed, *rest_after = corpus.shard(wiki=some_articles(6), books=some_articles(15, "book"))
    assert changed != first and rest_after == rest


def test_a_shard_holds_one_source_only(corpus):
    names = corpus.shard(wiki=some_articles(13), books=some_articles(8, "book"))
    contents = [read_parquet(corpus.shards / f"{name}.parquet").to_pylist() for name in names]
    assert [{row["source"] for row in rows} for rows in contents] == [{"wiki"}, {"wiki"}, {"books"}]
    assert [len(rows) for rows in contents] == [10, 3, 8]
    assert [row["item_id"] for rows in contents for row in rows][:2] == ["wiki:text-0", "wiki:text-1"]


@pytest.mark.parametrize("field", ["id", "title", "url", "text"])
def test_an_edit_changes_only_its_shard_and_taking_it_back_gives_the_old_name(corpus, field):
    articles = some_articles(30)
    before = corpus.shard(wiki=articles)
    edited = [*articles[:14], articles[14] | {field: "edited"}, *articles[15:]]
    after = corpus.shard(wiki=edited)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
    assert corpus.shard(wiki=articles) == before


def test_the_manifest_counts_articles_shards_and_what_was_dropped(corpus):
    rows = [*some_articles(12), {"id": "blank", "text": "  "}, {"id": "text-3", "text": "once more"}]
    corpus.shard(max_dropped=0.5, wiki=rows, books=some_articles(4, "book"))
    manifest = read_manifest(corpus.manifest)
    assert manifest["articles"] == 16
    assert [(shard["source"], shard["articles"]) for shard in manifest["shards"]] == [("wiki", 10), ("wiki", 2), ("books", 4)]
    assert [(report["name"], report["read"], report["kept"]) for report in manifest["sources"]] == [
        ("wiki", 14, 12),
        ("books", 4, 4),
    ]
    assert manifest["sources"][0]["dropped"] == {"no text": 1, "duplicate id": 1}
    for shard in manifest["shards"]:
        assert check_shard(corpus.shards / f"{shard['shard']}.parquet") == shard["articles"]


def test_dropped_rows_are_told_in_the_log(corpus, caplog):
    log.setLevel("INFO")
    corpus.shard(max_dropped=0.5, wiki=[*some_articles(3), {"id": "blank", "text": ""}])
    assert "wiki: 4 rows read, 3 articles kept" in caplog.text
    assert "wiki: 1 dropped: no text" in caplog.text


def test_too_many_dropped_rows_stop_with_the_reason(corpus):
    rows = [*some_articles(8), {"id": "blank", "text": ""}, {"id": "text-1", "text": "again"}]
    with pytest.raises(
        UserError, match=r"wiki\.jsonl: 2 of 10 rows had to be dropped \(1 no text, 1 duplicate id; first: line 9"
    ):
        corpus.shard(max_dropped=0.19, wiki=rows)
    assert not corpus.manifest.exists()
    assert len(corpus.shard(max_dropped=0.2, wiki=rows)) == 1


def test_no_articles_at_all_are_refused(corpus):
    with pytest.raises(UserError, match=r"no articles at all in .*wiki\.jsonl"):
        corpus.shard(max_dropped=1.0, wiki=[{"id": "blank", "text": ""}])


def test_no_articles_at_all_are_refused_with_what_became_of_the_rows(corpus):
    with pytest.raises(
        UserError, match=r"wiki\.jsonl \(2 rows read; 1 dropped: no text; 1 dropped: broken row\); fix `articles`"
    ):
        corpus.shard(max_dropped=1.0, wiki=[{"id": "blank", "text": ""}, 5])


def test_no_articles_at_all_are_refused_with_every_setting_that_left_some_out():
    reasons = [("a stub", "mediawiki.min_characters"), ("a redirect", ""), ("a stub", "mediawiki.min_characters"), ("x", "a.b")]
    report = SourceReport("wiki", "a.xml", read=4)
    for reason in reasons:
        report.leave_out(*reason)
    assert str(shards._none_kept([report, SourceReport("b", "b.xml")])) == (
        "no articles at all in a.xml (4 rows read; 2 left out by `mediawiki.min_characters`: a stub; 1 left out: a redirect; "
        "1 left out by `a.b`: x), b.xml; change `mediawiki.min_characters`, `a.b` of the source, or give another source."
    )


def test_a_source_is_never_spooled_into_the_results_for_good(corpus):
    (name,) = corpus.shard(wiki=some_articles(3))
    assert {path.name for path in corpus.shards.iterdir()} == {"manifest.json", f"{name}.parquet"}


def test_changed_content_is_noticed_by_the_name(corpus):
    (name,) = corpus.shard(wiki=some_articles(3))
    path = corpus.shards / f"{name}.parquet"
    table = read_parquet(path)
    write_parquet(path, table.set_column(2, "title", [["Title 0", "Title 2", "Title 2"]]))
    with pytest.raises(UserError, match=rf"{name}\.parquet: damaged \(its content does not match its name\)"):
        check_shard(path)


def test_a_damaged_manifest_is_named(tmp_path):
    (tmp_path / "manifest.json").write_text('{"articles": 1')
    with pytest.raises(UserError, match=r"manifest\.json: damaged"):
        read_manifest(tmp_path / "manifest.json")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
contents = st.lists(st.tuples(texts, texts, texts), max_size=4)


@settings(deadline=None)
@given(contents, contents)
def test_different_contents_have_different_digests(one, other):
    assert (digest(one) == digest(other)) == (one == other)


@settings(deadline=None)
@given(texts, st.characters(exclude_categories=["Cs"]), texts)
def test_a_character_moved_between_fields_changes_the_digest(left, moved, right):
    assert digest([(left + moved, right)]) != digest([(left, moved + right)])
