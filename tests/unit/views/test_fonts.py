"""Titles in any script: drawn with installed fonts, and what no font has is counted and costs no more than itself."""

import logging
import re
import textwrap
from functools import partial

import numpy as np
import pytest
from labelled_maps import labelled, small_map

from knowledge_map.map.region import question_region
from knowledge_map.views.figure import draw_map
from knowledge_map.views.fonts import LACKING, Undrawn, base_fonts, columns_of, fonts_for, plain, plain_label, wrapped

pytestmark = pytest.mark.slow  # draws

CHINESE = fonts_for(["火山号哪一个是？"])
needs_chinese = pytest.mark.skipif(
    not CHINESE.names, reason="no installed font has Chinese characters (Debian: fonts-wqy-microhei)"
)
NOWHERE = "\U00013000"  # an Egyptian hieroglyph


def in_no_font(character):
    return ord(character) not in fonts_for([character]).glyphs


needs_lack = pytest.mark.skipif(not in_no_font(NOWHERE), reason="an installed font has Egyptian hieroglyphs")


def draw(folder, titles, name="map", questions=3):
    """Draw a map of titles and return the SVG."""
    knowledge_map, embeddings = small_map(folder, len(titles), questions, titles)
    table = labelled((knowledge_map, embeddings), 4)
    region = question_region(knowledge_map.positions[~knowledge_map.is_article], 0.1)
    draw_map(knowledge_map, table, region, [folder / f"{name}.png", folder / f"{name}.svg"], "火山的地图")
    return (folder / f"{name}.svg").read_text(encoding="utf-8")


@needs_chinese
def test_what_the_base_font_lacks_is_found_in_an_installed_one():
    assert ord("火") not in base_fonts().glyphs and ord("火") in CHINESE.glyphs
    assert CHINESE.families[0] == "DejaVu Sans" and len(CHINESE.families) == 2
    assert plain("火山 $x$", 40) == f"{LACKING}{LACKING} $x$"
    assert plain("火山 $x$", 40, CHINESE) == "火山 $x$"


@needs_chinese
def test_chinese_titles_and_questions_are_drawn_and_give_the_same_bytes(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    titles = [f"火山 {number} 号" for number in range(60)]
    svg = draw(tmp_path, titles)
    assert "火山" in svg and LACKING not in svg  # the labels stand beside their outlines, as comments
    assert f"drawn with {CHINESE.names[0]} besides DejaVu Sans" in caplog.text and "no installed font" not in caplog.text
    assert draw(tmp_path, titles, "again") == svg
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "map.png").read_bytes()


def test_without_strange_characters_no_font_is_looked_for():
    assert fonts_for(["Köln", "Москва", "x\u200by\n"]) == base_fonts()


@needs_lack
def test_what_no_font_has_is_counted_and_named(tmp_path, caplog):
    svg = draw(tmp_path, [f"{NOWHERE * 9} {number}" for number in range(40)], questions=0)
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert f"{NOWHERE} (U+13000 EGYPTIAN HIEROGLYPH A001)" in line
    assert re.search(r"no installed font has \d characters of \d+ titles and questions: ", line)
    assert re.search(r"; [1-9]\d? labels were left out for them; install fonts that have them, such as Noto", line)
    assert NOWHERE not in svg


@needs_lack
def test_an_undrawable_character_costs_no_label():
    assert plain_label(f"Dinosaurs {NOWHERE} of Asia", 40) == f"Dinosaurs {LACKING} of Asia"
    assert plain_label("Party \U0001faa9\ufe0f\u200d time", 40) == "Party time"
    assert plain_label(f"{NOWHERE * 2} 7", 40) == ""
    assert plain_label("\U0001faa9", 40) == ""
    undrawn = Undrawn()
    for text in (f"a{NOWHERE}", f"{NOWHERE}{NOWHERE}", "plain"):
        undrawn.add(text, base_fonts())
    assert (undrawn.characters, undrawn.texts) == ({NOWHERE: 3}, 2)


def test_marks_of_direction_vanish_and_those_that_join_stay():
    assert plain("\u202eright\u2069 to\u00ad left\u200b.", 40) == "right to left."
    assert plain("می\u200cخواهم", 40) == "می\u200cخواهم"
    assert plain("- \u200d -", 40) == "- -"


def test_a_wide_character_takes_two_columns():
    assert columns_of("火a山\u0301") == 5
    fonts = base_fonts()
    assert plain("é" * 30, 10, fonts) == "é" * 9 + "…"
    assert plain("哪" * 30, 10, CHINESE if CHINESE.names else fonts) == ("哪" if CHINESE.names else LACKING) * 4 + "…"
    assert wrapped("哪一个是火山，还是海？ yes of course", 10) == ["哪一个是火", "山，还是", "海？ yes", "of course"]
    assert all(columns_of(line) <= 38 for line in wrapped("火山号" * 30 + " " + "x" * 90, 38))


@pytest.mark.parametrize("break_long_words", [True, False])
def test_words_are_wrapped_as_textwrap_does(break_long_words):
    random = np.random.default_rng(0)
    wrap = partial(textwrap.wrap, break_long_words=break_long_words)
    for _ in range(200):
        text = " ".join("abcdefghijklmnopqrstuvwxyz"[: random.integers(1, 26)] for _ in range(random.integers(0, 12)))
        assert wrapped(text, 18, break_long_words) == wrap(text, 18)
        joined = wrapped(text + " 火", 18, break_long_words)
        assert re.sub(" ", "", "".join(joined)) == text.replace(" ", "") + "火"
