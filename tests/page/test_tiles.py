"""A page of tiles on a real web server: what it shares with the page of one file, and what it says where files do not come."""

import shutil
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chromium import PHONE
from pages import write_small_tiles
from playwright.sync_api import Page
from quizzes import quiz_content
from screen import color_by, row_of, settle, show
from test_access import (
    test_axe_finds_no_serious_fault_on_a_phone,
    test_keys_alone_reach_everything,
    test_results_are_announced,
    test_the_view_is_told_in_words,
    test_what_is_in_the_middle_opens_by_keys,
)
from test_items import test_a_tap_opens_the_panel_on_a_phone
from test_moving import test_two_fingers_zoom
from test_quiz import (
    PLACES,
    SIX,
    test_it_fits_a_phone,
    test_it_is_taken_with_keys_alone,
    test_markers_tell_by_colour_what_became_of_each_question,
    test_strong_and_weak_regions_are_named_with_articles_to_read,
)
from test_search import test_titles_are_found, test_what_is_not_there_is_said
from test_sharing import (
    test_a_shared_result_fits_a_phone,
    test_the_same_page_takes_a_link_that_is_followed_on_it,
    test_the_way_back_leads_out_of_a_shared_result,
)

from knowledge_map.run.serving import PageHandler, page_server
from knowledge_map.views.page.tiles import write_tiles

__all__ = [
    "test_a_shared_result_fits_a_phone",
    "test_a_tap_opens_the_panel_on_a_phone",
    "test_axe_finds_no_serious_fault_on_a_phone",
    "test_it_fits_a_phone",
    "test_it_is_taken_with_keys_alone",
    "test_keys_alone_reach_everything",
    "test_markers_tell_by_colour_what_became_of_each_question",
    "test_results_are_announced",
    "test_strong_and_weak_regions_are_named_with_articles_to_read",
    "test_the_same_page_takes_a_link_that_is_followed_on_it",
    "test_the_view_is_told_in_words",
    "test_the_way_back_leads_out_of_a_shared_result",
    "test_titles_are_found",
    "test_two_fingers_zoom",
    "test_what_is_in_the_middle_opens_by_keys",
    "test_what_is_not_there_is_said",
]
"""What the two forms share, on the fixtures below."""

ALL = "knowledgeMap.store.tiles.need([...Array(knowledgeMap.store.tiles.tree.count).keys()])"
"""Fetches every tile, so that every row has its title."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; yield the address of its page."""
    with page_server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def tiles(tmp_path_factory) -> Path:
    """The folder of the small map's tiles."""
    return write_small_tiles(tmp_path_factory.mktemp("tiles")).parent


@pytest.fixture(scope="module")
def address(tiles) -> Iterator[str]:
    with served(tiles) as address:
        yield address


@pytest.fixture
def desktop(open_page, address) -> Page:
    """The page of tiles, every tile of which is there, as the tests that it shares with the page of one file ask for any row."""
    return with_all_tiles(open_page(address))


@pytest.fixture
def phone(open_page, address) -> Page:
    """The same on a phone."""
    return with_all_tiles(open_page(address, **PHONE))


def with_all_tiles(page: Page) -> Page:
    settle(page)
    page.evaluate(ALL)
    return page


@pytest.fixture(scope="module")
def six(tmp_path_factory) -> Iterator[str]:
    """The six questions of the tests of the quiz, as tiles."""
    folder = tmp_path_factory.mktemp("six")
    write_tiles(quiz_content(folder, SIX, PLACES), folder / "page" / "index.html", capacity=40)
    with served(folder / "page") as address:
        yield address


@pytest.fixture
def harmed(tiles, tmp_path) -> Path:
    """A copy of the folder, to do harm to."""
    return shutil.copytree(tiles, tmp_path / "harmed")


def tiles_fetched(page: Page) -> list[str]:
    """Return the names of the tiles that a page has fetched, in this order."""
    names = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    return [name.rsplit("/", 1)[1] for name in names if "/tiles/" in name]


