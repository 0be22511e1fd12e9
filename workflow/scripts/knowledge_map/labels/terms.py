"""Terms: words, phrases, titles and tags that may name a place, and the articles to which each applies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix, hstack

from knowledge_map.common.arrow import compute as pc
from knowledge_map.labels.distinct import number_distinct, sum_pairs
from knowledge_map.labels.inflection import word_of_form
from knowledge_map.labels.stopwords import is_stop_word
from knowledge_map.labels.words import Words

ORIGINS = WORDS, TITLES, TAGS = ("words", "titles", "tags")
"""Where a term comes from: the articles' titles and openings, one article's title, a carried column."""

FEWEST = 4
"""Articles that must have a word or phrase for it to be a term; of many articles one in `ONE_IN`."""

ONE_IN = 10_000

FEWEST_TAGGED = 2
"""The same of a tag, which somebody has chosen."""

MOST = 50_000
"""Words and phrases that may be names: the commonest of more, so that memory is bounded."""

LONGEST = 3
"""Words of the longest phrase."""

CLOSES = 0.2
"""How often a phrase ends with a noun, at the least."""

FEW = 10
"""Occurrences up to which it is hardly known how often a term ends phrases; it is thought to do so seldom."""

TOGETHER = 2_000_000
"""Occurrences that are looked at together, about; with what is counted of them they take 50 MB."""

OWN_NAME = 0.7
"""What it takes off a term's standing that it is only the name of the articles that have it."""

ALONE = r"\pL.*\pL.*\pL|[^\x00-\x{24F}].*[^\x00-\x{24F}]|\p{Han}"
"""A word that says something by itself: three letters, two of a script that is not Latin, or a Chinese character."""


@dataclass(frozen=True)
class Terms:
    """What may name a place; arrays by term.

    Attributes
    ----------
    texts : each as it is written most often.
    has : float32 [articles, terms], 1 where a term applies to an article: it has the words in any of their forms, or the tag.
    standing : float, 0 to 1, how much speaks for the term as a name of a kind of things, as far as it can be told from how the
        articles use it (see `_Occurrences.standing`); 1 for titles and tags.
    origin : int8, its place in `ORIGINS`.
    """

    texts: pa.StringArray
    has: csr_matrix
    standing: np.ndarray
    origin: np.ndarray

    def take(self, index: np.ndarray) -> "Terms":
        """Return the terms at `index`, int."""
        return Terms(self.texts.take(pa.array(index)), self.has[:, index], self.standing[index], self.origin[index])


def join_terms(parts: Sequence[Terms]) -> Terms:
    """Return all terms of parts that hold the same articles."""
    has = csr_matrix(hstack([part.has for part in parts]))
    texts = pa.concat_arrays([part.texts for part in parts])
    return Terms(texts, has, *(np.concatenate([getattr(part, name) for part in parts]) for name in ("standing", "origin")))


