"""Articles are filtered by columns, words and areas, all together; what is out is faint, and everything else follows."""

from urllib.parse import quote

import numpy as np
import pyarrow.parquet as pq
import pytest
from chromium import PHONE
from screen import colors_around, lightness, picture, point, row_of, settle, wait_until

KEPT = "[...Array(374).keys()].filter((row) => knowledgeMap.filter.keeps(row))"


@pytest.fixture(scope="module")
def carried(small_page):
    """What the articles carry, as the map has it."""
    return pq.read_table(small_page.with_name("knowledge_map.parquet")).slice(0, 374).to_pylist()


def kept(page):
    settle(page)
    return page.evaluate(KEPT)


def rows_where(carried, holds):
    return [row for row, article in enumerate(carried) if holds(article)]


def group(page, name):
    """Return the part of the filter's panel that is about a column."""
    if page.locator(".filters").count() == 0:
        page.get_by_role("button", name="Filter", exact=True).click()
    return page.get_by_role("group", name=name, exact=True)


def chips(page):
    return page.locator("#chips button").all_inner_texts()


def brush(page, name, begin, end):
    """Draw over a histogram, from one share of its width to another."""
    histogram = group(page, name).locator("canvas")
    histogram.scroll_into_view_if_needed()
    box = histogram.bounding_box()
    for at, share in enumerate((begin, (begin + end) / 2, end)):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 30)
        if at == 0:
            page.mouse.down()
    page.wait_for_timeout(50)
    page.mouse.up()


def test_a_histogram_is_brushed_with_the_pointer_and_a_click_takes_the_brush_off(whole, carried, pictures):
    brush(whole, "year", 0.26, 0.49)  # of forty years
    assert kept(whole) == rows_where(carried, lambda article: 1990 <= article["year"] <= 1999)
    assert chips(whole) == ["year: 1990–1999"]
    assert group(whole, "year").locator(".steps span").inner_text() == "1990–1999"
    whole.screenshot(path=pictures / "filtered.png")
    group(whole, "year").locator("canvas").click()
    assert len(kept(whole)) == 374 and whole.locator("#filtered").is_hidden()


def test_a_histogram_is_brushed_by_keys_and_says_what_it_keeps(whole, carried):
    start = group(whole, "published").get_by_role("slider", name="published, from")
    start.focus()
    for _ in range(5):
        whole.keyboard.press("ArrowRight")
    assert start.get_attribute("aria-valuetext") == "1995"
    whole.keyboard.press("Tab")
    whole.keyboard.press("Home")
    assert group(whole, "published").get_by_role("slider", name="published, to").get_attribute("aria-valuetext") == "1990"
    assert chips(whole) == ["published: 1990"]
    expected = rows_where(carried, lambda article: article["published"] and article["published"].year == 1990)
    assert kept(whole) == expected
    group(whole, "published").get_by_role("checkbox", name="no value").check()
    assert kept(whole) == rows_where(carried, lambda article: not article["published"] or article["published"].year == 1990)


def test_classes_are_ticked_alone_and_together(whole, carried):
    topics = group(whole, "topic")
    topics.get_by_role("button", name="Only Violin").click()
    topics.get_by_role("checkbox", name="Comet").check()
    assert kept(whole) == rows_where(carried, lambda article: article["topic"] in ("Violin", "Comet"))
    assert chips(whole) == ["topic: Violin, Comet"]
    assert topics.get_by_role("checkbox", name="Glacier").is_checked() is False
    topics.get_by_role("checkbox", name="Violin").focus()
    whole.keyboard.press("Space")
    assert kept(whole) == rows_where(carried, lambda article: article["topic"] == "Comet")


def test_an_article_is_kept_for_any_of_its_tags(whole, carried):
    group(whole, "tags").get_by_role("button", name="Only even").click()
    assert kept(whole) == rows_where(carried, lambda article: article["tags"] and "even" in article["tags"])
    group(whole, "tags").get_by_role("checkbox", name="no tags").check()
    assert kept(whole) == rows_where(carried, lambda article: not article["tags"] or "even" in article["tags"])


