"""The labels of all cells, level by level: what lies in each, which terms may name it, and which of them does."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix, eye_array, kron, vstack
from scipy.spatial import cKDTree

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.progress import log
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.labels.areas import assign
from knowledge_map.labels.choice import choose
from knowledge_map.labels.corpus import Corpus
from knowledge_map.labels.grid import WHOLE, Grid, area_positions, areas, grids
from knowledge_map.labels.nearest import products, sum_vectors
from knowledge_map.labels.subjects import Content, Naming
from knowledge_map.labels.table import SCHEMA, candidate_lists, row_lists
from knowledge_map.labels.terms import ORIGINS, TAGS, TITLES, WORDS, Terms, join_terms, tag_terms, title_terms, word_terms
from knowledge_map.labels.titles import is_uninformative, shown_titles
from knowledge_map.labels.words import opening_of, openings, read_words
from knowledge_map.map.region import Region
from knowledge_map.map.table import KnowledgeMap

AROUND = 0.1
"""Weight of the articles of the eight cells around a cell, beside its own."""

STAND_IN = 3
"""Articles that stand for a cell which has none, those nearest to its centre."""


EXAMPLES = 3
"""Articles that are named as examples of a label."""


@dataclass(frozen=True)
class LabelSettings:
    """The settings `labels` of the configuration, by their names there; `from` is `origins`, in full."""

    grid: list[int]
    origins: tuple[str, ...] = (WORDS, TITLES)
    tags: str | None = None
    k: int = 32
    candidates: int = 5
    sparse_distance: float = 0.75
    popularity: float = 0.1
    max_characters: int = 40

    @classmethod
    def of(cls, section: dict) -> "LabelSettings":
        """Return the settings of the section `labels` of a completed configuration."""
        section = dict(section)
        origins = section.pop("from")
        if origins == "auto":
            origins = ORIGINS if section["tags"] else (WORDS, TITLES)
        return cls(origins=tuple([origins] if isinstance(origins, str) else origins), **section)

    @property
    def map_columns(self) -> list[str]:
        """The columns of the map that are needed."""
        return ["title", "neighbors", *([self.tags] if self.tags and TAGS in self.origins else [])]


class Articles:
    """The articles of a map as what gives areas their names; arrays by article.

    Attributes
    ----------
    rows : int32, rows of the map, ascending.
    positions : float64 [articles, 2].
    titles : as they are.
    shown : the titles as labels show them.
    uninformative : bool, whether the title should name a place only where no other can.
    popularity : float, from 0 (in no neighbor list) over 1/2 (in as many as the average) towards 1.
    """

    def __init__(self, knowledge_map: KnowledgeMap, longest: int):
        self.rows = np.flatnonzero(knowledge_map.is_article).astype(np.int32)
        self.positions = knowledge_map.positions[self.rows].astype(np.float64)
        self.titles = knowledge_map.table["title"].take(pa.array(self.rows)).combine_chunks()
        self.uninformative = is_uninformative(self.titles, longest)
        self.shown = shown_titles(self.titles, longest)
        lists = pc.struct_field(knowledge_map.table["neighbors"], "ids")
        named = np.bincount(pc.list_flatten(lists).to_numpy(), minlength=len(knowledge_map.table))
        self.popularity = (named / (named + max(named.mean(), 1e-9)))[self.rows]


@dataclass(frozen=True)
class Level:
    """The cells of a grid and what lies around them; arrays by cell.

    Attributes
    ----------
    near, distances : int [cells, k] and float [cells, k], the articles nearest to the centre, and how far they are.
    counts : int, articles in the cell.
    sparse : bool, whether the cell is too far from all articles to have a name.
    means : float32 [cells, D], the mean unit vector of the articles that stand for the cell.
    similarities : float32 [cells, k], the mean cosine of each of the nearest articles to those.
    content : what stands for each cell.
    """

    grid: Grid
    near: np.ndarray
    distances: np.ndarray
    counts: np.ndarray
    sparse: np.ndarray
    means: np.ndarray
    similarities: np.ndarray
    content: Content


def knn_labels(
    knowledge_map: KnowledgeMap,
    embeddings: EmbeddingTable,
    texts: Iterable[pa.StringArray],
    settings: LabelSettings,
    region: Region | None,
    threads: int,
) -> pa.Table:
    """Return the labels of every cell of every grid: columns of `SCHEMA`, cells in rows from the bottom.

    The levels of the whole map come first, coarse to fine, then those of the question `region`, if there is one.

    Parameters
    ----------
    knowledge_map : the map, with the columns `title`, `neighbors` and, where `settings` name one, that of the tags.
    embeddings : the vectors of the same rows.
    texts : the texts of all articles in their order, in batches.
    threads : threads of the search in the plane; they do not change the result.

    A cell is named after the one to three terms (`terms`) that together fit best what lies in it: that apply to many of its
    articles and to few others, and whose articles lie, in meaning, where the cell's do (`fit`, `choice`). Cells beside each
    other and the levels agree as far as their names fit (`areas`).
    """
    articles = Articles(knowledge_map, settings.max_characters)
    corpus = Corpus.of(embeddings, articles.rows)
    tree = cKDTree(articles.positions)
    shared = _shared_terms(articles, knowledge_map, corpus, embeddings, texts, settings)
    tables = []
    for pyramid in (grids("map", WHOLE, settings.grid), grids("region", region, settings.grid)):
        if not pyramid:
            continue
        levels = _levels(pyramid, articles, tree, corpus, embeddings, settings, threads)
        naming = _with_titles(shared, levels, articles, corpus, embeddings, settings)
        named: list[NamedCells] = []
        for level in levels:
            named.append(_named(level, named[-1] if named else None, naming))
        told = _tell(levels, named, naming, articles, embeddings)
        log.info(f"{pyramid[0].extent}: {', '.join(f'{level.grid.side} x {level.grid.side}' for level in levels)} cells named")
        tables += [_table(*parts, articles, settings) for parts in zip(range(len(levels)), levels, named, told, strict=True)]
    return pa.concat_tables(tables)


@dataclass(frozen=True)
class NamedCells:
    """The names of the cells of a level.

    Attributes
    ----------
    names : the terms of each name, by number.
    name, area : int [cells], the number of each cell's name and of its area; -1 where it has none.
    """

    grid: Grid
    names: list[tuple[int, ...]]
    name: np.ndarray
    area: np.ndarray


@dataclass(frozen=True)
class Provenance:
    """Where the labels of a level come from, and which articles stand for them.

    Attributes
    ----------
    texts, origins : text [names], the names as they are written, and where they come from.
    applying : int [n], the articles to which the label of their cell applies, by cell; `cells`, int [n], names that cell.
    examples : int [areas, 3], the articles most like the label among those of each area, -1 where there are fewer.
    label_article : int [cells], the article that stands for the label: the first of the examples, or the nearest one.
    confidence : float32 [cells], the mean cosine of that article to those that stand for the cell.
    """

    texts: pa.Array
    origins: pa.Array
    cells: np.ndarray
    applying: np.ndarray
    examples: np.ndarray
    label_article: np.ndarray
    confidence: np.ndarray


def _levels(
    pyramid: list[Grid],
    articles: Articles,
    tree: cKDTree,
    corpus: Corpus,
    embeddings: EmbeddingTable,
    settings: LabelSettings,
    threads: int,
) -> list[Level]:
    """Return what lies in the cells of the grids of one extent, coarse to fine."""
    found, finer = [], None
    for grid in reversed(pyramid):
        distances, near = tree.query(grid.centers(), k=range(1, min(settings.k, tree.n) + 1), workers=threads)
        inside = grid.cell_of(articles.positions)
        counts = np.bincount(inside[inside >= 0], minlength=grid.cells)
        sparse = (distances[:, 0] > settings.sparse_distance * np.hypot(*grid.sides)) & (counts == 0)
        if finer:  # what holds no cell that has a name has none either
            sparse |= np.bincount(grid.parent_of(finer[0]), ~finer[4], grid.cells) == 0
        finer = (grid, near, distances, counts, sparse, _members(inside, near, (counts == 0) & ~sparse))
        found.insert(0, finer)
    members = csr_matrix(vstack([part[-1] for part in found]))
    sums = sum_vectors(embeddings, members)
    sizes = np.diff(members.indptr)
    starts = np.cumsum([0, *(grid.cells for grid in pyramid)])
    means = sums / np.maximum(sizes, 1)[:, None].astype(np.float32)
    near = np.concatenate([part[1] for part in found])
    alike = products(embeddings, articles.rows[near.ravel()], means, np.repeat(np.arange(len(near)), near.shape[1]))
    alike = alike.reshape(near.shape)
    levels = []
    for (grid, near, distances, counts, sparse, own), start, end in zip(found, starts[:-1], starts[1:], strict=True):
        smooth = _smoothing(grid.side)
        size = np.maximum(smooth @ sizes[start:end], 1e-9)  # the size of a cell far from all articles does not matter
        offsets = (smooth @ sums[start:end]) / size[:, None].astype(np.float32) - corpus.mean
        content = Content(own, csr_matrix(smooth @ own), size, offsets)
        levels.append(Level(grid, near, distances, counts, sparse, means[start:end], alike[start:end], content))
    return levels


def _members(inside: np.ndarray, near: np.ndarray, empty: np.ndarray) -> csr_matrix:
    """Return which articles stand for each cell, float32 [cells, articles]: those `inside`, or for `empty` ones the nearest."""
    article = np.flatnonzero(inside >= 0)
    stand_in = near[empty, :STAND_IN]
    cells = np.concatenate([inside[article], np.repeat(np.flatnonzero(empty), stand_in.shape[1])])
    columns = np.concatenate([article, stand_in.ravel()])
    return csr_matrix((np.ones(len(cells), np.float32), (cells, columns)), (len(near), len(inside)))


def _smoothing(side: int) -> csr_matrix:
    """Return the matrix that adds to each cell of a grid the eight around it at the weight `AROUND`."""
    band = eye_array(side, k=-1) + eye_array(side) + eye_array(side, k=1)
    return csr_matrix((1 - AROUND) * eye_array(side * side) + AROUND * kron(band, band), dtype=np.float32)


def _shared_terms(
    articles: Articles,
    knowledge_map: KnowledgeMap,
    corpus: Corpus,
    embeddings: EmbeddingTable,
    texts: Iterable[pa.StringArray],
    settings: LabelSettings,
) -> tuple[list[Terms], list[np.ndarray]]:
    """Return the terms that may name cells anywhere, words and tags, and where their articles lie (`Corpus.offsets`)."""
    found: list[Terms] = []
    if WORDS in settings.origins:
        found.append(_word_terms(articles, corpus, texts))
    if TAGS in settings.origins and settings.tags:
        found.append(tag_terms(knowledge_map.table[settings.tags].take(pa.array(articles.rows))))
        log.info(f"{len(found[-1].texts):,} tags may be names")
    return found, [corpus.offsets(embeddings, terms) for terms in found]


def _word_terms(articles: Articles, corpus: Corpus, texts: Iterable[pa.StringArray]) -> Terms:
    words = read_words(_openings(articles.titles, texts))
    log.info(f"{len(words.form):,} words read, {len(words.forms):,} different ones")
    terms = word_terms(words, len(articles.rows), corpus.short)
    log.info(f"{len(terms.texts):,} words and phrases may be names")
    return terms


def _with_titles(
    shared: tuple[list[Terms], list[np.ndarray]],
    levels: list[Level],
    articles: Articles,
    corpus: Corpus,
    embeddings: EmbeddingTable,
    settings: LabelSettings,
) -> Naming:
    """Return the terms that may name the cells of these levels: the shared ones, and the title that fits each cell best."""
    terms, offsets = list(shared[0]), list(shared[1])
    if TITLES in settings.origins:
        terms.append(
            title_terms(articles.shown, np.concatenate([_fitting_titles(level, articles, settings) for level in levels]))
        )
        offsets.append(corpus.offsets(embeddings, terms[-1]))
    return Naming(join_terms(terms), np.concatenate(offsets), corpus, settings.max_characters)


def _openings(titles: pa.StringArray, texts: Iterable[pa.StringArray]) -> Iterable[pa.StringArray]:
    start, characters = 0, opening_of(len(titles))
    for batch in texts:
        yield openings(titles.slice(start, len(batch)), batch, characters)
        start += len(batch)


def _title_order(level: Level, articles: Articles, settings: LabelSettings) -> np.ndarray:
    """Return the nearest articles by how well their titles stand for the cell, best first: int [cells, k], into `near`."""
    similarity = level.similarities
    score = similarity + settings.popularity * articles.popularity[level.near] * np.abs(similarity)
    return np.lexsort((level.near, -score, articles.uninformative[level.near]))


def _fitting_titles(level: Level, articles: Articles, settings: LabelSettings) -> np.ndarray:
    """Return the article whose title stands best for each cell that is not sparse."""
    best = _title_order(level, articles, settings)[:, :1]
    return np.take_along_axis(level.near, best, axis=1)[~level.sparse, 0]


def _named(level: Level, above: NamedCells | None, naming: Naming) -> NamedCells:
    """Return the names of the cells of a level, given those of the coarser one."""
    cells = np.flatnonzero(~level.sparse)
    chosen = choose(naming, level.content, cells)
    held = {above.names[number] for number in np.unique(above.name).tolist() if number >= 0} if above else set()
    names = sorted({name for name in chosen if name} | held)
    number = {name: position for position, name in enumerate(names)}
    own, inherited = np.full(level.grid.cells, -1), np.full(level.grid.cells, -1)
    own[cells] = [number.get(name, -1) for name in chosen]
    if above:
        renumbered = np.array([number.get(name, -1) for name in above.names] + [-1])
        inherited = renumbered[above.name[above.grid.parent_of(level.grid)]]
    name = assign(naming.fits(level.content, names), own, inherited, level.content.size, level.grid.side)
    return NamedCells(level.grid, names, name, areas(name.reshape(level.grid.side, -1)).ravel())


def _tell(
    levels: list[Level], named: list[NamedCells], naming: Naming, articles: Articles, embeddings: EmbeddingTable
) -> list[Provenance]:
    """Return what is told of the labels of each level, in two passes over the vectors."""
    # What stands in for an empty cell lies elsewhere and is not counted here.
    names = [np.where(level.counts > 0, cells.name, -1) for level, cells in zip(levels, named, strict=True)]
    found = [
        naming.applying(level.content.members, cells.names, name) for level, cells, name in zip(levels, named, names, strict=True)
    ]
    directions = [naming.direction(cells.names) for cells in named]
    starts = np.cumsum([0, *(len(cells.names) for cells in named)])
    which = [cells.name[cell] + start for cells, (cell, _), start in zip(named, found, starts[:-1], strict=True)]
    article = np.concatenate([articles.rows[article] for _, article in found])
    likeness = products(embeddings, article, np.concatenate(directions), np.concatenate(which))
    likeness = np.split(likeness, np.cumsum([len(cell) for cell, _ in found])[:-1])
    examples, stands = [], []
    for level, cells, (cell, article), alike in zip(levels, named, found, likeness, strict=True):
        examples.append(_best_of_areas(cells.area[cell], article, alike, cells.area.max(initial=-1) + 1))
        first = np.append(examples[-1][:, 0], -1)[cells.area]
        stands.append(np.where(first >= 0, first, level.near[:, 0]))
    means = np.concatenate([level.means for level in levels])
    confidence = products(embeddings, articles.rows[np.concatenate(stands)], means, np.arange(len(means))).clip(0, 1)
    confidence = np.split(confidence, np.cumsum([len(stand) for stand in stands])[:-1])
    return [
        Provenance(*naming.written(cells.names), *pairs, best, stand, sure)
        for cells, pairs, best, stand, sure in zip(named, found, examples, stands, confidence, strict=True)
    ]


def _best_of_areas(area: np.ndarray, article: np.ndarray, likeness: np.ndarray, count: int) -> np.ndarray:
    """Return the `EXAMPLES` articles of the greatest likeness of each area, int [count, 3]; -1 where there are fewer."""
    order = np.lexsort((article, -likeness, area))
    rank = np.arange(len(order)) - np.searchsorted(area[order], area[order])
    order, rank = order[rank < EXAMPLES], rank[rank < EXAMPLES]
    best = np.full((count, EXAMPLES), -1)
    best[area[order], rank] = article[order]
    return best


def _table(
    number: int, level: Level, named: NamedCells, told: Provenance, articles: Articles, settings: LabelSettings
) -> pa.Table:
    """Return the rows of one level, columns of `SCHEMA`."""
    grid, area, unnamed = level.grid, named.area, named.area < 0
    gx, gy = grid.indices()
    centers = grid.centers()
    name = pa.array(named.name, mask=unnamed)
    positions, shown = area_positions(grid, area, articles.positions)
    # Of the areas and, last, of no area: so -1 stands for it.
    count = len(told.examples) + 1
    held = np.bincount(area[~unnamed], level.counts[~unnamed], count).astype(int)
    applies = np.bincount(area[told.cells], minlength=count)
    examples = np.vstack([told.examples, np.full((1, EXAMPLES), -1)])
    rows = np.append(articles.rows, -1)[examples[area]]
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
        "label": told.texts.take(name),
        "label_row": pa.array(articles.rows[told.label_article], mask=unnamed),
        "from_words": pc.equal(told.origins.take(name), WORDS),
        "sparse": level.sparse,
        "area": pa.array(area, mask=unnamed),
        "shown": shown,
        "label_x": pa.array(positions[:, 0], mask=unnamed),
        "label_y": pa.array(positions[:, 1], mask=unnamed),
        "candidates": _candidates(level, articles, settings),
        "radius": level.distances[:, -1],
        "confidence": pa.array(told.confidence, mask=unnamed),
        "article_count": level.counts,
        "label_from": told.origins.take(name),
        "label_rows": row_lists(told.cells, grid.cells, articles.rows[told.applying]),
        "applies_to": pa.array(applies[area], mask=unnamed),
        "area_articles": pa.array(held[area], mask=unnamed),
        "examples": row_lists(*_listed(rows, unnamed)),
    }
    return pa.table(columns).cast(SCHEMA)


def _listed(rows: np.ndarray, unnamed: np.ndarray) -> tuple[np.ndarray, int, np.ndarray]:
    """Return the examples of all cells one after another: each one's cell, how many cells there are, and the rows."""
    there = (rows >= 0) & ~unnamed[:, None]
    return np.nonzero(there)[0], len(rows), rows[there]


def _candidates(level: Level, articles: Articles, settings: LabelSettings) -> pa.ListArray:
    """Return the nearest articles of each cell that stand best for it."""
    order = _title_order(level, articles, settings)[:, : settings.candidates]
    article, similarity, distance = (
        np.take_along_axis(values, order, axis=1).ravel() for values in (level.near, level.similarities, level.distances)
    )
    columns = [
        pa.array(articles.rows[article]),
        articles.titles.take(pa.array(article)),
        pa.array(distance, pa.float32()),
        pa.array(similarity, pa.float32()),
        pa.array(articles.uninformative[article]),
    ]
    return candidate_lists(np.repeat(np.arange(level.grid.cells), order.shape[1]), level.grid.cells, columns)
