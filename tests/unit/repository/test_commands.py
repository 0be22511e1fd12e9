"""The commands of the Makefile run with what macOS has: sh, awk, and sed and others as BSD has them, and no nproc."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

PROGRAMS = ("make", "sh", "awk", "grep", "rm", "touch", "env", "python3", "dirname", "uname")
"""What the commands may use, by the name that it has on macOS, too."""

BSD = {
    "sed": r'case "$*" in *-i*|*-r*|*\\t*|*\\+*|*--*) echo "sed: illegal option" >&2; exit 1;; esac; exec {found} "$@"',
    "readlink": 'case "$*" in *-m*|*-e*|*--*) echo "readlink: illegal option" >&2; exit 1;; esac; exec {found} "$@"',
    "stat": 'case "$*" in *-c*|*--*) echo "stat: illegal option -- c" >&2; exit 1;; esac; exit 1',
    "date": 'case "$*" in *-d*|*--*|*%N*) echo "date: illegal option" >&2; exit 1;; esac; exec {found} "$@"',
}
"""Programs that refuse what only GNU's know."""


@pytest.fixture
def path(tmp_path) -> Path:
    """Return a folder with these programs and no others."""
    for name in PROGRAMS:
        found = Path(sys.executable).resolve() if name == "python3" else shutil.which(name)  # which may be a script for bash
        if found:
            (tmp_path / name).symlink_to(found)
    for name, script in BSD.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n".replace("{found}", shutil.which(name)))
        (tmp_path / name).chmod(0o755)
    return tmp_path


def make(path: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["make", "-C", ROOT, *arguments], env={"PATH": str(path), "HOME": str(path)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not re.search("not found|illegal option|No such file", done.stderr), done.stderr
    return done.stdout


def test_the_targets_are_listed(path):
    lines = make(path, "-s", "help").splitlines()
    assert {line.split()[0] for line in lines} >= {"map", "test", "status", "doctor", "estimate", "check"}
    assert all(re.fullmatch(r"[a-z]+ +\S.*", line) for line in lines)


def test_a_map_is_made_with_the_cores_that_python_counts(path):
    assert re.search(
        r"^\.venv/bin/snakemake --cores \d+$", make(path, "--dry-run", "map", "--assume-old=requirements.txt"), re.MULTILINE
    )


def test_every_program_of_the_environment_is_named_with_its_folder():
    """Make 3.81 looks for programs on its own path, and not on the one that the Makefile exports."""
    commands = [line.strip().lstrip("@") for line in MAKEFILE.splitlines() if line.startswith("\t")]
    programs = "snakemake|snakefmt|pytest|ruff|deno|pyrefly|lint-imports|uv|pip"
    assert not [line for line in commands if re.match(rf"([A-Z_]+=\S+ )*({programs})\b", line)]


@pytest.mark.parametrize(
    "words", [r"\bnproc\b(?!,)", r"sed -[ri]", r"readlink -f", r"stat -c", r"date -d", r"grep -P", r"/proc/"]
)
def test_nothing_is_asked_of_a_program_that_only_gnu_knows(words):
    lines = [line for line in MAKEFILE.splitlines() if not line.startswith("#")]
    assert not [line for line in lines if re.search(words, line)]
