"""Give the readers of everything a user supplies thousands of broken and hostile inputs, and count what becomes of them.

    python tests/fuzz/fuzz.py --inputs 10000 --seed 1 --reader pickle

An input may be accepted, or refused in one clear line. Everything else is a fault, and its input is kept. Every input has a time
limit and a memory limit; whether code of it runs, or a file elsewhere is touched, is watched by Python's audit hooks.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import yaml
from inputs import HARM, MAKERS, make

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from knowledge_map.articles.discovery import locate_sources
from knowledge_map.articles.formats.mediawiki.dump import HIDDEN
from knowledge_map.articles.formats.mediawiki.wikitext import plain_text
from knowledge_map.articles.records import Source
from knowledge_map.articles.shards import check_shard, read_manifest, write_shards
from knowledge_map.common.errors import UserError
from knowledge_map.common.files import write_json
from knowledge_map.questions.domains import domain_levels, domain_lines, domain_members, domains_of, read_domains
from knowledge_map.questions.reading import read_questions
from knowledge_map.questions.records import concepts_tested, difficulties, source_article
from knowledge_map.run.configuration import check_inputs, complete
from knowledge_map.views.domain_bundle import bundled_domains

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
ACCEPTED, REFUSED = "accepted", "refused"
FAULTS = ["traceback", "unclear", "too slow", "too much memory", "crashed", "touched", "miscounted"]
NAMED = ["owner/name", "configuration", "under `articles`", "articles:", "embedding.", "domain_bundle:", "JSON"]
"""One of these is in a message that does not name the file: it says what to fix in the configuration."""
SECONDS = 10
MEMORY = 2 << 30
"""Bytes of memory that reading one input may take; the job that reads sources has about as many."""


class Miscounted(Exception):
    """What was read is not what was kept, dropped and left out."""


# The readers: each reads the file at `path`, in whose folder it may write.


def sharded(source: Source, folder: Path) -> None:
    """Write a source as shards, and check them and the manifest."""
    manifest = folder / "results/shards/manifest.json"
    write_shards([source], manifest.parent, manifest, size=10, max_characters=1_000, max_dropped=1)
    content = read_manifest(manifest)
    (report,) = content["sources"]
    rest = report["not_drawn"] + sum(report["left_out"].values()) + sum(report["dropped"].values())
    articles = sum(check_shard(manifest.with_name(f"{shard['shard']}.parquet")) for shard in content["shards"])
    if report["read"] != report["kept"] + rest or not content["articles"] == report["kept"] == articles:
        raise Miscounted(report)


def read_source(format: str) -> Callable[[Path], None]:
    return lambda path: sharded(Source("wiki", str(path), format), path.parent)


def read_dataset(path: Path) -> None:
    """Read a file as one that was fetched from the hub."""
    record = path.with_name("wiki.json")
    write_json(record, {"files": [{"path": str(path)}]})
    (source,) = locate_sources([Source("wiki", "owner/name", "huggingface")], [record])
    sharded(source, path.parent)


def read_wikitext(path: Path) -> None:
    plain_text(path.read_bytes().decode("utf-8", "replace"), 10**9, frozenset(HIDDEN), frozenset({"references"}))


def read_question_file(path: Path) -> None:
    questions = read_questions([path])
    records = [question.data for question in questions]
    difficulties(records)
    domain_members(domains_of(questions), questions)
    json.dumps([(source_article(record), concepts_tested(record)) for record in records] + records)


def read_domain_file(path: Path) -> None:
    domains = read_domains(path)
    domain_levels(domains)
    json.dumps(domain_lines(domains, []) + [vars(domain) for domain in domains], allow_nan=False).encode()
    bundled_domains([], domains)


def read_config(path: Path) -> None:
    """Read a configuration as Snakemake does, which itself refuses what is no YAML."""
    try:
        settings = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, TypeError, AttributeError, OverflowError):
        raise UserError(f"{path}: no YAML") from None
    os.chdir(path.parent)
    (path.parent / "a.jsonl").touch()
    check_inputs(complete(settings, SCHEMA))


READERS: dict[str, Callable[[Path], None]] = {
    **{format: read_source(format) for format in ("jsonl", "csv", "tsv", "parquet", "pickle", "mediawiki", "auto")},
    "huggingface": read_dataset,
    "wikitext": read_wikitext,
    "questions": read_question_file,
    "domains": read_domain_file,
    "config": read_config,
}


# What became of an input


class Watch:
    """Notes what Python code does that no reader has to do: run programs, load pickles, change files outside a folder."""

    FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class", "socket.")
    CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "shutil.")

    def __init__(self) -> None:
        self.folder: str | None = None
        self.seen: list[str] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple) -> None:
        if self.folder is None:
            return
        if event.startswith(self.FORBIDDEN):
            self.seen.append(f"{event} {arguments}")
        elif event.startswith(self.CHANGES) or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            paths = (value for value in arguments[:2] if isinstance(value, str | bytes | os.PathLike))
            if any(self._elsewhere(os.fsdecode(path)) for path in list(paths)[: 1 if event == "open" else 2]):
                self.seen.append(f"{event} {arguments}")

    def _elsewhere(self, path: str) -> bool:
        return not (os.path.abspath(path) + os.sep).startswith(self.folder + os.sep)


def verdict(reader: Callable[[Path], None], path: Path, watch: Watch) -> tuple[str, str]:
    """Read one input; return what became of it and, in a line, why."""
    folder = path.parent
    watch.folder, watch.seen = str(folder), []
    try:
        reader(path)
        found = ACCEPTED, ""
    except UserError as error:
        message = str(error)
        clear = message.isprintable() and len(message) < 5_000 and any(name in message for name in (path.name, *NAMED))
        found = REFUSED if clear else "unclear", message
    except MemoryError:
        found = "too much memory", "MemoryError"
    except Miscounted as error:
        found = "miscounted", str(error)
    except BaseException as error:
        found = "traceback", f"{type(error).__name__}: {error}"
    watch.folder = None
    if watch.seen or os.listdir(folder.parent) != [folder.name] or (folder / HARM).exists():
        return "touched", f"{watch.seen} {os.listdir(folder.parent)}"
    return found


def work(reader: str, seed: int, first: int, last: int, arena: Path, results: Connection) -> None:
    """Read inputs one after the other in a process of its own, which may be killed at any time; tell of each."""
    watch = Watch()
    warnings.simplefilter("ignore")
    with open("/proc/self/statm") as statm:
        held = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
    folder = arena / "inside"
    for number in range(first, last):
        os.chdir(arena)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        name, content = make(reader, seed, number)
        (folder / name).write_bytes(content)
        results.send((number, "begun", "", 0))
        begun = time.monotonic()
        found = verdict(READERS[reader], folder / name, watch)
        results.send((number, *found, time.monotonic() - begun))


@dataclass
class Report:
    """What became of a reader's inputs: counts, the faults with their numbers, and the slowest input."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    slowest: float = 0.0

    def add(self, number: int, found: str, why: str, seconds: float) -> None:
        self.counts[found] += 1
        self.slowest = max(self.slowest, seconds)
        if found not in (ACCEPTED, REFUSED):
            self.faults.append((number, found, why))