def word_terms(words: Words, articles: int, vectors: np.ndarray) -> Terms:
    """Return the words that are no stop words, and the phrases of two and three words without any, that enough articles have.

    The forms of a word count as one (`inflection`).

    Parameters
    ----------
    articles : how many there are.
    vectors : float32 [articles, d], what each article is about; zero on the average.
    """
    fewest = max(FEWEST, articles // ONE_IN)
    stop = is_stop_word(words.forms, words.form, words.article, articles)
    # What is a stop word elsewhere may be part of a name ("United States"), if it is written so within a sentence.
    capital = pc.match_substring_regex(words.pieces, r"^\p{Lu}").to_numpy(zero_copy_only=False)[words.spelling]
    unit = _units(words, stop & ~(capital & words.follows), articles, vectors, fewest)
    telling = pc.match_substring_regex(words.pieces, ALONE).to_numpy(zero_copy_only=False)[words.spelling]
    alone = _where((unit >= 0) & telling & ~stop)
    found = _Occurrences.of(unit[alone], alone, words.article[alone], 1, fewest)
    parts = [found.named(words, articles)]
    # A phrase is as frequent as its rarer part at most, so each longer one is sought among the frequent shorter ones.
    shorter = unit
    for size in range(2, LONGEST + 1):
        last = _where(words.follows & (unit >= 0) & np.r_[False, (shorter[:-1] >= 0) & ~(stop[:-1] & stop[1:])])
        code = shorter[last - 1].astype(np.int64) * (int(unit.max(initial=0)) + 1) + unit[last]
        found = _Occurrences.of(code, last - np.int32(size - 1), words.article[last], size, fewest)
        parts.append(found.named(words, articles))
        shorter = np.full(len(unit), -1, np.int32)
        shorter[found.start + size - 1] = found.term
    del unit, shorter, last, code, found  # half a gigabyte of many texts  # pyrefly: ignore[unbound-name]
    terms = join_terms(parts)
    count = np.bincount(terms.has.indices, minlength=len(terms.texts))
    return terms.take(np.sort(np.argsort(-count, kind="stable")[:MOST]))


def title_terms(shown: pa.StringArray, chosen: np.ndarray) -> Terms:
    """Return the titles of the `chosen` articles, int, as terms; each applies to the articles of this title.

    `shown` are the titles of all articles as labels show them; empty ones are no terms.
    """
    encoded = shown.dictionary_encode()
    name = encoded.indices.to_numpy()
    wanted = np.unique(name[chosen])
    wanted = wanted[pc.greater(pc.utf8_length(encoded.dictionary), 0).to_numpy(zero_copy_only=False)[wanted]]
    article = np.flatnonzero(np.isin(name, wanted))
    has = _applies(article, np.searchsorted(wanted, name[article]), (len(shown), len(wanted)))
    texts = encoded.dictionary.take(pa.array(wanted))
    return Terms(texts, has, np.ones(len(wanted)), np.full(len(wanted), ORIGINS.index(TITLES), np.int8))


def tag_terms(column: pa.ChunkedArray) -> Terms:
    """Return the tags of a column, texts or lists of texts by article, that `FEWEST_TAGGED` articles have."""
    column = column.combine_chunks()
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        article, tags = pc.list_parent_indices(column).to_numpy(), pc.list_flatten(column)
    else:
        article, tags = np.arange(len(column)), column
    tags = pc.utf8_trim_whitespace(pc.fill_null(tags.cast(pa.string()), "")).dictionary_encode()
    has = _applies(article, tags.indices.to_numpy(), (len(column), len(tags.dictionary)))
    frequent = np.bincount(has.indices, minlength=len(tags.dictionary)) >= FEWEST_TAGGED
    frequent &= pc.match_substring_regex(tags.dictionary, r"\pL").to_numpy(zero_copy_only=False)
    count = len(tags.dictionary)
    tagged = Terms(tags.dictionary, has, np.ones(count), np.full(count, ORIGINS.index(TAGS), np.int8))
    return tagged.take(np.flatnonzero(frequent))


def _applies(article: np.ndarray, term: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    matrix = sum_pairs(article, term, np.ones(len(term), np.float32), shape)
    matrix.data[:] = 1
    return matrix


def _where(holds: np.ndarray) -> np.ndarray:
    """Return the positions at which `holds`, bool [words], is true, int32."""
    return np.flatnonzero(holds).astype(np.int32)


def _units(words: Words, left_out: np.ndarray, articles: int, vectors: np.ndarray, fewest: int) -> np.ndarray:
    """Return the number of the word of which each is a form, int32 [words]; -1 for rare words and those `left_out`, bool."""
    has = _applies(words.article[~left_out], words.form[~left_out], (articles, len(words.forms)))
    frequent = np.flatnonzero(np.bincount(has.indices, minlength=len(words.forms)) >= fewest)
    meanings = has[:, frequent].T @ vectors
    meanings /= np.maximum(np.linalg.norm(meanings, axis=1, keepdims=True), 1e-9)
    unit = np.full(len(words.forms), -1, np.int32)
    unit[frequent] = word_of_form(words.forms.take(pa.array(frequent)), meanings)
    return np.where(left_out, -1, unit[words.form])


@dataclass(frozen=True)
class _Occurrences:
    """Where the terms of `size` words stand: parallel arrays, int32, the number of a term and the position of its first word."""

    term: np.ndarray
    start: np.ndarray
    size: int
    terms: int

    @classmethod
    def of(cls, code: np.ndarray, start: np.ndarray, article: np.ndarray, size: int, fewest: int) -> "_Occurrences":
        """Return the occurrences of those codes that `fewest` articles have."""
        codes, term = number_distinct(code)
        having = _applies(article, term, (int(article.max(initial=0)) + 1, len(codes)))
        count = np.bincount(having.indices, minlength=len(codes))
        number = np.cumsum(count >= fewest, dtype=np.int32) - 1
        kept = count[term] >= fewest
        return cls(number[term[kept]], start[kept], size, int((count >= fewest).sum()))

    def named(self, words: Words, articles: int) -> Terms:
        """Return the terms themselves; `articles` is how many there are."""
        has = _applies(words.article[self.start], self.term, (articles, self.terms))
        return Terms(self.spelled(words), has, self.standing(words), np.full(self.terms, ORIGINS.index(WORDS), np.int8))

    def spelled(self, words: Words) -> pa.StringArray:
        """Return each term as it is written most often: its words, and what stands between them."""
        steps = range(self.size)
        parts = [words.spelling[self.start], *(code[self.start + n] for n in steps[1:] for code in (words.join, words.spelling))]
        spelled = self.term
        for part in parts:  # occurrences that agree so far have one number
            spelled = number_distinct(spelled.astype(np.int64) * (len(words.pieces) + 1) + part + 1)[1]
        count = np.bincount(spelled)
        first = np.zeros(len(count), int)
        first[spelled[::-1]] = np.arange(len(spelled))[::-1]
        order = np.lexsort((first, -count, self.term[first]))
        best = first[order[np.unique(self.term[first][order], return_index=True)[1]]]
        pieces = [pc.fill_null(words.pieces.take(pa.array(part[best], mask=part[best] < 0)), "") for part in parts]
        return pc.binary_join_element_wise(*pieces, "")

    def standing(self, words: Words) -> np.ndarray:
        """Return how much speaks for each term as a name of a kind of things, float [terms].

        Nouns are where phrases end ("..., a moth."); verbs and adjectives go on ("located in", "marine ..."). And what is written
        with a capital, and mostly in the title of the very article, is the name of one thing or person ("John").
        """
        count = np.bincount(self.term, minlength=self.terms)
        goes_on = np.r_[words.follows[1:], False][self.start + np.int32(self.size - 1)]
        closes = (self._count(~goes_on) + 0.5) / (count + FEW)
        capital = pc.match_substring_regex(words.pieces, r"^\p{Lu}").to_numpy(zero_copy_only=False)[words.spelling[self.start]]
        small = self._count(~capital) / np.maximum(count, 1)
        titled = self._titled(words)
        return np.minimum(closes / CLOSES, 1) * (1 - OWN_NAME * titled * (1 - small)) ** 2

    def _count(self, which: np.ndarray) -> np.ndarray:
        """Return how many of the occurrences `which`, bool, each term has, int [terms]."""
        return np.bincount(self.term[which], minlength=self.terms)

    def _titled(self, words: Words) -> np.ndarray:
        """Return, of the articles that have a term, the share of those whose own title has it, float [terms]."""
        having, titled = np.zeros(self.terms, int), np.zeros(self.terms, int)
        article = words.article[self.start]
        cuts = np.searchsorted(article, article[TOGETHER::TOGETHER])
        for block, term, start in zip(*(np.split(each, cuts) for each in (article, self.term, self.start)), strict=True):
            in_titles = sum_pairs(block, term, words.in_title[start], (int(block.max(initial=0)) + 1, self.terms))
            having += np.bincount(in_titles.indices, minlength=self.terms)
            titled += np.bincount(in_titles.indices[in_titles.data > 0], minlength=self.terms)
        return titled / np.maximum(having, 1)
