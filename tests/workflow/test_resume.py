"""Embedding that is killed goes on where it stopped, and ends with the same bytes as if nothing had happened."""

import os
import re
import signal
import subprocess
from collections import Counter
from itertools import count
from pathlib import Path
from random import Random

import pytest
from projects import SMALL, TRACEBACK, Project, digests, kill, small_project, wait_for, write_articles
from waiting import PATIENCE

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
ARTICLES = 3_400  # one shard of four blocks of 1,000
KILLS = int(os.environ.get("KILLS", "3"))  # of a whole run; each costs some ten seconds


def numbers(folder: Path) -> Project:
    """A project whose articles are numbers in words: short, and no two alike."""
    project = Project(folder)
    words = (" ".join(DIGITS[int(digit)] for digit in str(number)) for number in range(ARTICLES))
    write_articles(project / "numbers.jsonl", ({"title": "Number", "text": text} for text in words))
    project.configure(**SMALL, articles=[{"name": "numbers", "path": "numbers.jsonl"}])
    project.configure(shards__size=ARTICLES, embedding__max_tokens=16)
    return project


@pytest.fixture
def project(tmp_path) -> Project:
    return numbers(tmp_path / "project")


@pytest.fixture(scope="session")
def undisturbed(made_once) -> bytes:
    """The embedding table of a run that nothing disturbed."""

    def make(folder: Path) -> None:
        expected = Counter(shard=1, embed_questions=1, embed_shard=1, merge_embeddings=1)
        assert numbers(folder).make("merge_embeddings") == expected

    return table(Project(made_once("undisturbed", make)))


def table(project: Project) -> bytes:
    return (project / "results/embeddings.parquet").read_bytes()


def at_work(project: Project) -> bool:
    return any(project.folder.glob("results/.partial/*/*.lock"))


def saved_blocks(project: Project) -> dict[Path, tuple[int, int]]:
    """The blocks saved so far; inode and time tell whether one was written again."""
    paths = sorted(project.folder.glob("results/.partial/*/*/[0-9]*.parquet"))
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


def kill_after(blocks: int, project: Project) -> str:
    """Run until so many blocks are saved, and kill the run with its jobs. Return what it said."""
    process = project.start("merge_embeddings")
    wait_for(lambda: at_work(project) and len(saved_blocks(project)) >= blocks, process)
    kill(process)
    output = (project / "output").read_text()
    project.make("--unlock")
    return output


def test_embedding_killed_again_and_again_embeds_no_saved_block_twice(project, undisturbed):
    saved, said = {}, ""
    for blocks in range(4):
        said += kill_after(blocks, project)
        before, saved = saved, saved_blocks(project)
        assert before.items() <= saved.items()
    assert len(saved) >= 3

    last = project.run("merge_embeddings")
    assert last.jobs == Counter(embed_shard=1, merge_embeddings=1)
    assert "3,000 of 3,400 articles were embedded by an earlier run" in last.output
    times = Counter(re.findall(r"block (\d+) saved", said + last.output))
    assert set(times.values()) == {1} and "3" in times
    assert table(project) == undisturbed
    assert not list(project.folder.glob("results/.partial/*/*"))


def test_embedding_that_is_told_to_stop_does_so_soon_and_keeps_its_blocks(project):
    process = project.start("merge_embeddings", cold=["embed_shard"])
    try:
        wait_for(lambda: len(saved_blocks(project)) >= 1, process)
        process.terminate()  # Snakemake alone
        assert process.wait(timeout=PATIENCE) != 0
    finally:
        kill(process)
    assert TRACEBACK not in (project / "output").read_text()
    assert saved_blocks(project) and not list(project.folder.glob("results/**/.*.tmp"))
    assert project.plan("merge_embeddings") == Counter(embed_shard=1, merge_embeddings=1)


def test_a_whole_run_killed_at_random_moments_ends_with_the_same_bytes(base, starter, tmp_path):
    seconds = (base / "output").stat().st_mtime - (base / "config.yaml").stat().st_mtime
    random, kills, folders = Random(KILLS), 0, count()
    while kills < KILLS:
        # Each kill lets the run come a little further; where it comes to its end, another begins.
        project, said, killed, ended = small_project(tmp_path / f"run-{next(folders)}", starter), "", 0, False
        while not ended:
            process = project.start(cores=1)
            try:
                process.wait(None if kills == KILLS else random.uniform(1, seconds / 2))
                ended = True
            except subprocess.TimeoutExpired:
                kills, killed = kills + 1, killed + 1
            kill(process)
            said += (project / "output").read_text()
            if not ended:
                project.make("--unlock")
        assert process.returncode == 0 and TRACEBACK not in said, said
        # A block of neighbors, which is temporary, stays where the kill comes before Snakemake removes it.
        found = {name: digest for name, digest in digests(project).items() if name != "neighbors/0-of-1.parquet"}
        assert found == digests(base)
        # Three shards of one block, one at a time.
        assert 3 <= said.count("block 0 saved") <= 3 + killed


def test_damaged_blocks_are_noticed_and_embedded_again(project, undisturbed):
    kill_after(3, project)
    flipped, cut, sound = list(saved_blocks(project))[:3]
    content = bytearray(flipped.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.write_bytes(content)
    os.truncate(cut, cut.stat().st_size // 2)

    run = project.run("merge_embeddings")
    for path in (flipped, cut):
        assert re.search(f"{path.name}: damaged .* embedded again", run.output)
        assert f"block {int(path.stem)} saved" in run.output
    assert f"block {int(sound.stem)} saved" not in run.output
    assert table(project) == undisturbed


def test_a_second_job_on_the_same_shard_says_so_and_waits(project, undisturbed, tmp_path):
    # Two heads at work in one results folder: Snakemake's own lock does not keep them apart.
    second = project.copy(tmp_path / "second")
    second.configure(results=str(project / "results"))
    process = project.start("merge_embeddings")
    try:
        wait_for(lambda: bool(saved_blocks(project)), process)
        os.killpg(process.pid, signal.SIGSTOP)
        blocks = saved_blocks(project)
        other = second.start("merge_embeddings")
        try:
            wait_for(lambda: "another process is embedding this shard" in (second / "output").read_text(), other)
            assert saved_blocks(project) == blocks
            os.killpg(process.pid, signal.SIGCONT)
            assert process.wait(timeout=PATIENCE) == 0
            assert other.wait(timeout=PATIENCE) == 0
        finally:
            kill(other)
        assert TRACEBACK not in (second / "output").read_text()
    finally:
        kill(process)
    assert table(project) == undisturbed


def test_a_disk_full_while_embedding_goes_on_when_there_is_room(project, undisturbed, disk):
    project.configure(results=str(disk.folder / "results"))
    disk.remount("size=4m")  # room for two blocks
    run = project.run("merge_embeddings", "--retries", "0")
    assert run.code != 0
    assert "the disk is full" in run.output and "it goes on where it stopped" in run.output
    assert TRACEBACK not in run.output
    assert run.jobs["embed_shard"] == 0
    assert not list(disk.folder.glob("results/embeddings/*/*[0-9a-f].parquet"))

    disk.remount("size=64m")
    run = project.run("merge_embeddings")
    assert run.jobs == Counter(embed_shard=1, merge_embeddings=1)
    assert "2,000 of 3,400 articles were embedded by an earlier run" in run.output
    assert (disk.folder / "results/embeddings.parquet").read_bytes() == undisturbed
