"""The quiz, taken in a real browser: what a person does, and what is then on the screen."""

import io
import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import PHONE, WIDE
from PIL import Image
from quizzes import (
    EAST,
    PRESS,
    PRESS_AND_REPORT,
    WEST,
    answer_all,
    asked,
    many_questions,
    question,
    reported,
    tally,
    write_quiz_page,
)
from screen import VIEW, computing_time, point

HOSTILE = '</script><img src=x onerror="alert(1)"><b>bold</b>\u202e$& {{ 7 }}'
SIX = [*[question(number) for number in range(3)], *[question(number, answer=1, difficulty=number) for number in range(3, 6)]]
PLACES = [(WEST[0] + dx, WEST[1]) for dx in (-0.05, 0, 0.05)] + [(EAST[0] + dx, EAST[1]) for dx in (-0.05, 0, 0.05)]


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    """A page with three questions in the west, answered by the first option, and three in the east, by the second."""
    return write_quiz_page(tmp_path_factory.mktemp("six"), SIX, PLACES)


def verdict(page):
    return page.locator(".verdict").inner_text()


def focused(page):
    return page.evaluate("document.activeElement.textContent")


def row_of_question(page, number):
    return page.evaluate("number => knowledgeMap.store.questions[number].row", number)


def is_in_view(page, number):
    """Return whether a question lies beside heading and panel."""
    position = "knowledgeMap.store.position(row)"
    return page.evaluate(f"row => knowledgeMap.isInView(...{position})", row_of_question(page, number))


def color(page, x, y):
    """Return red, green and blue on the screen at a place of the map."""
    reported(page)
    at_x, at_y = page.evaluate("([x, y]) => knowledgeMap.camera.toScreen(x, y)", [x, y])
    # The mean over a few pixels, since points and grain lie above the colour.
    clip = {"x": round(at_x) - 6, "y": round(at_y) - 6, "width": 13, "height": 13}
    for _ in range(50):
        spot = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
        mean = spot.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        if mean != (0, 0, 0):  # else no frame of the canvas has reached the screen yet
            break
        page.wait_for_timeout(100)
    return mean


# --- answering


def test_it_is_taken_with_the_pointer(six, take):
    page = take(six)
    assert asked(page) == "Why 0?"
    page.get_by_role("button", name="yes").click()
    assert verdict(page) == "Right."
    assert tally(page) == "1 right of 1 answered, 5 open."
    page.get_by_role("button", name="Next").click()
    assert asked(page) == "Why 1?"
    page.get_by_role("button", name="no", exact=True).click()
    assert verdict(page) == "Not right: the answer is “yes”."
    assert tally(page) == "1 right of 2 answered, 4 open."
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="I don’t know").click()
    assert verdict(page) == "Not known: the answer is “yes”."
    assert tally(page) == "1 right of 3 answered, 3 open."


def test_it_is_taken_with_keys_alone(six, open_page):
    page = open_page(six)
    page.keyboard.press("Tab")
    for _ in range(30):
        if focused(page) == "Take the quiz":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert focused(page) == "Question 1 Why 0?"
    page.keyboard.press("1")
    assert (verdict(page), focused(page)) == ("Right.", "Next")
    page.keyboard.press("Enter")
    assert focused(page) == "Question 2 Why 1?"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused(page) == "2no"
    page.keyboard.press("Enter")
    assert verdict(page).startswith("Not right")
    page.keyboard.press("Enter")
    page.keyboard.press("0")
    assert verdict(page).startswith("Not known")
    page.keyboard.press("9")
    page.keyboard.press("4")
    assert tally(page) == "1 right of 3 answered, 3 open."


def test_keys_of_options_that_do_not_exist_and_typed_words_answer_nothing(six, take):
    page = take(six)
    page.keyboard.press("4")
    page.keyboard.press("Control+1")
    assert tally(page) == "0 right of 0 answered, 6 open."
    page.get_by_label("Search titles").press_sequentially("120")
    assert tally(page) == "0 right of 0 answered, 6 open."


