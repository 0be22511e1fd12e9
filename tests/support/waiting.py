"""Waiting for what is sure to come, with one limit that no machine meets because it is busy."""

import time
from collections.abc import Callable

PATIENCE = 900
"""Seconds after which a test gives up."""


def wait_until(holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something holds; raise TimeoutError, with what was waited for, if it does not."""
    end = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        if holds():
            return
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain until {what}")
        # To ask may take time as well, of which most is left to what is waited for.
        time.sleep(max(0.02, 4 * (time.monotonic() - asked)))
