"""What a reader sees of wikitext, and that no page takes long."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_map.articles.formats.mediawiki.wikitext import plain_text

HIDDEN = frozenset({"file", "image", "category", "datei"})


def plain(wikitext: str, at_least: int = 10_000, without: frozenset[str] = frozenset()) -> str:
    return plain_text(wikitext, at_least, HIDDEN, without)


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        ("The '''sun''' is a ''star''.", "The sun is a star."),
        ("It is '''''hot'''''; the dogs' ''bone''.", "It is hot; the dogs' bone."),
        ("A [[star]] of the [[Milky Way|galaxy]].", "A star of the galaxy."),
        ("See [[:Category:Stars]] and [[Sun#Core|its core]].", "See Category:Stars and its core."),
        ("Many [[apple]]s in [[Foo (disambiguation)|]]order.", "Many apples in Foo (disambiguation)order."),
        ("[[File:Sun.jpg|thumb|The [[Sun]] at [[noon|12]].]]It shines.", "It shines."),
        ("[[Datei:Sonne.jpg|mini|Die [[Sonne]]]] Sie scheint.", "Sie scheint."),
        ("It shines.[[Category:Stars]]\n[[de:Sonne]]\n[[zh-min-nan:Ji̍t-thâu]]", "It shines."),
        ("Hot.<ref>{{cite book|title=Sun}}</ref> Big.<ref name=a /> Old.<ref name=b>x</ref>", "Hot. Big. Old."),
        ("A <!-- hidden [[ {{ --> word.", "A word."),
        ("An unclosed <!-- comment", "An unclosed"),
        ("{{Infobox|a={{b|c}}\n|d=[[e]]}}\nThe sun.", "The sun."),
        ("{| class=wikitable\n! a\n|-\n| b || {| \n| c\n|}\n|}\nThe sun.", "The sun."),
        ("Some {{nowrap|10 [[metre|m]]}} {{convert|3|km|mi}} long.", "Some 10 m 3 km long."),
        (
            "{{convert|3|to|5|km}}, {{lang-fr|soleil}}{{spaced ndash}}{{lang|de|[[Sonne|die Sonne]]}}",
            "3 to 5 km, soleil – die Sonne",
        ),
        ("{{chem|H|2|O}} and {{frac|1|2}} and {{frac|3}}", "H2O and 1/2 and 1/3"),
        ("{{quote|text=The sun rises.|author=A}}", "The sun rises."),
        ("The sun ({{IPAc-en|s|ʌ|n}}; {{audio|x}}, ) is ( {{citation needed}} hot ) , said he .", "The sun is (hot), said he."),
        ("Signs{{cn}}, {{unknown}}, {{unknown}}, and more.", "Signs, and more."),
        ("The [http://sun.org official site] and [http://sun.org].", "The official site and."),
        ("[//sun.org A &amp; B] and [D] and [mailto:a@b.c us].", "A & B and [D] and us."),
        ("Fish &amp; chips&nbsp;cost &lt; 5 &euro; &mdash; AT&T &unknown;.", "Fish & chips cost < 5 € — AT&T &unknown;."),
        ("<div>One</div><p>Two<br/>three", "One\nTwo three"),
        ("x<sup>2</sup> + H<sub>2</sub>O, 10<sup>−27</sup>, a<sup>n</sup>", "x² + H2O, 10⁻²⁷, an"),
        ("<math>x</math> and <math>\\frac{a}{b}</math>.", "x and."),
        ("<nowiki>'''no''' [http://a markup] &amp;</nowiki> 1 < 2 <3>", "'''no''' [http://a markup] &amp; 1 < 2 <3>"),
        ("<gallery>\nFile:a.jpg|A\n</gallery>The sun.", "The sun."),
        ("<syntaxhighlight lang=c>if (a[[1]])</syntaxhighlight>Code.", "Code."),
        ("__NOTOC__The sun.__TOC__", "The sun."),
        ("* One\n** Two\n# Three\n; Term\n: Meaning", "One\nTwo\nThree\nTerm\nMeaning"),
        ("First.\n\nSecond\n----\n", "First.\nSecond"),
        (
            "== History ==\nOld.\n=== Empty ===\n== Empty too ==\n== Future ==\n=== Soon ===\nNew.",
            "History\nOld.\nFuture\nSoon\nNew.",
        ),
        ("Never [[closed. Then {{ this ]] too }} here.", "Never closed. Then this too here."),
        ("Closed }} without ]] being |} opened </ref> here.", "Closed without being opened here."),
        ("[[a\nb|c]]", "a\nb|c"),
    ],
)
def test_what_a_reader_sees(wikitext, expected):
    assert plain(wikitext) == expected


def test_sections_are_left_out_with_all_below_them_and_nothing_else():
    text = "Text.\n==Notes==\nA.\n===More===\nB.\n==History==\nC.\n== ''See'' also ==\nD."
    assert plain(text, without=frozenset({"notes", "see also"})) == "Text.\nHistory\nC."
    assert plain(text) == "Text.\nNotes\nA.\nMore\nB.\nHistory\nC.\nSee also\nD."


@pytest.mark.parametrize("at_least", [1, 10, 40, 100])
def test_what_is_read_is_the_beginning_and_long_enough(at_least):
    text = "\n".join(f"Paragraph {number} of a [[page]]." for number in range(20))
    read = plain(text, at_least)
    assert plain(text).startswith(read)
    assert at_least < len(read) < at_least + 60


MARKUP = ["[[", "]]", "{{", "}}", "{|", "|}", "|", "\n", "<ref>", "</ref>", "<!--", "-->", "''", "'''", "==", "[http://a ", "]"]
MARKUP += ["<nowiki>", "</nowiki>", "<math>", "</math>", "File:", "lang|de|", "&amp;", "__TOC__", "word ", "Sentence. ", "<br>"]


@given(st.lists(st.sampled_from(MARKUP), max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_brackets_are_left_whatever_the_markup(wikitext):
    text = plain(re.sub("</?(nowiki|math)>", "", wikitext))
    assert not re.search(r"\[\[|\]\]|\{\{|\}\}|<ref>|__TOC__", text)
    assert text == "\n".join(line.strip() for line in text.split("\n") if line.strip())


@given(st.lists(st.sampled_from([*MARKUP, "x"]), max_size=30).map("".join))
@settings(max_examples=200, deadline=None)
def test_a_paragraph_is_there_whatever_comes_before_it(wikitext):
    # All that could hide it is closed before.
    closed = wikitext + "-->]]}}</ref></nowiki></math>" * 30 + "\n|}" * 30
    assert plain(f"{closed}\n\nThe sun is a star.").endswith("The sun is a star.")


@pytest.mark.parametrize(
    "pattern",
    ["[[a", "{{a|", "{{lang|a|", "\n{|a", "<ref>", "<!--", "<math>", "[http://a ", "[http://a [[b|", "'", "&", "(,", "=", "<a "],
)
def test_the_time_is_in_proportion_to_the_length(pattern):
    """A square of the length would take sixteen times as long, and minutes for a page of some MiB."""

    def seconds(length: int) -> float:
        begun = time.process_time()
        plain(pattern * (length // len(pattern)), 10**9)
        return time.process_time() - begun

    seconds(1_000)
    assert seconds(400_000) < 8 * min(seconds(100_000) for _ in range(3)) + 0.2