def test_what_became_of_an_answer_is_said_and_shown_without_colour(six, take):
    page = take(six)
    page.keyboard.press("2")
    said = page.locator("#quiz-said")
    assert said.get_attribute("role") == "status"
    assert said.inner_text() == "Not right: the answer is “yes”. 0 right of 1 answered, 5 open."
    options = page.locator(".choices button")
    assert [options.nth(n).text_content() for n in range(3)] == ["✓yes (the right answer)", "✗no (your answer)", "perhaps"]


def test_the_end_tells_the_score_and_where(six, take, pictures):
    page = take(six)
    answer_all(page, "111100")
    assert "3 of 6 right, 50 %" in page.locator(".asked").inner_text()
    assert "1 wrong answer, 2 not known" in page.locator("#panel").inner_text()
    reported(page)
    page.screenshot(path=pictures / "quiz-finished.png")


def test_back_shows_what_was_answered_and_it_can_be_answered_again(six, take):
    page = take(six)
    assert page.get_by_role("button", name="Back").is_disabled()
    answer_all(page, "12")
    page.get_by_role("button", name="Back").click()
    assert (asked(page), verdict(page)) == ("Why 1?", "Not right: the answer is “yes”.")
    page.get_by_role("button", name="Back").click()
    assert (asked(page), verdict(page)) == ("Why 0?", "Right.")
    page.get_by_role("button", name="Next").click()
    assert asked(page) == "Why 1?"
    page.get_by_role("button", name="Answer again").click()
    assert tally(page) == "1 right of 1 answered, 5 open."
    assert focused(page) == "Question 2 Why 1?"
    page.keyboard.press("1")
    assert (verdict(page), tally(page)) == ("Right.", "2 right of 2 answered, 4 open.")
    page.keyboard.press("Enter")
    assert asked(page) == "Why 2?"


def test_starting_anew_asks_first(six, take):
    page = take(six)
    answer_all(page, "111")
    page.get_by_role("button", name="Start anew").click()
    assert "Forget 3 answers" in page.locator(".tools").inner_text()
    assert focused(page) == "Keep them"
    page.keyboard.press("Enter")
    assert tally(page) == "3 right of 3 answered, 3 open."
    page.get_by_role("button", name="Start anew").click()
    page.get_by_role("button", name="Forget them").click()
    assert (asked(page), tally(page)) == ("Why 0?", "0 right of 0 answered, 6 open.")
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    assert page.get_by_role("button", name="Take the quiz").is_visible()


def test_a_question_is_chosen_on_the_map(six, take):
    page = take(six)
    reported(page)
    page.mouse.click(*point(page, row_of_question(page, 4)))
    assert asked(page) == "Why 4?"
    page.keyboard.press("2")
    assert verdict(page) == "Right."
    page.get_by_role("button", name="Back").click()
    assert asked(page) == "Why 0?"


def test_the_one_that_tells_most_is_asked_where_nothing_is_known(six, take):
    page = take(six)
    page.get_by_label("the one that would tell most").check()
    page.keyboard.press("1")
    page.get_by_role("button", name="Next").click()
    assert asked(page) in ("Why 3?", "Why 4?", "Why 5?")
    page.get_by_label("in the order of the file").check()
    page.keyboard.press("2")
    page.get_by_role("button", name="Next").click()
    assert asked(page) != "Why 0?"


def test_an_article_read_in_between_leaves_the_quiz_where_it_was(six, take):
    page = take(six)
    page.keyboard.press("1")
    page.locator(".items button").first.click()
    assert page.get_by_role("heading", level=2).inner_text().startswith("West")
    page.keyboard.press("2")
    page.get_by_role("button", name="Go on with the quiz").click()
    assert (asked(page), tally(page)) == ("Why 0?", "1 right of 1 answered, 5 open.")


def test_the_source_article_is_named_after_the_answer_and_not_before(tmp_path, take):
    path = write_quiz_page(
        tmp_path, [question(0, source_article="nothing"), question(1, source_article="Atlantis")], [WEST, EAST]
    )
    title = take(path).evaluate("knowledgeMap.store.title(7)")
    path = write_quiz_page(
        tmp_path, [question(0, source_article=title.upper()), question(1, source_article="Atlantis")], [WEST, EAST]
    )
    page = take(path)
    assert page.locator(".quiz .items").count() == 0
    page.keyboard.press("2")
    source = page.locator(".quiz section:not(.insight) .items button")
    assert source.all_inner_texts() == [title]
    page.keyboard.press("Enter")
    page.keyboard.press("2")
    assert source.count() == 3  # Atlantis is not on the map: what is near the question is


