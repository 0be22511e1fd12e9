"""A result is shared as a link, a picture and a print, in a real browser; formulas in questions are drawn and do no harm."""

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import PHONE
from PIL import Image
from quizzes import EAST, WEST, answer_all, many_questions, question, reported, tally, write_quiz_page
from screen import marker, settle, wait_until

from knowledge_map.views.page.quiz_data import QuizSettings

KINDS = [question(number, answer=number % 2, domain_ids=["west" if number < 3 else "east"]) for number in range(6)]
PLACES = [(WEST[0] + 0.05 * n, WEST[1]) for n in range(3)] + [(EAST[0] + 0.05 * n, EAST[1]) for n in range(3)]
OWN = "Object.entries(localStorage).filter(([key]) => key.startsWith('knowledge map quiz'))"


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    """A page with three questions in the west and three in the east, each side a domain."""
    return write_quiz_page(tmp_path_factory.mktemp("six"), KINDS, PLACES)


def code_of(page):
    return page.evaluate("knowledgeMap.answers.asCode()")


def share(page):
    """Return the link that the page makes."""
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => void (globalThis.copied = text); }")
    page.get_by_role("button", name="Copy link").click()
    wait_until(page, "globalThis.copied !== undefined")
    return page.evaluate("globalThis.copied")


# --- the link


def test_a_link_shows_the_result_to_others_and_leaves_their_own_alone(six, take, open_page, pictures):
    giver = take(six)
    answer_all(giver, "12011")
    link = share(giver)
    assert link.startswith(six.as_uri() + "#result=")
    reader = take(six)
    answer_all(reader, "22")
    before = reader.evaluate(OWN)
    page = open_page(six, link.removeprefix(six.as_uri()), context=reader.context)
    reported(page)
    assert page.get_by_role("heading", level=2).inner_text() == "A shared result"
    assert "answers of somebody else" in page.locator(".quiz section .notice").inner_text()
    assert tally(page) == "3 right of 5 answered, 1 open."
    assert "3 of 5 right, 60 %; 1 question open" in page.locator(".asked").inner_text()
    assert page.locator(".domains > li").count() == 2
    assert page.evaluate("knowledgeMap.shownLayer.value !== null")
    assert page.locator(".tools *, .sharing *").count() == 0
    page.screenshot(path=pictures / "quiz-shared.png")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    assert tally(page) == "3 right of 5 answered, 1 open."
    page.get_by_role("button", name="Take it yourself").click()
    assert page.get_by_role("heading", level=2).inner_text() == "Quiz"
    assert tally(page) == "1 right of 2 answered, 4 open."
    assert "result=" not in page.evaluate("location.hash")
    assert page.evaluate(OWN) == before
    answer_all(page, "1")
    assert tally(page).endswith("of 3 answered, 3 open.")


def test_answers_of_somebody_else_are_looked_at_one_by_one(six, take, open_page):
    giver = take(six)
    answer_all(giver, "220")
    page = open_page(six, f"#result={code_of(giver)}")
    reported(page)
    page.evaluate("knowledgeMap.itemOpened(knowledgeMap.store.questions[0].row)")
    options = page.locator(".choices button")
    assert [options.nth(n).text_content() for n in range(3)] == ["✓yes (the right answer)", "✗no (the answer given)", "perhaps"]
    assert page.locator(".choices button:not(:disabled)").count() == 0
    assert page.locator(".steps button").all_inner_texts() == ["Back"]
    page.evaluate("knowledgeMap.itemOpened(knowledgeMap.store.questions[5].row)")
    assert page.locator(".verdict").inner_text() == "Not answered."
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Back").click()
    assert page.get_by_role("button", name="Take it yourself").is_visible()


def test_a_shared_result_stays_in_the_address(six, take, open_page):
    giver = take(six)
    answer_all(giver, "12")
    page = open_page(six, f"#result={code_of(giver)}")
    reported(page)
    page.get_by_role("button", name="Zoom in").click()
    settle(page)
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    reported(page)
    assert tally(page) == "2 right of 2 answered, 4 open."
    assert page.get_by_role("heading", level=2).inner_text() == "A shared result"


def test_the_same_page_takes_a_link_that_is_followed_on_it(six, take):
    page = take(six)
    answer_all(page, "1")
    page.evaluate("code => { location.hash = `result=${code}`; }", code_of(page))
    wait_until(page, "document.getElementById('panel-title').textContent === 'A shared result'")
    assert tally(page) == "1 right of 1 answered, 5 open."


REFUSED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } });"


