"""What a person sees of the page, and where."""

import io
import time
from itertools import pairwise

from PIL import Image
from playwright.sync_api import Page

VIEW = "(({ x, y, scale }) => [x, y, scale])(knowledgeMap.camera)"
"""What the camera shows; `knowledgeMap` is what the page offers to tests, see its main.js."""

EXPONENTIALS = """() => {
  let sum = 0;
  for (let number = 0; number < 10_000_000; number++) sum += Math.exp(-number / 10_000_000);
  return sum;
}"""
EXPONENTIALS_TAKE = 93
"""Milliseconds, on one quiet core of an EPYC (Zen 3)."""


def computing_time(page: Page, expression: str, argument: object = None) -> float:
    """Return how long a page in Chromium computes an expression, in milliseconds of one quiet core of an EPYC (Zen 3).

    On a faster core it is the time there. What other processes do meanwhile does not count: it is the processor time of the
    page's thread. How much a processor does in it changes from moment to moment on a busy machine, so that exponentials are
    computed before and after, to compare with.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def thread_time() -> float:
        measured = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
        return 1000 * measured["ThreadTime"]

    times = [thread_time()]
    for computed, given in ((EXPONENTIALS, None), (expression, argument), (EXPONENTIALS, None)):
        page.evaluate(computed, given)
        times.append(thread_time())
    before, taken, after = (end - begin for begin, end in pairwise(times))
    session.detach()
    return taken / max(1.0, (before + after) / 2 / EXPONENTIALS_TAKE)


def wait_until(page: Page, expression: str, argument: object = None) -> None:
    """Wait until an expression holds; Playwright's own way of waiting is to evaluate strings, which the page forbids."""
    end = time.monotonic() + 120
    while not page.evaluate(expression, argument):
        assert time.monotonic() < end, f"{expression} did not come to hold"
        page.wait_for_timeout(20)


def settle(page: Page) -> None:
    """Wait until the map has come to rest, and all that is in view is there."""
    page.wait_for_timeout(30)  # an event on its way to the page
    wait_until(page, "knowledgeMap.isAtRest() && knowledgeMap.isLoaded()")


def point(page: Page, row: int) -> tuple[float, float]:
    """Return where an item lies on the screen."""
    x, y = page.evaluate("row => knowledgeMap.camera.toScreen(...knowledgeMap.store.position(row))", row)
    return x, y


def free(page: Page) -> tuple[int, int]:
    """Return where the screen between heading and panel begins and ends, in pixels from its left edge."""
    return 316, page.viewport_size["width"] - 366


def marker(page: Page, number: int) -> tuple[float, float]:
    """Return where the marker of a question is on the screen."""
    place = page.evaluate("number => knowledgeMap.markerOf(number)", number)
    return place["x"], place["y"]


def show(page: Page, row: int, scale: float = 3000) -> tuple[float, float]:
    """Move an item into the middle of what is free of the screen, and return where it is."""
    page.evaluate("([row, scale]) => knowledgeMap.flyTo(...knowledgeMap.store.position(row), scale)", [row, scale])
    settle(page)
    return point(page, row)


def row_of(page: Page, title: str) -> int:
    """Return the row of the first item with this title."""
    return page.evaluate(
        """title => {
            const { store } = knowledgeMap;
            for (let row = 0; row < store.count; row++) if (store.title(row) === title) return row;
        }""",
        title,
    )


def camera(page: Page) -> tuple[float, float, float]:
    """Return the place in the middle of the screen and the scale."""
    settle(page)
    return tuple(page.evaluate(VIEW))


def picture(page: Page, **settings) -> Image.Image:
    """Return a screenshot."""
    settle(page)
    return Image.open(io.BytesIO(page.screenshot(**settings))).convert("RGB")


def colors_around(page: Page, x: float, y: float, reach: int = 4) -> set[tuple[int, int, int]]:
    """Return the colours on the screen within `reach` pixels of a place."""
    part = picture(page, clip={"x": x - reach, "y": y - reach, "width": 2 * reach + 1, "height": 2 * reach + 1})
    return set(part.get_flattened_data())


def ground(page: Page) -> tuple[int, int, int]:
    """Return the colour on the screen near its lower edge, where nothing lies on the map's ground."""
    shown = picture(page)
    return shown.getpixel((3 * shown.width // 5, shown.height - 10))


def lightness(color: tuple[int, int, int]) -> float:
    return sum(color) / 3


def color_by(page: Page, name: str) -> None:
    """Choose a colouring by its name."""
    if page.locator("#colors").is_hidden():
        page.get_by_role("button", name="Colour", exact=True).click()
    page.get_by_role("radio", name=name, exact=True).check()
    settle(page)


def strongest(page: Page, row: int) -> tuple[int, int, int]:
    """Return the most colourful pixel of an item's dot."""
    return max(colors_around(page, *point(page, row), 2), key=lambda color: max(color) - min(color))
