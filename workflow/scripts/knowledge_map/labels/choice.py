"""The name of a cell by itself: of all its terms the one, or the two or three, that together fit it best."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from knowledge_map.labels.fit import fit
from knowledge_map.labels.subjects import SEPARATOR, Content, Naming
from knowledge_map.labels.terms import ORIGINS, TITLES

MOST = 3
"""Subjects of a name."""

CONSIDERED = 40
"""Terms of a cell that are considered, those of the best fit by themselves."""

ADDS = 0.2
"""A further subject applies to at least this share of the articles in addition, as a share of those before."""

FEW = 6
"""In a cell of fewer articles, a word or tag must apply to two: what one alone has does not say what the cell is about."""

ALIKE = 0.95
"""Cosine of the directions of two terms from which on the second says nothing new."""

TOGETHER = 64
"""Cells that are named at once: 70 MB with 50,000 terms and 1,024 dimensions."""

MEMBERS = 50_000
"""Articles of the cells that are named at once, about; which terms each has takes 60 MB."""


def choose(naming: Naming, content: Content, cells: np.ndarray) -> list[tuple[int, ...]]:
    """Return the terms that together name each of the `cells`, int, best, by number, ascending.

    Where none fits it is the title that comes nearest, and where there is none either, what one article alone has.
    """
    if not len(naming.total):
        return [()] * len(cells)
    return [name for some in _batches(content, cells) for name in _joined(_Considered.of(naming, content, some), naming)]


def _batches(content: Content, cells: np.ndarray) -> Iterable[np.ndarray]:
    """Return the cells in parts of so many cells and articles that memory is bounded."""
    members = np.cumsum(np.diff(content.members.indptr)[cells]) // MEMBERS
    cells_before = np.arange(len(cells)) // TOGETHER
    return np.split(cells, np.flatnonzero(np.diff(members) | np.diff(cells_before)) + 1) if len(cells) else []


@dataclass(frozen=True)
class _Considered:
    """The terms of each cell that are considered, best first: arrays [cells, `CONSIDERED`], zero where a cell has fewer.

    Attributes
    ----------
    term : int, numbers of terms; `is_term`, bool, is false where there is none.
    score, share, elsewhere, standing : see `fit`.
    likeness : how far the cell lies in the term's direction (`Naming.likeness`).
    has : float32 [articles, `CONSIDERED`], by article of the cells, 1 where a term of its cell applies to it.
    size : int [cells], how many articles each cell has; they stand in the order of the cells.
    """

    term: np.ndarray
    is_term: np.ndarray
    score: np.ndarray
    share: np.ndarray
    elsewhere: np.ndarray
    standing: np.ndarray
    likeness: np.ndarray
    has: np.ndarray
    size: np.ndarray

    @classmethod
    def of(cls, naming: Naming, content: Content, cells: np.ndarray) -> "_Considered":
        """Return the terms to consider for each of the `cells`, int."""
        members, terms = content.members[cells], len(naming.total)
        size = np.diff(members.indptr)
        cell_of = np.repeat(np.arange(len(cells)), size)
        own = naming.terms.has[members.indices]
        article = np.repeat(np.arange(len(cell_of)), np.diff(own.indptr))
        place = cell_of[article] * terms + own.indices  # where each of their terms is in a matrix [cells, terms]
        counts = csr_matrix(content.weights[cells] @ naming.terms.has)
        cell, term, count = np.repeat(np.arange(len(cells)), np.diff(counts.indptr)), counts.indices, counts.data
        having = np.bincount(place, minlength=len(cells) * terms)[cell * terms + term]
        share, elsewhere = count / content.size[cells][cell], np.maximum(naming.total[term] - count, 0) / naming.articles
        there, number = np.unique(term, return_inverse=True)
        likeness = naming.likeness((content.offsets[cells] @ naming.directions[there].T)[cell, number], share, term)
        contrast, standing = likeness / naming.deviation[term], naming.terms.standing[term]
        score = fit(share, elsewhere, contrast, standing, naming.articles, 1)
        title = naming.terms.origin[term] == ORIGINS.index(TITLES)
        telling = np.where(title | (having > 1) | (size[cell] >= FEW), score, 0)
        best = np.full((len(cells), CONSIDERED), len(term))
        for row, start, end in zip(best, counts.indptr[:-1].tolist(), counts.indptr[1:].tolist(), strict=True):
            found = _best_of_cell(*(each[start:end] for each in (term, telling, score, title, having, contrast)))
            row[: len(found)] = start + found
        term, score, share, elsewhere, standing, likeness = (
            np.append(each, 0)[best] for each in (term, score, share, elsewhere, standing, likeness)
        )
        is_term = best < len(count)
        column = np.full(len(cells) * terms, -1, np.int8)
        column[(np.arange(len(cells))[:, None] * terms + term)[is_term]] = np.nonzero(is_term)[1]
        applies = column[place] >= 0
        has = np.zeros((len(cell_of), CONSIDERED), np.float32)
        has[article[applies], column[place[applies]]] = 1
        return cls(term, is_term, score, share, elsewhere, standing, likeness, has, size)

    def any_of(self, terms: np.ndarray) -> np.ndarray:
        """Return to which articles one of the terms of their cell applies, float32 [articles, 1].

        `terms`, int [cells, subjects], says which of those that are considered.
        """
        return np.take_along_axis(self.has, np.repeat(terms, self.size, axis=0), axis=1).max(axis=1, keepdims=True)

    def applying(self, to: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return to what share of its articles each cell's names apply, [cells, names], and they and each term, [..., terms].

        `to`, float32 [articles, names], is 1 where a name applies to an article.
        """
        ends, size = np.cumsum(self.size)[:-1], np.maximum(self.size, 1)[:, None]
        parts = list(zip(np.split(to, ends), np.split(self.has, ends), strict=True))
        alone = np.stack([part.sum(axis=0) for part, _ in parts])
        both = np.stack([part.T @ has for part, has in parts])
        return alone / size, both / size[..., None]