def test_a_class_among_many_is_found_by_its_name(whole, carried):
    tags = group(whole, "tags")
    assert tags.locator("li").count() == 42 and tags.get_by_role("checkbox", name="7 others").count() == 1  # of 47
    tags.get_by_role("searchbox", name="Find in tags").fill("REST 29")
    assert tags.locator("li span").all_inner_texts() == ["rest 29"]
    tags.get_by_role("button", name="Only rest 29").click()
    assert kept(whole) == rows_where(carried, lambda article: "rest 29" in (article["tags"] or []))
    assert chips(whole) == ["tags: rest 29"]


def test_the_words_in_the_search_field_filter_too(whole):
    whole.locator("#search").fill("ribosome")
    whole.keyboard.press("Tab")
    assert whole.evaluate("document.activeElement.id") == "filter"
    whole.keyboard.press("Shift+Tab")
    whole.get_by_role("button", name="Keep only these articles").click()
    assert [whole.evaluate("row => knowledgeMap.store.title(row)", row)[:8] for row in kept(whole)] == ["Ribosome"] * 60
    assert chips(whole) == ["Title: ribosome"]
    assert whole.locator("#found").is_hidden()
    whole.locator("#search").fill("comet 1")
    assert "filtered out" in whole.locator("#found li").first.inner_text()
    whole.locator("#search").fill("bosome 1")
    assert whole.locator("#search-told").inner_text() == "11 titles, 11 of them kept"


def test_a_lasso_filters_too_and_selecting_heeds_the_filter(whole, carried):
    rows = [row_of(whole, f"Comet {number}") for number in range(60)]
    x, y = zip(*(point(whole, row) for row in rows), strict=True)
    corners = [(min(x) - 9, min(y) - 9), (max(x) + 9, min(y) - 9), (max(x) + 9, max(y) + 9), (min(x) - 9, max(y) + 9)]
    whole.keyboard.press("l")
    whole.mouse.move(*corners[0])
    whole.mouse.down()
    for corner in (*corners[1:], corners[0]):
        whole.mouse.move(*corner, steps=5)
    whole.mouse.up()
    whole.get_by_role("button", name="Keep only these").click()
    assert kept(whole) == sorted(rows) and chips(whole) == ["Inside the area"]
    group(whole, "letter").get_by_role("button", name="Only letter t").click()
    both = [row for row in sorted(rows) if carried[row]["letter"] == "letter t"]
    assert kept(whole) == both
    whole.keyboard.press("Escape")
    whole.get_by_role("button", name="Select", exact=True).click()
    whole.get_by_role("button", name="All in view").click()
    assert 5 < len(both) < 30 and f"{len(both)} articles" in whole.locator("#panel-title").inner_text()


def test_all_conditions_hold_together_a_chip_takes_one_off_and_a_key_takes_all(whole, carried):
    brush(whole, "year", 0.0, 0.49)
    group(whole, "topic").get_by_role("button", name="Only Harbour").click()
    group(whole, "Source").get_by_role("checkbox", name="odd").uncheck()
    expected = rows_where(carried, lambda each: each["year"] < 2000 and each["topic"] == "Harbour" and each["source"] == "even")
    assert kept(whole) == expected
    # Each column counts what the others keep.
    counted = group(whole, "Source").locator("label", has_text="odd").locator("small").inner_text()
    assert int(counted) == sum(each["year"] < 2000 and each["topic"] == "Harbour" and each["source"] == "odd" for each in carried)
    assert whole.locator("#kept").inner_text().startswith(f"{len(expected)} of 374 articles")
    assert whole.locator("#kept").get_attribute("role") == "status"
    assert chips(whole) == ["year: 1980–1999", "topic: Harbour", "Source: even", "Take all off"]
    whole.get_by_role("button", name="Take off: topic: Harbour").click()
    assert kept(whole) == rows_where(carried, lambda each: each["year"] < 2000 and each["source"] == "even")
    group(whole, "topic").get_by_role("checkbox", name="Comet").focus()
    whole.keyboard.press("x")
    assert len(kept(whole)) == 374 and whole.locator("#filtered").is_hidden()
    assert group(whole, "Source").get_by_role("checkbox", name="odd").is_checked()


