"""Whatever is wrong is said in one clear message, and nothing half-made is left under a final name."""

import json
import os
import pickle
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from projects import SMALL, TRACEBACK, Project, write_articles

from knowledge_map.articles.shards import check_shard


@pytest.fixture
def project(tmp_path, starter) -> Project:
    """A project of 40 articles that has yet to run."""
    project = Project(tmp_path / "project")
    write_articles(project / "articles.jsonl", starter[:40])
    project.configure(articles=[{"name": "cells", "path": "articles.jsonl"}], **SMALL)
    return project


def assert_refused(project: Project, words: list[str], *arguments: str) -> None:
    """The run ends with a message that has these words, and is no riddle."""
    run = project.run(*arguments)
    assert run.code != 0
    assert all(word in run.output for word in words), run.output
    assert TRACEBACK not in run.output, run.output


# The configuration: refused before any job starts. What else is refused is tested where it is read.


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"embeding__model": "x"}, ["unknown key `embeding`", "is `embedding` meant?"]),
        ({"articles": [{"name": "cells", "path": "nowhere.jsonl"}]}, ["nowhere.jsonl: no such file"]),
        ({"embedding__model": "owner/name"}, ["embedding.revision", "owner/name"]),
    ],
    ids=["key", "file", "model"],
)
def test_a_wrong_configuration_is_refused_before_any_job(project, settings, words):
    project.configure(**settings)
    assert_refused(project, words, "--dry-run")


def test_a_wrong_question_file_is_refused_before_any_job(project):
    (project / "questions.json").write_text('[{"question": "Why?", "options": ["a", "b"], "correctIndex": 2}]')
    project.configure(questions="questions.json")
    assert_refused(project, ["questions.json", "question 1", "correctIndex is 2"], "--dry-run")


def test_a_run_ends_with_how_many_questions_can_be_asked(project):
    asked = [{"question": "Which?", "choices": ["a", "b"], "answer": 1}, {"question": "Other?", "correctAnswer": "b"}]
    (project / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)))
    project.configure(questions="questions.jsonl")
    run = project.run("shard")
    assert run.code == 0, run.output
    assert "questions: 2, of which 1 can be asked (1 without options); not read, though it looks like" in run.output
    assert "`correctAnswer` (1)" in run.output


def test_a_results_folder_that_cannot_be_written_is_refused_before_any_job(project, disk):
    disk.remount("ro")
    project.configure(results=str(disk.folder / "results"))
    assert_refused(project, [str(disk.folder), "cannot be written"], "--dry-run")


# The sources: refused when they are read


DUMP = """<mediawiki><siteinfo><base>https://w.org/wiki/Main</base></siteinfo>
<page><title>Star</title><ns>0</ns><id>1</id><redirect title="Sun"/><revision><text>#REDIRECT [[Sun]]</text></revision></page>
<page><title>Sun</title><ns>0</ns><id>2</id><revision><text>{{Infobox}}The sun is a [[star]].</text></revision></page>
</mediawiki>"""


def text(lines: list[str]) -> Callable[[Path], object]:
    return lambda path: path.write_text("".join(line + "\n" for line in lines))


def broken(count: int) -> Callable[[Path], object]:
    """Forty lines of which so many are no JSON."""
    return text(['{"text": "cut of'] * count + [json.dumps({"text": f"Article {i}"}) for i in range(40 - count)])


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("a.jsonl", broken(3), ["3 of 40 rows had to be dropped", "3 broken row", "line 1", "shards.max_dropped"]),
        ("a.parquet", lambda path: pq.write_table(pa.table({"words": ["x"]}), path), ["no column `text`", "words"]),
        ("a.xml", text([DUMP[:-40]]), ["page Sun", "cut short or damaged", "fetch or make the file anew"]),
    ],
    ids=["lines", "column", "dump"],
)
def test_a_wrong_source_is_refused_and_nothing_is_made_of_it(project, name, write, words):
    write(project / name)
    project.configure(articles=[{"name": "cells", "path": name}])
    assert_refused(project, [name, *words], "shard")
    assert not (project / "results/shards/manifest.json").exists()


def test_few_broken_lines_are_dropped_and_told(project):
    broken(2)(project / "articles.jsonl")
    run = project.run("shard")
    assert run.code == 0
    assert "cells: 2 dropped: broken row" in run.output
    assert "line 1: broken row (not JSON" in run.output
    (source,) = json.loads((project / "results/shards/manifest.json").read_text())["sources"]
    assert (source["read"], source["kept"], source["dropped"]) == (40, 38, {"broken row": 2})


