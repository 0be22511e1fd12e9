"""Words are cut by Unicode's rules, in every script, and know what stands beside them."""

import pyarrow as pa
import pytest

from knowledge_map.labels.words import OPENING, Words, cut, opening_of, openings, read_words


def phrases_of(words: Words) -> list[str]:
    """Return the runs of words that follow one another, as they are written."""
    pieces, found = words.pieces.to_pylist(), []
    for spelling, join, follows in zip(words.spelling, words.join, words.follows, strict=True):
        between = pieces[join] if join >= 0 else ""
        if follows:
            found[-1] += between + pieces[spelling]
        else:
            found.append(pieces[spelling])
    return found


def read(*texts: str, titles: tuple[str, ...] = ()) -> Words:
    return read_words([openings(pa.array(titles or [""] * len(texts)), pa.array(texts))])


def test_a_character_beyond_the_basic_plane_moves_no_boundary():
    texts = ["a 🦕x b", "", "𝒳 東京都 é"]
    pieces, text = cut(pa.array(texts))
    joined = dict.fromkeys(range(3), "")
    for piece, number in zip(pieces.to_pylist(), text.tolist(), strict=True):
        joined[number] += piece
    assert [joined[number] for number in range(3)] == [f"{text}\n" for text in texts]
    assert {"x", "東京", "é"} <= set(pieces.to_pylist())


def test_signs_and_numbers_end_a_phrase_and_hyphens_do_not():
    assert phrases_of(read("A well-known sea snail, found 12 times; moths.")) == [
        "A well-known sea snail", "found", "times", "moths",
    ]  # fmt: skip


def test_what_stands_in_brackets_is_left_out():
    assert phrases_of(read("John (born 1970 (in Wales)) is a judge [see note] here")) == ["John", "is a judge", "here"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("蝴蝶是一种昆虫。", {"蝴蝶", "昆虫"}),
        ("東京都は日本の首都です。", {"東京", "日本", "首都"}),
        ("ผีเสื้อกลางคืนเป็นแมลง", {"แมลง"}),
        ("Молецът е насекомо.", {"молецът", "насекомо"}),
    ],
)
def test_words_are_found_in_scripts_with_and_without_spaces(text, words):
    assert words <= set(read(text).forms.to_pylist())


def test_words_of_one_article_do_not_go_on_in_the_next():
    words = read("red", "moth")
    assert words.article.tolist() == [0, 1]
    assert not words.follows.any()


def test_a_word_knows_whether_it_stands_in_the_title():
    words = read("The battle was fought.\nIt was long.", "", titles=("Battle of Hastings", "Lone title"))
    spelled = [words.pieces[n].as_py() for n in words.spelling.tolist()]
    assert [word for word, titled in zip(spelled, words.in_title, strict=True) if titled] == [
        "Battle", "of", "Hastings", "Lone", "title",
    ]  # fmt: skip


def test_batches_do_not_change_what_is_read():
    texts = [f"The moth number {n} of a family" for n in range(7)]
    whole = read_words([pa.array(texts)])
    parts = read_words([pa.array(texts[:3]), pa.array(texts[3:])])
    assert parts.article.tolist() == whole.article.tolist()
    assert phrases_of(parts) == phrases_of(whole)


def test_nothing_to_read():
    assert len(read_words([]).form) == 0
    assert len(read("", "...").form) == 0


def test_of_many_articles_less_of_each_is_read():
    assert [opening_of(articles) for articles in (1, 300_000, 1_000_000)] == [OPENING, OPENING, 150]
    assert openings(pa.array(["Moth"]), pa.array(["night animals"]), 5).to_pylist() == ["Moth\nnight"]
