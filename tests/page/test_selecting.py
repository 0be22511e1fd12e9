"""Boxes and lassos select what is inside; it can be listed, copied and downloaded."""

import csv
import io

import pytest
from chromium import WIDE
from screen import camera, colors_around, point, row_of, settle, show, wait_until

ACCENT = (197, 58, 39)


@pytest.fixture
def whole(open_page, small_page):
    page = open_page(small_page, permissions=["clipboard-read", "clipboard-write"])
    page.keyboard.press("w")
    settle(page)
    return page


def around(page, topic, margin=12):
    """Return the box on the screen around the articles of a topic: left, top, right, bottom."""
    rows = [row_of(page, f"{topic} {number}") for number in range(60)]
    x, y = zip(*(point(page, row) for row in rows), strict=True)
    return min(x) - margin, min(y) - margin, max(x) + margin, max(y) + margin


def draw(page, *corners):
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=6)
    page.mouse.up()


def tool(page, name):
    page.get_by_role("button", name="Select").first.click()
    page.get_by_role("button", name=name, exact=True).click()


def test_a_box_selects_what_is_inside(whole, pictures):
    left, top, right, bottom = around(whole, "Glacier")
    before = camera(whole)
    tool(whole, "Box")
    draw(whole, (left, top), (right, bottom))
    assert whole.locator("#panel-title").inner_text() == "60 articles selected"
    listed = whole.locator("#panel .items button").all_inner_texts()
    assert sorted(listed) == sorted(f"Glacier {number}" for number in range(60))
    assert camera(whole) == before  # drawing a box does not move the map
    assert ACCENT in colors_around(whole, *point(whole, row_of(whole, "Glacier 0")))
    whole.screenshot(path=pictures / "selection.png")


def test_a_lasso_leaves_out_what_is_beside_it(whole):
    left, top, right, bottom = around(whole, "Éclair")
    tool(whole, "Lasso")
    middle = (left + right) / 2
    draw(whole, (left, top), (middle, top), (middle, bottom), (left, bottom), (left, top))
    listed = set(whole.locator("#panel .items button").all_inner_texts())
    inside = {f"Éclair {n}" for n in range(60) if point(whole, row_of(whole, f"Éclair {n}"))[0] < middle}
    assert 5 < len(inside) < 55 and listed == inside


def test_shift_and_drag_draw_a_box_and_questions_are_listed_too(whole):
    left, top, right, bottom = around(whole, "Ribosome", margin=40)
    whole.keyboard.down("Shift")
    draw(whole, (left, top), (right, bottom))
    whole.keyboard.up("Shift")
    assert whole.locator("#panel-title").inner_text() == "1 question and 60 articles selected"


def test_by_keys_alone_all_in_view_is_selected(whole):
    show(whole, row_of(whole, "Comet 1"), 1500)
    whole.get_by_role("button", name="Select").first.focus()
    whole.keyboard.press("Enter")
    for _ in range(2):
        whole.keyboard.press("Tab")
    whole.keyboard.press("Enter")
    assert "selected" in whole.locator("#panel-title").inner_text()
    assert "Comet 1" in whole.locator("#panel .items").inner_text()


def test_an_empty_box_says_so(whole):
    tool(whole, "Box")
    width = whole.viewport_size["width"]
    draw(whole, (width - 100, 300), (width - 80, 320))
    assert whole.locator("#toast").inner_text() == "Nothing is inside."
    assert whole.locator("#panel").is_hidden()


def test_escape_puts_the_tool_down(whole):
    whole.keyboard.press("l")
    assert whole.locator("#select-lasso").get_attribute("aria-pressed") == "true"
    whole.keyboard.press("Escape")
    before = point(whole, 0)
    draw(whole, (640, 400), (600, 400))
    settle(whole)
    assert point(whole, 0)[0] == pytest.approx(before[0] - 40, abs=1)


