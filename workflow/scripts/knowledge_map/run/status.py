"""How far a run is, told from its files alone: nothing is locked or changed, and the jobs may run on other machines.

A shard is done when its embeddings are there, since outputs appear whole or not at all. Any other job is done when its
benchmark is newer than its log: Snakemake writes the one when the job has ended well, and removes the other before it starts.
A log without a newer benchmark either ends in an error, or is touched by a living job (see `job`), or has fallen silent.
"""

import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from knowledge_map.articles.shards import read_manifest
from knowledge_map.common.job import HEARTBEAT
from knowledge_map.common.progress import duration, pace, read_rate
from knowledge_map.embedding.blocks import BLOCK

SILENT = 120
"""Seconds without a sign of life after which a job counts as silent: several pulses, and some error of the clocks."""

TAIL = 100_000
"""Bytes at the end of a log that are read: enough for any traceback."""

LISTED = 20
"""Jobs of one state that are told one by one."""

IDLE = "No job is at work just now. Snakemake, started again, does what is left."

TIME = r"\d\d:\d\d:\d\d"
"""How a line of a log begins; the name of the job follows."""

EMBEDDING = "embed_shard"

CHECKING = "verify"
"""The rule without a benchmark, so that nobody could tell how its job ended."""


class State(Enum):
    """What became of a job that has begun; the value is its heading."""

    DONE = "Done"
    UNDER_WAY = "Under way"
    FAILED = "Failed"
    SILENT = f"Silent for more than {duration(SILENT)}: killed, its machine is gone, or asleep until {HEARTBEAT} seconds ago"


@dataclass(frozen=True)
class Job:
    """A job that has begun.

    Attributes
    ----------
    changed : when its log changed or was touched last, in seconds since 1970; of a job that is done, when it ended.
    words : the error with which it failed, or how far the count in its log is, or the last line there.
    rate : steps a second, as its log told last.
    """

    rule: str
    name: str
    log: Path
    state: State
    changed: float
    words: str
    rate: float | None


@dataclass(frozen=True)
class Status:
    """How far a run is: its shards (none before there is a manifest), and its jobs.

    Attributes
    ----------
    time : when it was so, in seconds since 1970.
    rate : articles embedded in a second, by all jobs under way; 0 where nobody tells.
    jobs : those that have begun, but for finished shards, which are only counted.
    """

    results: Path
    time: float
    shards: int
    shards_done: int
    articles: int
    articles_done: int
    rate: float
    jobs: list[Job]


def read_status(results: Path, model: str, now: float | None = None, block: int = BLOCK) -> Status:
    """Return how far the run in a results folder is, with the embeddings of the model of this key, saved in blocks of this size.

    Raises UserError for a damaged manifest, OSError for a folder that may not be read.
    """
    now = time.time() if now is None else now
    manifest = results / "shards" / "manifest.json"
    entries = read_manifest(manifest)["shards"] if manifest.exists() else []
    # Folders are listed once: a shared file system takes its time over a thousand questions.
    embedded, logs, partial = (_names(results / folder / model) for folder in ("embeddings", f"logs/{EMBEDDING}", ".partial"))
    done, left = [], []
    for entry in entries:
        (done if f"{entry['shard']}.parquet" in embedded or "vectors" in entry else left).append(entry)
    saved = [
        _saved(results / ".partial" / model / entry["shard"], entry["articles"], block)
        for entry in left
        if entry["shard"] in partial
    ]
    begun = [entry["shard"] for entry in left if f"{entry['shard']}.log" in logs]
    embedding = [_job(results, Path(EMBEDDING, model, shard), now) for shard in begun]
    # One that had ended well before its output was deleted has yet to begin.
    embedding = [job for job in embedding if job and job.state != State.DONE]
    under_way = [job for job in embedding if job.state == State.UNDER_WAY]
    finished = [_job(results, Path(EMBEDDING, model, entry["shard"]), now) for entry in done[-1:]]
    return Status(
        results=results,
        time=now,
        shards=len(entries),
        shards_done=len(done),
        articles=sum(entry["articles"] for entry in entries),
        articles_done=sum(entry["articles"] for entry in done) + sum(saved),
        rate=len(under_way) * (_mean_rate(under_way) or _mean_rate(finished)),
        jobs=[*embedding, *_steps(results, now)],
    )


