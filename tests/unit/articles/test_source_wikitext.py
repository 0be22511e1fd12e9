"""What a reader sees of wikitext, and that no page takes long."""

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_map.articles.formats.mediawiki.templates import FUNCTIONS, TEMPLATES, Place
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


def on(page_title: str = "", language: str = "") -> Callable[[str], str]:
    """Return what is shown of wikitext on a page of this title in a wiki of this language."""
    return lambda wikitext: plain_text(wikitext, 10_000, HIDDEN, place=Place(page_title, language))


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        # Files by any name of their namespace, and links that only look like them.
        ("[[Bild:A.jpg|mini|hochkant=1.2|Die [[Sonne]]]]Sie scheint.", "Sie scheint."),
        ("[[Изображение:B.SVG|thumb|Подпись]]\n[[ファイル:C.ogg]]\n[[Tập tin:D e.webm|x]]Prose.", "Prose."),
        ("[[Fichier:A.jpg |vignette|[[Soleil|le soleil]] {{nobr|de 5}}]] Il brille.", "Il brille."),
        ("See [[:Bild:A.jpg]], [[Medium:A.ogg|the sound]] and [[commons:File:A.jpg|the picture]].", None),
        ("See [[Node.js]], [[Portal: 2.0|the portal]] and [[A: a film.mp3.x|B]].", "See Node.js, the portal and B."),
        # Links to other languages.
        ("Text.\n[[be-x-old:Foo]]\n[[zh-classical:Foo]]\n[[simple:Foo]]\n[[map-bms:Foo]]\n[[De:Foo]]", "Text."),
        ("Text [[:de:Haus|das Haus]] and [[:be-x-old:Foo]].", "Text das Haus and be-x-old:Foo."),
        ("In [[CSI: Miami]], [[XKB: a layout]] and [[Ab ovo: the egg]].", "In CSI: Miami, XKB: a layout and Ab ovo: the egg."),
        # Variants of a language.
        ("-{zh-hans:土豆;zh-hant:馬鈴薯}-是-{zh-cn:蔬菜; zh-tw:蔬果;}-。", "土豆是蔬菜。"),
        ("-{zh-hant:馬鈴薯;zh-hans:土豆}--{zh-tw:蔬果;zh-hk:菜}-", "土豆蔬果"),
        ("-{北京}- -{R|上海}- -{zh-hans;zh-hant|广州}- -{}-", "北京 上海 广州"),
        ("-{H|zh-cn:宏;zh-tw:巨集}--{T|zh-hans:甲;zh-hant:乙}--{A|zh-cn:宏;zh-tw:巨集;}-和-{-|zh-cn:丙}-", "宏和"),
        ("-{H|巨集=>zh-cn:宏;}--{A|巨集=>zh-cn:宏;}-", "宏"),
        ("-{zh-cn:[[北京|京]]；zh-tw:{{lang|zh|臺北}}}-", "京"),
        ("-{sr-ec:Београд; sr-el:Beograd}- i -{a: b; c}-", "Београд i a: b; c"),
        ("{z}- and a}- and -{never closed [[at]] all.", "{z}- and a}- and -{never closed at all."),
        # Parser functions.
        ("{{formatnum:18}} °C, {{formatnum:1500}}, {{FORMATNUM: 1,234.5 |R}}, {{Форматчисла:77}}", "18 °C, 1500, 1,234.5, 77"),
        ("{{formatnum:{{#expr:1+1}}}}{{lc:ABC}} {{uc:abc}} {{ucfirst:abc}} {{lcfirst:ABC}}", "abc ABC Abc aBC"),
        ("5 {{plural:5|page|pages}}, 1 {{plural:1|page|pages}}, {{PLURAL:22|год|года|лет}} {{plural:11|год|года|лет}}", None),
        ("{{#if:x|yes|no}} {{#if: |yes|no}} {{#ifeq:a|a|same|other}} {{#switch:a|a=b}} {{#invoke:M|f|5}}", "yes no same"),
        ("{{DEFAULTSORT:Sun, The}}{{DISPLAYTITLE:''sun''}}{{#tag:ref|note}}{{Talk:Page|x}}The sun.", "The sun."),
        ("{{PAGENAME}} and {{padleft:7|3|0}} {{subst:nowrap|5 m}} {{Template:Nowrap|6 m}}", "and 7 5 m 6 m"),
        # Parameters, and what is only for other pages.
        ("A {{{1|default}}} value and {{{name}}} end.", "A default value and end."),
        ("{{{a|{{{b|{{nowrap|deep}}}}}}}}, {{{1|}}}{{{{{t}}}|x}}, {{nowrap|{{{1|in}}}}}.", "deep, in."),
        ("{{{convert|3|km}} {{Infobox|a={{{convert|3|km}} }}The {b}.", "3 km The {b}."),
        ("Seen.<includeonly>Not {{seen}} [[here]].</includeonly>", "Seen."),
        ("<noinclude>Seen.</noinclude> <onlyinclude>Too.</onlyinclude><includeonly />", "Seen. Too."),
        ('A<ref name="a" group=b>x</ref><REF>y</REF><ref name=c/> b<references><ref name=c>z</ref></references>.', "A b."),
        ('A<mapframe latitude=1>{"a": 1}</mapframe> b.', "A b."),
        # Switches in any script, and words that only look like them.
        ("__БЕЗ_ОГЛАВЛЕНИЯ__ Текст. __目次強制__ 本文。__विषयसूची_हटाएँ__", "Текст. 本文。"),
        ("__KEIN_INHALTSVERZEICHNIS__Text__NOEDITSECTION__", "Text"),
        ("The method __init__ of __my_name__, ____ and __a b__.", "The method __init__ of __my_name__, ____ and __a b__."),
    ],
)
def test_wikitext_of_any_wiki(wikitext, expected):
    special = {
        "See [[:Bild": "See Bild:A.jpg, the sound and the picture.",
        "5 {{plural:": "5 pages, 1 page, года лет",
    }
    assert plain(wikitext) == (expected or special[wikitext[:11]])


