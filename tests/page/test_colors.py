"""Articles are coloured as one chooses, in light and in dark."""

import pytest
from screen import color_by, ground, lightness, picture, row_of, settle, strongest


def test_sources_have_colours_of_their_own(whole, pictures):
    color_by(whole, "Source")
    even, odd = (strongest(whole, row_of(whole, f"Violin {n}")) for n in (0, 0))
    even, odd = strongest(whole, 36), strongest(whole, 37)
    assert even != odd
    assert strongest(whole, 48) == pytest.approx(even, abs=60) and strongest(whole, 49) == pytest.approx(odd, abs=60)
    assert whole.locator("#legend").inner_text().split("\n") == ["Source", "even", "187", "odd", "187", "Question"]
    whole.screenshot(path=pictures / "colored-by-source.png")


@pytest.mark.parametrize("name, key", [
    ("Density", ["Articles around", "few", "many", "Question"]),
    ("Distance to the nearest question", ["Nearest question", "near", "far", "Question"]),
    ("Kind", ["Kind", "Article", "Question", "Question"]),
])  # fmt: skip
def test_each_choice_changes_the_map_and_has_a_key(whole, name, key):
    before = picture(whole).tobytes()
    color_by(whole, name)
    assert whole.locator("#legend").inner_text().split("\n") == key
    assert picture(whole).tobytes() != before


def test_distance_is_that_to_the_nearest_question(whole):
    color_by(whole, "Distance to the nearest question")
    near = whole.evaluate("knowledgeMap.articlesNear(...knowledgeMap.store.position(knowledgeMap.store.questions[0].row), 1)[0]")
    far = row_of(whole, "Glacier 0")
    values = whole.evaluate("([near, far]) => knowledgeMap.articleValues([near, far])", [near, far])
    assert values[0] < 80 < 150 < values[1]


def test_light_and_dark_follow_the_system_and_the_switch(open_page, small_page, pictures):
    page = open_page(small_page, color_scheme="dark")
    assert lightness(ground(page)) < 60
    page.screenshot(path=pictures / "dark.png")
    page.get_by_role("button", name="Dark").click()
    assert lightness(ground(page)) > 200
    again = open_page(small_page, context=page.context)
    assert lightness(ground(again)) > 200  # the choice is remembered
    again.get_by_role("button", name="Dark").click()
    assert lightness(ground(again)) < 60
    again.emulate_media(color_scheme="light")  # it follows the system again
    assert lightness(ground(again)) > 200


def test_states_of_questions_differ_in_shape_and_colour(whole, pictures):
    states = ["right", "wrong", "unknown", "open", "current"]
    whole.evaluate("states => knowledgeMap.questionStates.set(states)", states)
    whole.evaluate("knowledgeMap.flyTo(...knowledgeMap.store.position(375), 2500)")
    settle(whole)
    whole.screenshot(path=pictures / "markers.png")
    samples = whole.evaluate("""() => ["open", "current", "right", "wrong", "unknown"].map((state) => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
        knowledgeMap.drawSampleMarker(canvas.getContext("2d"), state, 20, 20);
        const pixels = canvas.getContext("2d").getImageData(0, 0, 40, 40).data;
        const ink = Array.from({ length: 1600 }, (_, at) => pixels[4 * at + 3] > 128 ? 1 : 0);
        const sum = (at) => pixels[4 * at] + pixels[4 * at + 1] + pixels[4 * at + 2];
        const gray = Array.from({ length: 1600 }, (_, at) => Math.round(sum(at) / 96));
        return { outline: ink.join(""), gray: gray.join() };
    })""")
    grays = [sample["gray"] for sample in samples]
    assert len(set(grays)) == 5  # told apart without colour
    outlines = {
        name: sample["outline"] for name, sample in zip(["open", "current", "right", "wrong", "unknown"], samples, strict=True)
    }
    assert len({outlines[name] for name in ("right", "wrong", "unknown")}) == 3
    assert whole.locator("#legend li").all_inner_texts() == ["Question", "Known", "Not right", "Not known"]


def test_heat_takes_the_place_of_the_shade(whole):
    before = ground(whole)
    whole.evaluate("""() => {
        const layer = Object.assign(document.createElement("canvas"), { width: 64, height: 64 }), pen = layer.getContext("2d");
        pen.fillStyle = "#ff0000";
        pen.fillRect(0, 0, 64, 64);
        knowledgeMap.shownLayer.set({ picture: layer, key: null });
    }""")
    assert ground(whole) == (255, 0, 0)
    whole.evaluate("knowledgeMap.shownLayer.set(null)")
    assert ground(whole) == before