def test_what_the_settings_leave_out_of_a_dump_is_told(project):
    text([DUMP])(project / "a.xml")
    project.configure(articles=[{"name": "wiki", "path": "a.xml", "mediawiki": {"min_characters": 10}}])
    run = project.run("shard")
    assert run.code == 0, run.output
    assert "wiki: 1 left out: a redirect" in run.output
    manifest = json.loads((project / "results/shards/manifest.json").read_text())
    (source,) = manifest["sources"]
    assert (source["read"], source["kept"], source["left_out"], source["dropped"]) == (2, 1, {"a redirect": 1}, {})
    (shard,) = manifest["shards"]
    rows = pq.read_table(project / f"results/shards/{shard['shard']}.parquet").to_pylist()
    assert [(row["url"], row["text"]) for row in rows] == [("https://w.org/wiki/Sun", "The sun is a star.")]


class Harmful:
    """Pickled, it makes a file as soon as it is loaded the usual way."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_with_code_in_it_is_refused_and_does_not_run(project):
    (project / "a.pkl").write_bytes(pickle.dumps([{"text": "harmless"}, Harmful(project / "harm")]))
    project.configure(articles=[{"name": "cells", "path": "a.pkl"}])
    assert_refused(project, ["a.pkl", "mkdir", "nothing in it was run"], "shard")
    assert not (project / "harm").exists()


def test_too_few_articles_are_refused_before_they_are_embedded(project, starter):
    write_articles(project / "articles.jsonl", starter[:5])
    run = project.run()
    assert run.code != 0
    for words in ("5 articles and 0 questions are too few for neighbors.k = 5", "set neighbors.k to at most 4"):
        assert words in run.output
    assert TRACEBACK not in run.output
    assert run.jobs["embed_shard"] == 0


def test_odd_articles_become_a_map(project, starter):
    """Twins, missing titles, a text of 20 MB, broken bytes and a doubled id go the whole way."""
    twins = [{"id": name, "title": "Twin", "text": "The same text."} for name in ("first", "second")]
    untitled = [{"id": "none", "title": None, "text": "No title."}, {"id": "nan", "title": float("nan"), "text": "Not a title."}]
    endless = {"id": "endless", "title": "Endless", "text": "word " * 4_000_000}
    write_articles(project / "articles.jsonl", [*starter[:40], *twins, *untitled, endless, twins[0]])
    with (project / "articles.jsonl").open("ab") as file:
        file.write(b'{"text": "caf\xe9"}\n')
    project.configure(shards__size=100)

    run = project.run()
    assert run.code == 0, run.output
    (source,) = json.loads((project / "results/shards/manifest.json").read_text())["sources"]
    assert source["dropped"] == {"duplicate id": 1, "broken row": 1}
    assert source["replaced"] == {"title taken from the opening words": 2, "text cut at 100000 characters": 1}
    knowledge_map = pd.read_parquet(project / "results/knowledge_map.parquet").set_index("item_id")
    assert len(knowledge_map) == 45
    assert knowledge_map[["x", "y"]].notna().all(axis=None)
    assert knowledge_map.title[["cells:none", "cells:nan"]].tolist() == ["No title.", "Not a title."]
    assert knowledge_map.neighbors["cells:first"]["ids"][0] == knowledge_map.row["cells:second"]


# The disk


def test_a_disk_full_while_sharding_leaves_whole_shards_and_goes_on_when_there_is_room(project, disk):
    digits = random.Random(1)
    write_articles(project / "articles.jsonl", ({"text": f"{digits.getrandbits(200_000):x}"} for _ in range(96)))
    project.configure(results=str(disk.folder / "results"))
    shards = disk.folder / "results/shards"

    assert_refused(project, ["the disk is full", "make room and run the workflow again"], "shard")
    assert not (shards / "manifest.json").exists()
    whole = list(shards.glob("*.parquet"))
    assert whole
    assert all(check_shard(path) == 24 for path in whole)
    assert not list(shards.glob(".*"))

    disk.remount("size=16m")
    assert project.make("shard") == Counter(shard=1)
    assert sum(check_shard(path) for path in shards.glob("*.parquet")) == 96
