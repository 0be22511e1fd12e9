"""Progress of long work, in the log and on the terminal: how much, how fast, how long still."""

import io
import logging
import re
import time
from collections.abc import Callable

log = logging.getLogger("knowledge_map")


class Progress:
    """Count steps toward a known total and log rate and time left, at most once in `every` seconds and at the end.

    Parameters
    ----------
    total : steps in all, those of an earlier run included.
    unit : what a step is, in the plural ("texts").
    done : steps finished by an earlier run; they do not count toward the rate.
    every : seconds between two lines.
    scale : steps that make up one unit, such as 1,000,000 bytes of a MB.
    usage : tells in words what else the work has taken, such as requests to a server.
    """

    def __init__(
        self,
        total: int,
        unit: str,
        done: int = 0,
        every: float = 5.0,
        scale: int = 1,
        usage: Callable[[], str] = lambda: "",
    ):
        self.total, self.unit, self.done, self.every, self.scale = total, unit, done, every, scale
        self._usage = usage
        self._before, self._start = done, time.monotonic()
        self._next = self._start + every

    def advance(self, steps: int = 1) -> None:
        """Add finished steps."""
        self.done += steps
        now = time.monotonic()
        if now < self._next and self.done < self.total:
            return
        self._next = now + self.every
        rate = (self.done - self._before) / max(now - self._start, 1e-9)
        left = (self.total - self.done) / rate if rate else 0.0
        done, total = self.done // self.scale, self.total // self.scale
        usage = f" · {used}" if (used := self._usage()) else ""
        log.info(f"{done:,} of {total:,} {self.unit}{usage} · {pace(rate / self.scale, self.unit, left)}")


def pace(rate: float, unit: str, left: float) -> str:
    """Return in words how fast it goes, in steps a second, and how many seconds are left."""
    return f"{rate:{',.0f' if rate >= 10 else '.2g'}} {unit}/s · {duration(left)} left"


def read_rate(line: str) -> float | None:
    """Return the steps a second that a line with a `pace` tells, or None for any other line."""
    found = re.search(r" · (\d[\d,.]*) \w+/s · [\d:]+ left$", line)
    return float(found[1].replace(",", "")) if found else None


def duration(seconds: float) -> str:
    """Return a time span as h:mm:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


class LogStream(io.TextIOBase):
    """A text stream that hands on to the log what libraries print: whole lines, and progress bars now and then."""

    def __init__(self, every: float = 5.0):
        self.every = every
        self._pending, self._next_bar = "", 0.0

    def writable(self) -> bool:
        """Return that one may write here."""
        return True

    def write(self, text: str) -> int:
        """Take text; whole lines go to the log."""
        self._pending += text
        *lines, self._pending = self._pending.replace("\r", "\n\r").split("\n")
        for line in lines:
            is_bar = line.startswith("\r")
            if not line.strip() or (is_bar and time.monotonic() < self._next_bar):
                continue
            if is_bar:
                self._next_bar = time.monotonic() + self.every
            log.info(line.strip())
        return len(text)
