"""Titles as names of areas: which of them say little, how they are shown, and the words that many of them share."""

import re
from collections import Counter

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from knowledge_map.common.arrow import compute as pc

MONTH = "(january|february|march|april|may|june|july|august|september|october|november|december)"

UNINFORMATIVE = "|".join(
    [
        # Lists and other articles about articles; the other languages are those of the largest Wikipedias with Latin letters.
        r"^(lists?|outline|index|glossary) of\b",
        r"^(liste (der|des|de|von)|lista (de|dei|delle|di)|lijst van|anexo:)",
        r"\((disambiguation|begriffsklärung|homonymie|desambiguación|desambiguação|disambigua|doorverwijspagina)\)\s*$",
        r"\((sur)?name\)\s*$|\(given name\)\s*$|^(surname|given name)s?$",
        # Years, decades, centuries, days, and what happened in a year.
        r"^\d{1,4}s?( (bc|bce|ad|ce))?$",
        r"^\d{1,4}(s|[–-]\d{1,4})?( (bc|bce))? in\b",
        r"^\d{1,2}(st|nd|rd|th) (century|millennium)( (bc|bce|ad|ce))?( in\b.*)?$",
        rf"^{MONTH}( \d{{1,2}})?(,? \d{{1,4}})?$",
        rf"^\d{{1,2}} {MONTH}( \d{{1,4}})?$",
        # Numbers, and what has no letter at all.
        r"^\PL*$",
    ]
)

SHORTEST = 4
"""Fewest characters of a title that say something without what follows in brackets."""

WORD = r"\pL{4}|[^\x00-\x{24F}]{2}"
"""What a telling word has: four letters, or two of a script that is not Latin; most that are shorter only join others."""

RARE = 3.0
"""Least z-score of a shared word's log-odds against the whole map."""

FEWEST = 3
"""Fewest titles that share a word."""

CELLS = 5_000
"""Cells whose words are counted at once."""

PRIOR = 100.0
"""Words of the map's mixture that are added to every cell's, so that rare words do not seem telling."""


def is_uninformative(titles: pa.Array, longest: int) -> np.ndarray:
    """Return which titles should name a place only where no other can, bool [n].

    Those are lists, disambiguations and name pages, years and dates, bare numbers, and titles that it takes more than
    `longest` characters to show.
    """
    classed = pc.match_substring_regex(pc.utf8_lower(pc.utf8_trim_whitespace(titles)), UNINFORMATIVE)
    return pc.or_(classed, pc.greater(pc.utf8_length(_shown_whole(titles)), longest)).to_numpy(zero_copy_only=False)


def shown_titles(titles: pa.Array, longest: int) -> pa.Array:
    """Return the titles as labels show them: one line, at most `longest` characters, and without a closing "(...)".

    The brackets stay where the rest is too short to say anything ("C (programming language)"), has no letter
    ("1984 (novel)"), or is what another of the titles comes to ("Mercury (planet)" beside "Mercury (element)").
    """
    whole = _shown_whole(titles)
    cut = pc.replace_substring_regex(pc.utf8_slice_codeunits(whole, 0, longest), r"[\s,;:]+\S*$", "")
    cut = pc.utf8_slice_codeunits(cut, 0, longest - 1)
    return pc.if_else(pc.greater(pc.utf8_length(whole), longest), pc.binary_join_element_wise(cut, "…", ""), whole)


def _shown_whole(titles: pa.Array) -> pa.Array:
    """Return what `shown_titles` shows, before it is cut."""
    # Marks that turn the direction of writing would reach beyond the label.
    text = pc.replace_substring_regex(titles, "[\u202a-\u202e\u2066-\u2069]", "")
    text = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r"[\pZ\p{Cc}]+", " "))
    bare = pc.replace_substring_regex(text, r"^(.*\S) \([^()]*\)$", r"\1")
    codes = bare.dictionary_encode().indices.to_numpy()
    alone = np.bincount(codes)[codes] == 1
    telling = pc.and_(pc.greater_equal(pc.utf8_length(bare), SHORTEST), pc.match_substring_regex(bare, r"\pL"))
    return pc.if_else(pc.and_(telling, pa.array(alone)), bare, text)