# --- the map


def test_the_map_shows_what_is_known_and_fades_where_nothing_is(six, take):
    page = take(six, **WIDE)
    before = color(page, EAST[0], 0.53)
    answer_all(page, "111111")
    west, east = (color(page, x, 0.53) for x in (WEST[0], EAST[0]))
    assert west[2] > west[0]  # known: towards blue
    assert east[0] > east[2] + 25  # not known: towards sand
    nowhere = color(page, 0.5, 0.8)
    assert min(nowhere) > 200 and max(nowhere) - min(nowhere) < 20
    page.get_by_label("Show on the map what I seem to know").uncheck()
    assert color(page, EAST[0], 0.53) == pytest.approx(before, abs=3)
    assert page.locator("#heat-key").is_hidden()


def test_the_first_answer_colours_only_its_surroundings(six, take):
    page = take(six)
    page.keyboard.press("1")
    reported(page)
    assert page.locator("#heat-key").is_visible()
    west, east = color(page, PLACES[0][0], 0.53), color(page, EAST[0], 0.53)
    assert west[0] < east[0] - 15  # a first tint of green
    assert max(east) - min(east) < 25


def test_markers_tell_by_colour_what_became_of_each_question(six, take):
    page = take(six)
    answer_all(page, ["1", "2", "0"])
    reported(page)
    found = [color(page, *place) for place in PLACES[:4]]
    assert len({tuple(value // 24 for value in each) for each in found}) == 4


def test_the_map_follows_a_question_that_is_out_of_sight(six, take):
    page = take(six)
    page.keyboard.press("1")
    page.evaluate("knowledgeMap.camera.jumpTo(0.9, 0.9, 4000)")
    reported(page)
    assert not is_in_view(page, 1)
    page.keyboard.press("Enter")
    reported(page)
    assert is_in_view(page, 1)
    assert page.evaluate("knowledgeMap.camera.scale") == pytest.approx(4000)


def test_strong_and_weak_regions_are_named_with_articles_to_read(six, take):
    page = take(six)
    answer_all(page, "111111")
    reported(page)
    strong, weak = page.locator(".insight ul.regions").all()
    names = [[name.inner_text() for name in part.locator("li > button > span:nth-child(2)").all()] for part in (strong, weak)]
    assert 1 <= len(names[0]) <= 3 and 1 <= len(names[1]) <= 3
    assert all(name.startswith("West") for name in names[0]) and all(name.startswith("East") for name in names[1])
    shares = [int(share.inner_text().split()[0]) for share in page.locator(".insight b").all()]
    assert shares[0] > 50 > shares[-1]
    weak.locator("li > button").first.click()
    reported(page)
    x, _ = page.evaluate(
        "knowledgeMap.camera.toMap((290 + document.getElementById('panel').getBoundingClientRect().x) / 2, innerHeight / 2)"
    )
    assert 0.55 < x < 0.85
    article = weak.locator(".items button").first
    title = article.inner_text()
    article.click()
    page.get_by_role("heading", level=2, name=title, exact=True).wait_for()


def test_dark_has_its_own_ramp(six, take, pictures):
    page = take(six, color_scheme="dark")
    answer_all(page, "111111")
    west, east = (color(page, x, 0.53) for x in (WEST[0], EAST[0]))
    assert west[2] > west[0] and east[0] > east[2]
    page.screenshot(path=pictures / "quiz-dark.png")


# --- keeping and exchanging


def test_progress_is_kept_in_the_browser(six, take, open_page):
    page = take(six)
    answer_all(page, "1")
    page.keyboard.press("0")
    page.get_by_label("the one that would tell most").check()
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    page.get_by_role("button", name="Go on with the quiz").click()
    assert tally(page) == "1 right of 2 answered, 4 open."
    assert page.get_by_label("the one that would tell most").is_checked()
    page.get_by_role("button", name="Back").click()
    assert page.locator(".verdict").is_visible()


def test_two_maps_do_not_mix(six, tmp_path, take, open_page):
    page = take(six)
    answer_all(page, "111")
    other = write_quiz_page(tmp_path, SIX, PLACES[::-1])
    assert open_page(other, context=page.context).get_by_role("button", name="Take the quiz").is_visible()
    assert open_page(six, context=page.context).get_by_role("button", name="Go on with the quiz").is_visible()


REFUSED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } });"