def test_only_what_is_in_view_is_fetched_and_nothing_from_elsewhere(open_page, address, tiles):
    page = open_page(address)
    settle(page)
    fetched = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert all(name.startswith(f"{address}data/") for name in fetched)
    kinds = {name.split("/")[-2] for name in fetched}
    assert kinds == {"tiles", "labels"}  # cards and the search index come when somebody asks for them
    assert sum("/tiles/" in name for name in fetched) < len(list((tiles / "data" / "tiles").iterdir()))
    assert page.evaluate("knowledgeMap.writtenLabels().length")


def test_nothing_else_delays_the_first_articles(open_page, address):
    page = open_page(address)
    settle(page)
    first, labels = page.evaluate("""['/tiles/', '/labels/'].map((kind) =>
        performance.getEntriesByType("resource").find(({ name }) => name.includes(kind)))""")
    assert first["responseEnd"] <= labels["startTime"]


def test_the_quiz_needs_no_tile_and_names_articles_to_read(open_page, address):
    page = open_page(address)
    page.get_by_role("button", name="Take the quiz").click()
    page.locator("#panel .choices button").first.click()
    assert page.locator("#panel .items").first.locator("button").count()
    assert "…" not in page.locator("#panel .items").first.inner_text().split("\n")
    assert page.locator("#panel a.read").first.get_attribute("href").startswith("https://example.org/wiki/")
    page.locator("#panel .items button").first.click()
    assert page.locator("#panel-title").inner_text()


def test_colours_and_filters_are_of_what_is_there_and_take_in_what_comes(open_page, address):
    page = open_page(address, "#x=0.5&y=0.5&zoom=0.5")
    settle(page)
    color_by(page, "topic")
    page.evaluate("""(() => {
        const column = knowledgeMap.store.carried.find(({ name }) => name === "topic");
        const allowed = new Uint8Array(column.classCount + 1).fill(1, 0, 1);
        knowledgeMap.classFilter.allowClasses(column, allowed);
    })()""")
    settle(page)
    kept = "[...Array(374).keys()].filter((row) => knowledgeMap.filter.keeps(row)).length"
    before, total = page.evaluate(kept), page.evaluate("knowledgeMap.filter.total")
    assert 0 < before < total < 374
    page.locator("#filter").click()
    assert f"of the articles loaded, {total} of 374" in page.locator("#panel").inner_text()
    page.evaluate(ALL)
    settle(page)
    assert page.evaluate("knowledgeMap.filter.total") == 374
    assert page.evaluate(kept) == page.evaluate("knowledgeMap.filter.count") > before
    page.evaluate("knowledgeMap.filter.clear()")


def test_a_card_has_what_that_of_one_file_has_and_neighbors_are_a_step_away(open_page, address):
    page = open_page(address)
    page.locator("#search").fill("Comet 4")
    page.locator("#found li").first.click()
    panel = page.locator("#panel")
    panel.get_by_text("About Comet 4", exact=True).wait_for()
    for said in ("Article · odd", "letter", "can be trusted"):
        assert said in panel.inner_text()
    assert panel.get_by_role("link", name="Read the article").get_attribute("href") == "https://example.org/wiki/Comet_4"
    panel.get_by_text("Nearest on the map").wait_for()
    first = panel.locator(".items button").first
    first.get_by_text("Comet").wait_for()
    title = first.locator("span").inner_text()
    first.click()
    panel.get_by_text(f"About {title}", exact=True).wait_for()
    page.get_by_role("button", name="Back").click()
    assert page.locator("#panel-title").inner_text() == "Comet 4"


def test_a_selection_says_that_more_could_be_loaded(open_page, address):
    page = open_page(address, "#x=0.5&y=0.5&zoom=0.5")
    settle(page)
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="All in view").click()
    assert "zoom in to load all of them" in page.locator("#panel").inner_text()


