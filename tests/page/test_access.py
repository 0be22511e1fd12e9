"""The page serves those who use keys alone, and those who hear it."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from screen import camera, row_of, settle, show

STATES = {
    "opened": "",
    "article": "knowledgeMap.itemOpened(5)",
    "colours": "document.querySelector('[aria-controls=colors]').click()",
    "select": "document.querySelector('[aria-controls=selecting]').click()",
    "search": """(field => {
        field.focus();
        field.value = 'comet';
        field.dispatchEvent(new Event('input'));
    })(document.getElementById('search'))""",
    "filter": "document.getElementById('filter').click()",
    "filtered": "knowledgeMap.filter.set('title', { text: 'Title: comet', bits: new Uint32Array(12).fill(7) })",
    "colored": """(choice => {
        choice.checked = true;
        choice.dispatchEvent(new Event('change', { bubbles: true }));
    })(document.querySelector('[value="column tags"]'))""",
    "quiz": "document.getElementById('quiz-open').click()",
    "keys": "document.getElementById('help').click()",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(open_page, small_page, scheme):
    page = open_page(small_page, color_scheme=scheme)
    for name, action in STATES.items():
        if action:
            page.evaluate(action)
        settle(page)
        serious = [fault for fault in Axe().run(page).response["violations"] if fault["impact"] in ("serious", "critical")]
        assert not serious, f"{name}: " + "; ".join(f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in serious)


def test_axe_finds_no_serious_fault_on_a_phone(phone):
    phone.evaluate("knowledgeMap.itemOpened(5)")
    settle(phone)
    assert not [fault for fault in Axe().run(phone).response["violations"] if fault["impact"] in ("serious", "critical")]


def test_keys_alone_reach_everything(desktop):
    reached = []
    for _ in range(20):
        desktop.keyboard.press("Tab")
        reached.append(desktop.evaluate("document.activeElement.id || document.activeElement.getAttribute('aria-controls')"))
    for name in (
        "search",
        "filter",
        "quiz-open",
        "colors",
        "selecting",
        "keeping",
        "theme",
        "help",
        "map",
        "zoom-in",
        "zoom-out",
        "whole",
        "region",
    ):
        assert name in reached
    assert desktop.evaluate("document.activeElement") is not None


def test_what_is_in_the_middle_opens_by_keys(desktop):
    row = row_of(desktop, "Comet 5")
    show(desktop, row, 3000)
    desktop.evaluate("row => knowledgeMap.camera.jumpTo(...knowledgeMap.store.position(row), 9000)", row)
    settle(desktop)
    desktop.locator("#region").focus()
    while desktop.evaluate("document.activeElement.id") != "map":
        desktop.keyboard.press("Shift+Tab")
    assert desktop.locator("#hint").inner_text().startswith("Comet 5")
    assert "In the middle: Comet 5." in desktop.locator("#scene").text_content()
    desktop.keyboard.press("Enter")
    desktop.get_by_role("heading", name="Comet 5").wait_for()
    assert desktop.evaluate("document.activeElement.id") == "panel-title"
    desktop.keyboard.press("Escape")
    assert desktop.evaluate("document.activeElement.id") == "map"


def test_the_view_is_told_in_words(desktop):
    settle(desktop)
    scene = desktop.locator("#scene")
    assert "In view: about" in scene.text_content() and "Ribosome" in scene.text_content()
    assert desktop.locator("#map").get_attribute("aria-describedby") == "scene"
    before = scene.text_content()
    desktop.evaluate("knowledgeMap.camera.jumpTo(0.2, 0.3, 4000)")
    settle(desktop)
    assert scene.text_content() != before


def test_results_are_announced(desktop):
    for name in ("search-told", "toast", "scene", "quiz-said"):
        assert desktop.locator(f"#{name}").get_attribute("role") == "status"
    desktop.locator("#search").fill("comet")
    options = desktop.get_by_role("listbox", name="Titles found").get_by_role("option")
    options.nth(19).wait_for()
    assert options.count() == 20
    assert desktop.locator("#search").get_attribute("aria-expanded") == "true"


def test_the_keys_are_listed(desktop):
    desktop.keyboard.press("?")
    text = desktop.locator("#panel").inner_text()
    assert "the whole map" in text and "lasso" in text


def test_only_one_menu_is_open(desktop):
    for name in ("Colour", "Select", "Keep"):
        desktop.get_by_role("button", name=name, exact=True).click()
        assert desktop.locator(".menu:visible").count() == 1
    desktop.get_by_role("button", name="Keep", exact=True).click()
    assert desktop.locator(".menu:visible").count() == 0
    assert camera(desktop)
