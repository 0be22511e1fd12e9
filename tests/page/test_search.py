"""Titles are found as one types, and results flown to."""

import pytest
from screen import free, point, row_of, settle, wait_until


def results(page, words):
    page.locator("#search").fill(words)
    wait_until(page, "document.getElementById('search-told').textContent !== 'Searching…'")
    return page.locator("#found li span").all_inner_texts()


FIRST = {
    "comet": "Comet 0",  # the beginning of a title, whatever the case
    "ECLAIR 1": "Éclair 1",  # accents ignored
    "éclair 12": "Éclair 12",
    "bosome 33": "Ribosome 33",  # inside a word
    "makes pro": "Which of these makes proteins?",  # a question
    "<img src": "</script><img src=x onerror=alert(1)>",
    "שלום": "שלום עולם",
    "東": "東京",
    "🦕": "🦕 emoji",
}


def test_titles_are_found(desktop):
    assert {words: results(desktop, words)[0] for words in FIRST} == FIRST


def test_beginnings_come_first_and_short_ones_before_long(desktop):
    found = results(desktop, "e")
    assert found[0].startswith("Éclair") and len(found) == 20
    assert [len(title) for title in found[:10]] == sorted(len(title) for title in found[:10])
    assert "titles, the first 20 shown" in desktop.locator("#search-told").inner_text()


def test_all_are_counted(desktop):
    results(desktop, "violin")
    assert "60 titles" in desktop.locator("#search-told").inner_text()


def test_what_is_not_there_is_said(desktop):
    assert results(desktop, "no such title") == []
    assert desktop.locator("#search-told").inner_text() == "No title has that in it."
    assert results(desktop, "") == []


def test_signs_are_only_signs(desktop):
    for words in ["(", "\\", "[a-z", "%", "\u202e", "a" * 200]:
        results(desktop, words)


def test_arrows_and_enter_fly_to_a_result(desktop):
    titles = results(desktop, "harbour")
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        desktop.keyboard.press(key)
    field = desktop.locator("#search")
    active = desktop.locator(f"#{field.get_attribute('aria-activedescendant')}")
    assert active.inner_text() == titles[1] and active.get_attribute("aria-selected") == "true"
    desktop.keyboard.press("Enter")
    assert desktop.locator("#panel-title").inner_text() == titles[1]
    settle(desktop)
    x, y = point(desktop, row_of(desktop, titles[1]))
    middle = sum(free(desktop)) / 2, desktop.viewport_size["height"] / 2
    assert (x, y) == pytest.approx(middle, abs=3)
    assert desktop.locator("#found").is_hidden()


def test_a_click_goes_to_a_result(desktop):
    results(desktop, "comet 41")
    desktop.locator("#found li").first.click()
    assert desktop.locator("#panel-title").inner_text() == "Comet 41"


def test_a_slash_goes_to_the_field_and_escape_empties_it(desktop):
    desktop.keyboard.press("/")
    desktop.keyboard.type("comet")
    assert desktop.locator("#found li").count() == 20
    desktop.keyboard.press("Escape")
    assert desktop.locator("#search").input_value() == "" and desktop.locator("#found").is_hidden()