@pytest.mark.parametrize(
    ("language", "wikitext", "expected"),
    [
        # English
        ("en", "{{langx|de|Haus}}, {{lang|fr|maison}}, {{transl|ar|DIN|bayt}}, {{IPA|fr|mɛzɔ̃}}", "Haus, maison, bayt, mɛzɔ̃"),
        (
            "en",
            "{{val|1.2|e=5|u=km/s}}, {{val|5.1|0.2|ul=kg}}, {{val|5|0.2|0.1|e=-3|u=m}}",
            "1.2×10⁵ km/s, 5.1±0.2 kg, (5+0.2−0.1)×10⁻³ m",
        ),
        ("en", "{{val|5|-|7|u=%}} {{val|12.34(5)|u=J|up=mol}} {{val|1234}}", "5–7% 12.34(5) J/mol 1234"),
        (
            "en",
            "{{gaps|1|000|000}} {{gaps|1|234|e=6|u=m}} {{height|ft=6|in=2}} {{height|m=1.88}}",
            "1000000 1234×10⁶ m 6 ft 2 in 1.88 m",
        ),
        (
            "en",
            "{{convert|5|ft|10|in|m}}, {{cvt|3|x|4|m}}, {{convert|20|C|F|0}}, {{convert|16|e6acre|km2}}",
            "5 ft 10 in, 3 × 4 m, 20 °C, 16 million acre",
        ),
        (
            "en",
            "{{convert|3|-|5|km|mi}}, {{convert|60|and(-)|80|kg}}, {{convert|8|km2}}, {{convert|100|km|1}}",
            "3–5 km, 60 and 80 kg, 8 km², 100 km",
        ),
        ("en", "{{frac|1|2}} {{frac|2|1|2}} {{sfrac|7}} {{sqrt|2}} 3{{e|6}} {{±|5}} {{deg|45}}", "1/2 2 1/2 1/7 √2 3×10⁶ ±5 45°"),
        ("en", "{{birth date|1950|5|21}}, {{birth date and age|df=yes|1950|5|21}}", "May 21, 1950, 21 May 1950"),
        (
            "en",
            "{{death date and age|2000|5|20|1950|5|21}}; {{age|1950|5|21|2000|5|21}}; {{age|1950|5|21}}",
            "May 20, 2000 (aged 49); 50;",
        ),
        (
            "en",
            "{{start date|1990|5}} {{dts|2001-02-03}} {{circa|1500|1510}} {{c.|1500}} {{floruit|1400}}",
            "May 1990 February 3, 2001 c. 1500 – c. 1510 c. 1500 fl. 1400",
        ),
        (
            "en",
            "{{as of|2020|5|1}}, {{as of|2019|lc=y}}, {{OldStyleDate|12 February|1809|31 January}}",
            "As of 1 May 2020, as of 2019, 12 February [O.S. 31 January] 1809",
        ),
        (
            "en",
            "{{US$|1.5 million}} {{£|20}} {{currency|5|JPY}} {{percentage|1|4}} {{ordinal|22}} {{ordinal|12}}",
            "US$1.5 million £20 ¥5 25% 22nd 12th",
        ),
        (
            "en",
            "{{mya|65|60}} {{RA|12|30|45}} {{duration|m=3|s=5}} {{nuclide|uranium|235}}",
            "65–60 million years ago 12h 30m 45s 3:05 uranium-235",
        ),
        (
            "en",
            "{{HMS|Sun|1765}} {{ill|Sun House|de|Sonnenhaus}} {{ill|de|Moon House}} {{sort|1|one}}",
            "HMS Sun (1765) Sun House Moon House one",
        ),
        (
            "en",
            "{{cn span|text=a}}{{citation needed span|It is hot.}}{{inflation|US|100|1950}} {{ESP}}{{MS}}{{USD}}",
            "It is hot.",
        ),
        # German
        (
            "de",
            "{{FormatNum|1234}} {{Zahl|5678}} {{enS|sun}} {{laS|sol}} {{Bruch|1|2}} {{Höhe|4478|CH}} {{§|1|bgb}}",
            "1234 5678 sun sol 1/2 4478 m § 1",
        ),
        ("de", "{{Datum|21|3|1977}} {{EUR|20}} {{ZAHLENFORMAT:99}}", "21. März 1977 €20 99"),
        # French
        (
            "fr",
            "{{unité|2000|m}}, {{Unité|5|m|2}}, {{unité|10|m||s|-1}}, {{unité|5|à=7|km}}, {{nombre|30|habitants}}",
            "2000 m, 5 m², 10 m⋅s⁻¹, 5 à 7 km, 30 habitants",
        ),
        (
            "fr",
            "{{date|21|mars|1977|en sport}} {{date|1|1|1977}} {{date de naissance|2|mai|1950}} {{heure|12|30}}",
            "21 mars 1977 1er janvier 1977 2 mai 1950 12 h 30",
        ),
        (
            "fr",
            "{{s|XIX|e}}, {{s-|I|er}}, {{s2|XVIII|e|XIX|e}}, {{sp-|V|e|au|VI|e}}, {{-s|III}}, {{XIXe siècle}}, {{1er}}",
            "XIXe siècle, Ier siècle, XVIIIe et XIXe siècles, Ve au VIe siècle, IIIe siècle av. J.-C., XIXe siècle, 1er",
        ),
        (
            "fr",
            "{{tmp|25}} {{n°|5}} {{M.|Dupont}} {{lien|langue=en|trad=Sun|fr=Soleil}} {{refnec|Il brille}}"
            " {{langue|en|sun}} {{fchim|H|2|O}} 10{{exp|3}}",
            "25 °C no 5 M. Dupont Soleil Il brille sun H2O 10³",
        ),
        # Spanish, Italian, Portuguese
        (
            "es",
            "{{unidad|2000|km}} {{fecha|21|3|1977}} {{siglo|XIX}} {{siglo|v|a}} siglo {{versalita|xv}} {{esd|5 km}}"
            " {{convertir|3|km|mi}}",
            "2000 km 21 de marzo de 1977 siglo XIX siglo V a. C. siglo xv 5 km 3 km",
        ),
        (
            "it",
            "{{M|12,5|u=km}}, {{M|5||kg}}, {{M|5|0,1|kg}}, {{formatnum:1234}}, {{senza fonte|È caldo}}, {{maiuscoletto|xv}}",
            "12,5 km, 5 kg, 5±0,1 kg, 1234, È caldo, xv",
        ),
        # Russian
        (
            "ru",
            "{{число|1234567}} {{num|5|кг}} {{s|1 млн}} {{nobr|2 км}} {{дата|21|3|1977}} {{lang-en|sun}} {{дробь|1|2}}",
            "1234567 5 кг 1 млн 2 км 21 марта 1977 sun 1/2",
        ),
        (
            "ru",
            "{{не переведено 5|Sun House|Дом Солнца|en|Sun House}} {{нп3|Sun}} 5 {{км²}} {{e|6}} {{formatnum:10}}",
            "Дом Солнца Sun 5 км² ×10⁶ 10",
        ),
        # Japanese, Chinese
        (
            "ja",
            "1977年（{{和暦|1977}}）{{和暦|2019}} {{読み仮名|太陽|たいよう}} {{仮リンク|恒星|en|Star}} {{lang-en-short|sun}}"
            " {{生年月日と年齢|1950|5|21}}",
            "1977年（昭和52年）令和元年 太陽（たいよう） 恒星 sun 1950年5月21日",
        ),
        (
            "zh",
            "{{bd|1950年|5月21日|2000年|1月2日}} {{link-en|太阳|Sun}} {{le|恒星|Star}} {{tsl|en|Moon|月亮}}"
            " {{birth date|1950|5|21}}",
            "1950年5月21日－2000年1月2日 太阳 恒星 月亮 1950年5月21日",
        ),
        # Dutch, Swedish, Polish, Cebuano
        ("nl", "{{formatnum:1234}} {{datum|21|3|1977}}", "1234 21 maart 1977"),
        ("sv", "{{formatnum:1234}} {{språk|en|sun}} {{unit|5|km}}", "1234 sun 5 km"),
        ("pl", "{{w|Sun|słońce}} {{data|21|3|1977}} {{liczba|55}}", "słońce 21 marca 1977 55"),
        (
            "fr",
            "{{s|-V|e}}, {{s-|xix}}, {{-Ier siècle}}, {{p.|12}}",
            "Ve siècle av. J.-C., XIXe siècle, Ier siècle av. J.-C., p. 12",
        ),
        ("es", "{{fecha|5|mayo|1900}}, {{siglo|I a. C.}}, {{moneda|5|EUR}}", "5 de mayo de 1900, siglo I a. C., €5"),
        ("it", "{{M|12|–|15|u=°C}} {{M|90|u=°}} {{TA|5 km}}", "12–15 °C 90° 5 km"),
        ("ru", "{{км²|50}} {{°C|25}} {{руб|5}} 7 {{км²}}", "50 км² 25 °C 5 руб. 7 км²"),
        ("zh", "{{le|恒星|Star|星}} {{tsl|en|Moon||月}} {{internal link helper/en|太阳|Sun}}", "星 月 太阳"),
        ("ja", "{{要出典|範囲=この文|date=2020}}と{{要出典範囲|その文|date=2020}}{{要出典|date=2020}}", "この文とその文"),
        ("en", "{{zh|c=北京|p=Běijīng}} {{lang-zh|北京}} {{death year and age|2000|1950}}", "北京, Běijīng 北京 2000"),
        ("ceb", "{{formatnum:1234}} {{convert|5|km|mi}} {{dts|2001|2|3}}", "1234 5 km 2001-02-03"),
        ("", "{{birth date|1950|5|21}}", "May 21, 1950"),
    ],
)
def test_numbers_units_and_dates_are_shown_as_the_wiki_shows_them(language, wikitext, expected):
    assert on(language=language)(wikitext) == expected


