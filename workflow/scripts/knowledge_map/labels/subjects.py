"""Terms as names of cells: what they mean, and how well one, or two or three together, fit what lies in a cell."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from knowledge_map.common.arrow import compute as pc
from knowledge_map.labels.corpus import Corpus
from knowledge_map.labels.fit import fit
from knowledge_map.labels.terms import ORIGINS, Terms

STEM = 4
"""Letters that forms of a word have in common; a small corpus does not show that "star" and "stars" are one word."""


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

SEPARATOR = ", "
"""Stands between the subjects of a name."""


class Naming:
    """Terms as names of cells: how well each fits, alone and with others; arrays by term.

    Attributes
    ----------
    terms : what may name a cell.
    longest : characters for which a name has room.
    articles : how many there are.
    total : float, to how many of them each term applies.
    length : int, its characters.
    words : float32 [terms, beginnings], which words it has, by how they begin.
    directions : float32 [terms, D], where its articles lie from the mean of all, at unit length.
    spread : float32 [terms, D], the same times the covariance of all articles.
    deviation : float, the standard deviation of all articles in its direction.
    """

    def __init__(self, terms: Terms, offsets: np.ndarray, corpus: Corpus, longest: int):
        self.terms, self.longest = terms, longest
        self.articles = len(terms.has.indptr) - 1
        self.total = np.asarray(terms.has.sum(axis=0)).ravel()
        self.length = pc.utf8_length(terms.texts).to_numpy()
        self.words = _words_of(terms.texts)
        far = np.maximum(np.linalg.norm(offsets, axis=1), 1e-12)
        self.directions = offsets / far[:, None]
        self.spread = self.directions @ corpus.covariance
        variance = np.einsum("td,td->t", self.spread, self.directions)
        self.deviation = np.sqrt(np.maximum(variance, 1e-12))
        # What an article adds to its term's direction, and how far it lies in that direction by this alone: its squared distance
        # from the mean of all, whose average over the term's articles follows from their own mean, as all vectors have length 1.
        self._part = 1 / np.maximum(self.total, 1)
        self._itself = (1 - corpus.mean @ corpus.mean - 2 * offsets @ corpus.mean) / far

    def fits(self, content: Content, names: list[tuple[int, ...]]) -> np.ndarray:
        """Return how well each of the `names`, tuples of terms, fits each cell: float32 [cells, names]."""
        parts = self._parts(names)
        has, direction = self._applies(parts), parts @ self.directions
        deviation = np.sqrt(np.maximum(np.einsum("nd,nd->n", parts @ self.spread, direction), 1e-12))
        total, subjects = np.asarray(has.sum(axis=0)).ravel(), np.diff(parts.indptr)
        standing = np.exp(parts @ np.log(self.terms.standing) / np.maximum(subjects, 1))
        term = np.unique(parts.indices)
        towards, of_names = self.directions[term].T, parts[:, term].T.tocsr()
        counts, single = csr_matrix(content.weights @ has), csr_matrix(content.weights @ self.terms.has[:, term])
        out = np.zeros((len(content.size), len(names)), np.float32)
        for start in range(0, len(out), CELLS):
            part = slice(start, start + CELLS)
            size, where = content.size[part], counts[part].tocoo()
            share = single[part].toarray() / size[:, None]
            likeness = self.likeness(content.offsets[part] @ towards, share, term)
            contrast = likeness @ of_names / deviation
            # Only a name that applies to some article fits at all.
            cell, name, count = where.row, where.col, where.data
            elsewhere = np.maximum(total[name] - count, 0) / self.articles
            value = fit(count / size[cell], elsewhere, contrast[cell, name], standing[name], self.articles, subjects[name])
            out[part][cell, name] = value
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

    def likeness(self, product: np.ndarray, share: np.ndarray, term: np.ndarray) -> np.ndarray:
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
