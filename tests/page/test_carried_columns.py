"""What articles carry is on their cards, in tables, and in the colours of the map."""

import csv
import io

import pyarrow.parquet as pq
import pytest
from pages import HOSTILE_NAME
from screen import color_by, colors_around, point, row_of, settle, show, strongest, wait_until

CARRIED = ["topic", "letter", "year", "published", "score", "tags", "open", HOSTILE_NAME]


@pytest.fixture(scope="module")
def carried(small_page):
    """What the articles carry, as the map has it."""
    return pq.read_table(small_page.with_name("knowledge_map.parquet"), columns=CARRIED).slice(0, 374).to_pylist()


def legend(page):
    return page.locator("#legend").inner_text().split("\n")


def values(page, rows):
    return page.evaluate("rows => knowledgeMap.articleValues(rows)", rows)


def test_a_card_shows_what_the_article_carries(desktop):
    desktop.evaluate("knowledgeMap.itemOpened(14)")
    names = desktop.locator("#panel .carried dt").all_inner_texts()
    texts = desktop.locator("#panel .carried dd").all_inner_texts()
    assert dict(zip(names, texts, strict=True)) == {
        "topic": "Éclair",
        "letter": "letter o",
        "year": "1994",
        "published": "1991-03-11",
        "score": "3.808",
        "tags": "even, all, rest 14",
        "open": "no",
        HOSTILE_NAME: "https://example.org/a?b=c",
    }
    link = desktop.locator("#panel .carried a")
    assert link.get_attribute("href") == "https://example.org/a?b=c" and "noopener" in link.get_attribute("rel")


@pytest.mark.parametrize("row, text", [(1, "javascript:alert(1)"), (2, "see <b>HTTPS://example.org</b>")])
def test_what_is_no_address_of_the_web_is_no_link(desktop, row, text):
    desktop.evaluate("row => knowledgeMap.itemOpened(row)", row)
    assert desktop.locator("#panel .carried dd").last.inner_text() == text
    assert desktop.locator("#panel .carried a, #panel .carried b").count() == 0


def test_a_card_leaves_out_what_is_missing(desktop):
    desktop.evaluate("knowledgeMap.itemOpened(13)")
    assert desktop.locator("#panel .carried dt").all_inner_texts() == ["topic", "year", "open", HOSTILE_NAME]


def test_a_table_has_what_the_articles_carry(whole, carried):
    show(whole, row_of(whole, "Glacier 3"), 900)
    whole.get_by_role("button", name="Select").first.click()
    whole.get_by_role("button", name="All in view").click()
    with whole.expect_download() as download:
        whole.get_by_role("button", name="Download CSV").click()
    text = download.value.path().read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(rows[0])[-len(CARRIED) :] == CARRIED
    articles = {row["title"]: row for row in rows if row["kind"] == "article"}
    assert len(articles) > 20
    for number in range(3, 60, 10):
        row, wanted = articles[f"Glacier {number}"], carried[6 * number]
        for name in ("topic", "year", HOSTILE_NAME):
            assert row[name] == str(wanted[name] or "")
        assert row["letter"] == (wanted["letter"] or "") and row["published"] == str(wanted["published"] or "")
        assert row["tags"] == ", ".join(wanted["tags"] or []) and row["open"] == ("yes" if wanted["open"] else "no")
        assert float(row["score"] or -1) == pytest.approx(wanted["score"] or -1, rel=1e-4)
    assert all(row[name] == "" for row in rows if row["kind"] == "question" for name in CARRIED)


def test_the_commonest_classes_have_a_colour_each_and_the_others_one(whole, carried, pictures):
    color_by(whole, "letter")
    lines = legend(whole)
    assert lines[:3] == ["letter", "letter t", str(sum(row["letter"] == "letter t" for row in carried))]
    assert (lines[-5], *lines[-3:]) == ("6 others", "no value", "38", "Question")  # of 18 letters
    by_value = {}
    for article, value in zip(carried, values(whole, list(range(374))), strict=True):
        by_value.setdefault(value, set()).add(article["letter"])
    assert sorted(len(names) for names in by_value.values()) == [1] * 13 + [6]
    assert {None} in by_value.values()
    whole.screenshot(path=pictures / "colored-by-category.png")


