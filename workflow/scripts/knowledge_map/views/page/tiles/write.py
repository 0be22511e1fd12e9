"""The page of tiles: `index.html`, and beside it `data/` with files named by the digests of their content.

Articles get new numbers, tile by tile. They are sorted on the disk: once the map is read from its beginning to its end, each row
goes to the file of a run of tiles, and one such file after another is sorted in memory and cut into tiles.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import batches, open_parquet, read_parquet
from knowledge_map.common.progress import Progress, log
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.records import Question
from knowledge_map.views.page.build import write_html
from knowledge_map.views.page.carried import Coding, coding_texts, column_coding
from knowledge_map.views.page.columns import (
    NONE,
    UNKNOWN,
    Address,
    Packed,
    as_json,
    byte_planes,
    common_address,
    neighbor_lists,
    packed,
    row_bytes,
    source_column,
    steps,
    stored_urls,
    stretch_column,
    text_parts,
    trust_column,
    web_addresses,
)
from knowledge_map.views.page.content import PageContent
from knowledge_map.views.page.tiles.parts import ContentFolder, packed_parts
from knowledge_map.views.page.tiles.quadtree import CAPACITY, Quadtree, build_quadtree
from knowledge_map.views.page.tiles.titles import write_title_index

TILED_COLUMNS = ("item_id", "source", "title")
"""What the page of tiles needs of the map in memory; it reads the rest once, as a stream."""

LABEL_COLUMNS = (
    *("extent", "grid", "area", "shown", "article_count", "confidence", "label", "label_from"),
    *("label_x", "label_y", "cell_width", "cell_height", "applies_to", "area_articles", "examples"),
)
"""What it needs of the labels."""

DENSITY_SIDE = 400
"""Cells of a side of the raster in which articles are counted; the page draws their density from it."""

FEWEST_DETAILS = 256
"""Articles whose excerpts, addresses and neighbors stand in one file, at least."""

DETAIL_FILES = 8_000
"""Files of details for so many articles that all of these would be full."""

NEAR = 3
"""Articles near a question that the page knows from the beginning."""

READ = 200_000
"""Rows of the map in memory while they are sorted."""

SORTED = 100_000
"""Rows that are sorted at once, about."""

MOST_FILES = 20_000
"""More files than this are told in the log: some web space takes no more."""


@dataclass(frozen=True)
class Shown:
    """What the page shows of the columns of the map.

    Attributes
    ----------
    carried : how the carried columns become numbers, by their names.
    address : how addresses follow from titles.
    neighbors : how many neighbors an item lists.
    with_excerpt : which articles have an excerpt on the page, bool [articles].
    """

    carried: dict[str, Coding]
    address: Address | None
    neighbors: int
    with_excerpt: np.ndarray

    @property
    def texts(self) -> list[str]:
        """The carried columns whose texts are only read."""
        return [name for name, coding in self.carried.items() if coding.head["kind"] == "text"]


@dataclass(frozen=True)
class Numbering:
    """The numbers of the articles on the page, and where they stand.

    Attributes
    ----------
    tree : the tiles.
    steps : positions in whole steps, uint16 [items, 2], in the order of the map.
    number : of each item, int32 [items]; questions keep theirs.
    """

    tree: Quadtree
    steps: np.ndarray
    number: np.ndarray

    @classmethod
    def of(cls, knowledge_map: KnowledgeMap, capacity: int) -> "Numbering":
        """Return the numbering of a map's articles, in tiles of a capacity."""
        articles = int(knowledge_map.is_article.sum())
        positions = steps(knowledge_map.positions)
        tree = build_quadtree(positions[:articles], capacity)
        number = np.arange(len(positions), dtype=np.int32)
        number[tree.order] = np.arange(articles, dtype=np.int32)
        return cls(tree, positions, number)