@dataclass(frozen=True)
class _Names:
    """Names that each cell may have, each of as many terms as the others; arrays [cells, names].

    Attributes
    ----------
    terms : int [cells, names, subjects], which of the terms that are considered.
    share, elsewhere, standing : see `fit`; `standing` is the product over the terms.
    likeness : how far the cell lies in the direction of the name, the sum of its terms' directions.
    variance : how far articles spread in that direction.
    length : characters, with those that would stand before a further term.
    oftener : how much oftener a name applies with the cells around it than in the cell itself, square root.
    both : [cells, names, terms], the share of the cell's own articles to which the name and a term apply.
    covariance : [cells, names, terms], of the directions of the name and of a term.
    may : bool [cells, names, terms], which term may be added.
    """

    terms: np.ndarray
    share: np.ndarray
    elsewhere: np.ndarray
    standing: np.ndarray
    likeness: np.ndarray
    variance: np.ndarray
    length: np.ndarray
    oftener: np.ndarray
    both: np.ndarray
    covariance: np.ndarray
    may: np.ndarray


def _joined(considered: _Considered, naming: Naming) -> list[tuple[int, ...]]:
    """Return the terms of each cell's name: that of the best fit, and others as long as the name fits better with them."""
    names = single = _single(considered, naming)
    chosen = np.full((len(considered.term), MOST), -1)
    goes_on, value = considered.is_term[:, 0].copy(), considered.score[:, 0]
    chosen[goes_on, 0] = 0
    for subjects in range(2, MOST + 1):
        names, extended = _extended(names, single, considered, naming)
        goes_on &= extended > value
        chosen[goes_on, :subjects] = names.terms[goes_on, 0]
        value = np.where(goes_on, extended, value)
    return [tuple(sorted(term[place[place >= 0]].tolist())) for term, place in zip(considered.term, chosen, strict=True)]


def _single(considered: _Considered, naming: Naming) -> _Names:
    """Return each of the considered terms as a name."""
    direction, spread = naming.directions[considered.term], naming.spread[considered.term]
    covariance = direction @ spread.transpose(0, 2, 1)
    applying, both = considered.applying(considered.has)
    return _Names(
        np.broadcast_to(np.arange(CONSIDERED)[:, None], (*considered.term.shape, 1)),
        considered.share,
        considered.elsewhere,
        considered.standing,
        considered.likeness,
        np.diagonal(covariance, axis1=1, axis2=2),
        naming.length[considered.term] + len(SEPARATOR),
        _oftener(considered.share, applying, considered.size),
        both,
        covariance,
        _apart(considered, direction, naming),
    )


