"""The labels of all cells: the finest level chooses among articles, each coarser one among its children's choices."""

from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree  # pyright: ignore[reportAttributeAccessIssue] (compiled)

from knowledge_map.common.arrow import compute as pc
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.labels.assignment import assign
from knowledge_map.labels.candidates import LAST, TITLE, WORDS, Candidates, mean_vectors, similarities, unit, vote_weights
from knowledge_map.labels.grid import WHOLE, Grid, area_positions, areas, grids
from knowledge_map.labels.table import SCHEMA, candidate_lists
from knowledge_map.labels.titles import is_uninformative, shared_words, shown_titles
from knowledge_map.map.region import Region
from knowledge_map.map.table import KnowledgeMap


@dataclass(frozen=True)
class LabelSettings:
    """The settings `labels` of the configuration, by their names there."""

    grid: list[int]
    k: int
    candidates: int
    sparse_distance: float
    popularity: float
    shared_words: float
    max_characters: int


class Articles:
    """The articles of a map as what gives areas their names; arrays by article.

    Attributes
    ----------
    rows : int32, rows of the map.
    positions : float64 [articles, 2].
    titles : as they are.
    names : int32, each article's name by its number in `texts`.
    uninformative : bool, whether the title should name a place only where no other can.
    popularity : float, from 0 (in no neighbor list) over 1/2 (in as many as the average) towards 1.
    """

    def __init__(self, knowledge_map: KnowledgeMap, longest: int):
        self.rows = np.flatnonzero(knowledge_map.is_article).astype(np.int32)
        self.positions = knowledge_map.positions[self.rows].astype(np.float64)
        self.titles = knowledge_map.table["title"].take(pa.array(self.rows)).combine_chunks()
        self.uninformative = is_uninformative(self.titles, longest)
        shown = shown_titles(self.titles, longest).dictionary_encode()
        self.names, self.texts = shown.indices.to_numpy(), shown.dictionary
        lists = pc.struct_field(knowledge_map.table["neighbors"], "ids")
        named = np.bincount(pc.list_flatten(lists).to_numpy(), minlength=len(knowledge_map.table))
        self.popularity = (named / (named + max(named.mean(), 1e-9)))[self.rows]

    def add_names(self, texts: list[str]) -> np.ndarray:
        """Return the numbers of `texts` among the names, int [texts]; a new one is added."""
        new = pa.array(sorted(set(texts)), pa.string())
        new = new.filter(pc.invert(pc.is_in(new, self.texts)))
        self.texts = pa.concat_arrays([self.texts, new])
        return pc.index_in(pa.array(texts, pa.string()), self.texts).to_numpy()


@dataclass
class Level:
    """The cells of a grid and what lies around them; arrays by cell.

    Attributes
    ----------
    near, distances : int [cells, k] and float [cells, k], the articles nearest to the centre, and how far they are.
    counts : int, articles in the cell.
    sparse : bool, whether the cell is too far from all articles to have a name.
    means : float32 [cells, D], what the cell is about: on the finest level the mean of the nearest articles' unit vectors,
        weighted by distance; on a coarser one that of its children, weighted by their articles.
    similarities : float32 [cells, k], the mean cosine of each of the nearest articles to what `means` are the means of.
    """

    grid: Grid
    near: np.ndarray
    distances: np.ndarray
    counts: np.ndarray
    sparse: np.ndarray
    means: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float32))
    similarities: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float32))


def knn_labels(
    knowledge_map: KnowledgeMap, embeddings: EmbeddingTable, settings: LabelSettings, region: Region | None, threads: int
) -> pa.Table:
    """Return the labels of every cell of every grid: columns of `SCHEMA`, cells in rows from the bottom.

    The levels of the whole map come first, coarse to fine, then those of the question `region`, if there is one.

    Parameters
    ----------
    knowledge_map : the map, with the columns `title` and `neighbors`.
    embeddings : the vectors of the same rows.
    threads : threads of the search in the plane; they do not change the result.

    On the finest level a cell is named after one of the k articles nearest to its centre in the plane: that of the greatest
    mean cosine to them all, weighted by distance, with a bonus for being in many neighbor lists. Titles that say little
    come last (`titles`), and no name goes to two places of a level where there is a choice (`assignment`). Where many of the
    titles share words, these are the name. A coarser level chooses in the same way among the labels of the cells in its
    cells, so that a label stays when one zooms in.
    """
    articles = Articles(knowledge_map, settings.max_characters)
    tree = cKDTree(articles.positions)
    tables = []
    for pyramid in (grids("map", WHOLE, settings.grid), grids("region", region, settings.grid)):
        if pyramid:
            levels = [_level(grid, articles, tree, settings, threads) for grid in pyramid]
            _judge(levels, articles, embeddings)
            tables += _choose(levels, articles, embeddings, settings)
    return pa.concat_tables(tables)


