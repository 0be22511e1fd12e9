"""How well a name fits a cell: one score for words, titles and tags, and for several of them together."""

import numpy as np

PRIOR = 5
"""Articles elsewhere that are counted along, so that what is rare does not seem telling."""

LEAST_SHARE = 0.1
"""A name that applies to fewer of a cell's articles counts for less."""

STANDS_BACK = 0.3

MEANING = 4
"""Power of the contrast: nearness in meaning decides among names that apply to similarly many."""

STANDING = 0.5
"""Power of the standing."""

SECOND = 0.93
"""What each further subject of a name costs: a short name is better."""


def fit(
    share: np.ndarray,
    elsewhere: np.ndarray,
    contrast: np.ndarray,
    standing: np.ndarray,
    articles: int,
    subjects: int | np.ndarray,
) -> np.ndarray:
    """Return how well names fit cells, float of the common shape; higher is better, 0 is not at all.

    Parameters
    ----------
    share : of the cell's articles, those to which the name applies.
    elsewhere : the same of all other articles.
    contrast : how far the cell's articles lie from all others in the direction of the name, in standard deviations.
    standing : `Terms.standing`; of several terms the geometric mean.
    articles : how many there are.
    subjects : how many subjects the name has.
    """
    with np.errstate(divide="ignore"):
        oftener = np.maximum(np.log(share) - np.log(elsewhere + PRIOR / articles), 0)
    known = np.where(share < LEAST_SHARE, STANDS_BACK, 1.0)
    return share * np.sqrt(oftener) * np.maximum(contrast, 0) ** MEANING * standing**STANDING * known * SECOND ** (subjects - 1)