def test_without_storage_it_works_and_says_that_nothing_is_kept(six, take):
    page = take(six, script=REFUSED)
    assert "keeps nothing" in page.locator(".notice").inner_text()
    answer_all(page, "111")
    assert tally(page) == "3 right of 3 answered, 3 open."


def test_a_full_store_is_noticed_and_said(six, take):
    page = take(six)
    page.evaluate("for (let size = 2 ** 24; size >= 1; size /= 2) try { localStorage.filler += 'x'.repeat(size); } catch {}")
    page.keyboard.press("1")
    assert "keeps nothing" in page.locator(".notice").inner_text()
    assert verdict(page) == "Right."


DAMAGE = [
    "{",
    "[]",
    "null",
    '{"format": "knowledge map quiz", "version": 1}',
    '{"format": "knowledge map quiz", "version": 9, "answers": []}',
]


@pytest.mark.parametrize("kept", DAMAGE)
def test_damaged_progress_is_ignored_with_a_notice(six, open_page, kept):
    page = open_page(six)
    page.evaluate("kept => localStorage.setItem(`knowledge map quiz ${knowledgeMap.store.quiz.map}`, kept)", kept)
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    page.get_by_role("button", name="Take the quiz").click()
    assert "damaged and was ignored" in page.locator(".notice").inner_text()
    page.keyboard.press("1")
    assert tally(page) == "1 right of 1 answered, 5 open."


def test_answers_given_before_the_map_grew_are_taken_over_where_the_questions_are_the_same(tmp_path, open_page):
    page = open_page(write_quiz_page(tmp_path, SIX, PLACES, former=["two before", "one before"]))
    given = [{"question": each.item_id, "chosen": 0, "option": each.options[0]} for each in SIX[:2]]
    given += [
        {"question": "question:gone", "chosen": 0, "option": "yes"},
        {"question": SIX[2].item_id, "chosen": 1, "option": "other"},
    ]
    kept = json.dumps({"format": "knowledge map quiz", "version": 1, "map": "one before", "answers": given})
    page.evaluate("kept => localStorage.setItem('knowledge map quiz one before', kept)", kept)
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    page.get_by_role("button", name=re.compile("quiz|result")).click()
    assert tally(page) == "2 right of 2 answered, 4 open."
    page.get_by_role("button", name="Start anew").click()
    page.get_by_role("button", name="Forget them").click()
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    assert page.get_by_role("button", name="Take the quiz").is_visible()


def saved(page, path):
    with page.expect_download() as download:
        page.get_by_role("button", name="Save answers").click()
    download.value.save_as(path)
    return json.loads(path.read_text(encoding="utf-8"))


def load(page, path):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load answers").click()
    chooser.value.set_files(path)
    page.wait_for_selector(".notice:not([hidden])")
    return page.locator(".notice").inner_text()


def test_answers_are_saved_to_a_file_and_loaded_from_it(six, take, tmp_path):
    page = take(six)
    answer_all(page, "120")
    content = saved(page, tmp_path / "answers.json")
    assert content["map"] == page.evaluate("knowledgeMap.store.quiz.map")
    assert [(answer["text"], answer["option"], answer["result"]) for answer in content["answers"]] == [
        ("Why 0?", "yes", "right"),
        ("Why 1?", "no", "wrong"),
        ("Why 2?", None, "unknown"),
    ]
    other = take(six)
    answer_all(other, "3")
    assert load(other, tmp_path / "answers.json") == "3 answers loaded."
    assert (tally(other), asked(other)) == ("1 right of 3 answered, 3 open.", "Why 3?")
    assert other.locator("#quiz-said").inner_text() == "3 answers loaded."


