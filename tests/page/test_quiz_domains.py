"""Domains, orders of asking and shuffled options, in a real browser."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import PHONE
from quizzes import EAST, PRESS, WEST, answer_all, asked, question, reported, write_quiz_page
from screen import computing_time, settle

from knowledge_map.questions.domains import Domain
from knowledge_map.views.page.quiz_data import QuizSettings

NAMED = [Domain("life", "Life"), Domain("cells", "Cells", "life"), Domain("rocks", "Rocks"), Domain("none", "Of no question")]
TESTS = {"cells": ["membrane", "energy"], "life": ["energy"], "rocks": ["magma"]}
KINDS = ["cells", "cells", "cells", "life", "rocks", "rocks", "rocks", "rocks"]
FIELDS = [
    question(number, domain_ids=[kind], concepts_tested=TESTS[kind], difficulty=number % 4) for number, kind in enumerate(KINDS)
]
PLACES = [((WEST if kind != "rocks" else EAST)[0] + 0.02 * number, 0.4 + 0.03 * number) for number, kind in enumerate(KINDS)]


@pytest.fixture(scope="module")
def fields(tmp_path_factory):
    """A page with questions on life in the west, three of them on cells, and on rocks in the east; the first option is right."""
    return write_quiz_page(tmp_path_factory.mktemp("fields"), FIELDS, PLACES, domains=NAMED)


def middle(page):
    """Return the middle of what is not covered by heading and panel, in map units."""
    settle(page)
    return page.evaluate(
        "knowledgeMap.camera.toMap((290 + document.getElementById('panel').getBoundingClientRect().x) / 2, innerHeight / 2)"
    )


# --- domains


def test_domains_are_offered_in_their_order_with_their_questions(fields, take):
    page = take(fields)
    options = page.get_by_label("Domain").locator("option").all_inner_texts()
    assert [" ".join(option.split()) for option in options] == ["All questions (8)", "Life (4)", "Cells (3)", "Rocks (4)"]


def test_a_chosen_domain_is_flown_to_and_its_questions_are_asked(fields, take):
    page = take(fields)
    page.get_by_label("Domain").select_option("2")
    x, _ = middle(page)
    assert x > 0.65
    assert page.locator(".tally").inner_text() == "0 right of 0 answered, 4 open."
    for number in (4, 5, 6, 7):
        assert asked(page) == f"Why {number}?"
        answer_all(page, "1")
    assert asked(page) == "Rocks: 4 of 4 right, 100 %"
    page.get_by_label("Domain").select_option("-1")
    assert asked(page) == "Why 0?"
    assert page.locator(".tally").inner_text() == "4 right of 4 answered, 4 open."


def test_an_open_question_of_the_domain_stays_when_it_is_chosen(fields, take):
    page = take(fields)
    page.get_by_label("Domain").select_option("0")
    assert asked(page) == "Why 0?"
    page.get_by_label("Domain").select_option("2")
    assert asked(page) == "Why 4?"
    assert page.get_by_role("button", name="Back").is_disabled()


def test_a_domain_is_chosen_by_keys(fields, take):
    page = take(fields)
    page.get_by_label("Domain").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "2"
    assert asked(page) == "Why 4?"
    assert page.locator("#quiz-said").inner_text() == "0 right of 0 answered, 4 open."


def test_results_by_domain_tell_level_and_uncertainty(fields, take, pictures):
    page = take(fields)
    answer_all(page, "11112222")
    reported(page)
    items = page.locator(".domains > li > button")
    told = [" ".join(item.inner_text().split()) for item in items.all()]
    assert [re.sub(r"\d+ % ± \d+", "", each).strip() for each in told] == [
        "Life 4 of 4 right",
        "Cells 3 of 3 right",
        "Rocks 0 of 4 right",
    ]
    levels = [[int(number) for number in re.search(r"(\d+) % ± (\d+)", each).groups()] for each in told]
    assert levels[0][0] > 60 and levels[2][0] < 30
    assert all(1 <= deviation <= 25 for _, deviation in levels)
    page.screenshot(path=pictures / "quiz-domains.png")
    items.nth(2).click()
    assert page.get_by_label("Domain").input_value() == "2"
    assert asked(page) == "Rocks: 0 of 4 right, 0 %"


def test_domains_without_an_answer_are_counted(fields, take):
    page = take(fields)
    answer_all(page, "1")
    reported(page)
    assert page.locator(".domains > li").count() == 2
    assert "1 domain without an answer" in page.locator(".insight").inner_text()


def test_the_concepts_answered_worst_are_named_with_articles_to_read(fields, take):
    page = take(fields)
    answer_all(page, "11222222")
    reported(page)
    concepts = page.locator(".concepts > li")
    assert [" ".join(each.inner_text().split()) for each in concepts.locator("p").all()] == [
        "magma 0 of 4 right",
        "energy 2 of 4 right",
        "membrane 2 of 3 right",
    ]
    article = concepts.first.locator(".items button").first
    title = article.inner_text()
    link = concepts.first.locator("a.read").first
    assert link.get_attribute("href").startswith("http") and link.get_attribute("rel") == "noopener noreferrer"
    assert link.get_attribute("aria-label") == f"Read {title}"
    article.click()
    assert page.get_by_role("heading", level=2).inner_text() == title


def test_domains_of_ids_alone_are_domains_as_well(tmp_path, take):
    kinds = [question(0, domain_ids=["one"]), question(1, domain_ids=["two", "<b>three"])]
    page = take(write_quiz_page(tmp_path, kinds, [WEST, EAST]))
    options = page.get_by_label("Domain").locator("option").all_inner_texts()
    assert options == ["All questions (2)", "one (1)", "two (1)", "<b>three (1)"]


def test_one_domain_of_all_questions_is_no_choice(tmp_path, take):
    page = take(write_quiz_page(tmp_path, [question(number, domain_ids=["one"]) for number in (0, 1)], [WEST, EAST]))
    assert page.get_by_label("Domain").count() == 0
    answer_all(page, "1")
    reported(page)
    assert "By domain" not in page.locator(".insight").inner_text()


def test_a_domain_far_from_its_questions_can_be_asked_about_in_every_order(tmp_path, take):
    away = [Domain("away", "Away", None, (0.0, 0.05, 0.0, 0.05)), Domain("other", "Other")]
    asked_of = [question(number, domain_ids=["away" if number < 3 else "other"]) for number in range(6)]
    page = take(write_quiz_page(tmp_path, asked_of, [(0.5 + 0.05 * n, 0.5) for n in range(6)], domains=away))
    page.get_by_label("Domain").select_option("0")
    for label in ("the one that would tell most", "easy ones first", "at the edge of what I know", "weak spots first"):
        page.get_by_label(label).check()
        answer_all(page, "1")
    assert asked(page) == "Away: 3 of 3 right, 100 %"


# --- orders of asking


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A page with a hard question, a middling one and an easy one at one place, and again at another one."""
    kinds = [question(number, difficulty=(3, 2, 1)[number % 3]) for number in range(6)]
    places = [(place[0], place[1] + 0.01 * number) for place in (WEST, EAST) for number in range(3)]
    return write_quiz_page(
        tmp_path_factory.mktemp("graded"), kinds, places, quiz=QuizSettings(shuffle_options=False, difficulty=1)
    )


