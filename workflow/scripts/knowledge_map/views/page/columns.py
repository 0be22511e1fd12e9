"""The data of the interactive page: one column after another, compressed, in base64. `static/base/columns.js` unpacks it.

Numbers are little-endian. Texts are one run of UTF-8 beside their lengths in bytes, so that the page need not make a string
of a text before somebody looks at it.
"""

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from knowledge_map.common.arrow import compute as pc
from knowledge_map.labels.table import shown_labels
from knowledge_map.map.region import Region
from knowledge_map.map.table import KnowledgeMap

NONE = 0xFFFFFF
"""Stands for a neighbor that is not there; rows are written in three bytes."""

UNKNOWN = 255
"""Stands for a trust or stretch that is missing."""

FOLLOWS = "="
"""Stands for an address that follows from the title."""

BATCH = 10_000
"""Rows whose addresses are compared with their titles at once."""

Packed = tuple[str, Iterator[str]]
"""The name of data in the page, and their base64 in pieces."""

PIECE = 3 * 2**18
"""Bytes turned into base64 at once; a multiple of three, so that the pieces can be joined."""


def packed(parts: Iterable[bytes]) -> Iterator[str]:
    """Yield base64, in pieces, of the zlib stream of these bytes."""
    compressor, pending = zlib.compressobj(9), b""
    for part in parts:
        pending += compressor.compress(part)
        whole = len(pending) // PIECE * PIECE
        if whole:
            yield base64.b64encode(pending[:whole]).decode()
            pending = pending[whole:]
    yield base64.b64encode(pending + compressor.flush()).decode()


def byte_planes(numbers: np.ndarray) -> bytes:
    """Return all first bytes of the numbers, little-endian, then all second ones, and so on, which compresses better."""
    little = np.ascontiguousarray(numbers.astype(numbers.dtype.newbyteorder("<")))
    return little.view(np.uint8).reshape(-1, numbers.itemsize).T.tobytes()


def text_columns(name: str, texts: pa.ChunkedArray) -> Iterator[Packed]:
    """Yield the two columns of `texts`, nulls being empty: their bytes, and their lengths as uint32."""
    texts = pc.fill_null(texts, "")
    yield name, packed(utf8(chunk) for chunk in texts.chunks)
    yield f"{name}-lengths", packed([pc.binary_length(texts).to_numpy().astype("<u4").tobytes()])


def text_parts(name: str, texts: pa.ChunkedArray | pa.Array) -> dict[str, bytes]:
    """Return the bytes of `texts`, strings without nulls, and their lengths in bytes, uint32, as `byte_planes`."""
    texts = texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])
    lengths = pc.binary_length(texts).to_numpy().astype(np.uint32)
    return {name: b"".join(map(utf8, texts.chunks)), f"{name}-lengths": byte_planes(lengths)}


def utf8(texts: pa.StringArray) -> bytes:
    """Return the bytes of all texts, as they lie in memory."""
    _, offsets, content = texts.buffers()
    if not len(texts) or content is None:
        return b""
    ends = np.frombuffer(offsets, np.int32)[[texts.offset, texts.offset + len(texts)]]
    return content.slice(ends[0], ends[1] - ends[0]).to_pybytes()


def position_column(positions: np.ndarray) -> np.ndarray:
    """Return positions in [0, 1], float [rows, 2], in steps of 1/65535: all x, then all y."""
    return steps(positions).T


def steps(positions: np.ndarray) -> np.ndarray:
    """Return positions in [0, 1] in steps of 1/65535, uint16 of the same shape."""
    return np.round(positions.clip(0, 1) * 65535).astype("<u2")


