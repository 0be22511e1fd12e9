"""The map moves by wheel, drag, pinch, buttons and keys, and is labelled all along."""

import pytest
from chromium import MOTION, PHONE
from screen import camera, point, settle, wait_until

# A machine that draws three frames a second.
SLOW_FRAMES = """
    window.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 350);
    window.cancelAnimationFrame = clearTimeout;
"""


@pytest.fixture
def desktop(open_page, small_page):
    """The small map in a window in which it flies."""
    return open_page(small_page, **MOTION)


@pytest.fixture
def phone(open_page, small_page):
    """The small map on a phone on which it flies."""
    return open_page(small_page, **PHONE | MOTION)


def drag(page, start, end, steps=5):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=steps)
    page.mouse.up()


def test_the_wheel_zooms_around_the_pointer(desktop):
    _, _, before = camera(desktop)
    here = desktop.evaluate("knowledgeMap.camera.toMap(700, 300)")
    desktop.mouse.move(700, 300)
    desktop.mouse.wheel(0, -400)
    assert camera(desktop)[2] > 1.5 * before
    assert desktop.evaluate("knowledgeMap.camera.toMap(700, 300)") == pytest.approx(here, abs=1e-4)
    desktop.mouse.wheel(0, 800)
    assert camera(desktop)[2] < before


def test_dragging_takes_the_map_along(desktop):
    before = point(desktop, 0)
    drag(desktop, (640, 620), (540, 560))
    settle(desktop)
    assert point(desktop, 0) == pytest.approx((before[0] - 100, before[1] - 60), abs=1)
    assert desktop.locator("#panel").is_hidden()