def test_labels_density_and_words_follow_the_filter(whole):
    before = set(whole.evaluate("knowledgeMap.writtenLabels()"))
    x, y = point(whole, row_of(whole, "Glacier 4"))
    dense = picture(whole).getpixel((round(x) + 14, round(y) + 14))
    assert any("Glacier" in label for label in before) and any("Violin" in label for label in before)
    group(whole, "topic").get_by_role("button", name="Only Violin").click()
    settle(whole)
    after = set(whole.evaluate("knowledgeMap.writtenLabels()"))
    assert after and all("Violin" in label for label in after)
    assert lightness(picture(whole).getpixel((round(x) + 14, round(y) + 14))) > lightness(dense)
    wait_until(whole, "document.getElementById('scene').textContent.includes('about 74 articles')")


def test_the_address_holds_the_filter(open_page, small_page):
    page = open_page(small_page)
    page.keyboard.press("w")
    settle(page)
    page.evaluate("knowledgeMap.labelOpened(knowledgeMap.store.levels[1].labels.find(({ text }) => text.includes('Comet')))")
    page.get_by_role("button", name="Keep only these").click()
    labelled = kept(page), chips(page)
    by_label = page.evaluate("location.hash")
    page.locator("[aria-controls=selecting]").click()
    page.get_by_role("button", name="All in view").click()
    page.get_by_role("button", name="Keep only these").click()
    page.locator("#search").fill("comet")
    page.get_by_role("button", name="Keep only these articles").click()
    brush(page, "year", 0.26, 0.74)
    group(page, "letter").get_by_role("button", name="Only letter t").click()
    group(page, "letter").get_by_role("checkbox", name="letter a").check()
    group(page, "Source").get_by_role("checkbox", name="odd").uncheck()
    shown = kept(page), chips(page)
    fragment = page.evaluate("location.hash")
    assert len(fragment) < 600 and len(shown[1]) == 6
    again = open_page(small_page, fragment)
    assert (kept(again), chips(again)) == shown
    again.evaluate("hash => { location.hash = hash; }", by_label)
    wait_until(again, "document.querySelectorAll('#chips button').length === 1")
    assert (kept(again), chips(again)) == labelled
    again.go_back()
    wait_until(again, "document.querySelectorAll('#chips button').length > 1")
    assert (kept(again), chips(again)) == shown
    again.reload()
    again.wait_for_selector("body[data-state=ready]")
    assert (kept(again), chips(again)) == shown


def test_of_a_filter_that_is_not_of_this_map_the_rest_is_taken(open_page, small_page):
    parts = ['["column topic","only","Comet"]', '["column nothing","only","x"]', '["area","AAAA"]', '["label",9,"x"]']
    parts += ['["words",7]', "{", "null", '["column <b>",{}]']
    page = open_page(small_page, "#" + "&".join(f"filter={quote(part)}" for part in parts))
    assert chips(page) == ["topic: Comet"] and "left out" in page.locator("#toast").inner_text()


def test_what_is_out_is_faint_and_can_still_be_read_about(whole):
    row = row_of(whole, "Glacier 2")
    before = min(map(lightness, colors_around(whole, *point(whole, row), 2)))
    group(whole, "topic").get_by_role("button", name="Only Comet").click()
    whole.keyboard.press("Escape")
    faint = min(map(lightness, colors_around(whole, *point(whole, row), 2)))
    assert before + 40 < faint < 240
    whole.mouse.click(*point(whole, row))
    assert whole.locator("#panel-title").inner_text() == "Glacier 2"


def test_a_label_says_how_many_of_its_articles_are_kept(whole):
    brush(whole, "year", 0.0, 0.49)
    settle(whole)
    told = whole.evaluate("""() => {
        const label = knowledgeMap.store.levels.flatMap(({ labels }) => labels).find(({ text }) => text.includes("Glacier"));
        knowledgeMap.labelHovered(label, 600, 400);
        return [document.getElementById("hint").textContent, knowledgeMap.filter.countKept(label.rows)];
    }""")
    assert f", {told[1]} of them kept" in told[0]


