"""Forms of one word ("moth", "moths"): which endings make them is learned from the corpus."""

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from knowledge_map.common.arrow import compute as pc

LONGEST_ENDING = 2
"""Characters by which two forms of a word may differ at their ends."""

SHORTEST_STEM = 3

FEWEST_PAIRS = 10
"""Pairs of words that differ by the same two endings, from which on these may be endings."""

KEPT_MEANING = 0.4
"""Least median cosine between the words of such pairs: endings that make another word of it ("act", "actor") are below."""

SAME_MEANING = 0.6
"""Least cosine between two forms of one word."""


def word_of_form(forms: pa.StringArray, meanings: np.ndarray) -> np.ndarray:
    """Return the word that each form is one of, int [forms]: the number of its first form.

    Two forms are one word if they differ by endings by which many others differ, too, and which leave the meaning as it is;
    and if they themselves mean the same.

    Parameters
    ----------
    forms : distinct, in lower case.
    meanings : float32 [forms, d], unit vectors of what each is about.
    """
    first, second, ending = _pairs(forms)
    cosine = np.einsum("pd,pd->p", meanings[first], meanings[second])
    order = np.lexsort((cosine, ending))
    first, second, ending, cosine = first[order], second[order], ending[order], cosine[order]
    kinds, start, count = np.unique(ending, return_index=True, return_counts=True)
    keeps = (count >= FEWEST_PAIRS) & (cosine[start + count // 2] >= KEPT_MEANING) if len(kinds) else np.zeros(0, bool)
    same = keeps[np.searchsorted(kinds, ending)] & (cosine >= SAME_MEANING)
    graph = coo_matrix((np.ones(same.sum()), (first[same], second[same])), (len(forms), len(forms)))
    groups = connected_components(graph, directed=False)[1]
    return np.unique(groups, return_index=True)[1][groups]


def _pairs(forms: pa.StringArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of forms that differ by their endings only, and a number for the endings of each."""
    length = pc.utf8_length(forms).to_numpy()
    stems, form, endings = [], [], []
    for cut in range(LONGEST_ENDING + 1):
        long_enough = np.flatnonzero(length - cut >= SHORTEST_STEM)
        taken = forms.take(pa.array(long_enough))
        stems.append(pc.utf8_slice_codeunits(taken, 0, -cut) if cut else taken)
        endings.append(pc.utf8_slice_codeunits(taken, -cut) if cut else pa.array([""] * len(taken), pa.string()))
        form.append(long_enough)
    stem = pa.concat_arrays(stems).dictionary_encode().indices.to_numpy()
    ending = pa.concat_arrays(endings).dictionary_encode()
    number, kinds = ending.indices.to_numpy(), len(ending.dictionary)
    initial = pc.utf8_slice_codeunits(ending.dictionary, 0, 1).dictionary_encode().indices.to_numpy()
    form = np.concatenate(form)
    order = np.lexsort((form, number, stem))
    stem, number, form = stem[order], number[order], form[order]
    # Each member of a stem's group with each that comes so many places after it.
    firsts, seconds = [], []
    sizes = np.unique(stem, return_counts=True)[1]
    for step in range(1, int(sizes.max(initial=1))):
        at = np.flatnonzero(stem[step:] == stem[:-step])
        firsts.append(at)
        seconds.append(at + step)
    first, second = (np.concatenate([np.zeros(0, int), *parts]) for parts in (firsts, seconds))
    # Endings that begin alike belong to a longer stem.
    apart = initial[number[first]] != initial[number[second]]
    first, second = first[apart], second[apart]
    return form[first], form[second], number[first].astype(np.int64) * kinds + number[second]
