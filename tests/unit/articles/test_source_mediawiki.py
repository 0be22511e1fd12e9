"""Dumps of a wiki: which pages become articles, in pieces or whole, and what becomes of damaged and hostile ones."""

import bz2
import gzip
import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import nullcontext
from inspect import signature
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge_map.articles.formats.mediawiki import dump as dumps
from knowledge_map.articles.formats.mediawiki import pages
from knowledge_map.articles.formats.mediawiki.dump import Site
from knowledge_map.articles.formats.mediawiki.pages import PageFilter
from knowledge_map.articles.records import Article
from knowledge_map.common.errors import UserError
from knowledge_map.common.parallel import processes
from knowledge_map.run.configuration import read_schema

ROOT = Path(__file__).parents[3]
SAMPLE = Path(os.environ.get("SAMPLE_DUMP", ROOT.parent / "shared/data/enwiki-sample-pages-articles.xml.bz2"))
HEADER = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="de">
  <siteinfo>
    <sitename>Wikipedia</sitename>
    <base>https://de.wikipedia.org/wiki/Hauptseite</base>
    <namespaces>
      <namespace key="0" case="first-letter" />
      <namespace key="6" case="first-letter">Datei</namespace>
      <namespace key="14" case="first-letter">Kategorie</namespace>
    </namespaces>
  </siteinfo>
"""
PROSE = "The '''sun''' is a [[star]]. " * 15  # longer than a stub


def page(number: int, title: str | None = None, text: str = PROSE, ns: int = 0, inside: str = "", model: str = "wikitext") -> str:
    return f"""  <page>
    <title>{escape(title or f"Page {number}")}</title>
    <ns>{ns}</ns>
    <id>{number}</id>{inside}
    <revision>
      <id>9{number}</id>
      <contributor><username>A</username><id>77</id></contributor>
      <model>{model}</model>
      <text bytes="{len(text)}" xml:space="preserve">{escape(text)}</text>
    </revision>
  </page>
