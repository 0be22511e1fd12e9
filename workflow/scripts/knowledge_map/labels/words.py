"""Words of the articles' openings, cut by Unicode's rules: which word stands where, and which words follow one another."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
from icu4py.breakers import WordBreaker

from knowledge_map.common.arrow import compute as pc

OPENING = 500
"""Characters of an article's text that are read at most: what it is about is said at its beginning."""

ALL_OPENINGS = 150_000_000
"""Characters that are read of all texts together, so that memory is bounded: less than `OPENING` of each where there are many."""

BRACKETS = r"[(（\[][^()（）\[\]]*[)）\]]"
"""What stands in brackets in a text: dates, pronunciations, other names."""

JOINS = r"^[ \x{00A0}\-\x{2010}]$"
"""What may stand between two words of a phrase; in scripts without spaces nothing does."""


@dataclass(frozen=True)
class Words:
    """The words of all articles in their order, parallel arrays [words].

    Attributes
    ----------
    form : int32, the word's number in `forms`, in which capitals do not matter.
    spelling : int32, its number in `pieces`: the word as it is written.
    article : int32, the article that it stands in, ascending.
    follows : bool, whether it goes on from the word before it, so that both may be of one phrase.
    in_title : bool, whether it stands in the article's title.
    join : int32, what stands between the two, by its number in `pieces`; -1 for nothing.
    forms, pieces : the distinct words in lower case; the distinct words, blanks and signs as they are written.
    """

    form: np.ndarray
    spelling: np.ndarray
    article: np.ndarray
    follows: np.ndarray
    in_title: np.ndarray
    join: np.ndarray
    forms: pa.StringArray
    pieces: pa.StringArray


def opening_of(articles: int) -> int:
    """Return how many characters are read of each text, of so many articles."""
    return min(OPENING, ALL_OPENINGS // max(articles, 1))


def openings(titles: pa.StringArray, texts: pa.StringArray, characters: int = OPENING) -> pa.StringArray:
    """Return what is read of articles: the title, and the beginning of the text without what stands in brackets."""
    bare = pc.utf8_slice_codeunits(pc.fill_null(texts, ""), 0, characters)
    for _ in range(2):  # brackets within brackets
        bare = pc.replace_substring_regex(bare, BRACKETS, "|")
    return pc.binary_join_element_wise(pc.fill_null(titles, ""), bare, "\n")


def read_words(batches: Iterable[pa.StringArray]) -> Words:
    """Return the words of `openings`, one for each article, which are given in batches."""
    parts, codes, texts = [], [], 0
    for batch in batches:
        part, pieces = _words_of(batch, texts)
        parts.append(part)
        codes.append(pieces)
        texts += len(batch)
    joined = pa.chunked_array(codes, pa.dictionary(pa.int32(), pa.string())).unify_dictionaries()
    del codes
    pieces = joined.chunk(0).dictionary if parts else pa.array([], pa.string())
    # Of each batch the words, and then what stands before each.
    halves = [np.split(chunk.indices.fill_null(-1).to_numpy(), 2) for chunk in joined.chunks]
    spelling, join = (np.concatenate([np.zeros(0, np.int32), *(half[n] for half in halves)]) for n in range(2))
    del joined, halves
    article, follows, in_title = (
        np.concatenate([np.zeros(0, kind), *(part[n] for part in parts)]) for n, kind in enumerate((np.int32, bool, bool))
    )
    folded = pc.utf8_lower(pc.utf8_normalize(pieces, "NFKC")).dictionary_encode()
    form = folded.indices.to_numpy()[spelling]
    return Words(form, spelling, article, follows, in_title, join, folded.dictionary, pieces)


def _words_of(batch: pa.StringArray, first: int) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], pa.DictionaryArray]:
    """Return the words of texts, the first of which has the number `first`: article, follows, in_title, and the words themselves.

    After the words come as many pieces, that which stands between each word and the one before it, if it is one; else null.
    """
    cuts, article = cut(batch)
    encoded = cuts.dictionary_encode()
    piece, pieces = encoded.indices.to_numpy(), encoded.dictionary
    is_word, is_join = (pc.match_substring_regex(pieces, sign).to_numpy(zero_copy_only=False) for sign in (r"\pL", JOINS))
    at = np.flatnonzero(is_word[piece]).astype(np.int32)
    gap = np.diff(at, prepend=-3)
    before = piece[np.maximum(at - 1, 0)]
    follows = (gap == 1) | ((gap == 2) & is_join[before])
    follows[1:] &= article[at[1:]] == article[at[:-1]]
    line_ends = np.flatnonzero(piece == pc.index(pieces, "\n").as_py())
    title_end = np.zeros(len(batch), int)
    title_end[article[line_ends[::-1]]] = line_ends[::-1]  # of several the first stays
    told = pa.array(np.concatenate([piece[at], before]), mask=np.concatenate([np.zeros(len(at), bool), gap != 2]))
    words = pa.DictionaryArray.from_arrays(told, pieces)
    return (article[at] + np.int32(first), follows, at < title_end[article[at]]), words


def cut(texts: pa.StringArray) -> tuple[pa.StringArray, np.ndarray]:
    """Return the pieces into which Unicode's rules cut texts (words, blanks, signs), and the number of each piece's text."""
    joined = "\n".join(texts.to_pylist()) + "\n"
    ends = np.cumsum(pc.binary_length(texts).to_numpy().astype(np.int64) + 1)
    # ICU counts in units of UTF-16, Arrow in bytes of UTF-8.
    units = np.frombuffer(joined.encode("utf-16-le"), "<u2")
    sizes = 1 + (units >= 0x80) + ((units >= 0x800) & ((units < 0xD800) | (units > 0xDFFF)))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    segments = np.fromiter(chain.from_iterable(WordBreaker(joined, "und").segments()), np.int32)
    bounds = offsets[np.concatenate([[0], segments[1::2]])].astype(np.int32)
    pieces = pa.StringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(joined.encode()))
    return pieces, np.searchsorted(ends, bounds[:-1], "right").astype(np.int32)
