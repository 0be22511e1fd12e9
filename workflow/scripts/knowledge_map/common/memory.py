"""How much memory a process or a device holds."""

from dataclasses import dataclass
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup/memory.max")
"""Where Linux says how much memory a container or a job may have."""


@dataclass(frozen=True)
class Held:
    """Memory that is held.

    Attributes
    ----------
    by : who holds it, in words.
    bytes : how much.
    most : bytes that there are for it.
    """

    by: str
    bytes: int
    most: int

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.by} holds {self.bytes / 1e6:,.0f} of {self.most / 1e6:,.0f} MB"


def process_memory() -> Held:
    """Return what this process holds of the machine's memory."""
    return Held("the process", psutil.Process().memory_info().rss, machine_memory())


def machine_memory() -> int:
    """Return the bytes of memory that processes here may have together: the machine's, or those of its container."""
    most = psutil.virtual_memory().total
    try:
        return min(most, int(CGROUP.read_text()))
    except (OSError, ValueError):  # no such limit, or no Linux
        return most


def free_memory() -> int:
    """Return the bytes of memory that this process may take besides."""
    return min(psutil.virtual_memory().available, machine_memory() - psutil.Process().memory_info().rss)