def _saved(folder: Path, articles: int, block: int) -> int:
    """Return how many articles of a shard are embedded, by the blocks in its folder."""
    return min(articles, block * sum(name.endswith(".parquet") for name in _names(folder)))


def _mean_rate(jobs: Sequence[Job | None]) -> float:
    """Return the mean of the rates that jobs tell; a job that has just begun tells none."""
    rates = [job.rate for job in jobs if job and job.rate]
    return sum(rates) / len(rates) if rates else 0.0


def _steps(results: Path, now: float) -> Iterator[Job]:
    """Yield the jobs that have begun, but for those that embed a shard: their logs lie a folder deeper."""
    logs = results / "logs"
    for log in sorted([*logs.glob("*.log"), *logs.glob("*/*.log")]):
        job = _job(results, log.relative_to(logs).with_suffix(""), now)
        if job and job.rule != CHECKING:
            yield job


def _job(results: Path, path: Path, now: float) -> Job | None:
    """Return the job whose log and benchmark have this path in their folders; None if it has not begun."""
    log, benchmark = results / "logs" / f"{path}.log", results / "benchmarks" / f"{path}.jsonl"
    rule = path.parts[0]
    name = " ".join(dict.fromkeys([rule, path.name]))
    try:
        changed, lines = _read_log(log)
    except FileNotFoundError:
        return None
    progress = next((line for line in reversed(lines) if read_rate(line) is not None), None)
    rate = read_rate(progress) if progress else None
    words = progress if progress and not progress.endswith(" 0:00:00 left") else lines[-1] if lines else ""
    if benchmark.exists() and (ended := benchmark.stat().st_mtime) >= changed:
        return Job(rule, name, log, State.DONE, ended, words, rate)
    error = next((line for line in lines if re.match(f"{TIME} error: ", line)), None)
    if error is not None:
        # Of an error that is not the user's, the last line of the traceback says most.
        return Job(rule, name, log, State.FAILED, changed, " ".join(dict.fromkeys([error, lines[-1]])), rate)
    state = State.UNDER_WAY if now - changed < SILENT else State.SILENT
    return Job(rule, name, log, state, changed, words, rate)


def _read_log(path: Path) -> tuple[float, list[str]]:
    """Return when a log changed or was touched last, and the lines at its end, without the name of the job."""
    with path.open("rb") as file:
        about = os.fstat(file.fileno())
        file.seek(max(0, about.st_size - TAIL))
        lines = file.read().decode(errors="replace").splitlines()
    return about.st_mtime, [re.sub(rf"^({TIME}) [^:]+: ", r"\1 ", line) for line in lines if line.strip()]


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
        rows = list(_done(jobs) if state == State.DONE else _rows(jobs, status.time))
        paragraphs += [[f"{state.value}:", *rows]] if rows else []
    if not any(job.state == State.UNDER_WAY for job in status.jobs):
        paragraphs.append([IDLE])
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
    if status.rate:
        left = (status.articles - status.articles_done) / status.rate
        words += f" · {pace(status.rate, 'articles', left)}"
    return f"{words}."


def _done(jobs: list[Job]) -> Iterator[str]:
    """Yield a line for each rule, with the time its last job ended, in that order."""
    ended = {job.rule: job.changed for job in sorted(jobs, key=lambda job: job.changed)}
    for rule, when in sorted(ended.items(), key=lambda pair: pair[1]):
        times = sum(job.rule == rule for job in jobs)
        yield f"  {_clock(when)}  {rule}" + (f", {times:,} jobs" if times > 1 else "")


def _rows(jobs: list[Job], now: float) -> Iterator[str]:
    """Yield what the first of these jobs say, and where the logs of those are that no longer say anything."""
    for job in jobs[:LISTED]:
        quiet = now - job.changed
        missed = f" · no sign of life for {duration(quiet)}" if job.state == State.UNDER_WAY and quiet > 2 * HEARTBEAT else ""
        yield f"  {job.name}: {job.words or 'nothing said yet'}{missed}"
        if job.state != State.UNDER_WAY:
            yield f"    {_clock(job.changed)}  {job.log}"
    if len(jobs) > LISTED:
        yield f"  and {len(jobs) - LISTED:,} more"


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
