"""Debian's Firefox, without network, on a screen that nobody sees: without any screen it has no WebGL."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright, ProxySettings

FIREFOX, SCREEN = "firefox-esr", "Xvfb"

NOWHERE = ProxySettings(server="http://127.0.0.1:9")
"""A proxy that is not there: whatever is asked of the network fails."""


def missing() -> list[str]:
    """Return the programs that are needed and not here."""
    return [program for program in (FIREFOX, SCREEN) if shutil.which(program) is None]


@contextmanager
def unseen_screen() -> Iterator[str]:
    """Yield the name of a new screen; it goes with the block."""
    read, write = os.pipe()
    command = [SCREEN, "-displayfd", str(write), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def launch(playwright: Playwright, screen: str) -> Browser:
    """Start Firefox as it was installed; Playwright drives it by WebDriver BiDi."""
    return playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=shutil.which(FIREFOX),
        headless=False,
        env=os.environ | {"DISPLAY": screen},
        proxy=NOWHERE,
        # WebGL also where it is computed on the CPU, and no flights, which Playwright can forbid in Chromium alone.
        firefox_user_prefs={"webgl.force-enabled": True, "ui.prefersReducedMotion": 1},
        timeout=120_000,
    )