def write_tiles(content: PageContent, output: str | Path, capacity: int = CAPACITY) -> None:
    """Write the page of tiles: `output`, its index.html, once all of `data/` beside it is there.

    A file of `data/` that a former page has as well is not written again; what only former pages have is removed at the end.
    The map needs the columns `TILED_COLUMNS`, the labels `LABEL_COLUMNS`; `capacity` is that of a tile. Raises UserError where
    there are more items than the page can number.
    """
    knowledge_map = content.knowledge_map
    if len(knowledge_map.table) >= NONE:
        raise UserError(f"page.form: tiles hold up to {NONE:,} items, and the map has {len(knowledge_map.table):,}; set `file`.")
    output = Path(output)
    folder = ContentFolder(output.parent / "data")
    numbering = Numbering.of(knowledge_map, capacity)
    log.info(f"{len(numbering.tree.level):,} tiles of up to {np.diff(numbering.tree.first).max():,} articles")
    shown = _shown(content)
    articles = pa.array(knowledge_map.is_article)
    source_names, sources = source_column(knowledge_map.table["source"].filter(articles))
    files = _write_articles(knowledge_map, numbering, sources, shown, folder)
    titles = knowledge_map.table["title"].filter(articles)
    head = content.head()
    names = {extent: head.pop(extent) for extent in ("levels", "region_levels")}
    for question in head["questions"]:
        question["source"] = int(numbering.number[question["source"]]) if question["source"] >= 0 else -1
    head |= {
        "url": asdict(shown.address) if shown.address else None,
        "sources": source_names,
        "carried": [coding.head for coding in shown.carried.values()],
        "tiles": {
            "files": files,
            "neighbors": shown.neighbors,
            "labels": _write_labels(names, titles, numbering.number, folder),
            "search": write_title_index(titles, numbering.number[: len(titles)], folder),
            "bounds": _bounds(numbering.steps),
            "missing": _missing(knowledge_map, sources),
            "questions": _questions(knowledge_map, content.asked, numbering, shown),
        },
    }
    os.sync()  # what index.html names must be on the disk before it is
    write_html(output, content.title, head, _columns(head, numbering, shown), may_fetch=True)
    removed = folder.remove_others()
    log.info(
        f"{folder.files:,} files of {folder.bytes / 1e6:,.0f} MB: {folder.written:,} written, the others as they were, "
        f"{removed:,} of former pages removed"
    )
    if folder.files > MOST_FILES:
        log.warning(f"Some web space, such as that of GitHub Pages, takes no more than {MOST_FILES:,} files.")


def _shown(content: PageContent) -> Shown:
    knowledge_map, settings = content.knowledge_map, content.settings
    articles = pa.array(knowledge_map.is_article)
    carried = {
        name: column_coding(name, read_parquet(knowledge_map.path, columns=[name])[name].filter(articles))
        for name in content.carried
    }
    with open_parquet(knowledge_map.path) as file:
        first = next(batches(file, ["title", "url"], 10_000), None)
    address = common_address(first["title"].to_pylist(), web_addresses(first["url"]).to_pylist()) if first else None
    positions = knowledge_map.positions[knowledge_map.is_article]
    wanted = np.full(len(positions), settings.excerpts == "all")
    if settings.excerpts == "region" and content.region is not None:
        wanted = content.region.contains(positions)
    return Shown(carried, address, settings.neighbors, wanted)


# --- articles, sorted by tile