def _level(grid: Grid, articles: Articles, tree: cKDTree, settings: LabelSettings, threads: int) -> Level:
    distances, near = tree.query(grid.centers(), k=range(1, min(settings.k, tree.n) + 1), workers=threads)
    inside = grid.cell_of(articles.positions)
    counts = np.bincount(inside[inside >= 0], minlength=grid.cells)
    far = distances[:, 0] > settings.sparse_distance * np.hypot(*grid.sides)
    return Level(grid, near, distances, counts, far & (counts == 0))


def _judge(levels: list[Level], articles: Articles, embeddings: EmbeddingTable) -> None:
    """Give the levels of one extent, coarse to fine, their mean vectors and similarities."""
    *coarser, finest = levels
    weights = vote_weights(finest.distances, finest.grid.sides.max() / 2)
    finest.means = mean_vectors(embeddings, articles.rows[finest.near], weights)
    child = finest
    for level in reversed(coarser):
        level.means = _mean_of_children(level.grid.parent_of(child.grid), child)
        child = level
    rows = articles.rows[np.concatenate([level.near for level in levels])]
    found = similarities(embeddings, rows, np.concatenate([level.means for level in levels]))
    for level, part in zip(levels, np.split(found, np.cumsum([level.grid.cells for level in levels])[:-1]), strict=True):
        level.similarities = part


def _mean_of_children(parent: np.ndarray, child: Level) -> np.ndarray:
    """Return the means of the cells' children, weighted by their articles; where they have none, by all alike."""
    weights = np.maximum(child.counts, 1e-6).astype(np.float32)
    matrix = csr_matrix((weights, (parent, np.arange(child.grid.cells))))
    return (matrix @ child.means) / np.asarray(matrix.sum(axis=1))


def _choose(levels: list[Level], articles: Articles, embeddings: EmbeddingTable, settings: LabelSettings) -> list[pa.Table]:
    """Return the labels of the levels of one extent, given and returned coarse to fine."""
    finest = levels[-1]
    near = _title_candidates(finest, articles, settings)
    labels = _assigned(near.join(_word_candidates(finest, near, articles, settings)), finest, articles)
    tables = [_table(len(levels) - 1, finest, labels, _best([near], settings.candidates), articles)]

    held = np.unique(labels.article)
    vectors = unit(embeddings.take(articles.rows[held]))
    child = finest
    for number, level in reversed(list(enumerate(levels[:-1]))):
        parent = level.grid.parent_of(child.grid)
        level.sparse |= np.bincount(parent, ~child.sparse, level.grid.cells) == 0
        cell = parent[labels.cell]
        similarity = np.einsum("cd,cd->c", level.means[cell], vectors[np.searchsorted(held, labels.article)])
        score = _score(similarity, labels.article, articles, settings)
        candidates = Candidates(cell, labels.name, labels.article, np.maximum(labels.rank, TITLE), similarity, score)
        labels = _assigned(candidates, level, articles)
        near = _title_candidates(level, articles, settings)
        tables.append(_table(number, level, labels, _best([candidates, near], settings.candidates), articles))
        child = level
    return tables[::-1]


def _score(similarity: np.ndarray, article: np.ndarray, articles: Articles, settings: LabelSettings) -> np.ndarray:
    return similarity + settings.popularity * articles.popularity[article] * np.abs(similarity)


def _title_candidates(level: Level, articles: Articles, settings: LabelSettings) -> Candidates:
    """Return the titles of the nearest articles as candidates for every cell."""
    article = level.near.ravel()
    similarity = level.similarities.ravel()
    return Candidates(
        np.repeat(np.arange(level.grid.cells), level.near.shape[1]),
        articles.names[article],
        article,
        np.where(articles.uninformative[article], LAST, TITLE),
        similarity,
        _score(similarity, article, articles, settings),
    )


