"""The page opens, on a desktop and a phone."""


def test_it_opens_with_the_map_on_it(desktop, pictures):
    assert desktop.locator("h1").inner_text() == "Small <map>"
    desktop.screenshot(path=pictures / "desktop.png")


def test_it_opens_on_a_phone(phone, pictures):
    assert phone.locator("h1").inner_text() == "Small <map>"
    phone.screenshot(path=pictures / "phone.png")


def test_a_click_on_a_question_shows_it(desktop):
    x, y = desktop.evaluate("view.toScreen(...map.places(map.questions[0].row))")
    desktop.mouse.click(x, y)
    assert "Which of these makes proteins?" in desktop.locator("#panel").inner_text()
