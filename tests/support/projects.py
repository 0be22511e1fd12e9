"""Projects in which the real workflow runs."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from waiting import PATIENCE, wait_until
from warm_jobs import UNCOMPILED
from warm_snakemake import WarmRun

REPOSITORY = Path(__file__).parents[2]
STARTER = REPOSITORY / "resources" / "starter"

SMALL = {
    "results": "results",
    "shards": {"size": 24},
    "embedding": {"max_tokens": 32, "device": "cpu"},
    "neighbors": {"k": 5},
    "umap": {"n_neighbors": 5, "n_epochs": 20},
    "refinement": {"early_iterations": 10, "iterations": 100, "placement_iterations": 20},
    "labels": {"grid": [4]},
    "diagnostics": {"k": [5], "triplets": 1_000, "pairs": 1_000, "resamples": 100},
}
"""Settings with which every step takes seconds."""

TRACEBACK = "Traceback (most recent call last)"
"""Python's; Snakemake heads a line of its own with the first word where an input function refused something."""

IDLE = ("all", "project")
"""Rules that only ask for files."""


@dataclass(frozen=True)
class Run:
    """One run of Snakemake that came to its end."""

    code: int
    output: str

    @property
    def jobs(self) -> Counter[str]:
        """How often each rule ran, but for those that do nothing."""
        ran = re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)", self.output, re.M)
        return Counter(name for name in ran if name not in IDLE)

    @property
    def planned(self) -> Counter[str]:
        """How often each rule would run, as a dry run tells."""
        table = self.output.partition("Job stats:")[2].partition("\ntotal ")[0]
        return Counter({name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.M) if name not in IDLE})


class Project:
    """A folder with articles, questions and a configuration."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def __truediv__(self, path: str) -> Path:
        return self.folder / path

    @property
    def config(self) -> dict:
        return yaml.safe_load((self / "config.yaml").read_text())

    def configure(self, **settings) -> None:
        """Set keys; those of a section are joined by two underscores (`umap__min_dist=0.3`)."""
        config = self.config if (self / "config.yaml").exists() else {}
        for key, value in settings.items():
            *sections, name = key.split("__")
            section = config
            for each in sections:
                section = section.setdefault(each, {})
            section[name] = value
        (self / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    @property
    def last(self) -> Run:
        """The last run here, which came to a good end."""
        return Run(0, (self / "output").read_text())

    def start(
        self,
        *arguments: str,
        cores: int = 2,
        profile: Path = REPOSITORY / "profiles" / "default",
        under: Sequence[str] = (),
        cold: Collection[str] = (),
    ) -> subprocess.Popen | WarmRun:
        """Start Snakemake, `under` another program if any, in a process group of its own; what it says goes to `output`.

        Jobs of the rules that are `cold` are started as at a user's, by a shell, and import all that they need.
        """
        options = {
            "--snakefile": REPOSITORY / "Snakefile",
            "--directory": self.folder,
            "--configfile": self / "config.yaml",
            "--workflow-profile": profile,
            "--cores": cores,
        }
        words = [*arguments, *(str(word) for each in options.items() for word in each)]
        environment = os.environ | UNCOMPILED
        if not under:
            return WarmRun(words, self.folder, environment, self / "output", cold)
        with (self / "output").open("w") as output:
            return subprocess.Popen(
                [*under, sys.executable, "-m", "snakemake", *words],
                cwd=self.folder,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *arguments: str, **options) -> Run:
        process = self.start(*arguments, **options)
        try:
            code = process.wait(timeout=PATIENCE)
        finally:
            kill(process)
        return Run(code, (self / "output").read_text())

    def make(self, *targets: str, **options) -> Counter[str]:
        """Run to a good end and return which jobs ran."""
        run = self.run(*targets, **options)
        assert run.code == 0, run.output
        return run.jobs

    def plan(self, *targets: str, **options) -> Counter[str]:
        """Return which jobs would run."""
        run = self.run("--dry-run", *targets, **options)
        assert run.code == 0, run.output
        return run.planned

    def lose_vectors(self) -> None:
        """Delete the vectors of one shard, and the table that holds them too."""
        min(self.folder.glob("results/embeddings/*/*[0-9a-f].parquet")).unlink()
        (self / "results/embeddings.parquet").unlink()

    def copy(self, folder: Path) -> "Project":
        """Return a copy that Snakemake takes for up to date: modification times and its records are kept."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return Project(folder)


def digests(project: Project) -> dict[str, str]:
    """Return the digest of every result, by its path; logs and benchmarks tell of a run and are left out.

    Pickles too: nothing is compiled here, so that no function in them carries an id of numba's.
    """
    results = project / "results"
    paths = {str(path.relative_to(results)): path for path in sorted(results.rglob("*")) if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in paths.items()
        if not name.startswith(("logs/", "benchmarks/"))
    }


class Disk:
    """A file system of its own, as small as a test wants it."""

    def __init__(self, folder: Path, size: str):
        self.folder = folder
        folder.mkdir(parents=True)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"may not mount: {made.stderr.strip()}")

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", self.folder], check=True)

    def fill(self) -> None:
        """Leave no room for a single byte."""
        with (self.folder / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(bytes(4096))

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)


def kill(process: subprocess.Popen | WarmRun) -> None:
    """Kill Snakemake and its jobs at once, as a power cut would; nothing happens where they have ended."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def wait_for(condition: Callable[[], bool], process: subprocess.Popen | WarmRun) -> None:
    """Wait until `condition` holds while `process` goes on."""

    def holds() -> bool:
        ended = process.poll() is not None
        if condition():
            return True
        assert not ended, "the run ended before"
        return False

    wait_until(holds, "the run had come so far")


def write_articles(path: Path, articles: Iterable[dict]) -> None:
    path.write_text("".join(json.dumps(article, ensure_ascii=False) + "\n" for article in articles))


def read_articles(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def small_project(folder: Path, articles: list[dict]) -> Project:
    """A project yet to run: 40 articles of the cell in two shards, and 24 drawn from 48 others in a third."""
    project = Project(folder)
    write_articles(project / "cells.jsonl", articles[:40])
    # Above 1 MB, where Snakemake goes by the modification time and not by a checksum; the padding is a field nobody reads.
    others = articles[300:348]
    write_articles(project / "others.jsonl", [others[0] | {"padding": "x" * 1_100_000}, *others[1:]])
    questions = json.loads((STARTER / "questions.json").read_text())
    (project / "questions.json").write_text(json.dumps(questions[:4]))
    sources = [
        {"name": "cells", "path": "cells.jsonl"},
        {"name": "others", "path": "others.jsonl", "limit": 24, "sample_seed": 7},
    ]
    project.configure(articles=sources, questions="questions.json", **SMALL)
    return project
