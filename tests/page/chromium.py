"""Debian's Chromium, headless, without network and GPU, and the windows that the page is looked at in."""

import shutil

from playwright.sync_api import Browser, Playwright

DESKTOP = {"viewport": {"width": 1040, "height": 660}, "reduced_motion": "reduce"}
"""A small window and no flights, which are for the tests of moving: every pixel of every frame is computed on the CPU."""

WIDE = {"viewport": {"width": 1280, "height": 800}}

MOTION = {"reduced_motion": "no-preference"}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
RETURNING = """
    const getItem = Storage.prototype.getItem;
    Storage.prototype.getItem = function (key) { return key === "knowledge-map-toured" ? "seen" : getItem.call(this, key); };
"""
"""A script by which the page takes a person for one who was there before, and does not begin with its first steps.

It does not touch the storage itself: a page that does so while it opens may miss what another one has just written."""

FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",  # WebGL computed on the CPU
    "--disable-gpu-compositing",  # where a GPU is computed on the CPU, putting a page together costs less without it
    "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """Return where Chromium without windows is, or else the whole Chromium, which takes twice as long; None where neither is."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=executable(), args=FLAGS, timeout=120_000)
