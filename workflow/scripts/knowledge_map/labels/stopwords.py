"""Which words only join others: the stop words of the languages that the articles are written in."""

import functools

import numpy as np
import pyarrow as pa
import stopwordsiso
from scipy.sparse import csr_matrix

from knowledge_map.common.arrow import compute as pc

LEAST_SHARE = 0.01
"""Least share of the articles that a language must have; what is below it is chance."""


@functools.cache
def stop_lists() -> list[pa.Array]:
    """Return the stop words of every language that has a list, in the order of the languages' codes."""
    return [pa.array(sorted(stopwordsiso.stopwords(language))) for language in sorted(stopwordsiso.langs())]


def is_stop_word(forms: pa.StringArray, word: np.ndarray, article: np.ndarray, articles: int) -> np.ndarray:
    """Return which words are stop words in the language of their article, bool [words].

    An article's language is the one whose stop words it has most of; it is chosen among the languages that at least
    `LEAST_SHARE` of the articles would choose among all.

    Parameters
    ----------
    forms : the distinct words, in lower case.
    word, article : int32 [words], which of `forms` stands where, and in which of so many `articles`.
    """
    listed = np.stack([pc.is_in(forms, words).to_numpy(zero_copy_only=False) for words in stop_lists()], axis=1)
    counts = csr_matrix((np.ones(len(word), np.float32), (article, word)), (articles, len(forms)))
    found = csr_matrix(counts @ csr_matrix(listed.astype(np.float32))).toarray()
    votes = np.bincount(found.argmax(axis=1)[found.any(axis=1)], minlength=listed.shape[1])
    found[:, votes < LEAST_SHARE * articles] = -1
    return listed[word, found.argmax(axis=1)[article]]
