"""How far a run is, told from its files alone: nothing is changed, and it does not matter on which machine the jobs run.

Three things speak: outputs, which appear whole or not at all; logs, signed and locked by the process that writes them (see
`job`); and the blocks saved of a shard. Where the lock of another machine cannot be seen from here, a log or block that has
changed lately stands for a job at work.
"""

import os
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from knowledge_map.configuration import embedding_models
from knowledge_map.embedding import BLOCK, LOCK, SavedBlocks
from knowledge_map.job import OURS, SIGNATURE, is_locked
from knowledge_map.progress import Pace, duration, read_pace
from knowledge_map.shards import read_manifest

SILENT = 600.0
"""Seconds after which a job on another machine, of which nothing was heard, no longer counts as under way."""

TAIL = 100_000
"""Bytes at the end of a log that are read: enough for a traceback."""

LISTED = 20
"""Jobs of one state that are listed; of more, the rest are counted."""


class State(StrEnum):
    """What became of a job."""

    UNDER_WAY = "under way"
    FAILED = "failed"  # its log ends with an error
    STOPPED = "stopped"  # its process is gone, and left neither output nor error: killed
    SILENT = "silent"  # its process is on another machine, and nothing was heard of it for a while
    OUTDATED = "outdated"  # its output is older than its input, or its input is yet to be made
    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True)
class Job:
    """One job: its state, and what is to be said of it.

    Attributes
    ----------
    words : the last line of its log, the error, or why it is outdated.
    log : where its log is, if it has one.
    pace : what its log last said of its progress.
    quiet : seconds since its log or a block of it changed.
    """

    name: str
    state: State
    words: str = ""
    log: Path | None = None
    pace: Pace | None = None
    quiet: float = 0.0


@dataclass(frozen=True)
class Shard:
    """The embedding of one shard: its job, and how many of its articles are embedded and saved."""

    job: Job
    articles: int
    embedded: int


@dataclass(frozen=True)
class Status:
    """The shards in the order of the manifest (none before there is one), and all other steps in the order of the data."""

    results: Path
    shards: list[Shard]
    steps: list[Job]

    def jobs(self) -> Iterator[Job]:
        yield from (shard.job for shard in self.shards)
        yield from self.steps


@dataclass(frozen=True)
class Step:
    """A rule that runs once: its outputs, and the inputs that make it outdated, relative to the results folder.

    `parts` are the jobs it gathers, as (name, output, log); their outputs are gone once it is done.
    """

    rule: str
    outputs: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    parts: list[tuple[str, str, str]] = field(default_factory=list)