@pytest.mark.parametrize("harm, said", [
    ("missing", "it is not there: the map may have been made anew"),
    ("cut short", "it is damaged or cut short"),
    ("of another map", "it belongs to another map"),
])  # fmt: skip
def test_a_tile_that_does_not_come_is_told_and_the_rest_is_there(open_page, harmed, harm, said):
    with served(harmed) as address:
        page = open_page(address, "#x=0.5&y=0.5&zoom=2", harmed=True)
        settle(page)
        tile = harmed / "data" / "tiles" / tiles_fetched(page)[-1]
        page.close()
        content = tile.read_bytes()
        if harm == "missing":
            tile.unlink()
        else:
            foreign = zlib.compress(b'{"kind":"tiles","count":1,"parts":[]}\n')
            tile.write_bytes(content[: len(content) // 2] if harm == "cut short" else foreign)
        page = open_page(address, "#x=0.5&y=0.5&zoom=2", harmed=True)
        loading = page.locator("#loading")
        loading.wait_for()
        assert said in loading.inner_text()
        assert page.evaluate("knowledgeMap.filter.total") > 100
        tile.write_bytes(content)
        loading.get_by_role("button", name="Try again").click()
        settle(page)
        assert loading.is_hidden()


def test_a_card_whose_details_do_not_come_says_so_and_can_try_again(open_page, harmed):
    with served(harmed) as address:
        page = open_page(address, harmed=True)
        settle(page)
        page.evaluate(ALL)
        shutil.move(harmed / "data" / "details", harmed / "elsewhere")
        page.mouse.click(*show(page, row_of(page, "Comet 2"), 9000))
        panel = page.locator("#panel")
        panel.get_by_text("More of it did not come").wait_for()
        assert "Comet 2" in panel.inner_text() and "About" not in panel.inner_text()
        shutil.move(harmed / "elsewhere", harmed / "data" / "details")
        panel.get_by_role("button", name="Try again").click()
        panel.get_by_text("About Comet 2").wait_for()


def test_what_is_loaded_works_without_a_network(open_page, address):
    page = open_page(address, harmed=True)
    settle(page)
    page.evaluate(ALL)
    page.context.set_offline(True)
    page.keyboard.press("w")
    page.mouse.move(*show(page, row_of(page, "Comet 2"), 9000))
    assert "Comet 2" in page.locator("#hint").inner_text()
    page.locator("#search").fill("comet")
    page.get_by_text("A part of the search index did not come: the server cannot be reached.").wait_for()


def test_a_slow_server_is_told(open_page, tiles, monkeypatch):
    let_go = threading.Event()
    answer = PageHandler.do_GET

    def wait_for_tiles(handler: PageHandler) -> None:
        if "/tiles/" in handler.path:
            let_go.wait(60)
        answer(handler)

    monkeypatch.setattr(PageHandler, "do_GET", wait_for_tiles)
    with served(tiles) as address:
        page = open_page(address)
        page.locator("#loading").get_by_text("of the map still to come").wait_for()
        page.locator("#quiz-open").click()  # what needs no tile works meanwhile
        assert "Which of these" in page.locator("#panel").inner_text()
        let_go.set()
        settle(page)
        assert page.locator("#loading").is_hidden()


def test_a_link_to_an_article_opens_it_in_another_tab_and_back_goes_back(open_page, address):
    page = open_page(address)
    page.locator("#search").fill("Comet 41")
    page.locator("#found li").first.click()
    page.locator("#panel").get_by_text("About Comet 41").wait_for()
    settle(page)
    fragment = page.evaluate("location.hash")
    assert "item=" in fragment
    other = open_page(address, fragment, context=page.context)
    other.locator("#panel").get_by_text("About Comet 41").wait_for()
    page.go_back()
    page.locator("#panel").wait_for(state="hidden")


def test_from_the_disk_it_says_what_it_needs(open_page, tiles):
    page = open_page(tiles / "index.html", harmed=True)
    page.locator("#loading").get_by_text("needs a web server, such as `make serve` starts").wait_for()