def test_numbers_and_dates_have_a_scale_with_bars(whole, carried, pictures):
    color_by(whole, "year")
    assert legend(whole)[:3] == ["year", "1980", "2019"]
    assert values(whole, [0, 5, 39, 40]) == [0, 5, 39, 0]
    assert whole.locator("#legend canvas.bars").count() == 1
    color_by(whole, "published")
    assert legend(whole)[:5] == ["published", "1990", "2021", "no value", "38"]
    whole.screenshot(path=pictures / "colored-by-date.png")
    early, late = (strongest(whole, row_of(whole, title)) for title in ("Glacier 1", "Glacier 58"))
    assert sum(early) > sum(late) + 100  # on light paper more is darker
    whole.mouse.move(*show(whole, row_of(whole, "Glacier 2"), 9000))
    assert whole.locator("#hint").inner_text().split("\n") == ["Glacier 2", "About Glacier 2", "published: 1991-01-08"]


def test_a_tag_is_had_or_not(whole, carried):
    color_by(whole, "tags")
    assert "has all" in legend(whole)  # the commonest
    whole.locator("#legend select").select_option(label="even")
    settle(whole)
    lines = legend(whole)
    at = lines.index("has even")
    assert lines[at : at + 6] == ["has even", "187", "has not", "149", "no tags", "38"]
    by_tags = {"even": 0, "odd": 1, "none": 2}
    wanted = [by_tags["none" if not row["tags"] else "even" if "even" in row["tags"] else "odd"] for row in carried]
    assert values(whole, list(range(374))) == wanted


def test_trust_colours_the_articles(whole, small_page):
    whole.locator("[aria-controls=colors]").click()
    whole.get_by_role("radio", name="Trust").check()
    settle(whole)
    trust = pq.read_table(small_page.with_name("knowledge_map.parquet"), columns=["trust"])["trust"].to_pylist()[:374]
    assert legend(whole)[:5] == ["Trust", "0–9 %", "90–100 %", "no value", str(trust.count(None))]
    shown = values(whole, list(range(374)))
    for value, wanted in zip(shown, trust, strict=True):
        assert value == (10 if wanted is None else min(round(100 * wanted) // 10, 9))


def test_entries_of_the_legend_switch_classes_off_and_on(whole):
    color_by(whole, "topic")
    entry = whole.locator("#legend button", has_text="Violin")
    x, y = point(whole, row_of(whole, "Violin 5"))
    before = colors_around(whole, x, y, 2)
    entry.click()
    settle(whole)
    assert entry.get_attribute("aria-pressed") == "false"
    assert whole.locator("#chips").inner_text() == "topic: without Violin"
    assert whole.locator("#kept").inner_text() == "300 of 374 articles, 80 %"
    after = colors_around(whole, x, y, 2)
    paper = (250, 249, 245)
    assert after != before and any(color != paper for color in after)  # faint, and still there
    entry.focus()
    whole.keyboard.press("Enter")
    assert entry.get_attribute("aria-pressed") == "true"
    assert whole.evaluate("document.activeElement.title") == "Violin"  # the focus stays where it was
    assert whole.locator("#filtered").is_hidden()


def test_the_address_holds_the_column(open_page, small_page):
    page = open_page(small_page)
    color_by(page, "score")
    wait_until(page, "location.hash.includes('color=')")
    again = open_page(small_page, page.evaluate("location.hash"))
    assert again.locator("#legend b").inner_text() == "score"
    assert again.locator("input[name=color]:checked").get_attribute("value") == "column score"


def test_the_address_holds_the_tag(open_page, small_page):
    page = open_page(small_page, "#color=column+tags&tag=even")
    assert page.locator("#legend li").first.inner_text().split() == ["has", "even", "187"]
    settle(page)
    assert "tag=even" in page.evaluate("location.hash")