def _write_articles(
    knowledge_map: KnowledgeMap, numbering: Numbering, sources: np.ndarray, shown: Shown, folder: ContentFolder
) -> dict:
    """Write tiles and details; return how many articles share a file of details, under `details_each`, and the digests of all."""
    tree, articles = numbering.tree, len(numbering.tree.order)
    each = max(FEWEST_DETAILS, -(-articles // DETAIL_FILES))
    # Runs of tiles with about as many articles each as can be sorted in memory.
    run_of_tile = tree.first[:-1] // SORTED
    first_tiles = np.flatnonzero(np.append(True, run_of_tile[1:] != run_of_tile[:-1]))
    begins = np.append(tree.first[first_tiles], articles)
    tiles, details = [], []
    with _sorting_folder(folder.path) as sorting:
        paths = [sorting / f"{run}.arrow" for run in range(len(first_tiles))]
        _distribute(knowledge_map, numbering, shown, begins, paths)
        progress = Progress(articles, "articles in tiles")
        for run, path in enumerate(paths):
            table = _sorted_table(path)
            last_tile = first_tiles[run + 1] if run + 1 < len(first_tiles) else len(tree.level)
            for tile in range(first_tiles[run], last_tile):
                own = table.slice(tree.first[tile] - begins[run], tree.first[tile + 1] - tree.first[tile])
                rows = tree.order[tree.first[tile] : tree.first[tile + 1]]
                tiles.append(folder.add("tiles", _tile(own, numbering.steps[rows], sources[rows], shown)))
                details += [folder.add("details", _details(own.slice(start, each), shown)) for start in range(0, len(own), each)]
                progress.advance(len(own))
            path.unlink(missing_ok=True)
    return {"details_each": each, "tiles": b"".join(tiles), "details": b"".join(details)}


@contextmanager
def _sorting_folder(data: Path) -> Iterator[Path]:
    """Yield an empty folder beside `data` for what is sorted, and remove it at the end, or that of a writer that was killed."""
    folder = data.with_name(".sorting")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _distribute(knowledge_map: KnowledgeMap, numbering: Numbering, shown: Shown, begins: np.ndarray, paths: list[Path]) -> None:
    """Read the map once, and write each article to the file of the run of numbers that it belongs to; runs begin at `begins`."""
    articles = len(numbering.tree.order)
    wanted = ["title", "url", "excerpt", "neighbors", "trust", "stretch", *shown.carried]
    progress = Progress(articles, "articles read")
    row = 0
    with open_parquet(knowledge_map.path) as file, ExitStack() as stack:
        writers: list[pa.ipc.RecordBatchStreamWriter | None] = [None] * len(paths)
        for read in batches(file, wanted, READ):
            some = read.slice(0, articles - row)
            if not len(some):
                break  # only questions are left
            table = _packed_rows(some, numbering, shown, row)
            run = np.searchsorted(begins, table["number"].to_numpy(), "right") - 1
            order = np.argsort(run, kind="stable")
            ends = np.searchsorted(run[order], np.arange(len(paths) + 1))
            table = table.take(pa.array(order))
            for at, (start, end) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
                if start == end:
                    continue
                writer = writers[at] or stack.enter_context(pa.ipc.new_stream(str(paths[at].absolute()), table.schema))
                writers[at] = writer
                writer.write_table(table.slice(start, end - start))
            row += len(some)
            progress.advance(len(some))


def _packed_rows(read: pa.Table, numbering: Numbering, shown: Shown, first: int) -> pa.Table:
    """Return rows of the map from `first` on as the page has them, with their `number` there."""
    count = len(read)
    rows, falls = neighbor_lists(read["neighbors"], shown.neighbors)
    rows = np.where(rows == NONE, NONE, numbering.number[np.where(rows == NONE, 0, rows)])
    excerpts = pc.if_else(pa.array(shown.with_excerpt[first : first + count]), pc.fill_null(read["excerpt"], ""), "")
    columns = {
        "number": pa.array(numbering.number[first : first + count]),
        "title": pc.fill_null(read["title"], ""),
        "excerpt": excerpts,
        "url": stored_urls(read["title"], read["url"], shown.address),
        "neighbors": _binary(row_bytes(rows).reshape(count, -1)),
        "similarities": _binary(falls.T),
        "trust": pa.array(trust_column(read["trust"])),
        "stretch": pa.array(stretch_column(read["stretch"])),
    }
    for name in shown.carried:
        columns[f"carried {name}"] = read[name]
    return pa.table(columns)


def _binary(matrix: np.ndarray) -> pa.FixedSizeBinaryArray:
    """Return the rows of a matrix of bytes, uint8 [n, width], as a column."""
    buffer = pa.py_buffer(np.ascontiguousarray(matrix).tobytes())
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(matrix.shape[1]), len(matrix), [None, buffer])


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    """Return what `_binary` made a column, uint8 [n, width]."""
    width = column.type.byte_width
    chunk = column.combine_chunks()
    content = np.frombuffer(chunk.buffers()[1], np.uint8) if width and len(chunk) else np.zeros(0, np.uint8)
    return content[chunk.offset * width : (chunk.offset + len(chunk)) * width].reshape(len(chunk), width)


def _sorted_table(path: Path) -> pa.Table:
    if not path.exists():  # a map without articles
        return pa.table({})
    with pa.ipc.open_stream(str(path.absolute())) as stream:
        table = stream.read_all()
    return table.take(pa.array(np.argsort(table["number"].to_numpy()))).combine_chunks()


def _tile(articles: pa.Table, positions: np.ndarray, sources: np.ndarray, shown: Shown) -> bytes:
    """Return the file of a tile: what is drawn, said by the pointer, coloured and filtered by."""
    parts = {"positions": byte_planes(positions.T), "sources": sources.tobytes()}
    if len(articles):
        parts |= {"trust": articles["trust"].to_numpy().tobytes(), **text_parts("titles", articles["title"])}
    for number, (name, coding) in enumerate(shown.carried.items()):
        if len(articles):
            numbers = coding.numbers(articles[f"carried {name}"])
            parts |= {f"carried-{number}{ending}": byte_planes(values) for ending, values in numbers.items()}
    return packed_parts({"kind": "tiles", "count": len(articles)}, parts)


def _details(articles: pa.Table, shown: Shown) -> bytes:
    """Return the file of what the cards of some articles say beyond their tile."""
    parts = {
        "neighbors": _matrix(articles["neighbors"]).tobytes(),
        "similarities": _matrix(articles["similarities"]).T.tobytes(),
        "stretch": articles["stretch"].to_numpy().tobytes(),
        **text_parts("excerpts", articles["excerpt"]),
        **text_parts("urls", articles["url"]),
    }
    for number, name in enumerate(shown.carried):
        if name in shown.texts:
            parts |= text_parts(f"carried-{number}", pc.fill_null(articles[f"carried {name}"], ""))
    return packed_parts({"kind": "details", "count": len(articles)}, parts)


# --- what the page has from the beginning


def _write_labels(levels: dict[str, list[dict]], titles: pa.ChunkedArray, number: np.ndarray, folder: ContentFolder) -> str:
    """Write the labels of all levels, each with the titles of its examples; return the name of the file."""
    for level in (level for extent in levels.values() for level in extent):
        rows = level["examples"]
        flat = np.array([row for some in rows for row in some], np.int64)
        names = iter(titles.take(pa.array(flat)).to_pylist())
        level["titles"] = [[next(names) for _ in some] for some in rows]
        level["examples"] = [number[np.array(some, np.int64)].tolist() for some in rows]
    return folder.add("labels", packed_parts({"kind": "labels"}, {"labels": as_json(levels)})).hex()


def _bounds(positions: np.ndarray) -> list[int]:
    """Return left, right, bottom and top of all items, in whole steps."""
    if not len(positions):
        return [0, 65535, 0, 65535]
    return [int(value) for axis in (0, 1) for value in (positions[:, axis].min(), positions[:, axis].max())]


def _missing(knowledge_map: KnowledgeMap, sources: np.ndarray) -> dict[str, int]:
    """Return how many articles have a source beyond those that have names, and how many no trust."""
    trust = trust_column(read_parquet(knowledge_map.path, columns=["trust"])["trust"].slice(0, len(sources)))
    return {"sources": int((sources == UNKNOWN).sum()), "trust": int((trust == UNKNOWN).sum())}


def _questions(knowledge_map: KnowledgeMap, asked: Sequence[Question], numbering: Numbering, shown: Shown) -> list[dict]:
    """Return of each question its text and position, and the articles to read about it: number, title, stored address."""
    if not asked:
        return []
    articles = len(numbering.tree.order)
    table = read_parquet(knowledge_map.path, columns=["neighbors"]).slice(articles)
    rows = neighbor_lists(table["neighbors"], max(NEAR, shown.neighbors))[0]
    near = [[row for row in some if row < articles][:NEAR] for some in rows.tolist()]
    wanted = sorted({row for some in near for row in some})
    titles = knowledge_map.table["title"].take(pa.array(wanted, pa.int64())).to_pylist()
    urls = dict(zip(wanted, zip(titles, _urls(knowledge_map.path, wanted, titles, shown.address), strict=True), strict=True))
    positions = numbering.steps[articles:].tolist()
    return [
        {"text": question.text, "x": x, "y": y, "near": [[int(numbering.number[row]), *urls[row]] for row in some]}
        for question, (x, y), some in zip(asked, positions, near, strict=True)
    ]


def _urls(path: Path, rows: Sequence[int], titles: list[str], address: Address | None) -> list[str]:
    """Return the stored addresses of some rows, ascending; the map is read a batch at a time."""
    found: list[str] = []
    with open_parquet(path) as file:
        start = 0
        for batch in batches(file, ["url"], READ):
            own = [row - start for row in rows if start <= row < start + len(batch)]
            found += batch["url"].take(pa.array(own, pa.int64())).to_pylist()
            start += len(batch)
    return stored_urls(pa.chunked_array([titles], pa.string()), pa.chunked_array([found], pa.string()), address).to_pylist()


def _columns(head: dict, numbering: Numbering, shown: Shown) -> Iterator[Packed]:
    """Yield name and base64 of what index.html carries: the head, the tree of tiles, the density and the names of classes."""
    tree, files = numbering.tree, head["tiles"].pop("files")
    head["tiles"]["details_each"] = files["details_each"]
    yield "head", packed([as_json(head)])
    yield "tree", packed([tree.children.tobytes(), byte_planes(np.diff(tree.first).astype(np.uint32))])
    yield "digests", packed([files["tiles"], files["details"]])
    cells = numbering.steps[tree.order].astype(np.int64) * DENSITY_SIDE // 65536
    density = np.bincount(cells[:, 1] * DENSITY_SIDE + cells[:, 0], minlength=DENSITY_SIDE**2)
    yield "density", packed([byte_planes(density.astype(np.uint32))])
    for number, coding in enumerate(shown.carried.values()):
        if coding.names is not None:
            yield from coding_texts(f"carried-{number}", coding, coding.names)