def test_two_fingers_zoom(phone):
    _, _, before = camera(phone)
    touch = phone.context.new_cdp_session(phone)
    middle = phone.evaluate("knowledgeMap.camera.toMap(180, 400)")
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 90), ("touchMove", 120)):
        points = [{"x": 180, "y": 400 - apart, "id": 0}, {"x": 180, "y": 400 + apart, "id": 1}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert camera(phone)[2] == pytest.approx(3 * before, rel=0.15)
    assert phone.evaluate("knowledgeMap.camera.toMap(180, 400)") == pytest.approx(middle, abs=0.02)


@pytest.mark.parametrize("name, factor", [("Zoom in", 2), ("Zoom out", 0.5)])
def test_buttons_zoom(desktop, name, factor):
    _, _, before = camera(desktop)
    desktop.get_by_role("button", name=name).click()
    wait_until(desktop, "(scale) => Math.abs(knowledgeMap.camera.scale / scale - 1) < 0.01", factor * before)


def test_keys_move_and_zoom_once_the_map_has_the_focus(desktop):
    x, y, scale = camera(desktop)
    desktop.locator("#map").focus()
    for key in ("ArrowRight", "ArrowUp", "+"):
        desktop.keyboard.press(key)
    after = camera(desktop)
    assert after[0] > x and after[1] > y and after[2] == pytest.approx(1.5 * scale)
    desktop.keyboard.press("-")
    assert camera(desktop)[2] == pytest.approx(scale)


def test_one_key_shows_the_whole_map_and_one_the_questions(desktop):
    start = camera(desktop)
    desktop.keyboard.press("w")
    whole = camera(desktop)
    assert whole[2] < start[2]
    width, height = desktop.viewport_size.values()
    for row in range(0, 360, 7):
        x, y = point(desktop, row)
        assert 316 < x < width and 0 < y < height  # beside the heading
    desktop.keyboard.press("q")
    assert camera(desktop) == pytest.approx(start, abs=1e-4)


@pytest.mark.parametrize("name", ["Show the whole map", "Show the questions"])
def test_buttons_show_whole_and_questions(desktop, name):
    desktop.evaluate("knowledgeMap.camera.jumpTo(0.5, 0.5, 9000)")
    desktop.get_by_role("button", name=name).click()
    assert camera(desktop)[2] < 2000


def test_a_map_in_flight_is_not_at_rest_however_slow_its_frames(open_page, small_page):
    page = open_page(small_page, script=SLOW_FRAMES, **MOTION)
    settle(page)
    page.evaluate("rested = []; knowledgeMap.mapSettled.listen(() => rested.push(knowledgeMap.camera.scale))")
    assert not page.evaluate("(knowledgeMap.flyTo(...knowledgeMap.store.position(3), 3000), knowledgeMap.isAtRest())")
    settle(page)
    assert page.evaluate("knowledgeMap.camera.scale") == pytest.approx(3000)
    assert page.evaluate("rested") == [pytest.approx(3000)]


def test_keys_do_nothing_while_one_types(desktop):
    before = camera(desktop)
    desktop.locator("#search").click()
    desktop.keyboard.type("wqbl?")
    assert camera(desktop) == before
    assert desktop.locator("#search").input_value() == "wqbl?"


def test_less_motion_is_no_motion(open_page, small_page):
    page = open_page(small_page, reduced_motion="reduce")
    page.keyboard.press("w")
    scale = page.evaluate("new Promise((resolve) => requestAnimationFrame(() => resolve(knowledgeMap.camera.scale)))")
    assert scale == page.evaluate("knowledgeMap.viewOfBox(knowledgeMap.boxOfAll())[2]")


BOXES = """() => {
    const boxes = [], pen = document.createElement("canvas").getContext("2d");
    const write = pen.constructor.prototype.fillText;
    pen.constructor.prototype.fillText = function (text, x, y) {
        const { width } = this.measureText(text), high = parseFloat(this.font.match(/([\\d.]+)px/)[1]);
        boxes.push([text, x - width / 2, x + width / 2, y - high / 2, y + high / 2, high]);
        return write.call(this, text, x, y);
    };
    knowledgeMap.mapPicture();
    pen.constructor.prototype.fillText = write;
    return boxes;
}"""


@pytest.mark.parametrize("scale", [400, 900, 2500, 8000])
def test_labels_and_markers_never_cover_each_other(desktop, scale):
    desktop.evaluate("scale => knowledgeMap.camera.jumpTo(...knowledgeMap.store.position(3), scale)", scale)
    settle(desktop)
    boxes = desktop.evaluate(BOXES)
    assert boxes
    for n, (text, left, right, top, bottom, _) in enumerate(boxes):
        for other, other_left, other_right, other_top, other_bottom, _ in boxes[:n]:
            apart = right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top
            assert apart, f"{text} covers {other}"


def test_more_labels_appear_as_one_zooms_in(desktop):
    texts = {}
    for scale in (450, 1500, 6000):
        desktop.evaluate("scale => knowledgeMap.camera.jumpTo(...knowledgeMap.store.position(3), scale)", scale)
        settle(desktop)
        texts[scale] = set(desktop.evaluate("knowledgeMap.writtenLabels()"))
    assert texts[450] and not texts[450] & {f"Ribosome {number}" for number in range(60)}
    assert texts[1500] - texts[450]
    assert len(texts[6000] & {f"Ribosome {number}" for number in range(60)}) > 5  # titles of articles at last


def test_questions_in_one_place_are_shown_apart(desktop):
    first, second = desktop.evaluate("[knowledgeMap.markerOf(1), knowledgeMap.markerOf(2)]")
    assert (first["ownX"], first["ownY"]) == (second["ownX"], second["ownY"])
    assert abs(first["x"] - second["x"]) + abs(first["y"] - second["y"]) > 18
    for number, marker in ((1, first), (2, second)):
        assert desktop.evaluate("([x, y]) => knowledgeMap.itemAt(x, y)", [marker["x"], marker["y"]]) == 374 + number


def test_the_map_follows_the_size_of_the_window(desktop):
    desktop.set_viewport_size({"width": 900, "height": 500})
    wait_until(desktop, "knowledgeMap.camera.width === 900 && knowledgeMap.camera.height === 500")
    assert desktop.evaluate("document.getElementById('ground').width") == 900