def test_without_storage_ones_own_answers_outlast_a_shared_result(six, take):
    page = take(six, script=REFUSED)
    answer_all(page, "12")
    code = code_of(page)
    answer_all(page, "1")
    page.evaluate("code => { location.hash = `result=${code}`; }", code)
    wait_until(page, "document.getElementById('panel-title').textContent === 'A shared result'")
    assert tally(page) == "2 right of 2 answered, 4 open."
    page.get_by_role("button", name="Take it yourself").click()
    assert tally(page) == "3 right of 3 answered, 3 open."


def test_the_way_back_leads_out_of_a_shared_result(six, take):
    page = take(six)
    answer_all(page, "1")
    settle(page)
    page.evaluate("code => { location.hash = `result=${code}`; }", code_of(page))
    wait_until(page, "document.getElementById('panel-title').textContent === 'A shared result'")
    settle(page)
    page.go_back()
    wait_until(page, "document.getElementById('panel-title').textContent === 'Quiz'")
    assert tally(page) == "1 right of 1 answered, 5 open."


def test_a_link_to_other_questions_is_refused_and_says_so(six, tmp_path, take, open_page):
    changed = [question(number, answer=(number + 1) % 2) for number in range(6)]
    giver = take(write_quiz_page(tmp_path, changed, PLACES))
    answer_all(giver, "1111")
    page = open_page(six, f"#result={code_of(giver)}")
    assert page.locator(".notice:not([hidden])").inner_text() == (
        "The shared result was not opened: it is for other questions than these."
    )
    assert tally(page) == "0 right of 0 answered, 6 open."
    assert "result=" not in page.evaluate("location.hash")


def test_what_is_no_result_is_refused_and_says_so(six, open_page):
    page = open_page(six, "#result=x")
    assert page.get_by_role("heading", level=2).inner_text() == "Quiz"
    for code in ("", "<script>alert(1)</script>", "A" * 5_000, "%00%ff", "AQ__________"):
        page.evaluate("code => { document.querySelector('.notice').textContent = ''; location.hash = `result=${code}`; }", code)
        wait_until(page, "document.querySelector('.notice').textContent !== ''")
        assert "The shared result was not opened: it " in page.locator(".notice:not([hidden])").inner_text()
        assert "result=" not in page.evaluate("location.hash")


def test_the_map_may_be_another_one_as_long_as_the_questions_are_the_same(six, tmp_path, take, open_page):
    giver = take(six)
    answer_all(giver, "12")
    moved = write_quiz_page(tmp_path, KINDS, PLACES[::-1])
    assert tally(open_page(moved, f"#result={code_of(giver)}")) == "2 right of 2 answered, 4 open."


def test_fifty_answers_are_a_short_link(tmp_path, take):
    page = take(write_quiz_page(tmp_path, *many_questions(60)))
    page.evaluate("for (let number = 0; number < 50; number++) knowledgeMap.answers.chosen.set(number, number % 2)")
    assert len(f"#result={code_of(page)}") <= 150


def test_without_a_clipboard_the_link_can_be_copied_from_a_field(six, take):
    page = take(six)
    answer_all(page, "1")
    page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no'); }; }")
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_label("Link to this result")
    assert field.input_value() == f"{six.as_uri()}#result={code_of(page)}"
    assert page.evaluate("getSelection().toString() || document.activeElement.value") == field.input_value()


# --- picture and print