def test_easy_ones_come_first(graded, take):
    page = take(graded)
    page.get_by_label("easy ones first").check()
    answer_all(page, "1")
    assert asked(page) in ("Why 2?", "Why 5?")


def test_weak_spots_come_first(graded, take):
    page = take(graded)
    page.get_by_label("weak spots first").check()
    answer_all(page, "2")
    assert asked(page) in ("Why 1?", "Why 2?")
    answer_all(page, "1111")
    assert page.locator(".tally").inner_text().startswith("4 right of 5")


@pytest.mark.parametrize(("key", "harder"), [("1", True), ("2", False)])
def test_the_edge_of_what_one_knows_moves_with_the_answers(tmp_path, take, key, harder):
    kinds = [question(number, difficulty=number % 9) for number in range(36)]
    places = [(WEST[0], 0.5 + 0.001 * number) for number in range(36)]
    page = take(write_quiz_page(tmp_path, kinds, places, quiz=QuizSettings(shuffle_options=False, difficulty=1)))
    page.get_by_label("at the edge of what I know").check()
    difficulties = []
    for _ in range(5):
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        difficulties.append(int(asked(page).strip("Why ?")) % 9)
    assert 1 <= difficulties[0] <= 7
    assert (difficulties[-1] > difficulties[0]) == harder


