"""What a row becomes, and what is told of those that become nothing."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge_map.articles.reading import read_articles
from knowledge_map.articles.records import Article, Source, SourceReport
from knowledge_map.articles.sampling import SeenIds
from knowledge_map.common.errors import UserError
from knowledge_map.common.text import opening_words


def test_a_row_becomes_an_article_named_after_its_source(read, write):
    row = {"id": "12", "url": "https://a.org/12", "title": " Ada \n Lovelace ", "text": "  She wrote programs. \n"}
    articles, report = read(write("a.jsonl", [row]))
    assert articles == [Article("wiki:12", "wiki", "Ada Lovelace", "https://a.org/12", "She wrote programs.")]
    assert (report.format, report.read, report.kept, report.dropped, report.replaced) == ("jsonl", 1, 1, {}, {})


@pytest.mark.parametrize(("given", "expected"), [(12, "12"), (12.0, "12"), ("12.0", "12.0"), (12.5, "12.5"), (-3, "-3")])
def test_numeric_ids_are_written_as_integers(read, write, given, expected):
    articles, _ = read(write("a.jsonl", [{"id": given, "text": "x"}]))
    assert articles[0].item_id == f"wiki:{expected}"


@pytest.mark.parametrize("missing", [None, "", " ", math.nan, math.inf, True, [1], {}])
def test_a_missing_id_is_made_of_title_and_text(read, write, missing):
    articles, _ = read(write("a.jsonl", [{"id": missing, "title": "T", "text": "x"}, {"title": "T", "text": "y"}]))
    again, _ = read(write("b.jsonl", [{"title": "T", "text": "x"}]))
    assert articles[0].item_id == again[0].item_id != articles[1].item_id
    assert len(articles[0].item_id) == len("wiki:") + 16


@pytest.mark.parametrize("missing", [None, "", " \n", math.nan, [1]])
def test_a_missing_title_is_taken_from_the_opening_words(read, write, missing):
    text = "Whole words, and no more of them than sixty characters hold, make a title."
    articles, report = read(write("a.jsonl", [{"title": missing, "text": text}]))
    assert articles[0].title == "Whole words, and no more of them than sixty characters hold,"
    assert report.replaced == {"title taken from the opening words": 1}


@given(st.text(min_size=1).filter(str.strip))
@settings(max_examples=100, deadline=None)
def test_opening_words_are_whole_and_at_most_60_characters(text):
    title, words = opening_words(text), text.split()
    assert 0 < len(title) <= 60
    assert title.split() == words[: len(title.split())] or title == words[0][:60]


@pytest.mark.parametrize(
    "row", [{"id": 1}, {"text": None}, {"text": " \n"}, {"text": math.nan}, {"text": 3}, {"text": ["x"]}, ""]
)
def test_a_row_without_text_is_dropped(read, write, row):
    articles, report = read(write("a.jsonl", [row, "good"]))
    assert [article.text for article in articles] == ["good"]
    assert report.dropped == {"no text": 1}
    assert report.examples[0]["row"] == "line 1"


def test_content_stands_in_for_text(read, write):
    assert read.texts(write("a.jsonl", [{"content": "x"}, {"text": "y", "content": "z"}])) == ["x", "y"]


def test_long_texts_are_cut_and_counted(read, write):
    articles, report = read(
        write("a.jsonl", [{"title": "t", "text": "abc defg"}, {"title": "t", "text": "abc"}]), max_characters=4
    )
    assert [article.text for article in articles] == ["abc", "abc"]
    assert report.replaced == {"text cut at 4 characters": 1}


def test_an_id_made_of_the_text_does_not_depend_on_where_it_is_cut(read, write):
    path = write("a.jsonl", [{"title": "t", "text": "abc defg"}])
    assert read(path, max_characters=4)[0][0].item_id == read(path, max_characters=5)[0][0].item_id


def test_lone_surrogates_are_replaced_and_nul_stays(read, write):
    lines = r'{"id": "a\ud800", "title": "t\udfff", "url": "u\ud800", "text": "x\ud800y\u0000z \ud83d\ude00"}' + "\n"
    articles, report = read(write("a.jsonl", lines))
    assert articles == [Article("wiki:a\ufffd", "wiki", "t\ufffd", "u\ufffd", "x\ufffdy\0z 😀")]
    assert report.replaced == {"characters that are not Unicode": 1}


def test_a_url_is_kept_only_if_it_is_text(read, write):
    articles, _ = read(write("a.jsonl", [{"url": 3, "text": "x"}, {"url": None, "text": "y"}, {"text": "z"}]))
    assert [article.url for article in articles] == ["", "", ""]


def test_the_first_of_two_articles_with_one_id_is_kept(read, write):
    articles, report = read(write("a.jsonl", [{"id": 1, "text": "x"}, {"id": "1", "text": "y"}]))
    assert [article.text for article in articles] == ["x"]
    assert report.dropped == {"duplicate id": 1}
    assert report.examples == [{"row": "line 2", "reason": "duplicate id", "detail": "wiki:1"}]


def test_sources_share_the_ids_they_have_seen(tmp_path, write):
    path = write("a.jsonl", [{"id": 1, "text": "x"}])
    with SeenIds(tmp_path) as seen:
        source, again = Source("a", str(path)), SourceReport("a", str(path))
        assert len(list(read_articles(source, SourceReport("a", str(path)), seen, 100, tmp_path))) == 1
        assert list(read_articles(source, again, seen, 100, tmp_path)) == []
        assert again.dropped == {"duplicate id": 1}
        assert len(list(read_articles(Source("b", str(path)), SourceReport("b", str(path)), seen, 100, tmp_path))) == 1


def test_only_the_first_thousand_drops_are_listed(read, write):
    _, report = read(write("a.jsonl", "x\n" * 1_100))
    assert (report.dropped, len(report.examples)) == ({"broken row": 1_100}, 1_000)


def test_a_limit_ends_the_reading(read, write):
    articles, report = read(write("a.jsonl", '"a"\nbroken\n"b"\n"c"\nbroken\n'), limit=2)
    assert [article.text for article in articles] == ["a", "b"]
    assert (report.read, report.kept, report.not_drawn, report.stopped_at_limit) == (3, 2, 0, True)


def test_a_limit_that_is_not_reached_ends_nothing(read, write):
    _, report = read(write("a.jsonl", '"a"\n"b"\n'), limit=3)
    assert (report.kept, report.stopped_at_limit) == (2, False)


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_an_empty_file_is_an_error(read, write, content):
    with pytest.raises(UserError, match=r"a\.jsonl: empty; "):
        read(write("a.jsonl", content))


@pytest.mark.parametrize("name", ["", "question", "a b", "a/b", "ü", "a\n"])
def test_a_name_that_cannot_begin_an_id_is_an_error(name):
    with pytest.raises(UserError, match="names no source"):
        Source(name, "a.jsonl")


def test_a_limit_below_one_is_an_error():
    with pytest.raises(UserError, match="limit is 0"):
        Source("wiki", "a.jsonl", limit=0)


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5) | st.just([])
objects = st.dictionaries(st.sampled_from(["id", "url", "title", "text", "content"]), values)
surrogates = st.text(st.characters(categories=["Cs", "L"]), max_size=3)
good_or_not = st.one_of(objects, surrogates, values).map(json.dumps).map(str.encode) | st.binary(max_size=8).map(
    lambda line: line.replace(b"\n", b"")
)


@given(
    lines=st.lists(good_or_not, min_size=1, max_size=20).map(lambda lines: [b'"first"', *lines]),
    limit=st.none() | st.integers(1, 5),
    sample_seed=st.none() | st.integers(0, 3),
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_row_is_accounted_for(read, write, lines, limit, sample_seed):
    articles, report = read(write("a.jsonl", b"\n".join(lines)), limit=limit, sample_seed=sample_seed)
    assert report.read == report.kept + report.not_drawn + sum(report.dropped.values())
    assert report.stopped_at_limit or report.read == sum(1 for line in lines if line.removeprefix(b"\xef\xbb\xbf").strip())
    assert len(report.examples) == sum(report.dropped.values())
    assert len({article.item_id for article in articles}) == len(articles)
    for article in articles:
        assert article.text and article.text == article.text.strip() and article.title
        "".join(article[:6]).encode("utf-8")