def steps(config: dict, manifest: dict | None) -> list[Step]:
    """Return the steps that a completed configuration asks for, embedding of shards aside, as they are in workflow/rules."""
    article_model, question_model = embedding_models(config)
    questions = f"embeddings/{question_model.key()}/questions.parquet"
    shards = tuple(
        f"embeddings/{article_model.key()}/{entry['shard']}.parquet" for entry in (manifest or {"shards": []})["shards"]
    )
    faiss = config["neighbors"]["method"] == "faiss"
    index = ("neighbors/index.faiss",) if faiss else ()
    weighed = config["questions"] and config["refinement"]["enabled"]
    unweighted = ("unweighted.parquet",) if weighed else ()
    projection = ("projection.parquet",) if config["projection"]["path"] else ()
    blocks = -(-manifest["articles"] // config["neighbors"]["block_size"]) if manifest else 0
    parts = [(f"{block}-of-{blocks}", f"neighbors/{block}-of-{blocks}.parquet") for block in range(blocks)]
    embeddings, neighbors, umap, knowledge_map = (
        f"{name}.parquet" for name in ("embeddings", "neighbors", "umap", "knowledge_map")
    )
    labels = ("labels.parquet", "labels.json", "map_labels.parquet")
    listed = [
        Step("shard", ("shards/manifest.json",)),
        Step("embed_questions", (questions,)),
        Step("merge_embeddings", (embeddings,), (*shards, questions)),
        Step("neighbor_index", index, (embeddings,)),
        Step(
            "neighbor_graph",
            (neighbors,),
            (embeddings, *index),
            [(name, output, f"neighbor_block/{name}") for name, output in parts],
        ),
        Step("fit_umap", (umap, "umap_reducer.pkl"), (embeddings, neighbors)),
        Step("refine_layout", ("layout.parquet",), (embeddings, neighbors, umap)),
        Step("refine_unweighted", unweighted, (embeddings, neighbors, umap)),
        Step("knowledge_map", (knowledge_map,), (questions, embeddings, neighbors, "layout.parquet")),
        Step("map_pickle", ("knowledge_map.pkl",), (questions, embeddings, "umap_reducer.pkl", knowledge_map)),
        Step("articles_json", ("articles.json",), (knowledge_map,)),
        Step("knn_labels", labels, (embeddings, knowledge_map)),
        Step("map_picture", ("knowledge_map.png", "knowledge_map.svg"), (knowledge_map, "labels.parquet")),
        Step("map_page", ("knowledge_map.html",), (knowledge_map, "labels.parquet")),
        Step("project", projection, (embeddings, knowledge_map)),
        # The report is what it writes last.
        Step("diagnostics", ("diagnostics/report.html",), (questions, embeddings, knowledge_map, *unweighted)),
    ]
    return [step for step in listed if step.outputs]


def read_status(config: dict, now: float | None = None) -> Status:
    """Return how far the run of a completed configuration is.

    Paths in it are relative to the current folder, as for the workflow; `now` is in seconds since 1970. Raises UserError for
    a damaged manifest and a model that is not there.
    """
    results, now = Path(config["results"]), time.time() if now is None else now
    path = results / "shards" / "manifest.json"
    manifest = read_manifest(path) if path.exists() else None
    key = embedding_models(config)[0].key()
    shards = list(_shards(results, key, manifest["shards"], now)) if manifest else []
    jobs, unfinished = [], {_output(key, shard) for shard in shards if shard.job.state != State.DONE}
    for step in steps(config, manifest):
        job = _step(step, results, unfinished, now)
        if job.state != State.DONE:
            unfinished.update(step.outputs)
        jobs.append(job)
    return Status(results, shards, jobs)


def _output(key: str, shard: Shard) -> str:
    return f"embeddings/{key}/{shard.job.name}.parquet"


def _shards(results: Path, key: str, entries: list[dict], now: float) -> Iterator[Shard]:
    """Yield the shards of the manifest. Folders are listed once: a thousand questions to a shared file system take long."""
    embedded, partial, logs = (_names(results / folder / key) for folder in ("embeddings", ".partial", "logs/embed_shard"))
    for entry in entries:
        name, articles = entry["shard"], entry["articles"]
        if f"{name}.parquet" in embedded:
            yield Shard(Job(name, State.DONE), articles, articles)
            continue
        folder = results / ".partial" / key / name
        log = results / "logs/embed_shard" / key / f"{name}.log"
        if name not in partial and log.name not in logs:
            yield Shard(Job(name, State.WAITING), articles, 0)
            continue
        blocks = SavedBlocks(folder, {}).numbers() if name in partial else []
        saved = sum(max(0, min(BLOCK, articles - number * BLOCK)) for number in blocks)
        # The lock of its folder counts beside that of its log, which a second head may have removed under a living job.
        job = _job(name, log, now, also=folder / LOCK)
        if job.state == State.STOPPED and name not in partial:
            job = Job(name, State.WAITING)  # the log of a job that ended well, and whose output was deleted since
        yield Shard(job, articles, saved)


def _step(step: Step, results: Path, unfinished: set[str], now: float) -> Job:
    log, benchmark = results / "logs" / f"{step.rule}.log", results / "benchmarks" / f"{step.rule}.jsonl"
    job = _job(step.rule, log, now, benchmark)
    if job.state == State.UNDER_WAY:
        return job
    made = [_changed(results / output) for output in step.outputs]
    if all(made):
        reason = _outdated(results, step.inputs, min(made), unfinished)
        if reason is None:
            return Job(step.rule, State.DONE)
        if job.state != State.FAILED:
            job = Job(step.rule, State.OUTDATED, reason)
    return _with_parts(job, step, results, now)


def _with_parts(job: Job, step: Step, results: Path, now: float) -> Job:
    """Return the job of a step, or what is to be said of the jobs that it gathers, where one of them is no longer waiting."""
    done, jobs = 0, []
    for name, output, log in step.parts:
        benchmark = results / "benchmarks" / f"{log}.jsonl"
        jobs.append(_job(name, results / "logs" / f"{log}.log", now, benchmark))
        done += _changed(results / output) > 0 and jobs[-1].state == State.WAITING
    states = (State.UNDER_WAY, State.FAILED, State.SILENT, State.STOPPED)
    told = next((part for state in states for part in jobs if part.state == state), None)
    count = f"{done:,} of {len(jobs):,} blocks"
    if told:
        return Job(step.rule, told.state, f"{count} · {told.words}", told.log, told.pace, told.quiet)
    return Job(step.rule, job.state, count) if done and job.state == State.WAITING else job


def _outdated(results: Path, inputs: Iterable[str], made: float, unfinished: set[str]) -> str | None:
    """Return why an output made at a time is not what the inputs now give, as far as their times tell."""
    for name in inputs:
        if name in unfinished:
            return f"{name} is yet to be made"
        if _changed(results / name) > made:
            return f"older than {name}"
    return None


# --- one job, by its log -------------------------------------------------------------------------------------------------


def _job(name: str, log: Path, now: float, benchmark: Path | None = None, also: Path | None = None) -> Job:
    """Return a job without regard to its output: under way, failed, stopped, silent, or waiting.

    Snakemake writes a benchmark when a job has ended well. `also` is a second file the job holds a lock on.
    """
    lines, heard = _read_log(log), _changed(log)
    locked = [is_locked(path) for path in (log, also) if path is not None]
    if also is not None:
        heard = max(heard, _changed(also), _changed(also.parent))
    if not heard:
        return Job(name, State.WAITING)
    signed = SIGNATURE.fullmatch(lines[0]) if lines else None
    said = [_without_time(line) for line in lines[1 if signed else 0 :]]
    where = f" on {signed['host']} (process {signed['process']})" if signed else ""
    elsewhere = None in locked or (signed is not None and signed["host"] != socket.gethostname())
    quiet = max(0.0, now - heard)
    common = {"log": log, "pace": next(filter(None, map(read_pace, reversed(said))), None), "quiet": quiet}
    last = next((line for line in reversed(said) if line.strip()), "")
    if True in locked:
        return Job(name, State.UNDER_WAY, last or "started", **common)
    if (error := _error(said)) is not None:
        return Job(name, State.FAILED, error, **common)
    if benchmark is not None and _changed(benchmark) >= heard:
        return Job(name, State.WAITING)
    if elsewhere and quiet < SILENT:
        return Job(name, State.UNDER_WAY, last or "started", **common)
    if elsewhere:
        return Job(name, State.SILENT, f"nothing heard for {duration(quiet)}{where}", **common)
    return Job(name, State.STOPPED, f"ended without a word {duration(quiet)} ago{where}: killed?", **common)


def _read_log(path: Path) -> list[str]:
    """Return the first line of a log and those at its end; none where there is no log."""
    try:
        with path.open("rb") as file:
            head, size = file.readline(), os.fstat(file.fileno()).st_size
            file.seek(max(len(head), size - TAIL))
            content = head + file.read()
    except OSError:
        return []
    return content.decode(errors="replace").splitlines()


def _without_time(line: str) -> str:
    """Return what a line of a log says, without its time and the name of its job; of a traceback's lines, all."""
    stamp, _, rest = line.partition(" ")
    return rest.partition(": ")[2] if len(stamp) == 8 and stamp.count(":") == 2 else line


def _error(said: list[str]) -> str | None:
    """Return the one line with which a job ended in error."""
    for place, line in enumerate(said):
        if line.startswith("error: "):
            return line.removeprefix("error: ")
        if line == OURS:
            return next(text.strip() for text in reversed(said[place:]) if text.strip())
    return None


def _changed(path: Path) -> float:
    """Return when a file or folder changed last, in seconds since 1970; 0 where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


# --- in words ------------------------------------------------------------------------------------------------------------


def as_text(status: Status) -> str:
    """Return a status as lines to read."""
    rows = [_row(job) for job in _listed([shard.job for shard in status.shards])]
    rows += [("", "", "")] * bool(rows) + [_row(job) for job in status.steps]
    names, states = (max(len(row[i]) for row in rows) for i in (0, 1))
    table = [f"{name:{names}}  {state:{states}}  {words}".rstrip() for name, state, words in rows]
    paragraphs = ["\n".join(_embedding(status)), "\n".join(table), *_failures(status), _closing(status)]
    return _printable("\n\n".join(paragraphs))


def _listed(jobs: list[Job]) -> Iterator[Job]:
    """Yield the jobs of shards of which there is something to say, the first of each state."""
    for state in (State.UNDER_WAY, State.FAILED, State.STOPPED, State.SILENT):
        these = [job for job in jobs if job.state == state]
        yield from these[:LISTED]
        if len(these) > LISTED:
            yield Job(f"{len(these) - LISTED:,} more", state)


def _row(job: Job) -> tuple[str, str, str]:
    quiet = f" · nothing new for {duration(job.quiet)}" if job.state == State.UNDER_WAY and job.quiet >= 60 else ""
    return job.name, str(job.state), job.words + quiet


def _embedding(status: Status) -> list[str]:
    """Return how much is embedded, how fast, how long still."""
    if not status.shards:
        return [f"{status.results}: the articles have not been cut into shards yet."]
    articles, embedded = (sum(counts) for counts in zip(*((s.articles, s.embedded) for s in status.shards), strict=True))
    states = Counter(shard.job.state for shard in status.shards)
    counts = ", ".join(f"{states[state]:,} {state}" for state in State if states[state])
    lines = [
        f"{status.results}: {embedded:,} of {articles:,} articles embedded ({embedded / articles:.0%}).",
        f"{len(status.shards):,} shards: {counts}.",
    ]
    rate = sum(shard.job.pace.rate for shard in status.shards if shard.job.state == State.UNDER_WAY and shard.job.pace)
    if rate:
        lines.append(f"{rate:,.3g} articles/s, {duration((articles - embedded) / rate)} left to embed at this rate.")
    return lines


def _failures(status: Status) -> list[str]:
    logs = [job.log for job in status.jobs() if job.state in (State.FAILED, State.STOPPED) and job.log and job.log.exists()]
    more = [f"and {len(logs) - LISTED:,} more"] if len(logs) > LISTED else []
    return ["\n".join(["Logs of what failed or stopped:", *(f"  {log}" for log in logs[:LISTED]), *more])] if logs else []


def _closing(status: Status) -> str:
    states = Counter(job.state for job in status.jobs())
    if states[State.UNDER_WAY]:
        return f"{states[State.UNDER_WAY]:,} under way."
    if states[State.DONE] == states.total():
        return f"Finished: {status.results / 'knowledge_map.html'}"
    return "Nothing is under way. Snakemake, started again, goes on from here."


def _printable(text: str) -> str:
    """Return text in which nothing moves the cursor or changes the terminal: logs quote what was in the data."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)
