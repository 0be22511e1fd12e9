"""What the page says of an article: on hovering, on a click, and from one neighbor to the next."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from chromium import PHONE
from screen import colors_around, free, point, row_of, settle, show


def test_hovering_shows_title_and_excerpt(desktop):
    desktop.mouse.move(*show(desktop, row_of(desktop, "Glacier 3"), 9000))
    hint = desktop.locator("#hint")
    assert hint.inner_text().split("\n") == ["Glacier 3", "About Glacier 3"]
    desktop.mouse.move(640, 650)
    assert hint.is_hidden()


def test_hovering_a_question_shows_its_text(desktop):
    desktop.mouse.move(*point(desktop, 374))
    assert "Which of these makes proteins?" in desktop.locator("#hint").inner_text()


def test_a_click_opens_title_excerpt_and_link(desktop):
    row = row_of(desktop, "Comet 2")
    desktop.mouse.click(*show(desktop, row, 9000))
    panel = desktop.locator("#panel")
    assert panel.locator("h2").inner_text() == "Comet 2"
    assert "About Comet 2" in panel.inner_text() and "Article · odd" in panel.inner_text()
    link = panel.get_by_role("link", name="Read the article")
    assert link.get_attribute("href") == "https://example.org/wiki/Comet_2"
    assert link.get_attribute("rel") == "noopener noreferrer" and link.get_attribute("target") == "_blank"
    settle(desktop)
    assert (197, 58, 39) in colors_around(desktop, *point(desktop, row), 10)  # the ring


@pytest.mark.parametrize(
    ("window", "move"), [({}, (260, 0)), ({}, (355, 0)), (PHONE, (0, 160))], ids=["desktop", "at its edge", "phone"]
)
def test_an_article_that_its_card_would_cover_comes_out_beside_it(open_page, small_page, window, move):
    page = open_page(small_page, **window)
    row = row_of(page, "Comet 2")
    show(page, row, 9000)
    page.evaluate("move => knowledgeMap.camera.pan(...move)", move)
    settle(page)
    clicked = point(page, row)
    page.mouse.click(*clicked)
    page.get_by_role("heading", name="Comet 2").wait_for()
    settle(page)
    x, y = point(page, row)
    card = page.locator("#panel").bounding_box()
    assert clicked[0] > card["x"] and clicked[1] > card["y"]
    assert x < card["x"] or y < card["y"]
    assert page.evaluate("knowledgeMap.camera.scale") == pytest.approx(9000)


def test_neighbors_are_those_of_the_map_with_similarity(desktop, small_page):
    row = row_of(desktop, "Ribosome 5")
    desktop.mouse.click(*show(desktop, row, 9000))
    lists = desktop.locator("#panel .items")
    table = pq.read_table(small_page.with_name("knowledge_map.parquet"))
    titles, near = table["title"].to_pylist(), table["neighbors"][row].as_py()
    shown = [text.split("\n") for text in lists.nth(0).locator("button").all_inner_texts()]
    wanted = [[titles[other], round(100 * (1 - distance))] for other, distance in zip(*near.values(), strict=True)]
    for (title, similarity), (wanted_title, wanted_similarity) in zip(shown, wanted[:8], strict=True):
        assert title.rstrip("…")[:50] == wanted_title.strip()[:50]
        assert int(similarity.split()[0]) == pytest.approx(wanted_similarity, abs=1)
    places = desktop.evaluate("row => knowledgeMap.articlesNear(...knowledgeMap.store.position(row), 9)", row)
    on_map = lists.nth(1).locator("button span").all_inner_texts()
    assert [title[:50] for title in on_map] == [titles[other].strip()[:50] for other in places if other != row]


def test_a_card_says_how_far_its_surroundings_can_be_trusted(desktop, small_page):
    row = row_of(desktop, "Ribosome 5")
    desktop.mouse.click(*show(desktop, row, 9000))
    table = pq.read_table(small_page.with_name("knowledge_map.parquet"), columns=["trust", "stretch"])
    trust, stretch = (table[name][row].as_py() for name in table.column_names)
    (said,) = desktop.locator("#panel p.faint").all_inner_texts()
    assert f" {round(100 * trust)} % of the articles nearest in meaning are the nearest here" in said
    assert f" {stretch:.1f} times as far away" in said


def test_articles_near_a_place_are_the_nearest(desktop, small_page):
    table = pq.read_table(small_page.with_name("knowledge_map.parquet"), columns=["x", "y"]).slice(0, 374)
    places = np.column_stack([table["x"], table["y"]])
    for x, y, n in ((0.2, 0.3, 5), (0.99, 0.01, 40), (0.5, 0.5, 400)):
        distances = np.hypot(*(places - [x, y]).T)
        found = desktop.evaluate("([x, y, n]) => knowledgeMap.articlesNear(x, y, n)", [x, y, n])
        assert distances[found] == pytest.approx(np.sort(distances)[:n], abs=1e-4)


def test_neighbors_are_a_step_away_and_there_is_a_way_back(desktop):
    desktop.mouse.click(*show(desktop, row_of(desktop, "Ribosome 5"), 9000))
    first = desktop.locator("#panel .items button").first
    title = first.locator("span").inner_text()
    first.click()
    assert desktop.locator("#panel-title").inner_text() == title
    settle(desktop)
    x, y = point(desktop, row_of(desktop, title))
    left, right = free(desktop)
    assert left < x < right and 0 < y < desktop.viewport_size["height"]
    desktop.get_by_role("button", name="Back").click()
    assert desktop.locator("#panel-title").inner_text() == "Ribosome 5"
    assert desktop.get_by_role("button", name="Back").is_hidden()


def test_pointing_at_a_neighbor_rings_it_on_the_map(desktop):
    desktop.mouse.click(*show(desktop, row_of(desktop, "Ribosome 5"), 2000))
    first = desktop.locator("#panel .items button").first
    first.hover()
    x, y = point(desktop, row_of(desktop, first.locator("span").inner_text()))
    ring = desktop.locator("#ring").bounding_box()
    assert (ring["x"] + 10, ring["y"] + 10) == pytest.approx((x, y), abs=1)


@pytest.mark.parametrize("way", ["Escape", "button", "empty place"])
def test_the_panel_closes(desktop, way):
    desktop.mouse.click(*show(desktop, row_of(desktop, "Comet 2"), 9000))
    if way == "Escape":
        desktop.keyboard.press("Escape")
    elif way == "button":
        desktop.get_by_role("button", name="Close").click()
    else:
        desktop.evaluate("knowledgeMap.camera.jumpTo(0.02, 0.02, 20000)")
        settle(desktop)
        desktop.mouse.click(640, 600)
    assert desktop.locator("#panel").is_hidden()


def test_addresses_that_are_not_of_the_web_are_no_links(desktop):
    row = 6
    desktop.mouse.click(*show(desktop, row, 20000))
    assert desktop.locator("#panel-title").inner_text() == "Glacier 1"
    assert desktop.locator("#panel a").count() == 0


def test_hostile_titles_are_text_in_panel_and_hint(desktop, pictures):
    script = row_of(desktop, "</script><img src=x onerror=alert(1)>")
    desktop.mouse.move(*show(desktop, script, 20000))
    assert desktop.locator("#hint strong").inner_text() == "</script><img src=x onerror=alert(1)>"
    for row in range(360, 374):
        desktop.evaluate("row => knowledgeMap.itemOpened(row)", row)
        assert desktop.locator("#panel-title").inner_text()
        assert desktop.locator("#panel").bounding_box()["width"] == 350
    assert desktop.locator("#panel img, #panel b").count() == 0


def test_a_tap_opens_the_panel_on_a_phone(phone, pictures):
    phone.touchscreen.tap(*show(phone, row_of(phone, "Glacier 3"), 6000))
    phone.get_by_role("heading", name="Glacier 3").wait_for()
    box = phone.locator("#panel").bounding_box()
    assert box["width"] == 360 and box["y"] > 300
    phone.screenshot(path=pictures / "phone-article.png")