def neighbor_columns(neighbors: pa.ChunkedArray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of each item's nearest neighbors and how similar they are, at most so many, as the page has them.

    Rows are those of `row_bytes`, similarities those of `neighbor_lists`.
    """
    longest = pc.max(pc.list_value_length(pc.struct_field(neighbors, "ids"))).as_py() or 0
    rows, falls = neighbor_lists(neighbors, min(most, longest))
    return row_bytes(rows), falls


def neighbor_lists(neighbors: pa.ChunkedArray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of each item's k nearest neighbors and how similar they are.

    Rows are uint32 [rows, k], `NONE` where an item has fewer. Similarities are cosines in steps of 1/255, stored as how far they
    fall from one neighbor to the next, modulo 256: uint8 [k, rows], the first being the cosine itself.
    """
    if not k:
        return np.zeros((len(neighbors), 0), np.uint32), np.zeros((0, len(neighbors)), np.uint8)
    ids, distances = (
        pc.list_flatten(pc.list_slice(pc.struct_field(neighbors, field), 0, k, return_fixed_size_list=True))
        for field in ("ids", "distances")
    )
    rows = pc.fill_null(ids, NONE).to_numpy().astype(np.uint32).reshape(-1, k)
    cosines = 1 - np.nan_to_num(pc.fill_null(distances, 1).to_numpy().reshape(-1, k), nan=1)
    levels = np.round(cosines.clip(0, 1) * 255).astype(np.uint8).T
    return rows, np.concatenate([levels[:1], levels[:-1] - levels[1:]])


def row_bytes(rows: np.ndarray) -> np.ndarray:
    """Return rows in three bytes each, the lowest first: uint8 of one dimension more."""
    return np.ascontiguousarray(rows.astype("<u4"))[..., None].view(np.uint8)[..., :3]


@dataclass(frozen=True)
class Address:
    """How addresses follow from titles: a prefix and the quoted title, with underscores for spaces or not."""

    prefix: str
    underscores: bool

    def of(self, title: str) -> str:
        """Return the address of the item with this title."""
        return self.prefix + quote(title.replace(" ", "_") if self.underscores else title)


def common_address(titles: list[str], urls: list[str]) -> Address | None:
    """Return how most of the addresses that follow from their titles do so; None where none does."""
    found = Counter()
    for title, url in zip(titles, urls, strict=True):
        for underscores in (False, True):
            ending = Address("", underscores).of(title)
            if ending and url.endswith("/" + ending):
                found[Address(url.removesuffix(ending), underscores)] += 1
    return found.most_common(1)[0][0] if found else None


def trust_column(trust: pa.ChunkedArray) -> np.ndarray:
    """Return trust, 0 to 1, in steps of 1/254, uint8 [rows]; `UNKNOWN` where it is missing."""
    return _bytes(254 * trust.to_numpy())


def stretch_column(stretch: pa.ChunkedArray) -> np.ndarray:
    """Return stretch in sixteenths of a doubling, 128 being 1, uint8 [rows]; `UNKNOWN` where it is missing."""
    with np.errstate(divide="ignore"):  # copies on one spot have a stretch of 0
        return _bytes(128 + 16 * np.log2(stretch.to_numpy()))


def _bytes(values: np.ndarray) -> np.ndarray:
    """Return values rounded to 0..254, uint8, and `UNKNOWN` for those that are no number."""
    return np.where(np.isnan(values), UNKNOWN, np.round(values.clip(0, UNKNOWN - 1))).astype(np.uint8)


def url_column(titles: pa.ChunkedArray, urls: pa.ChunkedArray) -> tuple[Address | None, pa.ChunkedArray]:
    """Return how addresses follow from titles, and the addresses as `stored_urls` has them."""
    urls = web_addresses(urls)
    address = common_address(titles.slice(0, BATCH).to_pylist(), urls.slice(0, BATCH).to_pylist())
    return address, stored_urls(titles, urls, address)


def stored_urls(titles: pa.ChunkedArray, urls: pa.ChunkedArray, address: Address | None) -> pa.ChunkedArray:
    """Return the addresses of items, `FOLLOWS` where they follow from their titles; all but those of the web are empty."""
    urls = web_addresses(urls)
    if address is None:
        return urls
    chunks = []
    for start in range(0, len(urls), BATCH):
        some = urls.slice(start, BATCH)
        follow = pa.array([address.of(title) for title in titles.slice(start, BATCH).to_pylist()], pa.string())
        chunks.append(pc.if_else(pc.equal(some.combine_chunks(), follow), FOLLOWS, some.combine_chunks()))
    return pa.chunked_array(chunks, pa.string())


def web_addresses(urls: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return `urls` with all but http and https ones emptied."""
    urls = pc.fill_null(urls, "")
    return pc.if_else(pc.match_substring_regex(urls, r"(?i)^https?://"), urls, "")


def source_column(sources: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    """Return the names of the sources, most frequent first, and each row's place among them, uint8, 255 being all the rest."""
    counts = pc.value_counts(pc.fill_null(sources, "")).to_pylist()
    names = [count["values"] for count in sorted(counts, key=lambda count: (-count["counts"], count["values"]))][:255]
    positions = pc.fill_null(pc.index_in(sources, pa.array(names, pa.string())), 255)
    return names, positions.to_numpy().astype(np.uint8)


def excerpt_column(knowledge_map: KnowledgeMap, which: str, region: Region | None) -> pa.ChunkedArray:
    """Return the excerpts of `all` articles, of those in the `region`, or of `none`; the rest, and questions, have none."""
    wanted = knowledge_map.is_article.copy()
    if which == "none" or (which == "region" and region is None):
        wanted[:] = False
    elif which == "region" and region is not None:
        wanted &= region.contains(knowledge_map.positions)
    return pc.if_else(pa.array(wanted), pc.fill_null(knowledge_map.table["excerpt"], ""), "")


def level_list(labels: pa.Table, extent: str) -> list[dict]:
    """Return the labels of each level of an `extent`, coarse to fine, in the order in which they should find room, for JSON."""
    of_extent = labels.filter(pc.field("extent") == extent)
    return [_level(shown_labels(labels, grid, extent), int(grid)) for grid in np.unique(of_extent["grid"].to_numpy())]


def _level(shown: pa.Table, grid: int) -> dict:
    x, y = (steps(shown[column].to_numpy()).tolist() for column in ("label_x", "label_y"))
    width = max(pc.max(shown[column]).as_py() or 0 for column in ("cell_width", "cell_height"))
    columns = {"labels": "label", "from": "label_from", "applies": "applies_to", "of": "area_articles", "examples": "examples"}
    return {"grid": grid, "width": width, "x": x, "y": y, **{key: shown[name].to_pylist() for key, name in columns.items()}}


def label_rows(labels: pa.Table) -> np.ndarray:
    """Return the rows of the articles to which each label of `level_list` applies, those of the map before those of the region.

    One label after another, as many rows as its `applies` says, ascending, each as its distance from the row before, uint32.
    """
    parts = [np.zeros(0, np.uint32)]
    for extent in ("map", "region"):
        of_extent = labels.filter(pc.field("extent") == extent)
        for grid in np.unique(of_extent["grid"].to_numpy()):
            parts += _rows_of_areas(of_extent.filter(pc.field("grid") == grid), shown_labels(labels, grid, extent))
    return np.concatenate(parts)


def _rows_of_areas(level: pa.Table, shown: pa.Table) -> list[np.ndarray]:
    """Return the rows of each of the `shown` areas of a level, as distances."""
    lists = level["label_rows"].combine_chunks()
    cell = pc.list_parent_indices(lists).to_numpy()
    area = pc.fill_null(level["area"], -1).to_numpy()[cell]
    rows = pc.list_flatten(lists).to_numpy()
    order = np.lexsort((rows, area))
    area, rows = area[order], rows[order]
    found = []
    for each in shown["area"].to_pylist():
        own = rows[np.searchsorted(area, each) : np.searchsorted(area, each, "right")]
        found.append(np.diff(own, prepend=0).astype("<u4"))
    return found


def as_json(value: object) -> bytes:
    """Return a value as compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