def rows_of_download(page):
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    text = download.value.path().read_bytes().decode("utf-8-sig")
    assert download.value.suggested_filename == "selection.csv"
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_selection_is_downloaded_as_csv(whole):
    left, top, right, bottom = around(whole, "Harbour")
    tool(whole, "Box")
    draw(whole, (left, top), (right, bottom))
    rows = rows_of_download(whole)
    articles = {row["title"]: row for row in rows if row["kind"] == "article"}
    assert articles.keys() == {f"Harbour {number}" for number in range(60)}
    assert [row["kind"] for row in rows[:3]] == ["question"] * 3
    one = articles["Harbour 1"]
    assert one["url"] == "https://example.org/wiki/Harbour_1" and one["source"] in ("even", "odd")
    place = whole.evaluate("row => knowledgeMap.store.position(row)", row_of(whole, "Harbour 1"))
    assert [float(one["x"]), float(one["y"])] == pytest.approx(place, abs=1e-5)


def test_a_spreadsheet_computes_nothing_of_a_title(whole):
    show(whole, row_of(whole, '=HYPERLINK("https://example.org")'), 400)
    whole.evaluate("knowledgeMap.takeSelectionTool(null)")
    whole.get_by_role("button", name="Select").first.click()
    whole.get_by_role("button", name="All in view").click()
    titles = {row["title"] for row in rows_of_download(whole)}
    assert """'=HYPERLINK("https://example.org")""" in titles
    assert not [title for title in titles if title.lstrip(" \0").startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_the_selection_is_copied_as_a_table(whole):
    left, top, right, bottom = around(whole, "Glacier")
    tool(whole, "Box")
    draw(whole, (left, top), (right, bottom))
    whole.get_by_role("button", name="Copy", exact=True).click()
    wait_until(whole, "document.getElementById('toast').textContent.includes('copied')")
    assert whole.locator("#toast").inner_text().startswith("60 rows copied")
    copied = list(csv.reader(io.StringIO(whole.evaluate("navigator.clipboard.readText()"), newline=""), delimiter="\t"))
    assert copied[0][:6] == ["title", "kind", "source", "url", "x", "y"] and len(copied) == 61


def test_clear_takes_the_selection_back(whole):
    left, top, right, bottom = around(whole, "Glacier")
    tool(whole, "Box")
    draw(whole, (left, top), (right, bottom))
    whole.get_by_role("button", name="Clear").click()
    assert whole.locator("#panel").is_hidden()
    assert ACCENT not in colors_around(whole, *point(whole, row_of(whole, "Glacier 0")))


LABELS = """() => knowledgeMap.store.levels.flatMap(({ labels }) => labels).flatMap((label) => {
  const [left, middle] = knowledgeMap.camera.toScreen(label.x, label.y);
  const places = Array.from({ length: 81 }, (_, i) => [left - 40 + i, middle]);
  return places.filter(([x, y]) => knowledgeMap.labelAt(x, y) === label && knowledgeMap.itemAt(x, y) < 0)
    .slice(0, 1).map(([x, y]) => ({ x, y, text: label.text, applies: label.rows.length, of: label.of,
      examples: label.examples.map((row) => knowledgeMap.store.title(row)) }));
})"""
"""The labels on the screen, each with a place on it where no item lies."""


def test_a_label_says_where_it_comes_from_and_selects_its_articles(open_page, small_page):
    whole = open_page(small_page, **WIDE)  # else items lie beneath every word
    whole.keyboard.press("w")
    settle(whole)
    label = whole.evaluate(LABELS)[0]
    whole.mouse.move(label["x"], label["y"])
    told = whole.locator("#hint").inner_text()
    assert told.startswith(label["text"])
    assert f"{label['applies']} of {label['of']} article" in told
    assert all(title[:30] in told for title in label["examples"])
    whole.mouse.click(label["x"], label["y"])
    heading = whole.locator("#panel-title").inner_text()
    assert heading.startswith(f"{label['text']}: {label['applies']} of {label['of']} article")
