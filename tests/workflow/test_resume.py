"""Embedding that is killed goes on where it stopped, and ends with the same bytes as if nothing had happened."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from conftest import SMALL, Project, kill, wait_for, write_articles

ONES = "one two three four five six seven eight nine".split()
TENS = "ten twenty thirty forty fifty sixty seventy eighty ninety".split()
BLOCKS = 4  # of 1,000 texts, the last one shorter
ARTICLES = 3_400


def number_words(number: int) -> str:
    """A short text for every number below 10,000, no two alike."""
    return " ".join(f"{ONES[int(digit) - 1]}{unit}" for digit, unit in zip(f"{number:04}", UNITS, strict=True) if digit != "0")


UNITS = (" thousand", " hundred", " tens", "")


def saved_blocks(project: Project) -> dict[str, tuple[int, int]]:
    """The blocks saved so far; inode and time tell whether one was written again."""
    blocks = {}
    for path in project.folder.glob("results/.partial/*/*/*.parquet"):
        try:
            status = path.stat()
        except FileNotFoundError:  # the job has just finished and cleared its folder
            continue
        blocks[path.name] = (status.st_ino, status.st_mtime_ns)
    return blocks