"""


def dump(*pages: str) -> str:
    return HEADER + "".join(pages) + "</mediawiki>\n"


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor | None]:
    """Processes that have imported the package, for all tests here."""
    with processes(3) as pool:
        yield pool


@pytest.fixture(params=[1, pytest.param(3, marks=pytest.mark.slow)])
def threads(request, monkeypatch) -> int:
    if request.param > 1:
        pool = request.getfixturevalue("pool")
        monkeypatch.setattr(pages, "processes", lambda number: nullcontext(pool))
    return request.param


def test_what_a_dump_knows_of_a_page_is_carried(read, write):
    links = "[[Kategorie:sterne|Sonne]] [[category: Big_things ]] [[Kategorie:Sterne]] [[en:Sun]] [[fr:Soleil|x]] [[:en:No]]"
    text = f"{PROSE}<!-- [[Kategorie:Hidden]] -->{links}"
    content = dump(page(12, text=text), page(13)).replace(
        "<contributor>", "<timestamp>2024-02-29T12:00:00Z</timestamp><contributor>"
    )
    names = ["page_id", "revision_time", "length", "categories", "interlanguage_links"]
    (one, other), _ = read(write("a.xml", content), carry=names)
    assert json.loads(one.carried) == [12, "2024-02-29T12:00:00Z", len(text), ["Sterne", "Big things"], 2]
    assert json.loads(other.carried) == [13, "2024-02-29T12:00:00Z", len(PROSE), None, 0]


def test_what_no_dump_has_is_not_carried(read, write):
    with pytest.raises(UserError, match=r"no column `views`, which `carry` of the source names; it has: id, title, url, text$"):
        read(write("a.xml", dump(page(1))), carry=["views"])


def ids(articles: list[Article]) -> list[str]:
    return [article.item_id.removeprefix("wiki:") for article in articles]


# Pages and articles


def test_a_page_becomes_an_article(read, write):
    text = "{{Infobox|a=b}}'''Köln''' liegt am [[Rhein]].[[Datei:Dom.jpg|mini|Der Dom]]<ref>x</ref>\n[[Kategorie:Ort]]"
    articles, report = read(write("a.xml", dump(page(12, "Köln & Bonn?", text))), mediawiki={"min_characters": 10})
    url = "https://de.wikipedia.org/wiki/K%C3%B6ln_%26_Bonn%3F"
    assert articles == [Article("wiki:12", "wiki", "Köln & Bonn?", url, "Köln liegt am Rhein.")]
    assert (report.format, report.read, report.left_out, report.dropped, report.replaced) == ("mediawiki", 1, {}, {}, {})


def test_what_is_no_article_is_left_out_and_counted(read, write):
    path = write(
        "a.xml",
        dump(
            page(1),
            page(2, inside='\n    <redirect title="Page 1" />'),
            page(3, text="#REDIRECT [[Page 1]]"),
            page(4, "Datei:Sun.jpg", ns=6),
            page(5, text=PROSE + "{{Disambiguation|geo}}"),
            page(6, text=PROSE + "{{ human_name disambiguation }}"),
            page(7, text=PROSE + "__DISAMBIG__"),
            page(8, text="Short. {{Infobox|" + PROSE + "}}"),
            page(9, model="css"),
            page(10, text="{{Disambiguation needed}}" + PROSE),
        ),
    )
    articles, report = read(path)
    assert ids(articles) == ["1", "10"]
    reasons = {"a redirect": 2, "in another namespace": 1, "a disambiguation": 3, "not wikitext": 1}
    assert report.left_out == reasons | {"shorter than 200 characters": 1}
    assert (report.read, report.dropped) == (10, {})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"namespaces": [14]}, ["2"]),
        ({"namespaces": [0, 14]}, ["1", "2", "4"]),
        ({"min_characters": 0}, ["1", "3", "4"]),
        ({"disambiguation": ["Mehrdeutig"], "min_characters": 3}, ["1", "3"]),
    ],
)
def test_the_settings_choose_the_pages(read, write, settings, expected):
    pages = [page(1), page(2, ns=14), page(3, text="Sun."), page(4, text="{{mehrdeutig}}" + PROSE)]
    assert ids(read(write("a.xml", dump(*pages)), mediawiki=settings)[0]) == expected


def test_pages_with_nothing_to_read_are_no_articles_even_if_stubs_are(read, write):
    articles, report = read(write("a.xml", dump(page(1, text="{{a}}"), page(2))), mediawiki={"min_characters": 0})
    assert (ids(articles), report.dropped) == (["2"], {"no text": 1})


def test_sections_of_references_are_no_text(read, write):
    path = write("a.xml", dump(page(1, text=f"{PROSE}\n== References ==\n* [http://a.org A book]\n==Life==\nLong.")))
    assert read.texts(path)[0].endswith("star.\nLife\nLong.")
    assert read.texts(path, mediawiki={"without_sections": []})[0].endswith("References\nA book\nLife\nLong.")


def test_a_page_without_id_or_title_is_dropped(read, write):
    articles, report = read(write("a.xml", dump(page(1).replace("<id>1</id>", "", 1), page(2, " "), page(3))))
    assert (ids(articles), report.dropped) == (["3"], {"broken row": 2})
    assert re.fullmatch(r"page 2 \(line \d+\)", report.examples[1]["row"])


def test_names_in_examples_and_rows_have_their_line(read, write):
    content = dump(page(1), page(2, " "))
    line = content[: content.rindex("<page>")].count("\n") + 1
    assert read(write("a.xml", content))[1].examples[0]["row"] == f"page 2 (line {line})"


def test_texts_are_cut_and_the_cut_is_counted(read, write):
    articles, report = read(write("a.xml", dump(page(1, text=f"{PROSE}\n\n" * 50))), max_characters=500)
    assert len(articles[0].text) <= 500
    assert report.replaced == {"text cut at 500 characters": 1}


@pytest.mark.parametrize(
    ("base", "title", "url"),
    [
        ("https://en.wikipedia.org/wiki/Main_Page", "A b/c (d)", "https://en.wikipedia.org/wiki/A_b/c_(d)"),
        ("http://w.org/index.php?title=Main_Page", "A&b", "http://w.org/index.php?title=A%26b"),
        ("https://en.wikipedia.org/wiki/Main_Page", "../../x", ""),
        ("javascript:alert(1)//Main", "A", ""),
        ("", "A", ""),
    ],
)
def test_an_address_is_made_of_that_of_the_main_page(base, title, url):
    assert Site(base).url(title) == url


def test_the_defaults_are_those_of_the_schema():
    schema = read_schema(ROOT / "workflow/schemas/config.schema.yaml")
    described = schema["properties"]["articles"]["items"]["properties"]["mediawiki"]["properties"]
    defaults = {name: parameter.default for name, parameter in signature(PageFilter).parameters.items()}
    assert {name: list(value) if isinstance(value, tuple) else value for name, value in defaults.items()} == {
        name: setting["default"] for name, setting in described.items()
    }


# Files


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(dumps, "CHUNK", 700)


def multistream(content: bytes) -> bytes:
    """Compress as Wikipedia does: a stream for the header, one for every few pages, one for the end."""
    header, *pages = content.split(b"  <page>")
    *pages, last = [b"  <page>" + page for page in pages]
    runs = [b"".join(pages[start : start + 3]) for start in range(0, len(pages), 3)]
    return b"".join(bz2.compress(part) for part in [header, *runs, last])


PAGES = [page(number, text=f"Page {number} is not like the others. " * (10 + number)) for number in range(1, 40)]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, multistream])
def test_every_compression_and_number_of_threads_gives_the_same(read, write, small_pieces, compress, threads):
    articles, report = read(write("dump", compress(dump(*PAGES).encode())), threads=threads)
    assert ids(articles) == [str(number) for number in range(1, 40)]
    assert articles == read(write("plain.xml", dump(*PAGES)))[0]
    assert report.format == "mediawiki"


@pytest.mark.parametrize("chunk", [17, 100, 1_000, 10**6])
def test_it_does_not_matter_where_a_dump_is_cut_into_pieces(read, write, monkeypatch, chunk):
    monkeypatch.setattr(dumps, "CHUNK", chunk)
    assert len(read(write("a.xml", dump(*PAGES)))[0]) == 39


def test_a_folder_stands_for_the_parts_of_a_dump(read, write, tmp_path):
    (tmp_path / "dump").mkdir()
    write("dump/wiki-pages-articles2.xml-p3p4.bz2", bz2.compress(dump(page(3), page(4, " ")).encode()))
    write("dump/wiki-pages-articles1.xml-p1p2", dump(page(1), page(2)))
    write("dump/wiki-pages-articles-multistream-index.txt.bz2", b"no dump")
    articles, report = read(tmp_path / "dump")
    assert ids(articles) == ["1", "2", "3"]
    assert report.examples[0]["row"].startswith("wiki-pages-articles2.xml-p3p4.bz2 page 4 (line ")


def test_a_limit_ends_the_reading_before_what_is_corrupt_file_error(read, write, small_pieces):
    path = write("a.xml", dump(*PAGES[:20], "<page><title>&bad;</title></page>", *PAGES[20:]))
    for threads in (1, 3):
        articles, report = read(path, threads=threads, limit=5)
        assert (ids(articles), report.stopped_at_limit) == (["1", "2", "3", "4", "5"], True)


def test_a_sample_is_the_same_for_any_number_of_threads(read, write, small_pieces):
    path = write("a.xml", dump(*PAGES))
    drawn = [ids(read(path, threads=threads, limit=10, sample_seed=3)[0]) for threads in (1, 3)]
    assert drawn[0] == drawn[1] != ids(read(path, limit=10)[0])


# Damaged, hostile, and no dumps at all


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, multistream])
@pytest.mark.parametrize("harm", ["cut", "cut by little", "flipped"])
def test_a_damaged_dump_is_one_clear_line(read, write, small_pieces, compress, harm, threads):
    whole = compress(dump(*PAGES).encode().replace(b"Page 20 is", b"<<Page 20 is" if compress is bytes else b"Page"))
    middle = len(whole) // 2
    harmed = {
        "cut": whole[:middle],
        "cut by little": whole[:-5],
        "flipped": whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :],
    }[harm]
    with pytest.raises(UserError, match=r"a\.xml: .*; fetch or make the file anew") as error:
        read(write("a.xml", harmed), threads=threads)
    assert "\n" not in str(error.value)


def test_damage_is_named_with_its_line_and_page(read, write, small_pieces):
    content = dump(*PAGES[:30], page(77, "Sun", text="XX").replace("XX", "<b>x</text>"))
    line = content.count("\n", 0, content.index("<b>x")) + 1
    with pytest.raises(UserError, match=rf"a\.xml: line {line}, page Sun: cut short or damaged \(mismatched tag\)"):
        read(write("a.xml", content))


ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol" * 10}">' for n in range(20))


@pytest.mark.parametrize(
    "content",
    [
        f"<?xml version='1.0'?><!DOCTYPE mediawiki [{ENTITIES}]>" + dump(page(1, text="XX").replace("XX", "&e19;")),
        '<!DOCTYPE mediawiki [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + dump(page(1, text="XX").replace("XX", "&x;")),
        '<!DOCTYPE mediawiki SYSTEM "http://127.0.0.1:1/x.dtd">' + dump(page(1)),
    ],
    ids=["expansion", "external", "document type elsewhere"],
)
def test_entities_are_never_expanded_or_fetched(read, write, content):
    with pytest.raises(UserError, match=r"a\.xml: line 1: has a document type"):
        read(write("a.xml", content), format="mediawiki")


@pytest.mark.parametrize("inside", ["&e1;", "<!DOCTYPE a>", "<![CDATA[", "\x00", "<a>" * 1_000, "<?x"])
def test_other_xml_in_a_page_is_damage(read, write, inside):
    with pytest.raises(UserError, match=r"a\.xml: line \d+, page Page 2: cut short or damaged"):
        read(write("a.xml", dump(page(1), page(2, text="XX").replace("XX", inside), page(3))))


@pytest.mark.parametrize("compress", [bytes, bz2.compress, gzip.compress])
def test_a_page_without_end_is_not_taken_into_memory(read, write, monkeypatch, compress):
    monkeypatch.setattr(dumps, "LONGEST_PAGE", 3_000_000)
    bomb = compress((dump(page(1)).removesuffix("</mediawiki>\n") + "<page>" + "x" * 50_000_000).encode())
    with pytest.raises(UserError, match="more than 3,000,000 bytes without the end of a page"):
        read(write("a.xml", bomb))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<html><body>Not found</body></html>", "is an HTML page, such as a server sends in place of a file"),
        ("<feed><page/></feed>", "begins with <feed>: no MediaWiki dump"),
        ("no XML at all", "no MediaWiki dump"),
        ("<mediawiki>" + " " * 3_000_000, "has no pages"),
        (HEADER + "</mediawiki>", "has no pages"),
        (HEADER, "has no pages"),
    ],
)
def test_what_is_no_dump_is_named_as_such(read, write, content, message):
    with pytest.raises(UserError, match=rf"a\.xml: .*{message}"):
        read(write("a.xml", content), format="mediawiki")


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_harm_makes_more_than_one_line(read, write, data):
    content = bytearray(dump(*PAGES[:5]).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    try:
        read(write("a.xml", bytes(content)), format="mediawiki")
    except UserError as error:
        assert "\n" not in str(error)


# Several dumps in one file, and dumps without namespaces


def site(base: str, language: str, **namespaces: str) -> str:
    """Return the header of a dump whose namespaces have these names by their numbers, such as _1 for talk."""
    names = "".join(f'<namespace key="{key[1:]}">{name}</namespace>' for key, name in namespaces.items())
    return (
        f'<mediawiki version="0.11" xml:lang="{language}"><siteinfo><base>{base}</base>'
        f'<namespaces><namespace key="0" />{names}</namespaces></siteinfo>\n'
    )


ENGLISH = site("https://en.example.org/wiki/Main_Page", "en", _1="Talk", _6="File", _10="Template")
RUSSIAN = site("https://ru.example.org/wiki/Main", "ru", _1="Обсуждение", _6="Файл", _10="Шаблон", _100="Портал_науки")
END = "</mediawiki>\n"


def without_ns(content: str) -> str:
    return re.sub(r"\n    <ns>.*</ns>", "", content)


@pytest.mark.parametrize(
    ("title", "ns"),
    [
        ("Солнце", "0"),
        ("Обсуждение:Солнце", "1"),
        ("обсуждение:Солнце", "1"),
        ("Портал науки:Солнце", "100"),
        ("Портал_науки:Солнце", "100"),
        ("Talk:Солнце", "1"),
        ("Image:Sun.png", "6"),
        ("Солнце: звезда", "0"),
        (":Обсуждение", "0"),
    ],
)
def test_without_ns_the_prefix_of_the_title_tells_the_namespace(read, write, title, ns):
    path = write("a.xml", without_ns(RUSSIAN + page(1, title) + page(2) + END))
    articles, report = read(path)
    assert ids(articles) == (["1", "2"] if ns == "0" else ["2"])
    assert report.left_out == ({} if ns == "0" else {"in another namespace": 1})
    assert ids(read(path, mediawiki={"namespaces": [int(ns)]})[0]) == (["1", "2"] if ns == "0" else ["1"])


def test_ns_counts_where_it_is_there_whatever_the_title(read, write):
    assert ids(read(write("a.xml", ENGLISH + page(1, "Talk:Talk") + page(2, "Sun", ns=1) + END))[0]) == ["1"]


@pytest.mark.parametrize("chunk", [10, 300, 1 << 20])
@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress])
@pytest.mark.parametrize("between", ["", "\n\n", '\n<?xml version="1.0" encoding="utf-8"?>\n', '\ufeff<?xml version="1.0"?>'])
def test_dumps_one_after_another_are_read_each_with_its_own_site(read, write, monkeypatch, compress, chunk, threads, between):
    monkeypatch.setattr(dumps, "CHUNK", chunk)
    first = ENGLISH + page(1, "Sun", "[[File:A]]" + PROSE) + page(2, "Talk:Sun") + END
    second = RUSSIAN + page(3, "Солнце", "[[Файл:A]]" + PROSE) + page(4, "Обсуждение:Солнце") + END
    parts = [without_ns(first), between + without_ns(second)]
    articles, report = read(write("a.xml", b"".join(compress(part.encode()) for part in parts)), threads=threads)
    assert [(article.title, article.url.rpartition("/")[0]) for article in articles] == [
        ("Sun", "https://en.example.org/wiki"),
        ("Солнце", "https://ru.example.org/wiki"),
    ]
    assert {article.text[:15] for article in articles} == {PROSE.replace("'", "").replace("[", "").replace("]", "")[:15]}
    assert report.left_out == {"in another namespace": 2}


def test_the_same_id_in_the_dump_of_another_wiki_is_another_article(read, write):
    articles, report = read(write("a.xml", ENGLISH + page(1) + END + RUSSIAN + page(1) + END + ENGLISH + page(1) + page(2) + END))
    assert ids(articles) == ["1", "ru.example.org:1", "2"]
    assert report.dropped == {"duplicate id": 1}


def test_rows_of_the_second_dump_have_their_line_in_the_file(read, write):
    content = ENGLISH + page(1) + END + "\n\n" + ENGLISH + page(2) + page(3, " ") + END
    line = content[: content.rindex("<page>")].count("\n") + 1
    assert read(write("a.xml", content))[1].examples[0]["row"] == f"page 3 (line {line})"


@pytest.mark.parametrize("empty", ["first", "second"])
def test_a_dump_without_pages_among_others_is_passed_over(read, write, empty):
    dumps_of_it = [ENGLISH + END, RUSSIAN + page(3) + END]
    content = "".join(dumps_of_it if empty == "first" else dumps_of_it[::-1])
    articles, _ = read(write("a.xml", content))
    assert [article.url for article in articles] == ["https://ru.example.org/wiki/Page_3"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ENGLISH + page(1) + RUSSIAN + page(2) + END, r"cut short or damaged"),
        (ENGLISH + page(1)[:-200] + RUSSIAN + page(2) + END, r"cut short or damaged"),
        (ENGLISH + page(1) + END + RUSSIAN + page(2), r"cut short or damaged"),
        (ENGLISH + page(1) + END + RUSSIAN, r"line 13: cut short or damaged \(a dump without an end\)"),
        (ENGLISH + page(1) + END + RUSSIAN[:80], r"cut short or damaged"),
        (ENGLISH + page(1) + END + RUSSIAN + " " * 3_000_000 + page(2) + END, r"cut short or damaged"),
        (ENGLISH + page(1) + END + "rubbish", r"line 14: no MediaWiki dump|cut short or damaged"),
        (ENGLISH + page(1) + END + "rubbish" + RUSSIAN + page(2) + END, r"line 14: no MediaWiki dump"),
    ],
)
def test_dumps_that_do_not_follow_one_another_are_named(read, write, content, message):
    with pytest.raises(UserError, match=rf"a\.xml: .*({message})"):
        read(write("a.xml", content))


# Several revisions


def revisions(number: int, *texts: tuple[str, str]) -> str:
    """Return a page with a revision for each timestamp and text."""
    inside = "".join(
        f"<revision><id>{at}</id><timestamp>{time}</timestamp><contributor><id>7</id></contributor>\n"
        f"<model>wikitext</model><text>{escape(text)}</text></revision>\n"
        for at, (time, text) in enumerate(texts)
    )
    return f"<page><title>Page {number}</title><ns>0</ns><id>{number}</id>\n{inside}</page>\n"


OLD, NEW, NEWEST = "2004-02-29T23:59:59Z", "2012-01-01T00:00:00Z", "2024-01-01T00:00:00Z"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_the_newest_revision_counts_whatever_the_order(read, write, order):
    texts = [(OLD, "#REDIRECT [[Moon]]"), (NEW, "The moon. " * 30), (NEWEST, "The sun. " * 30)]
    assert read.texts(write("a.xml", HEADER + revisions(1, *(texts[at] for at in order)) + END)) == [("The sun. " * 30).strip()]


def test_of_two_revisions_of_one_second_the_later_id_counts_and_without_times_the_last(read, write):
    same = revisions(1, (OLD, "The moon. " * 30), (OLD, "The sun. " * 30))
    assert read.texts(write("a.xml", HEADER + same + END))[0].startswith("The sun")
    turned = same.replace("<id>0</id>", "<id>12</id>")
    assert read.texts(write("a.xml", HEADER + turned + END))[0].startswith("The moon")
    without = re.sub("<revision><id>.</id><timestamp>.*</timestamp>", "<revision>", same)
    assert read.texts(write("a.xml", HEADER + without + END))[0].startswith("The sun")


@pytest.mark.parametrize("newest", [0, 700, 1999])
def test_a_history_longer_than_a_page_may_be_is_read_in_little_memory(read, write, monkeypatch, newest):
    monkeypatch.setattr(dumps, "CHUNK", 10_000)
    monkeypatch.setattr(dumps, "LONGEST_PAGE", 100_000)
    sizes = []
    take = dumps._Cutter._take
    monkeypatch.setattr(dumps._Cutter, "_take", lambda self, end: sizes.append(len(self._held)) or take(self, end))
    texts = [(NEW, f"Draft {number} is of no use.\n" * 20) for number in range(2_000)]
    texts[newest] = (NEWEST, "The sun. " * 30)
    content = HEADER + page(5) + revisions(1, *texts) + page(2) + page(3, " ") + END
    articles, report = read(write("a.xml", content))
    assert ids(articles) == ["5", "1", "2"]
    assert articles[1].text == ("The sun. " * 30).strip()
    assert max(sizes) <= 45_000 < len(content) / 20
    line = content[: content.rindex("<page>")].count("\n") + 1
    assert report.examples[0]["row"] == f"page 3 (line {line})"


# Characters that XML forbids


@pytest.mark.parametrize(
    ("forbidden", "detail"),
    [
        (b"\x1f", "has the character U+001F, which XML forbids"),
        (b"\x0b", "has the character U+000B, which XML forbids"),
        (b"\xef\xbf\xbe", "has the character U+FFFE, which XML forbids"),
        (b"&#x1f;", "has the character U+001F, which XML forbids"),
        (b"&#0;", "has the character U+0000, which XML forbids"),
        (b"&#xD800;", "has the character U+D800, which XML forbids"),
        (b"&#1114112;", "has the character U+110000, which XML forbids"),
        (b"\xed\xa0\x80", "has the byte 0xED, which is not UTF-8"),
        (b"caf\xe9 ", "has the byte 0xE9, which is not UTF-8"),
    ],
)
def test_a_page_with_a_forbidden_character_is_dropped_alone(read, write, small_pieces, forbidden, detail, threads):
    content = dump(*PAGES).encode().replace(b"Page 7 is not", b"Page 7 is &#10;\t" + forbidden + b" not", 1)
    content = content.replace(b"<title>Page 20<", b"<title>Page " + forbidden + b"<")
    articles, report = read(write("a.xml", content), threads=threads)
    assert ids(articles) == [str(number) for number in range(1, 40) if number not in (7, 20)]
    assert report.dropped == {"broken row": 2}
    line = content[: content.index(b"<title>Page 7<")].count(b"\n")
    assert report.examples[0] == {"row": f"page 7 (line {line})", "reason": "broken row", "detail": detail}


def test_a_forbidden_character_hides_no_damage_elsewhere(read, write):
    content = dump(page(1, text="XX"), page(2, text="YY")).replace("XX", "\x1f").replace("YY", "<b>")
    line = content.count("\n", 0, content.index("<b>")) + 1
    with pytest.raises(UserError, match=rf"line {line}, page Page 2: cut short or damaged"):
        read(write("a.xml", content))


# A real dump


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLE.exists(), reason="no sample of Wikipedia's dump at SAMPLE_DUMP")
def test_a_real_dump_becomes_clean_articles(read):
    articles, report = read(SAMPLE, max_characters=100_000, threads=2)
    assert report.left_out == {"a redirect": 99, "in another namespace": 1, "a disambiguation": 8}
    assert (len(articles), report.dropped) == (98, {})
    texts = {article.title: article.text for article in articles}
    assert texts["Anarchism"].startswith("Anarchism is a political philosophy that advocates self-governed societies")
    assert {article.url for article in articles} >= {"https://en.wikipedia.org/wiki/Ayn_Rand"}
    left = re.compile(r"\[\[|\]\]|\{\{|\}\}|\{\||'''|</?(?:ref|br|sub|div)\b|&[a-z]+;|\bthumb\||^==|__[A-Z]+__", re.MULTILINE)
    assert not [(title, found[0]) for title, text in texts.items() for found in left.finditer(text)]