def _extended(names: _Names, single: _Names, considered: _Considered, naming: Naming) -> tuple[_Names, np.ndarray]:
    """Return each cell's best of the `names` with one of the `single` terms added, and how well it fits; 0 if none adds much."""
    before, added = names.share[..., None], single.share[:, None]
    both = names.both * names.oftener[..., None] * single.oftener[:, None]
    share = np.clip(before + added - both, before, 1)
    elsewhere = names.elsewhere[..., None] + single.elsewhere[:, None]
    variance = names.variance[..., None] + 2 * names.covariance + single.variance[:, None]
    contrast = (names.likeness[..., None] + single.likeness[:, None]) / np.sqrt(np.maximum(variance, 1e-12))
    subjects = names.terms.shape[-1] + 1
    standing = (names.standing[..., None] * single.standing[:, None]) ** (1 / subjects)
    score = fit(share, elsewhere, contrast, standing, naming.articles, subjects)
    adds = share - before >= ADDS * np.maximum(before, added)
    # A name has room for so many characters.
    length = names.length[..., None] + single.length[:, None]
    score[~(adds & names.may & (length - len(SEPARATOR) <= naming.longest))] = 0
    cell = np.arange(len(score))
    first, second = np.divmod(score.reshape(len(score), -1).argmax(axis=1), CONSIDERED)
    at, new = (cell, first, second), (cell, second)
    terms = np.column_stack([names.terms[cell, first], second])
    applying, with_terms = considered.applying(considered.any_of(terms))
    joined = _Names(
        terms[:, None],
        share[at][:, None],
        elsewhere[at][:, None],
        (names.standing[cell, first] * single.standing[new])[:, None],
        (names.likeness[cell, first] + single.likeness[new])[:, None],
        variance[at][:, None],
        length[at][:, None],
        _oftener(share[at][:, None], applying, considered.size),
        with_terms,
        (names.covariance[cell, first] + single.covariance[new])[:, None],
        (names.may[cell, first] & single.may[new])[:, None],
    )
    return joined, score[at]


def _oftener(share: np.ndarray, applying: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return `_Names.oftener`, given to which share of a cell's own articles each name is `applying`; none counts as a half."""
    return np.sqrt(share / np.maximum(applying, 0.5 / np.maximum(size, 1)[:, None]))


def _apart(considered: _Considered, direction: np.ndarray, naming: Naming) -> np.ndarray:
    """Return which of a cell's terms may stand in one name with which other, bool [cells, terms, terms].

    Terms that share a word, maybe in two forms, or mean the same may not; nor terms of several origins, or titles, of which
    each names one article. `direction` is float [cells, terms, D].
    """
    origin = naming.terms.origin[considered.term]
    apart = direction @ direction.transpose(0, 2, 1) < ALIKE
    apart &= (origin[..., None] == origin[:, None]) & (origin != ORIGINS.index(TITLES))[:, None]
    apart &= considered.is_term[..., None] & considered.is_term[:, None]
    words = naming.words[considered.term.ravel()]
    # Words of two cells have nothing in common here.
    cell = np.repeat(np.arange(words.shape[0]) // CONSIDERED, np.diff(words.indptr))
    own = csr_matrix((words.data, words.indices + cell * words.shape[1], words.indptr))
    shared = (own @ own.T).tocoo()
    apart[shared.row // CONSIDERED, shared.row % CONSIDERED, shared.col % CONSIDERED] = False
    return apart


def _best_of_cell(
    term: np.ndarray, telling: np.ndarray, score: np.ndarray, title: np.ndarray, having: np.ndarray, contrast: np.ndarray
) -> np.ndarray:
    """Return where the terms of one cell are that are considered, best first; arrays [terms].

    Parameters
    ----------
    telling : the `score`, but 0 of what one article of few alone has.
    title : bool, which of the terms are titles.
    having : how many of the cell's own articles have each.
    contrast : see `fit`.
    """
    best = _best(telling, term)
    if not len(best):
        best = _nearest_title(title, having, contrast)
    return best if len(best) else _best(score, term)


def _best(score: np.ndarray, term: np.ndarray) -> np.ndarray:
    """Return where the best of the terms are, those that fit at all; of equals the longer phrase first, which comes later."""
    least = np.partition(score, -CONSIDERED)[-CONSIDERED] if len(score) > CONSIDERED else 0
    best = np.flatnonzero((score >= least) & (score > 0))
    return best[np.lexsort((-term[best], -score[best]))[:CONSIDERED]]


def _nearest_title(title: np.ndarray, having: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """Return where the title is that comes nearest, of the cell's own articles if it has one; of no title nothing."""
    titles = np.flatnonzero(title & (having == having[title].max(initial=0)))
    return titles[[np.argmax(contrast[titles])]] if len(titles) else titles
