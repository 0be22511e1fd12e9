"""The page opens on the questions, with every text as it was, with and without WebGL."""

import pyarrow.parquet as pq
import pytest
from chromium import PHONE
from pages import QUESTIONS
from screen import camera, colors_around, ground, lightness, point, settle

NO_WEBGL = """
    const getContext = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind.startsWith("webgl") ? null : getContext.call(this, kind, ...rest);
    };
"""

COUNT_DRAWN = """
    globalThis.drawn = 0;
    const { clear } = WebGL2RenderingContext.prototype;
    WebGL2RenderingContext.prototype.clear = function (...values) {
        drawn++;
        return clear.apply(this, values);
    };
"""


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_it_opens_on_the_questions(device, request, pictures):
    page = request.getfixturevalue(device)
    size = page.viewport_size
    for question in page.evaluate("knowledgeMap.store.questions"):
        x, y = point(page, question["row"])
        assert 0 < x < size["width"] and 0 < y < size["height"]
    assert page.locator("h1").inner_text() == "Small <map>"
    assert "374 articles · 5 questions" in page.locator("#heading").inner_text()
    settle(page)
    page.screenshot(path=pictures / f"{device}.png")


def test_every_column_reaches_the_page_as_it_was(desktop, small_page):
    table = pq.read_table(small_page.with_name("knowledge_map.parquet"))
    read = desktop.evaluate("""(({ store }) => Array.from({ length: store.count }, (_, row) => ({
        title: store.title(row), url: store.url(row), excerpt: store.excerpt(row), place: store.position(row),
        source: store.sources[store.source[row]], neighbors: store.neighbors(row),
        similarities: store.neighbors(row).map((_, rank) => store.similarity(row, rank)) })))(knowledgeMap)""")
    assert len(read) == len(table)
    for row, wanted in zip(read, table.to_pylist(), strict=True):
        assert row["title"] == (wanted["title"] if wanted["title"].strip() else "(no title)")
        assert row["place"] == pytest.approx([wanted["x"], wanted["y"]], abs=1e-5)
        assert row["neighbors"] == wanted["neighbors"]["ids"][:8]
        wanted_similarities = [min(max(1 - distance, 0), 1) for distance in wanted["neighbors"]["distances"][:8]]
        assert row["similarities"] == pytest.approx(wanted_similarities, abs=0.003)
        if wanted["kind"] == "article":
            assert row["excerpt"] == wanted["excerpt"]
            assert row["source"] == wanted["source"]
            assert row["url"] == (wanted["url"] if wanted["url"].startswith("http") else "")
    questions = desktop.evaluate("knowledgeMap.store.questions")
    assert [question["id"] for question in questions] == [question.item_id for question in QUESTIONS]


def test_a_browser_from_before_2025_opens_it_too(open_page, small_page):
    page = open_page(small_page, script="delete Uint8Array.fromBase64;")
    assert page.evaluate("[typeof Uint8Array.fromBase64, knowledgeMap.store.count]") == ["undefined", 379]


def test_hostile_texts_leave_nothing_behind(desktop):
    assert desktop.locator("img, iframe, object, [onerror]").count() == 0
    assert desktop.locator("script").count() == 2  # those that carried the data are gone


def test_the_map_is_drawn_once_while_it_opens_and_not_again_where_it_stays_as_it_is(open_page, small_page):
    page = open_page(small_page, script=COUNT_DRAWN)
    settle(page)
    assert page.evaluate("drawn") == 1
    page.keyboard.press("w")
    settle(page)
    page.evaluate("drawn = 0")
    page.evaluate("knowledgeMap.camera.jumpTo(0.5, 0.5, 1.5 * knowledgeMap.camera.scale)")
    settle(page)
    assert page.evaluate("drawn") == 1


def test_the_map_fills_a_window_that_the_browser_magnifies(whole):
    client = whole.context.new_cdp_session(whole)
    half = {side: length // 2 for side, length in whole.viewport_size.items()}  # as many dots as before
    client.send("Emulation.setDeviceMetricsOverride", {**half, "deviceScaleFactor": 2, "mobile": False})
    settle(whole)
    assert whole.evaluate("[knowledgeMap.camera.width, knowledgeMap.camera.height]") == [half["width"], half["height"]]


def test_articles_are_dots_on_the_screen(desktop):
    desktop.keyboard.press("w")
    camera(desktop)
    x, y = point(desktop, 0)
    darkest = min(map(lightness, colors_around(desktop, x, y)))
    assert darkest < 120 < lightness(ground(desktop))


def test_without_webgl_there_is_a_notice_a_picture_search_and_quiz(open_page, small_page, pictures):
    page = open_page(small_page, script=NO_WEBGL)
    assert "without WebGL" in page.locator("#no-webgl").inner_text()
    x, y = point(page, 3)
    assert min(map(lightness, colors_around(page, x, y))) < 120
    page.screenshot(path=pictures / "without-webgl.png")
    page.locator("#search").fill("ribosome 7")
    page.keyboard.press("Enter")
    assert page.locator("#panel-title").inner_text() == "Ribosome 7"
    page.locator("#quiz-open").click()
    assert "Which of these makes proteins?" in page.locator("#panel").inner_text()


def test_the_points_come_back_after_the_graphics_were_lost(desktop):
    x, y = point(desktop, 3)
    before = min(map(lightness, colors_around(desktop, x, y)))
    desktop.evaluate("""async () => {
        const canvas = document.getElementById("ground"), gone = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
        const told = (name) => new Promise((resolve) => canvas.addEventListener(name, resolve, { once: true }));
        const lost = told("webglcontextlost"), back = told("webglcontextrestored");
        gone.loseContext();
        await lost;
        await new Promise((resolve) => setTimeout(resolve, 50));
        gone.restoreContext();
        await back;
    }""")
    assert min(map(lightness, colors_around(desktop, x, y))) == pytest.approx(before, abs=8)


def test_it_says_so_where_there_is_no_javascript(browser, small_page):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(small_page.as_uri())
    assert "needs JavaScript" in page.locator("noscript").inner_text()
    context.close()


def test_a_narrow_phone_has_no_sideways_scroll(open_page, small_page):
    page = open_page(small_page, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
