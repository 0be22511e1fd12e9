"""Pictures for the README, taken as a person would see the starter corpus; `make pictures` asks for them."""

import os
from pathlib import Path

import pytest
from chromium import PHONE
from screen import picture

PAGE = os.environ.get("STARTER_PAGE")
DOCS = Path(__file__).parents[2] / "docs"

pytestmark = pytest.mark.skipif(not PAGE, reason="no finished starter map in STARTER_PAGE: `make pictures` takes its pictures")


def answer(page, kinds: str) -> None:
    """Answer the questions of the quiz in their order: right (r), wrong (w), or not at all (u)."""
    for number, kind in enumerate(kinds):
        question = page.evaluate("number => knowledgeMap.store.questions[number]", number)
        shown = page.evaluate("number => knowledgeMap.answers.shownOptions(number)", number)
        right, wrong = question["answer"], (question["answer"] + 1) % len(question["options"])
        page.keyboard.press({"r": str(shown.index(right) + 1), "w": str(shown.index(wrong) + 1), "u": "0"}[kind])
        page.wait_for_timeout(150)
        if number < len(kinds) - 1:
            page.keyboard.press("Enter")


def shoot(page, path: Path) -> None:
    page.mouse.move(166, 43)  # over the heading, where nothing answers
    page.wait_for_timeout(900)
    picture(page).save(path, optimize=True)


def test_explore(open_page):
    page = open_page(Path(PAGE).resolve())
    page.locator("#search").fill("mitochond")
    page.keyboard.press("Enter")
    assert "Nearest in meaning" in page.locator("#panel").inner_text()
    page.evaluate("knowledgeMap.flyTo(knowledgeMap.camera.x, knowledgeMap.camera.y, 1500)")
    shoot(page, DOCS / "page-explore.png")


def test_quiz(open_page):
    page = open_page(Path(PAGE).resolve())
    page.evaluate("(({ answers }) => answers.load(JSON.stringify({ ...JSON.parse(answers.asJson()), seed: 1 })))(knowledgeMap)")
    page.locator("#quiz-open").click()
    answer(page, "rrwruwr")
    assert "Where" in page.locator("#panel").inner_text()
    shoot(page, DOCS / "page-quiz.png")


def test_dark_and_phone(open_page):
    page = open_page(Path(PAGE).resolve(), color_scheme="dark", **PHONE | {"device_scale_factor": 1})
    shoot(page, DOCS / "page-phone.png")


def test_filter(open_page):
    page = open_page(Path(PAGE).resolve())
    page.keyboard.press("w")
    page.keyboard.press("f")
    fields = page.get_by_role("group", name="field", exact=True)
    fields.get_by_role("button", name="Only animals").click()
    fields.get_by_role("checkbox", name="plants").check()
    fields.get_by_role("checkbox", name="medicine").check()
    page.get_by_role("button", name="Colour", exact=True).click()
    page.get_by_role("radio", name="Trust").check()
    page.get_by_role("button", name="Colour", exact=True).click()
    assert page.locator("#chips").inner_text().count("field") == 1
    shoot(page, DOCS / "page-filter.png")
