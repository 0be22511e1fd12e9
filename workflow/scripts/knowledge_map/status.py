"""How far a run is, told from its files alone: nothing is locked or changed, and the jobs may run on other machines.

A shard is done when its embeddings are there, since outputs appear whole or not at all. Any other job is done when its
benchmark is newer than its log: Snakemake writes the one when the job has ended well, and removes the other before it starts.
A log without a newer benchmark either ends in an error, or is touched by a living job (see `job`), or has fallen silent.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from knowledge_map.embedding import BLOCK
from knowledge_map.progress import duration, read_rate
from knowledge_map.shards import read_manifest

SILENT = 120
"""Seconds without a sign of life after which a job counts as silent: several pulses, and some error of the clocks."""

TAIL = 100_000
"""Bytes at the end of a log that are read: enough for any traceback."""

LISTED = 20
"""Jobs of one state that are told one by one."""

TIME = r"\d\d:\d\d:\d\d"
"""How a line of a log begins; the name of the job follows."""

EMBEDDING, CHECKING = "embed_shard", "verify"


class State(Enum):
    """What became of a job that has begun; the value is its heading."""

    DONE = "Done"
    UNDER_WAY = "Under way"
    FAILED = "Failed"
    SILENT = f"Silent for more than {duration(SILENT)}: killed, or its machine is gone"


@dataclass(frozen=True)
class Job:
    """A job that has begun.

    Attributes
    ----------
    changed : when its log changed or was touched, in seconds since 1970; of a job that is done, when it ended.
    words : the error with which it failed, else the last line of progress, else the last line of its log.
    """

    rule: str
    name: str
    log: Path
    state: State
    changed: float
    words: str = ""


@dataclass(frozen=True)
class Status:
    """How far a run was at a time, in seconds since 1970; before there is a manifest it has no shards.

    Jobs are those of the configured model and the shards in the manifest. Of the embedding, done shards are only counted.
    """

    results: Path
    time: float
    shards: int
    shards_done: int
    articles: int
    articles_done: int
    jobs: list[Job]


def read_status(results: Path, model: str, now: float | None = None) -> Status:
    """Return how far the run in a results folder is; `model` is the key of the articles' model.

    Raises UserError for a damaged manifest, OSError for a folder that may not be read.
    """
    manifest = results / "shards" / "manifest.json"
    entries = read_manifest(manifest)["shards"] if manifest.exists() else []
    now = time.time() if now is None else now
    # Folders are listed once: a shared file system takes its time over a thousand questions.
    embedded, begun, partial = (_names(results / folder / model) for folder in ("embeddings", f"logs/{EMBEDDING}", ".partial"))
    shards_done = articles_done = 0
    jobs = list(_steps(results, now))
    for entry in entries:
        shard, articles = entry["shard"], entry["articles"]
        if f"{shard}.parquet" in embedded:
            shards_done += 1
            articles_done += articles
            continue
        if shard in partial:
            blocks = _names(results / ".partial" / model / shard)
            articles_done += min(articles, BLOCK * sum(name.endswith(".parquet") for name in blocks))
        if f"{shard}.log" in begun:
            job = _job(results, Path(EMBEDDING, model, shard), now)
            # One that had ended well before its output was deleted has yet to begin.
            jobs += [job] if job and job.state != State.DONE else []
    return Status(results, now, len(entries), shards_done, sum(entry["articles"] for entry in entries), articles_done, jobs)


def _steps(results: Path, now: float) -> Iterator[Job]:
    """Yield the jobs that have begun, those aside that embed a shard: their logs lie a folder deeper."""
    logs = results / "logs"
    for log in sorted([*logs.glob("*.log"), *logs.glob("*/*.log")]):
        job = _job(results, log.relative_to(logs).with_suffix(""), now)
        if job and job.rule != CHECKING:  # which leaves no benchmark, so nobody could tell its end
            yield job


def _job(results: Path, path: Path, now: float) -> Job | None:
    """Return the job whose log and benchmark have this path in their folders; None if it has not begun."""
    log, benchmark = results / "logs" / f"{path}.log", results / "benchmarks" / f"{path}.jsonl"
    rule, name = path.parts[0], " ".join([path.parts[0], *path.parts[1:][-1:]])
    try:
        with log.open("rb") as file:
            about = os.fstat(file.fileno())
            ended = benchmark.stat().st_mtime if benchmark.exists() else 0.0
            if ended >= about.st_mtime:
                return Job(rule, name, log, State.DONE, ended)
            file.seek(max(0, about.st_size - TAIL))
            lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        return None
    lines = [re.sub(rf"^({TIME}) [^:]+: ", r"\1 ", line) for line in lines]
    error = next((line for line in lines if re.match(f"{TIME} error: ", line)), None)
    if error is not None:
        # Of an error that is not the user's, the last line of the traceback says most.
        return Job(rule, name, log, State.FAILED, about.st_mtime, " ".join(dict.fromkeys([error, lines[-1]])))
    state = State.UNDER_WAY if now - about.st_mtime < SILENT else State.SILENT
    telling = [line for line in lines if read_rate(line) is not None] or lines or [""]
    return Job(rule, name, log, state, about.st_mtime, telling[-1])


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except FileNotFoundError:
        return set()


def as_text(status: Status) -> str:
    """Return a status in lines to read; nothing in them can change the terminal, for logs quote what was in the data."""
    if not status.shards and not status.jobs:
        return f"{status.results}: no results yet."
    paragraphs = [[f"{status.results}: {_embedding(status)}"]]
    for state in State:
        jobs = [job for job in status.jobs if job.state == state]
        rows = list(_done(jobs) if state == State.DONE else _rows(jobs))
        paragraphs += [[f"{state.value}:", *rows]] if rows else []
    if not any(job.state == State.UNDER_WAY for job in status.jobs):
        paragraphs.append(["Nothing is under way."])
    text = "\n\n".join("\n".join(lines) for lines in paragraphs)
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)


def _embedding(status: Status) -> str:
    """Return how much is embedded, how fast, and how long still."""
    if not status.shards:
        return "the articles have not been cut into shards yet."
    words = (
        f"{status.shards_done:,} of {status.shards:,} shards embedded, "
        f"{status.articles_done:,} of {status.articles:,} articles ({100 * status.articles_done // status.articles} %)"
    )
    under_way = [job for job in status.jobs if job.rule == EMBEDDING and job.state == State.UNDER_WAY]
    rate = sum(read_rate(job.words) or 0 for job in under_way)
    if rate:
        words += f" · {rate:,.3g} articles/s · {duration((status.articles - status.articles_done) / rate)} left"
    return f"{words}."


def _done(jobs: list[Job]) -> Iterator[str]:
    """Yield a line for each rule, with the time its last job ended, in that order."""
    ended = {job.rule: job.changed for job in sorted(jobs, key=lambda job: job.changed)}
    for rule, when in sorted(ended.items(), key=lambda pair: pair[1]):
        times = sum(job.rule == rule for job in jobs)
        yield f"  {_clock(when)}  {rule}" + (f", {times:,} jobs" if times > 1 else "")


def _rows(jobs: list[Job]) -> Iterator[str]:
    """Yield what the first jobs say, and where the logs of those are that no longer say anything."""
    for job in jobs[:LISTED]:
        yield f"  {job.name}: {job.words or 'nothing said yet'}"
        if job.state != State.UNDER_WAY:
            yield f"    {_clock(job.changed)}  {job.log}"
    if len(jobs) > LISTED:
        yield f"  and {len(jobs) - LISTED:,} more"


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