def shared_words(titles: pa.Array, of_use: np.ndarray, nearest: np.ndarray, share: float, longest: int) -> dict[int, str]:
    """Return, by cell, the words that its nearest titles share, for the cells where they do.

    Parameters
    ----------
    titles : of all articles.
    of_use : bool [articles], titles whose words count; the others have none.
    nearest : int [cells, k], the articles nearest to each cell.
    share : a word must be in at least this share of the k titles, and in at least `FEWEST`.
    longest : most characters of the words together.

    A word must also be over-represented against the whole map: z-score of the log-odds with an informative Dirichlet prior
    of at least `RARE` (Monroe, Colaresi and Quinn 2008, "Fightin' Words"). The words come as the titles write them, with what
    stands between them there.
    """
    words, vocabulary = _words_of(titles, of_use)
    everywhere = np.asarray(words.sum(axis=0)).ravel()
    phrases = {}
    for start in range(0, len(nearest), CELLS):
        block = nearest[start : start + CELLS]
        for cell, found in _shared(block, words, everywhere, share).items():
            phrase = _phrase(vocabulary.take(found).to_pylist(), titles.take(pa.array(block[cell])).to_pylist())
            if SHORTEST <= len(phrase) <= longest:
                phrases[start + cell] = phrase
    return phrases


def _shared(nearest: np.ndarray, words: csr_matrix, everywhere: np.ndarray, share: float) -> dict[int, np.ndarray]:
    """Return, by cell, the numbers of the words that pass both tests of `shared_words`."""
    cells, k = nearest.shape
    near = csr_matrix(
        (np.ones(nearest.size, np.float32), nearest.ravel(), np.arange(cells + 1) * k), (cells, len(words.indptr) - 1)
    )
    found = csr_matrix(near @ words)
    inside = np.repeat(np.asarray(found.sum(axis=1)).ravel(), np.diff(found.indptr))
    telling = _log_odds(found.data, inside, everywhere[found.indices], everywhere.sum()) >= RARE
    found.data[~telling | (found.data < max(FEWEST, share * k))] = 0
    found.eliminate_zeros()
    return {int(cell): found[cell].indices for cell in np.flatnonzero(np.diff(found.indptr))}


def _words_of(titles: pa.Array, of_use: np.ndarray) -> tuple[csr_matrix, pa.Array]:
    """Return which words each title has, float32 [titles, words], each once, and the words in lower case."""
    text = pc.if_else(pa.array(of_use), pc.utf8_lower(titles), "")
    lists = pc.split_pattern_regex(text, r"[^\pL\pM\pN'’-]+")
    words = pc.utf8_trim(pc.list_flatten(lists), "'’-").dictionary_encode()
    long_enough = pc.match_substring_regex(words.dictionary, WORD).to_numpy(zero_copy_only=False)
    title, word = pc.list_parent_indices(lists).to_numpy(), words.indices.to_numpy()
    kept = long_enough[word]
    matrix = csr_matrix((np.ones(kept.sum(), np.float32), (title[kept], word[kept])), (len(titles), len(long_enough)))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix, words.dictionary


def _log_odds(found: np.ndarray, inside: np.ndarray, everywhere: np.ndarray, total: float) -> np.ndarray:
    """Return the z-scores of the log-odds of words found in a cell, against the rest of the map; all arrays are [words].

    `found` are a word's counts in a cell, `inside` all words of that cell, `everywhere` the word's counts on the map,
    `total` all words of the map.
    """
    prior = PRIOR * everywhere / total
    here, elsewhere = found + prior, everywhere - found + prior
    with np.errstate(divide="ignore", invalid="ignore"):  # a map's only word has no odds: NaN, which is above nothing
        odds_here = here / (inside + PRIOR - here)
        odds_elsewhere = elsewhere / (total - inside + PRIOR - elsewhere)
        return (np.log(odds_here) - np.log(odds_elsewhere)) / np.sqrt(1 / here + 1 / elsewhere)


def _phrase(words: list[str], titles: list[str]) -> str:
    """Return what the titles that have most of `words` mostly write from the first to the last of them."""
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in sorted(words)), re.IGNORECASE)
    spans = Counter()
    for title in titles:
        if found := list(pattern.finditer(title)):
            spans[len(found), title[found[0].start() : found[-1].end()]] += 1
    if not spans:
        return ""
    phrase = max(spans, key=lambda span: (span[0] * spans[span], span))[1]
    return phrase[:1].upper() + phrase[1:]