RECORD_CHIPS = """() => {
    const chips = document.getElementById("chips");
    const note = () => chips.querySelectorAll("button").forEach((chip) => seen.add(chip.innerText));
    seen = new Set();
    note();
    new MutationObserver(note).observe(chips, { childList: true, subtree: true, characterData: true });
}"""


def test_a_column_plays_from_bin_to_bin_until_it_is_stopped(whole):
    brush(whole, "year", 0.01, 0.11)
    play = group(whole, "year").locator(".steps button")
    whole.evaluate(RECORD_CHIPS)
    play.click()
    assert play.inner_text() == "Stop" and play.get_attribute("aria-pressed") == "true"
    wait_until(whole, "seen.size >= 3")
    assert {"year: 1980–1984", "year: 1981–1985"} <= set(whole.evaluate("[...seen]"))
    play.click()
    stopped = chips(whole)
    whole.wait_for_timeout(900)
    assert chips(whole) == stopped and play.inner_text() == "Play"
    play.click()
    whole.locator("#map").focus()
    whole.keyboard.press("x")
    whole.wait_for_timeout(900)
    assert len(kept(whole)) == 374 and play.inner_text() == "Play"  # whoever takes the filter off stops it


def test_a_picture_says_what_is_filtered(whole):
    group(whole, "topic").get_by_role("button", name="Only Comet").click()
    written = whole.evaluate("""() => {
        const texts = [], prototype = CanvasRenderingContext2D.prototype, write = prototype.fillText;
        prototype.fillText = function (text, ...rest) { texts.push(text); return write.call(this, text, ...rest); };
        window.dispatchEvent(new Event("beforeprint"));
        window.dispatchEvent(new Event("afterprint"));
        prototype.fillText = write;
        return texts;
    }""")
    assert "60 of 374 articles · topic: Comet" in written


def test_on_a_phone_one_filters_in_the_panel(open_page, small_page, pictures):
    page = open_page(small_page, **PHONE | {"color_scheme": "dark"})
    page.get_by_role("button", name="Filter", exact=True).tap()
    page.get_by_role("group", name="topic", exact=True).get_by_role("button", name="Only Violin").tap()
    assert page.locator("#kept").inner_text() == "74 of 374 articles, 20 %"
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    settle(page)
    page.screenshot(path=pictures / "filter-phone.png")


MIXED = """([topics, tags, first, last]) => {
    const { filter, store, classFilter } = knowledgeMap;
    const named = (wanted) => store.classed.find(({ name }) => name === wanted);
    filter.clear();
    classFilter.allowClasses(named("topic"), Uint8Array.from([...topics, true], Number));
    const column = named("tags"), allowed = new Uint8Array(column.classCount + 1), order = ["all", "even"];
    for (const number of [0, 1]) allowed[number] = Number(tags[order.indexOf(column.className(number))]);
    allowed[column.classCount] = Number(tags[2]);
    classFilter.allowClasses(column, allowed);
    classFilter.allowRange(named("year"), first, last);
    return [filter.count, [...topics.keys()].filter((n) => topics[n]).map((n) => named("topic").className(n))];
}"""


def test_however_conditions_are_mixed_the_count_is_that_of_the_rows(whole, carried):
    random = np.random.default_rng(2)
    for _ in range(12):
        topics, (everybody, even, none) = (random.random(6) < 0.6).tolist(), (random.random(3) < 0.6).tolist()
        first, last = sorted(random.integers(0, 40, 2).tolist())
        count, allowed = whole.evaluate(MIXED, [topics, [everybody, even, none], first, last])
        wanted = 0
        for each in carried:
            has_any = none if not each["tags"] else everybody or (even and "even" in each["tags"])
            wanted += bool(each["topic"] in allowed and has_any and first <= each["year"] - 1980 <= last)
        assert count == wanted