def _word_candidates(level: Level, near: Candidates, articles: Articles, settings: LabelSettings) -> Candidates:
    """Return the shared words as candidates, each by the best of the candidates `near`, whose article then stands for them."""
    phrases = shared_words(articles.titles, ~articles.uninformative, level.near, settings.shared_words, settings.max_characters)
    best_near = _best([near], 1)
    best_near = best_near.take(np.isin(best_near.cell, list(phrases)))
    names = articles.add_names([phrases[cell] for cell in best_near.cell.tolist()])
    return replace(best_near, name=names, rank=np.full(len(names), WORDS))


def _assigned(candidates: Candidates, level: Level, articles: Articles) -> Candidates:
    """Return the labels of the level: those that `assign` takes of the candidates for cells that are not sparse."""
    nameless = pc.index(articles.texts, "").as_py()
    return assign(candidates.take(~level.sparse[candidates.cell] & (candidates.name != nameless)), level.grid.side)


def _best(groups: list[Candidates], most: int) -> Candidates:
    """Return at most so many candidates of each cell, each article once: earlier groups first, then by rank and score."""
    candidates = reduce(Candidates.join, groups)
    group = np.repeat(np.arange(len(groups)), [len(part.cell) for part in groups])
    candidates = candidates.take(np.lexsort((candidates.article, -candidates.score, candidates.rank, group, candidates.cell)))
    pairs = candidates.cell * (candidates.article.max(initial=0) + 1) + candidates.article
    candidates = candidates.take(np.sort(np.unique(pairs, return_index=True)[1]))
    rank_in_cell = np.arange(len(candidates.cell)) - np.searchsorted(candidates.cell, candidates.cell)
    return candidates.take(rank_in_cell < most)


def _table(number: int, level: Level, labels: Candidates, candidates: Candidates, articles: Articles) -> pa.Table:
    """Return the rows of one level, columns of `SCHEMA`."""
    grid = level.grid
    gx, gy = grid.indices()
    centers = grid.centers()
    index = np.full(grid.cells, -1)
    index[labels.cell] = np.arange(len(labels.cell))
    named = pa.array(index, mask=index < 0)
    by_words = labels.name != articles.names[labels.article]
    name = np.full(grid.cells, -1)
    name[labels.cell] = labels.name
    area = areas(name.reshape(grid.side, grid.side)).ravel()
    positions, shown = area_positions(grid, area, articles.positions)
    unnamed = area < 0
    columns = {
        "extent": pa.repeat(grid.extent, grid.cells),
        "level": np.full(grid.cells, number),
        "grid": np.full(grid.cells, grid.side),
        "gx": gx,
        "gy": gy,
        "center_x": centers[:, 0],
        "center_y": centers[:, 1],
        "cell_width": np.full(grid.cells, grid.sides[0]),
        "cell_height": np.full(grid.cells, grid.sides[1]),
        "label": articles.texts.take(pa.array(labels.name)).take(named),
        "label_row": pa.array(articles.rows[labels.article]).take(named),
        "from_words": pa.array(by_words).take(named),
        "sparse": level.sparse,
        "area": pa.array(area, mask=unnamed),
        "shown": shown,
        "label_x": pa.array(positions[:, 0], mask=unnamed),
        "label_y": pa.array(positions[:, 1], mask=unnamed),
        "candidates": _candidate_lists(candidates, centers, articles),
        "radius": level.distances[:, -1],
        "confidence": pa.array(labels.similarity.clip(0, 1)).take(named),
        "article_count": level.counts,
    }
    return pa.table(columns).cast(SCHEMA)


def _candidate_lists(candidates: Candidates, centers: np.ndarray, articles: Articles) -> pa.ListArray:
    away = articles.positions[candidates.article] - centers[candidates.cell]
    columns = [
        pa.array(articles.rows[candidates.article]),
        articles.titles.take(pa.array(candidates.article)),
        pa.array(np.linalg.norm(away, axis=1), pa.float32()),
        pa.array(candidates.similarity, pa.float32()),
        pa.array(articles.uninformative[candidates.article]),
    ]
    return candidate_lists(candidates.cell, len(centers), columns)