def fuzz(reader: str, inputs: int, seed: int, seconds: float = SECONDS, first: int = 0) -> Report:
    """Give a reader inputs first..first + inputs of a seed, killing the process where one takes longer than `seconds`."""
    report, last = Report(), first + inputs
    fork = multiprocessing.get_context("fork")
    while first < last:
        with tempfile.TemporaryDirectory() as arena:
            results, sending = fork.Pipe(duplex=False)
            worker = fork.Process(target=work, args=(reader, seed, first, last, Path(arena), sending), daemon=True)
            worker.start()
            sending.close()
            try:
                while first < last:
                    # Making an input takes time as well, which is not the reader's.
                    number, found, why, took = _next(results, seconds=60) or (first, "crashed", "while it was made", 0)
                    if found == "begun":
                        number, found, why, took = _next(results, seconds) or (number, "too slow", "", seconds)
                    report.add(number, found, why, took)
                    first = number + 1
                    if found in ("too slow", "crashed"):
                        break
            except EOFError:
                worker.join()
                if worker.exitcode == 1:
                    raise RuntimeError("the fuzzer itself failed, not a reader; see above") from None
                report.add(first, "crashed", f"the process ended with {worker.exitcode}", 0)
                first += 1
            worker.kill()
            worker.join()
    return report


def _next(results: Connection, seconds: float) -> tuple[int, str, str, float] | None:
    return results.recv() if results.poll(seconds) else None


def keep(folder: Path, reader: str, seed: int, report: Report) -> None:
    """Write the inputs of all faults into a folder, and what was wrong with each."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "faults.txt").open("a", encoding="utf-8") as out:
        for number, found, why in report.faults:
            name, content = make(reader, seed, number)
            path = folder / f"{reader}-{seed}-{number}-{name}"
            path.write_bytes(content)
            out.write(f"{path.name}: {found}: {why!r}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000, help="for each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reader", choices=READERS, action="append", help="may be given several times; all if left out")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="that one input may take")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-faults"), help="folder for the inputs that are faults")
    options = parser.parse_args()
    print(f"{'reader':12} {'inputs':>8} {ACCEPTED:>9} {REFUSED:>9}  slowest  faults", flush=True)
    faults = 0
    for reader in options.reader or READERS:
        report = fuzz(reader, options.inputs, options.seed, options.seconds)
        found = ", ".join(f"{report.counts[fault]} {fault}" for fault in FAULTS if report.counts[fault])
        counts = f"{report.counts.total():8,} {report.counts[ACCEPTED]:9,} {report.counts[REFUSED]:9,}"
        print(f"{reader:12} {counts} {report.slowest:6.2f} s  {found or 'none'}", flush=True)
        faults += len(report.faults)
        if report.faults:
            keep(options.keep, reader, options.seed, report)
    if faults:
        print(f"{faults:,} faults; their inputs are in {options.keep}")
    return 1 if faults else 0


if __name__ == "__main__":
    assert set(MAKERS) == set(READERS)
    sys.exit(main())
