"""What one does most works in Firefox, too: some of the other tests run in it here, and a few that are about its windows."""

# ruff: noqa: F401 - a test that is imported runs here, with this file's browser

from collections.abc import Iterator

import firefox
import pytest
from playwright.sync_api import Browser
from quizzes import answer_all, reported, tally
from screen import settle
from test_access import test_keys_alone_reach_everything, test_what_is_in_the_middle_opens_by_keys
from test_carried_columns import test_entries_of_the_legend_switch_classes_off_and_on
from test_filter import (
    carried,
    test_all_conditions_hold_together_a_chip_takes_one_off_and_a_key_takes_all,
    test_the_address_holds_the_filter,
)
from test_first_visit import (
    test_the_browser_goes_back_and_forward_between_views_and_cards,
    test_the_steps_are_skipped_by_a_button_or_by_a_key,
)
from test_items import test_a_click_opens_title_excerpt_and_link
from test_moving import test_dragging_takes_the_map_along, test_the_wheel_zooms_around_the_pointer
from test_opening import test_articles_are_dots_on_the_screen, test_every_column_reaches_the_page_as_it_was
from test_search import test_arrows_and_enter_fly_to_a_result
from test_sharing import (
    formulas,
    six,
    test_a_shared_result_stays_in_the_address,
    test_formulas_are_drawn_in_lists_in_the_search_and_in_hints,
)


@pytest.fixture(scope="module")
def browser(playwright) -> Iterator[Browser]:
    """Firefox; without it, the tests of this file are skipped, which is said."""
    if missing := " and ".join(firefox.missing()):
        pytest.skip(f"no {missing}: no test of the page in Firefox; `apt-get install firefox-esr xvfb` where that is possible")
    with firefox.unseen_screen() as screen:
        browser = firefox.launch(playwright, screen)
        yield browser
        browser.close()


def test_the_points_are_drawn_by_webgl(desktop):
    assert desktop.locator("#no-webgl").is_hidden()


def test_the_quiz_is_taken_by_keys_and_a_pointer(small_page, take):
    page = take(small_page)
    answer_all(page, "10")
    page.locator(".choices button").last.click()
    assert tally(page).endswith("of 3 answered, 1 open.")
    reported(page)
    assert page.evaluate("knowledgeMap.shownLayer.value !== null")


def test_a_narrow_window_has_the_panel_below_and_no_sideways_scroll(open_page, small_page):
    page = open_page(small_page, viewport={"width": 360, "height": 740})
    page.evaluate("knowledgeMap.itemOpened(5)")
    settle(page)
    box = page.locator("#panel").bounding_box()
    assert box["width"] == 360 and box["y"] > 300
    assert page.evaluate("document.documentElement.scrollWidth") == 360
