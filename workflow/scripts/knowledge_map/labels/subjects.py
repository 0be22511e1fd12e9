"""The subjects of a cell: the term, or the two or three, that together name best what lies in it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from knowledge_map.common.arrow import compute as pc
from knowledge_map.labels.corpus import Corpus
from knowledge_map.labels.fit import fit
from knowledge_map.labels.terms import ORIGINS, TITLES, Terms

MOST = 3
"""Subjects of a name."""

CONSIDERED = 40
"""Terms of a cell that are considered, those of the best fit by themselves."""

ADDS = 0.2
"""A further subject applies to at least this share of the articles in addition, as a share of those before."""

STEM = 4
"""Letters that forms of a word have in common; a small corpus does not show that "star" and "stars" are one word."""

FEW = 6
"""In a cell of fewer articles, a word or tag must apply to two: what one alone has does not say what the cell is about."""

ALIKE = 0.95
"""Cosine of the directions of two terms from which on the second says nothing new."""


@dataclass(frozen=True)
class Content:
    """What lies in the cells of a level; arrays by cell.

    Attributes
    ----------
    members : float32 [cells, articles], 1 for the articles that stand for a cell: those in it, or the nearest to it.
    weights : the same, with the articles of the eight cells around it at a part of their weight.
    size : float, the sum of the weights.
    offsets : float32 [cells, D], the weighted mean vector, less the mean of all articles.
    """

    members: csr_matrix
    weights: csr_matrix
    size: np.ndarray
    offsets: np.ndarray


CELLS = 500
"""Cells that are compared with all names at once."""

TOGETHER = 64
"""Cells that are compared with all terms at once: 13 MB with 50,000 terms."""

SEPARATOR = ", "
"""Stands between the subjects of a name."""


@dataclass(frozen=True)
class _Names:
    """Names that a cell may have, each of as many terms as the others; arrays by name.

    Attributes
    ----------
    terms : int [names, subjects], numbers of terms among those that are considered.
    has : float32 [articles of the cell, names], 1 where a name applies.
    share, elsewhere, standing : see `fit`; `standing` is the product over the terms.
    direction : float32 [names, D], the sum of the terms' directions.
    likeness : float, how far the cell lies in that direction (`Naming._likeness`).
    """

    terms: np.ndarray
    has: np.ndarray
    share: np.ndarray
    elsewhere: np.ndarray
    standing: np.ndarray
    direction: np.ndarray
    likeness: np.ndarray


class Naming:
    """Terms as names of cells: how well each fits, alone and with others."""

    def __init__(self, terms: Terms, offsets: np.ndarray, corpus: Corpus, longest: int):
        self.terms, self.longest = terms, longest
        self.articles, self.covariance = len(terms.has.indptr) - 1, corpus.covariance
        self.total = np.asarray(terms.has.sum(axis=0)).ravel()
        texts = terms.texts.to_pylist()
        self._length = np.array([len(text) for text in texts])
        self._words = _words_of(terms.texts)
        far = np.maximum(np.linalg.norm(offsets, axis=1), 1e-12)
        self.directions = offsets / far[:, None]
        variance = np.einsum("td,td->t", self.directions @ corpus.covariance, self.directions)
        self._deviation = np.sqrt(np.maximum(variance, 1e-12))
        # What an article adds to its term's direction, and how far it lies in that direction by this alone: its squared distance
        # from the mean of all, whose average over the term's articles follows from their own mean, as all vectors have length 1.
        self._part = 1 / np.maximum(self.total, 1)
        self._itself = (1 - corpus.mean @ corpus.mean - 2 * offsets @ corpus.mean) / far

    def choose(self, content: Content, cells: np.ndarray) -> list[tuple[int, ...]]:
        """Return the terms that together name each of the `cells` best, by number, ascending.

        Where none fits it is the title that comes nearest, and where there is none either, what one article alone has.
        """
        chosen = []
        for start in range(0, len(cells), TOGETHER):
            some = cells[start : start + TOGETHER]
            counts = csr_matrix(content.weights[some] @ self.terms.has)
            products = content.offsets[some] @ self.directions.T
            for cell, first, end, product in zip(some.tolist(), counts.indptr[:-1], counts.indptr[1:], products, strict=True):
                term = counts.indices[first:end]
                chosen.append(self._chosen(content, cell, term, counts.data[first:end], product[term]))
        return chosen

    def fits(self, content: Content, names: list[tuple[int, ...]]) -> np.ndarray:
        """Return how well each of the `names`, tuples of terms, fits each cell: float32 [cells, names]."""
        parts = self._parts(names)
        has, direction = self._applies(parts), parts @ self.directions
        deviation = np.sqrt(np.maximum(np.einsum("nd,nd->n", direction @ self.covariance, direction), 1e-12))
        total, subjects = np.asarray(has.sum(axis=0)).ravel(), np.diff(parts.indptr)
        standing = np.exp(parts @ np.log(self.terms.standing) / np.maximum(subjects, 1))
        term = np.unique(parts.indices)
        towards, of_names = self.directions[term].T, parts[:, term].T.tocsr()
        counts, single = csr_matrix(content.weights @ has), csr_matrix(content.weights @ self.terms.has[:, term])
        out = np.zeros((len(content.size), len(names)), np.float32)
        for start in range(0, len(out), CELLS):
            part = slice(start, start + CELLS)
            count, size = counts[part].toarray(), content.size[part, None]
            likeness = self._likeness(content.offsets[part] @ towards, single[part].toarray() / size, term)
            contrast = likeness @ of_names / deviation
            elsewhere = np.maximum(total - count, 0) / self.articles
            out[part] = fit(count / size, elsewhere, contrast, standing, self.articles, subjects)
        return out

    def direction(self, names: list[tuple[int, ...]]) -> np.ndarray:
        """Return the sum of the directions of each name's terms, float32 [names, D]."""
        return self._parts(names) @ self.directions

    def applying(self, members: csr_matrix, names: list[tuple[int, ...]], name: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the articles to which the name of their cell applies, by cell: int [n], the cell, and int [n], the article.

        `members`, [cells, articles], says which articles stand for which cell; `name`, int [cells], is each one's name or -1.
        """
        if not names:
            return np.zeros(0, int), np.zeros(0, int)
        pairs = members.tocoo()
        cell, article = pairs.row[name[pairs.row] >= 0], pairs.col[name[pairs.row] >= 0]
        applies = np.asarray(self._applies(self._parts(names))[article, name[cell]]).ravel() > 0
        return cell[applies], article[applies]

    def written(self, names: list[tuple[int, ...]]) -> tuple[pa.Array, pa.Array]:
        """Return each name as it is written, its commonest subject first, and where its terms come from."""
        texts, written = self.terms.texts.to_pylist(), []
        for name in names:
            text = SEPARATOR.join(texts[term] for term in sorted(name, key=lambda term: (-self.total[term], term)))
            first = text.split(" ", 1)[0]
            written.append(text[:1].upper() + text[1:] if first.islower() else text)
        origins = [ORIGINS[self.terms.origin[name[0]]] for name in names]
        return pa.array(written, pa.string()), pa.array(origins, pa.string())

    def _parts(self, names: list[tuple[int, ...]]) -> csr_matrix:
        """Return which terms each name has, float32 [names, terms]."""
        rows = np.repeat(np.arange(len(names)), [len(name) for name in names])
        column = np.array([term for name in names for term in name], int)
        return csr_matrix((np.ones(len(column), np.float32), (rows, column)), (len(names), len(self.total)))

    def _applies(self, parts: csr_matrix) -> csr_matrix:
        """Return to which articles names of these parts apply, float32 [articles, names]: those that one of the terms fits."""
        has = csr_matrix(self.terms.has @ parts.T)
        has.data[:] = 1
        return has

    def _likeness(self, product: np.ndarray, share: np.ndarray, term: np.ndarray) -> np.ndarray:
        """Return how far cells lie in the directions of terms, as articles tell that are not compared with themselves.

        The `product` of a cell's offset with the direction of a term is the mean over all pairs of an article of the cell and one
        that has the term. Where these are few, and some are in both, it is great whatever the term means. So the pairs of an
        article with itself are left out, as in a U-statistic (Hoeffding 1948).

        Parameters
        ----------
        product, share : float [..., terms], the products, and to what share of the articles each of the terms applies.
        term : int [terms], their numbers.
        """
        same = share * self._part[term]
        return np.where(same < 1, product - same * self._itself[term], 0) / np.where(same < 1, 1 - same, 1)

    def _chosen(self, content: Content, cell: int, term: np.ndarray, count: np.ndarray, product: np.ndarray) -> tuple[int, ...]:
        """Return a cell's name, given the terms of its articles, how many of these have each, and its product with the offset."""
        articles = content.members.indices[content.members.indptr[cell] : content.members.indptr[cell + 1]]
        own = self.terms.has[articles]
        having = np.bincount(own.indices, minlength=len(self.total))[term]
        share, elsewhere = count / content.size[cell], np.maximum(self.total[term] - count, 0) / self.articles
        likeness = self._likeness(product, share, term)
        contrast = likeness / self._deviation[term]
        title = self.terms.origin[term] == ORIGINS.index(TITLES)
        score = fit(share, elsewhere, contrast, self.terms.standing[term], self.articles, 1)
        best = _best(np.where(title | (having > 1) | (len(articles) >= FEW), score, 0), term)
        if not len(best):
            titles = np.flatnonzero(title & (having == having[title].max(initial=0)))  # of its own articles, if there are any
            if len(titles):
                return (int(term[titles[np.argmax(contrast[titles])]]),)
            best = _best(score, term)
        if not len(best):
            return ()
        term, likeness = term[best], likeness[best]
        has = own[:, term].toarray()
        standing, direction = self.terms.standing[term], self.directions[term]
        single = _Names(np.arange(len(term))[:, None], has, share[best], elsewhere[best], standing, direction, likeness)
        spread, apart = direction @ self.covariance, self._apart(term, direction)
        names, chosen, value = single, [0], score[best[0]]
        for _ in range(MOST - 1):
            names, extended = self._extended(names, single, term, spread, apart)
            if extended <= value:
                break
            chosen, value = names.terms[0], extended
        return tuple(sorted(term[chosen].tolist()))

    def _extended(
        self, names: _Names, single: _Names, term: np.ndarray, spread: np.ndarray, apart: np.ndarray
    ) -> tuple[_Names, float]:
        """Return the best of the `names` with one of the `single` terms added, and how well it fits; 0 where none adds much.

        Parameters
        ----------
        term : int [terms], the numbers of the single terms.
        spread : float [terms, D], their directions times the covariance of all articles.
        apart : bool [terms, terms], see `_apart`.
        """
        cell_size = max(len(single.has), 1)
        # How much oftener than in the cell itself a name applies with the cells around it.
        scale = [np.sqrt(part.share / np.maximum(part.has.mean(axis=0), 0.5 / cell_size)) for part in (names, single)]
        both = (names.has.T @ single.has) / cell_size * scale[0][:, None] * scale[1]
        share = np.clip(names.share[:, None] + single.share - both, names.share[:, None], 1)
        elsewhere = names.elsewhere[:, None] + single.elsewhere
        product = names.direction @ spread.T
        variance = np.einsum("nd,nd->n", names.direction @ self.covariance, names.direction)[:, None]
        variance = variance + 2 * product + np.einsum("td,td->t", spread, single.direction)
        contrast = (names.likeness[:, None] + single.likeness) / np.sqrt(np.maximum(variance, 1e-12))
        subjects = names.terms.shape[1] + 1
        standing = (names.standing[:, None] * single.standing) ** (1 / subjects)
        score = fit(share, elsewhere, contrast, standing, self.articles, subjects)
        adds = share - names.share[:, None] >= ADDS * np.maximum(names.share[:, None], single.share)
        # A name has room for so many characters.
        length = (self._length[term] + len(SEPARATOR))[names.terms].sum(axis=1)[:, None] + self._length[term]
        score[~(adds & apart[names.terms].all(axis=1) & (length <= self.longest))] = 0
        first, second = np.unravel_index(score.argmax(), score.shape)
        joined = _Names(
            np.r_[names.terms[first], second][None],
            np.maximum(names.has[:, first], single.has[:, second])[:, None],
            share[first, second, None],
            elsewhere[first, second, None],
            names.standing[first, None] * single.standing[second],
            names.direction[first, None] + single.direction[second],
            names.likeness[first, None] + single.likeness[second],
        )
        return joined, float(score[first, second])

    def _apart(self, term: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Return which of the terms may stand in one name with which other, bool [terms, terms].

        Terms that share a word, maybe in two forms, or mean the same may not; nor terms of several origins, or titles, of which
        each names one article.
        """
        origin, words = self.terms.origin[term], self._words[term]
        apart = (words @ words.T).toarray() == 0
        apart &= direction @ direction.T < ALIKE
        return apart & (origin[:, None] == origin) & (origin != ORIGINS.index(TITLES))


def _best(score: np.ndarray, term: np.ndarray) -> np.ndarray:
    """Return where the best of the terms are, those that fit at all; of equals the longer phrase first, which comes later."""
    least = np.partition(score, -CONSIDERED)[-CONSIDERED] if len(score) > CONSIDERED else 0
    best = np.flatnonzero((score >= least) & (score > 0))
    return best[np.lexsort((-term[best], -score[best]))[:CONSIDERED]]


def _words_of(texts: pa.StringArray) -> csr_matrix:
    """Return which words the texts have, by how they begin, capitals left aside: float32 [texts, beginnings].

    Those that begin alike may be forms of one word: the first `STEM` letters are the same, or all but the last of so many.
    """
    lists = pc.split_pattern_regex(pc.utf8_lower(texts), r"[\pZ\-\x{2010}]+")
    words, text = pc.list_flatten(lists), pc.list_parent_indices(lists).to_numpy()
    short = pc.less_equal(pc.utf8_length(words), STEM)
    begin = [pc.utf8_slice_codeunits(words, 0, STEM), pc.utf8_slice_codeunits(words.filter(short), 0, STEM - 1)]
    beginnings = pa.concat_arrays(begin).dictionary_encode()
    text = np.concatenate([text, text[short.to_numpy(zero_copy_only=False)]])
    shape = (len(texts), len(beginnings.dictionary))
    return csr_matrix((np.ones(len(text), np.float32), (text, beginnings.indices.to_numpy())), shape)
