"""A first visit is led to what there is; one finds the way on the map of the whole, and back by the browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import PHONE
from screen import camera, settle, wait_until

TARGETS = ["search", "colors", "quiz-open"]
POINTED = (
    "(node => node && (node.getAttribute('aria-controls') === 'colors' ? 'colors' : node.id))(document.querySelector('.pointed'))"
)


@pytest.mark.parametrize("settings", [{}, PHONE, {"color_scheme": "dark"}], ids=["desktop", "phone", "dark"])
def test_three_steps_point_at_search_colours_and_quiz_once(open_page, small_page, settings, pictures, request):
    page = open_page(small_page, first_visit=True, **settings)
    dialog = page.get_by_role("dialog", name="First steps")
    seen = []
    for step in range(3):
        seen.append(page.evaluate(POINTED))
        assert f"{step + 1} of 3" in dialog.inner_text()
        assert page.evaluate("document.activeElement.textContent") == ("Done" if step == 2 else "Next")
        box = dialog.bounding_box()
        size = page.viewport_size
        assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"] and box["y"] + box["height"] <= size["height"]
        settle(page)
        page.screenshot(path=pictures / f"first-visit-{request.node.callspec.id}-{step + 1}.png")
        serious = [fault for fault in Axe().run(page).response["violations"] if fault["impact"] in ("serious", "critical")]
        assert not serious
        page.keyboard.press("Enter")
    assert seen == TARGETS
    assert dialog.count() == 0 and page.evaluate("document.activeElement.id") == "quiz-open"
    again = open_page(small_page, context=page.context, first_visit=True)
    assert again.get_by_role("dialog").count() == 0


def test_the_steps_are_skipped_by_a_button_or_by_a_key(open_page, small_page):
    page = open_page(small_page, first_visit=True)
    page.get_by_role("button", name="Skip").click()
    assert page.get_by_role("dialog").count() == 0 and page.locator(".pointed").count() == 0
    other = open_page(small_page, first_visit=True)
    other.keyboard.press("Escape")
    assert other.get_by_role("dialog").count() == 0
    assert open_page(small_page, context=other.context, first_visit=True).get_by_role("dialog").count() == 0


def test_who_follows_a_link_to_a_view_is_not_led_around(open_page, small_page):
    page = open_page(small_page, "#x=0.2&y=0.7&zoom=4", first_visit=True)
    assert page.get_by_role("dialog").count() == 0


FRAME = """(({ x, y, width, height }) => [x, y, x + width, y + height])(
    document.getElementById("overview-frame").getBoundingClientRect())"""


def test_the_overview_frames_what_is_in_view_and_leads_there(open_page, small_page):
    page = open_page(small_page)
    page.keyboard.press("w")
    settle(page)
    left, top, right, bottom = page.evaluate(FRAME)
    page.evaluate("knowledgeMap.camera.jumpTo(0.2, 0.7, 2400)")
    settle(page)
    inner = page.evaluate(FRAME)
    assert inner[2] - inner[0] < (right - left) / 1.5 and inner[3] - inner[1] < (bottom - top) / 1.5
    box = page.locator("#overview").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.75)
    x, y, scale = camera(page)
    assert (x, y) == (pytest.approx(-0.1 + 0.75 * 1.2, abs=0.02), pytest.approx(1.1 - 0.75 * 1.2, abs=0.02)) and scale == 2400
    frame = page.evaluate(FRAME)
    assert (frame[0] + frame[2]) / 2 == pytest.approx(box["x"] + box["width"] * 0.75, abs=3)


def test_a_small_screen_has_no_overview(phone):
    assert phone.locator("#overview").is_hidden()


def test_the_browser_goes_back_and_forward_between_views_and_cards(open_page, small_page):
    page = open_page(small_page)
    settle(page)
    wait_until(page, "location.hash.includes('zoom=')")
    start = camera(page)
    page.evaluate("knowledgeMap.camera.jumpTo(0.2, 0.3, 4000)")
    settle(page)
    page.locator("#search").fill("Comet 41")
    page.keyboard.press("Enter")
    wait_until(page, "location.hash.includes('item=')")
    at_item = camera(page)
    page.locator("#panel .items button").first.click()
    wait_until(page, "!document.getElementById('panel-title').textContent.includes('Comet 41')")
    settle(page)
    page.go_back()
    wait_until(page, "document.getElementById('panel-title').textContent === 'Comet 41'")
    assert camera(page) == pytest.approx(at_item, rel=1e-3)
    page.go_back()
    wait_until(page, "document.getElementById('panel').hidden")
    assert camera(page) == pytest.approx((0.2, 0.3, 4000), rel=1e-3)
    page.go_back()
    wait_until(page, "Math.abs(knowledgeMap.camera.scale - 4000) > 1")
    assert camera(page) == pytest.approx(start, rel=1e-3)
    page.go_forward()
    page.go_forward()
    wait_until(page, "document.getElementById('panel-title').textContent === 'Comet 41'")
    assert camera(page) == pytest.approx(at_item, rel=1e-3)


def test_small_moves_leave_no_trace_in_the_history(open_page, small_page):
    page = open_page(small_page)
    settle(page)
    wait_until(page, "location.hash.includes('zoom=')")
    entries = page.evaluate("history.length")
    page.locator("#map").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        settle(page)
    assert page.evaluate("history.length") == entries