def test_a_picture_holds_map_colours_domains_and_score(six, take, tmp_path):
    page = take(six)
    answer_all(page, "121111")
    reported(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Picture", exact=True).last.click()
    download.value.save_as(tmp_path / "result.png")
    picture = Image.open(tmp_path / "result.png").convert("RGB")
    assert picture.width == 1200 and picture.height > 1100
    rows = [len(set(picture.crop((0, top, 1200, top + 20)).get_flattened_data())) for top in range(0, picture.height - 20, 20)]
    assert sum(count > 1 for count in rows) > 40  # title, score, map, key and domains are drawn


def test_a_picture_is_handed_to_the_share_sheet_where_there_is_one(six, take):
    sheet = """
        navigator.canShare = ({ files }) => files[0].type === "image/png";
        navigator.share = async (data) => {
          globalThis.handed = { ...data, files: data.files.map(({ name, type, size }) => ({ name, type, size })) };
        };
    """
    page = take(six, script=sheet)
    answer_all(page, "12")
    page.get_by_role("button", name="Share …").click()
    wait_until(page, "globalThis.handed !== undefined")
    handed = page.evaluate("globalThis.handed")
    assert handed["text"] == "2 of 2 right, 100 %; 4 questions open"
    assert handed["url"].endswith(f"#result={code_of(page)}")
    assert [(file["name"], file["type"], file["size"] > 10_000) for file in handed["files"]] == [
        ("knowledge-map-result.png", "image/png", True)
    ]


def test_print_holds_the_result_while_the_quiz_is_open_and_the_map_without_it(six, take):
    page = take(six)
    answer_all(page, "12")
    reported(page)
    sizes = "(() => { dispatchEvent(new Event('beforeprint')); const { width, height } = document.getElementById('paper');"
    sizes += " dispatchEvent(new Event('afterprint')); return [width, height]; })()"
    assert page.evaluate(sizes)[0] == 1200
    page.get_by_role("button", name="Close").click()
    assert page.evaluate(sizes) == [*page.viewport_size.values()]


def test_the_printed_result_is_on_the_paper(six, take, tmp_path):
    page = take(six)
    answer_all(page, "121111")
    reported(page)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    printed = Image.open(io.BytesIO(page.locator("#paper").screenshot())).convert("RGB")
    assert len(set(printed.get_flattened_data())) > 500


# --- formulas

FORMULAS = [
    question(0, r"What is $\frac{1}{2} + x^2$?", options=[r"\(\sqrt{x}\)", "It costs $5 or $6", r"$\unknown{x}$"]),
    question(
        1,
        r"$\text{<img src=x onerror=alert(1)>}$ $\href{javascript:alert(1)}{x}$ \(\style{position:fixed}{x}\)",
        options=[r"$\text{</script><script>alert(1)</script>}$", "<b>$x$</b>", "no"],
    ),
]


@pytest.fixture(scope="module")
def formulas(tmp_path_factory):
    return write_quiz_page(tmp_path_factory.mktemp("formulas"), FORMULAS, [WEST, EAST])


def test_formulas_are_drawn_in_questions_options_and_verdicts(formulas, take, pictures):
    page = take(formulas)
    fraction = page.locator(".asked math mfrac")
    box = fraction.bounding_box()
    assert box["height"] > 20 and fraction.evaluate("node => node.namespaceURI").endswith("MathML")
    assert page.locator(".choices math msqrt").count() == 1
    assert page.locator(".choices button").nth(1).inner_text().endswith("It costs $5 or $6")
    assert page.locator(".choices button").nth(2).inner_text().endswith(r"$\unknown{x}$")
    page.keyboard.press("2")
    assert page.locator(".verdict math msqrt").count() == 1
    assert "the answer is “\\(\\sqrt{x}\\)”" in page.locator("#quiz-said").inner_text()
    page.screenshot(path=pictures / "quiz-formulas.png")


def test_formulas_are_drawn_in_lists_in_the_search_and_in_hints(formulas, open_page):
    page = open_page(formulas)
    page.locator("#search").fill("What is")
    assert page.locator("#found li math mfrac").count() == 1
    page.keyboard.press("Escape")
    page.mouse.move(*marker(page, 0))
    assert page.locator("#hint math mfrac").count() == 1
    page.locator("[aria-controls=selecting]").click()
    page.get_by_role("button", name="All in view").click()
    assert page.locator("#panel .items math mfrac").count() == 1
    assert page.locator("#panel img, #panel script").count() == 0


def test_hostile_formulas_stay_text(formulas, take):
    page = take(formulas)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    assert page.locator(".asked math").text_content() == "<img\xa0src=x\xa0onerror=alert(1)>"
    assert r"$\href{javascript:alert(1)}{x}$" in page.locator(".asked").text_content()
    assert page.locator(".quiz img, .quiz script, .choices b, .asked a, .quiz math [href], .quiz math [style]").count() == 0
    page.keyboard.press("1")
    assert page.locator(".verdict").inner_text().startswith("Right.")


# --- for everyone


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_shared_result_has_no_serious_fault_for_assistive_technology(six, take, open_page, scheme):
    giver = take(six)
    answer_all(giver, "12011")
    page = open_page(six, f"#result={code_of(giver)}", color_scheme=scheme)
    reported(page)
    found = Axe().run(page).response["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []


def test_a_shared_result_fits_a_phone(six, take, open_page, pictures):
    giver = take(six)
    answer_all(giver, "12011")
    page = open_page(six, f"#result={code_of(giver)}", **PHONE)
    reported(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.screenshot(path=pictures / "quiz-shared-phone.png")


def test_a_shuffled_result_is_the_same_result(tmp_path, take, open_page):
    path = write_quiz_page(tmp_path, *many_questions(12), quiz=QuizSettings())
    giver = take(path)
    for _ in range(12):
        giver.locator(".choices button", has_text="yes").click()
        giver.keyboard.press("Enter")
    page = open_page(path, f"#result={code_of(giver)}")
    assert "12 of 12 right, 100 %" in page.locator(".asked").inner_text()