def test_answers_to_another_quiz_are_counted_and_left_out(six, take, tmp_path):
    page = take(six)
    answer_all(page, "120")
    content = saved(page, tmp_path / "answers.json")
    first, second, third = content["answers"]
    changed = [
        first,
        second | {"option": "never"},  # the question has been changed since
        third | {"question": "question:99"},
        third | {"question": "question:98"},
        third | {"chosen": 7, "option": None},
        first | {"chosen": 1, "option": "no"},  # a second answer to the first question
        {"question": 3},
        None,
        "text",
    ]
    (tmp_path / "changed.json").write_text(json.dumps(content | {"answers": changed, "map": "elsewhere"}))
    notice = load(page, tmp_path / "changed.json")
    assert notice.split("; ") == [
        "1 answer loaded",
        "2 questions not of this quiz",
        "6 answers not usable, perhaps because the question changed",
        "given on another map.",
    ]
    assert tally(page) == "1 right of 1 answered, 5 open."


UNUSABLE = {
    "not JSON": (b"{", "it is not JSON"),
    "not a quiz": (b'{"answers": []}', "it holds no answers to a quiz"),
    "binary": (bytes(range(256)), "it is not JSON"),
    "number": (b"3", "it holds no answers to a quiz"),
    "no list": (b'{"format": "knowledge map quiz", "version": 1, "answers": {"length": 1e9}}', "it holds no answers to a quiz"),
    "newer": (b'{"format": "knowledge map quiz", "version": 2, "answers": []}', "another version"),
    "deep": (b"[" * 200_000, "it is not JSON"),
    "large": (b" " * 20_000_001, "too large"),
}