def test_a_page_knows_its_title():
    assert on("Sun (star)")("The {{PAGENAME}} shines, {{lc:{{PAGENAME}}}}.") == "The Sun (star) shines, sun (star)."


@pytest.mark.parametrize("arguments", ["", "|", "|5|6", "|x|y|z", "|1|2|3|4|5|6|7", "|a=1|e=x|u=", "|" * 50, "|IX|e", "|9" * 40])
def test_no_template_fails_whatever_its_arguments(arguments):
    for name in [*TEMPLATES, "XIXe siècle", "laS", "lang-de"]:
        text = plain(f"The {{{{{name}{arguments}}}}} end.")
        assert text.startswith("The") and text.endswith("end."), name
    for name in FUNCTIONS:
        text = plain(f"The {{{{{name}:{arguments.removeprefix('|')}}}}} end.")
        assert text.startswith("The") and text.endswith("end."), name


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
MARKUP += [
    "<nowiki>",
    "</nowiki>",
    "<math>",
    "</math>",
    "File:",
    "lang|de|",
    "-{",
    "}-",
    "{{{",
    "}}}",
    "zh-cn:",
    "formatnum:",
    "val|5|u=",
    "<includeonly>",
    "&amp;",
    "__TOC__",
    "word ",
    "Sentence. ",
    "<br>",
]


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    [
        "[[a",
        "{{a|",
        "{{lang|a|",
        "\n{|a",
        "<ref>",
        "<!--",
        "<math>",
        "[http://a ",
        "[http://a [[b|",
        "'",
        "&",
        "(,",
        "=",
        "<a ",
        "-{a",
        "-{",
        "}-",
        "{{{a|",
        "{{val|1|e=",
        "__Я",
        "__Я_",
        "[[a:b.jpg",
        "<includeonly>",
        "-{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!|b}-",
        "-{zh-cn:a;",
        "{{s|I|",
        "{{a:",
    ],
)
def test_the_time_is_in_proportion_to_the_length(pattern):
    """A square of the length would take sixteen times as long, and minutes for a page of some MiB.

    A busy machine may be slower from one moment to the next, but not three times in a row.
    """

    def seconds(length: int) -> float:
        begun = time.process_time()
        plain(pattern * (length // len(pattern)), 10**9)
        return time.process_time() - begun

    seconds(1_000)
    assert any(seconds(400_000) < 8 * min(seconds(100_000) for _ in range(3)) + 0.2 for _ in range(3))
