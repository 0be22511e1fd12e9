"""A view is kept as a picture, as a link and on paper."""

import io

import pytest
from PIL import Image
from screen import camera, picture, settle, show, wait_until


def test_the_picture_is_what_is_on_the_screen_with_title_and_key(desktop, pictures):
    settle(desktop)
    desktop.get_by_role("button", name="Keep").click()
    with desktop.expect_download() as download:
        desktop.get_by_role("button", name="Picture").click()
    assert download.value.suggested_filename == "knowledge-map.png"
    kept = Image.open(io.BytesIO(download.value.path().read_bytes())).convert("RGB")
    kept.save(pictures / "kept.png")
    shown = picture(desktop)
    assert kept.size == shown.size
    free = (380, 60, shown.width - 130, shown.height - 240)
    assert kept.crop(free).tobytes() == shown.crop(free).tobytes()
    key = kept.crop((17, kept.height - 120, 215, kept.height - 17))
    assert (255, 255, 255) in key.get_flattened_data() and len(set(key.get_flattened_data())) > 50


def test_the_address_holds_view_colour_and_article(open_page, small_page):
    page = open_page(small_page)
    page.keyboard.press("w")
    page.get_by_role("button", name="Colour").click()
    page.get_by_label("Density", exact=True).check()
    page.locator("#search").fill("Comet 41")
    page.keyboard.press("Enter")
    view = camera(page)
    wait_until(page, "location.hash.includes('item=')")
    fragment = page.evaluate("location.hash")
    again = open_page(small_page, fragment)
    assert camera(again) == pytest.approx(view, rel=1e-3)
    assert again.locator("#panel-title").inner_text() == "Comet 41"
    assert again.locator("#legend b").inner_text() == "Articles around"


def test_a_link_pasted_into_the_open_page_is_followed(open_page, small_page):
    page = open_page(small_page)
    page.evaluate("location.hash = '#x=0.2&y=0.7&zoom=4'")
    wait_until(page, "Math.abs(knowledgeMap.camera.x - 0.2) < 1e-6")
    assert camera(page) == pytest.approx((0.2, 0.7, 4 * page.viewport_size["height"]), rel=1e-3)


def test_a_link_that_was_followed_still_holds_its_article(open_page, small_page):
    page = open_page(small_page, "#x=0.2&y=0.7&zoom=4&item=7")
    settle(page)
    assert page.evaluate("location.hash").endswith("&item=7")


@pytest.mark.parametrize("fragment", ["#x=NaN&y=1e999&zoom=-3", "#item=99999&color=<b>", "#item=-1", "#%E0%A4%A", "#x=&y=&zoom="])
def test_broken_links_do_no_harm(open_page, small_page, fragment):
    page = open_page(small_page)
    usual = camera(page)
    assert camera(open_page(small_page, fragment)) == pytest.approx(usual, rel=1e-3)


def test_the_link_is_copied(open_page, small_page):
    page = open_page(small_page, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Link to this view").click()
    wait_until(page, "document.getElementById('toast').textContent === 'Link copied.'")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    assert "zoom=" in page.url


def test_only_map_title_and_key_are_printed(open_page, small_page, pictures):
    page = open_page(small_page, color_scheme="dark")
    show(page, 3)
    before = camera(page)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("#paper").is_visible()
    for name in ("#heading", "#map", "nav"):
        assert page.locator(name).is_hidden()
    page.locator("#paper").screenshot(path=pictures / "print.png")
    printed = Image.open(pictures / "print.png").convert("RGB")
    assert printed.getpixel((printed.width - 280, printed.height - 20))[0] > 200  # light, although the screen is dark
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert camera(page) == before
    assert page.pdf()[:5] == b"%PDF-"