@pytest.mark.parametrize(("content", "message"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_file_that_holds_no_answers_changes_nothing(six, take, tmp_path, content, message):
    page = take(six)
    answer_all(page, "1")
    (tmp_path / "<b>file.json").write_bytes(content)
    notice = load(page, tmp_path / "<b>file.json")
    assert notice.startswith("<b>file.json was not loaded: ") and message in notice
    assert tally(page) == "1 right of 1 answered, 5 open."


def test_names_of_the_language_in_a_file_do_no_harm(six, take, tmp_path):
    answers = [
        {"question": name, "chosen": "__proto__", "option": "constructor"} for name in ("__proto__", "constructor", "question:1")
    ]
    text = json.dumps({"format": "knowledge map quiz", "version": 1, "map": "x", "answers": answers})
    (tmp_path / "answers.json").write_text(text[:-1] + ', "__proto__": {"mode": "weak"}}')
    page = take(six)
    assert load(page, tmp_path / "answers.json").startswith("0 answers loaded; 2 questions not of this quiz; 1 answer not usable")
    assert page.evaluate("({}).mode") is None


# --- questions of every kind, and any number of them


def test_questions_without_options_or_answer_are_only_shown(tmp_path, take):
    kinds = [question(0), question(1, "Only text", options=()), question(2, "No answer", answer=None), question(3)]
    page = take(write_quiz_page(tmp_path, kinds, [WEST, (0.4, 0.6), (0.6, 0.4), EAST]))
    assert tally(page) == "0 right of 0 answered, 2 open."
    answer_all(page, "1")
    assert asked(page) == "Why 3?"
    reported(page)
    page.mouse.click(*point(page, row_of_question(page, 2)))
    assert asked(page) == "No answer"
    assert "only shown" in page.locator("#panel").inner_text() and "perhaps" in page.locator("#panel").inner_text()
    page.keyboard.press("1")
    assert tally(page) == "1 right of 1 answered, 1 open."
    page.get_by_role("button", name="Next").click()
    assert asked(page) == "Why 3?"


def test_a_map_whose_questions_can_only_be_shown_offers_no_quiz(tmp_path, open_page):
    page = open_page(write_quiz_page(tmp_path, [question(0, "Only text", options=())], [WEST]))
    assert not page.locator("#quiz-open").is_visible()
    page.mouse.click(*point(page, row_of_question(page, 0)))
    assert asked(page) == "Only text"
    assert page.locator(".steps button").all_inner_texts() == ["Save answers", "Load answers", "Start anew"]


def test_hostile_questions_stay_text(tmp_path, take):
    hostile = [
        question(number, HOSTILE + str(number), options=(HOSTILE, "x" * 5_000, ""), source_article=HOSTILE) for number in range(2)
    ]
    page = take(write_quiz_page(tmp_path, hostile, [WEST, EAST]))
    assert "<img src=x" in page.locator(".asked").text_content()
    answer_all(page, "12")
    reported(page)
    page.get_by_role("button", name="Back").click()
    assert "<b>bold</b>" in verdict(page)
    assert page.locator("#panel img, #panel .asked b, #panel script").count() == 0
    assert page.evaluate("document.querySelector('.quiz').scrollWidth <= document.querySelector('#panel').clientWidth")


def test_a_map_without_questions_has_no_quiz(tmp_path, open_page):
    page = open_page(write_quiz_page(tmp_path, [], []))
    assert page.locator("#quiz-open, #heat-key").count() == 0


@pytest.mark.parametrize("count", [1, 10])
def test_few_questions_are_a_quiz_as_well(tmp_path, take, count):
    page = take(write_quiz_page(tmp_path, *many_questions(count)))
    answer_all(page, "1" * count)
    assert f"{count} of {count} right, 100 %" in page.locator(".asked").inner_text()
    reported(page)


def test_ten_options_are_all_there(tmp_path, take):
    page = take(write_quiz_page(tmp_path, [question(0, options=[f"option {n}" for n in range(12)], answer=11)], [WEST]))
    page.get_by_role("button", name="option 11").click()
    assert verdict(page) == "Right."


@pytest.fixture(scope="module")
def thousands(tmp_path_factory):
    return write_quiz_page(tmp_path_factory.mktemp("thousands"), *many_questions(2_500), articles=2_000)


def test_thousands_of_questions_do_not_lag(thousands, take):
    page = take(thousands)
    page.evaluate("""(({ answers }) => {
        for (let number = 0; number < 2490; number++) answers.chosen.set(number, number % 3 ? 0 : null);
        answers.keep();
    })(knowledgeMap)""")
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    page.get_by_role("button", name="Go on with the quiz").click()
    reported(page)
    feedback, estimates = [], []
    for _ in range(4):
        feedback.append(page.evaluate(PRESS, "1"))
        assert verdict(page) == "Right."
        page.evaluate(PRESS, "Enter")
        estimates.append(computing_time(page, PRESS_AND_REPORT, "1"))
        assert verdict(page) == "Right."
        page.evaluate(PRESS, "Enter")
    print(f"2,500 questions: feedback {min(feedback):.0f} ms, with the estimate {min(estimates):.0f} ms")
    assert min(feedback) < 100 and min(estimates) < 600
    page.get_by_label("the one that would tell most").check()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    assert asked(page).startswith("Why 249")


# --- for everyone


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_no_serious_fault_for_assistive_technology(six, take, scheme):
    page = take(six, color_scheme=scheme)
    for keys in ([], ["1"], ["Enter", "2"], ["Enter", "0"]):
        for key in keys:
            page.keyboard.press(key)
        reported(page)
        found = Axe().run(page).response["violations"]
        assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []


def test_it_fits_a_phone(six, take, pictures):
    page = take(six, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="yes").tap()
    reported(page)
    for locator in (page.locator(".verdict"), page.get_by_role("button", name="Next")):
        box = locator.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["y"] + box["height"] <= 740
    page.screenshot(path=pictures / "quiz-phone.png")
    page.get_by_role("button", name="Next").tap()
    assert asked(page) == "Why 1?"
    assert min(box["height"] for box in (choice.bounding_box() for choice in page.locator(".choices button").all())) >= 40


def test_it_is_quiet_where_less_motion_is_wanted(six, take):
    page = take(six, reduced_motion="reduce")
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    before = page.evaluate(VIEW)
    page.wait_for_timeout(400)
    assert page.evaluate(VIEW) == pytest.approx(before)
    assert page.evaluate("document.getAnimations().length") == 0


def test_half_way(take, tmp_path, pictures):
    page = take(write_quiz_page(tmp_path, *many_questions(60)))
    answer_all(page, "112130" * 5)
    reported(page)
    assert tally(page) == "15 right of 30 answered, 30 open."
    page.screenshot(path=pictures / "quiz-half-way.png")