def test_the_order_of_asking_is_kept(graded, take):
    page = take(graded)
    page.get_by_label("weak spots first").check()
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    page.get_by_role("button", name="Take the quiz").click()
    assert page.get_by_label("weak spots first").is_checked()


# --- options in an order of one's own


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory):
    options = ["right", "wrong", "odd", "strange", "All of the above"]
    kinds = [question(number, options=options) for number in range(8)]
    places = [(0.3 + 0.05 * number, 0.5) for number in range(8)]
    return write_quiz_page(tmp_path_factory.mktemp("shuffled"), kinds, places, quiz=QuizSettings())


def shown(page):
    return page.locator(".choices button > span").evaluate_all("spans => spans.map((span) => span.firstChild.textContent)")


def test_options_are_shuffled_for_each_person_and_stay_so(shuffled, take):
    page = take(shuffled)
    orders = []
    for _ in range(8):
        orders.append(shown(page))
        answer_all(page, "0")
    assert all(sorted(order) == sorted(orders[0]) and order[-1] == "All of the above" for order in orders)
    assert len({tuple(order) for order in orders}) > 3
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    page.get_by_role("button", name="See my result").click()
    page.get_by_role("button", name="Back").click()
    assert shown(page) == orders[-1]
    other = take(shuffled)
    others = []
    for _ in range(8):
        others.append(shown(other))
        answer_all(other, "0")
    assert others != orders


def test_keys_follow_what_is_shown(shuffled, take):
    page = take(shuffled)
    for _ in range(8):
        answer_all(page, str(shown(page).index("right") + 1))
    assert "8 of 8 right" in page.locator(".asked").inner_text()


# --- many, and for everyone


@pytest.fixture(scope="module")
def fifty(tmp_path_factory):
    """A page with 2,500 questions in fifty domains of five fields."""
    rng = np.random.default_rng(2)
    centers = rng.uniform(0.2, 0.8, (50, 2))
    places = [tuple(centers[number % 50] + rng.normal(scale=0.03, size=2)) for number in range(2_500)]
    kinds = [question(number, domain_ids=[f"d{number % 50}"], concepts_tested=[f"c{number % 200}"]) for number in range(2_500)]
    named = [Domain(f"f{n}", f"Field {n}") for n in range(5)] + [Domain(f"d{n}", f"Domain {n}", f"f{n % 5}") for n in range(50)]
    return write_quiz_page(tmp_path_factory.mktemp("fifty"), kinds, places, articles=2_000, domains=named)


@pytest.mark.parametrize("mode", ["telling", "edge"])
def test_fifty_domains_and_thousands_of_questions_stay_quick(fifty, take, mode):
    page = take(fifty)
    page.evaluate(
        """(mode) => (({ answers }) => {
            for (let number = 0; number < 1000; number++) answers.chosen.set(number, number % 3 ? 0 : null);
            answers.mode = mode;
        })(knowledgeMap)""",
        mode,
    )
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    page.get_by_role("button", name="Go on with the quiz").click()
    reported(page)
    answers, choices = [], []
    for _ in range(4):
        answers.append(page.evaluate(PRESS, "1"))
        reported(page)
        choices.append(computing_time(page, PRESS, "Enter"))
    print(f"{mode}: answer {min(answers):.0f} ms, next question {min(choices):.0f} ms")
    assert min(answers) < 100 and min(choices) < 300
    assert page.locator(".domains > li").count() == 55


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_domains_have_no_serious_fault_for_assistive_technology(fields, take, scheme):
    page = take(fields, color_scheme=scheme)
    answer_all(page, "11222222")
    reported(page)
    found = Axe().run(page).response["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []


def test_domains_fit_a_phone(fields, take, pictures):
    page = take(fields, **PHONE)
    page.get_by_label("Domain").select_option("0")
    answer_all(page, "12")
    reported(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("document.querySelector('.quiz').scrollWidth <= document.querySelector('#panel').clientWidth")
    page.screenshot(path=pictures / "quiz-domains-phone.png")
