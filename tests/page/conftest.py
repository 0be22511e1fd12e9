"""A real headless browser without any network, and the page of a small map in it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import DESKTOP, PHONE, RETURNING, executable, launch
from pages import write_small_page
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from screen import settle

from knowledge_map.common.checksum import csp_hash

OF_SCREENSHOTS = csp_hash("body {}")
"""The style that Playwright tries to put into a page before a screenshot; the page forbids it, and Firefox says so."""


@pytest.fixture(scope="session")
def small_page(tmp_path_factory) -> Path:
    """The page of the small map of `pages.py`."""
    return write_small_page(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives browsers; a process has one of it."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright) -> Iterator[Browser]:
    """Debian's Chromium; without it the tests of the page are skipped, which is said."""
    if executable() is None:
        pytest.skip(
            "no chromium: the page is not tested in a browser; `apt-get install chromium-headless-shell` where that is possible"
        )
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def open_page(browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page, a file or an address on this machine, in a new window and waits until it can be used.

    `settings` are those of a window, such as PHONE, MOTION, or color_scheme="dark". Only a `first_visit` begins with the steps
    that point at things. The test fails where any page wrote an error to the console, threw one, or asked for anything from
    elsewhere; a `harmed` page may say of files that they did not come.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def note_request(request):
        if not request.url.startswith(("file://", "data:", "blob:", "http://127.0.0.1:")):
            faults.append(f"asked the network for {request.url}")

    def note_message(message):
        if message.type in ("error", "warning") and "GPU stall" not in message.text:
            faults.append(f"console {message.type}: {message.text}")

    def note_error(error):
        if OF_SCREENSHOTS not in str(error):
            faults.append(f"error: {error}")

    def open_page(
        path: Path | str,
        fragment: str = "",
        context: BrowserContext | None = None,
        script: str = "",
        first_visit: bool = False,
        harmed: bool = False,
        **settings,
    ) -> Page:
        if context is None:
            context = browser.new_context(**(DESKTOP | settings))
            context.set_default_timeout(120_000)
            contexts.append(context)
        page = context.new_page()
        page.on("request", note_request)
        page.on("websocket", lambda socket: faults.append(f"opened a socket to {socket.url}"))
        page.on("console", lambda message: (harmed and "Failed to load" in message.text) or note_message(message))
        page.on("pageerror", note_error)
        page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.add_init_script(script if first_visit else RETURNING + script)
        page.goto((path if isinstance(path, str) else path.as_uri()) + fragment)
        page.wait_for_selector("body[data-state=ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def desktop(open_page, small_page) -> Page:
    """The small map in a window of 1040 x 660."""
    return open_page(small_page)


@pytest.fixture
def phone(open_page, small_page) -> Page:
    """The small map on a phone of 360 x 740, with touch."""
    return open_page(small_page, **PHONE)


@pytest.fixture(scope="session")
def pictures(request) -> Path:
    """The folder for screenshots of this run."""
    folder = request.config.rootpath / "results" / "page-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def whole(open_page, small_page) -> Page:
    """The whole small map in a window, standing still."""
    page = open_page(small_page)
    page.keyboard.press("w")
    settle(page)
    return page


@pytest.fixture
def take(open_page) -> Callable[..., Page]:
    """Return a function that opens a page and its quiz."""

    def take(path: Path, **settings) -> Page:
        page = open_page(path, **settings)
        page.get_by_role("button", name=re.compile("quiz|result")).click()
        return page

    return take
