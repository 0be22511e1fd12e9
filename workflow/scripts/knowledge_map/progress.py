"""Progress of long work, in the log and on the terminal: how much, how fast, how long still."""

import io
import logging
import re
import time
from typing import NamedTuple

log = logging.getLogger("knowledge_map")


class Progress:
    """Count steps toward a known total and log rate and time left, at most once in `every` seconds and at the end.

    Parameters
    ----------
    total : steps in all, those of an earlier run included.
    unit : what a step is, in the plural ("texts").
    done : steps finished by an earlier run; they do not count toward the rate.
    every : seconds between two lines.
    """

    def __init__(self, total: int, unit: str, done: int = 0, every: float = 5.0):
        self.total, self.unit, self.done, self.every = total, unit, done, every
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
        log.info(f"{self.done:,} of {self.total:,} {self.unit} · {rate:,.0f} {self.unit}/s · {duration(left)} left")


class Pace(NamedTuple):
    """What a line of progress says: steps done, of how many, and steps a second."""

    done: int
    total: int
    rate: float


def read_pace(line: str) -> Pace | None:
    """Return what a line that `Progress` has logged says; None for any other line."""
    found = re.search(r"([\d,]+) of ([\d,]+) (\w+) · ([\d,]+) \3/s · (\d+):(\d\d):(\d\d) left$", line)
    if not found:
        return None
    done, total, rate, hours, minutes, seconds = (int(found[i].replace(",", "")) for i in (1, 2, 4, 5, 6, 7))
    left = 3600 * hours + 60 * minutes + seconds
    # Rates are logged as whole numbers; where these are small, the time left tells more.
    return Pace(done, total, (total - done) / left if left and rate < 10 else rate)


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
        return True

    def write(self, text: str) -> int:
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
