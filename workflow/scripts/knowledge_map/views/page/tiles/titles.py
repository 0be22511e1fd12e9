"""The search index of the page of tiles: titles by the beginnings of their words, and words by what is within them.

Both are tries whose nodes are files. A node holds the best of the entries that begin with its prefix and that no node above has
taken; nodes below share the rest by the next byte. So the best entries for any beginning stand on one path from the root, and a
search fetches a handful of files, however many titles there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.progress import Progress
from knowledge_map.views.page.columns import byte_planes, text_parts, utf8
from knowledge_map.views.page.tiles.parts import ContentFolder, packed_parts

LONGEST = 300
"""Characters of a title that are searched and listed."""

KEY = 16
"""Bytes of an entry by which it is sorted; entries that share all of them stand in one file."""

SHORTEST = 3
"""Bytes that are left of a word, at least, where it is looked up by what is within it."""

FEWEST = 2_000
"""Entries of a file, at least; where there are many there are more, so that there are not too many files."""

FILES = 2_500
"""Files with so many entries that all would fit into about so many; with those that are not full there are twice as many."""

BATCH = 100_000
"""Titles whose words are found at once."""

_SPACE = ord(" ")
_LETTER = np.zeros(256, bool)
_LETTER[[*range(ord("0"), ord("9") + 1), *range(ord("a"), ord("z") + 1), *range(0x80, 0x100)]] = True
"""Bytes of words; all that is not ASCII counts as letters."""

_NO_LETTERS = r"[^0-9a-z\x{80}-\x{10ffff}]+"


def write_title_index(titles: pa.ChunkedArray, numbers: np.ndarray, folder: ContentFolder) -> dict[str, str]:
    """Write the search index of `titles`, strings [n], which the page knows by `numbers`, int [n].

    Return the names of the two files that list the nodes, under `titles` and `words`.
    """
    titles = pc.utf8_slice_codeunits(pc.fill_null(titles, ""), 0, LONGEST)
    folded = folded_titles(titles)
    words = _common_words(folded)
    return {
        "titles": _write_titles(titles, folded, numbers, folder).hex(),
        "words": _write_words(words, folder).hex(),
    }


def folded_titles(titles: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return titles as they are searched: without accents and case, what controls a terminal being a space.

    `fold` in `static/base/text.js` does the same to what is looked for.
    """
    plain = pc.replace_substring_regex(pc.utf8_normalize(titles, form="NFD"), r"\p{M}", "")
    lower = pc.replace_substring(pc.utf8_lower(plain), "ς", "σ")
    return pc.replace_substring_regex(lower, r"\p{Cc}", " ")


# --- tries


@dataclass(frozen=True)
class Node:
    """A node of a trie: it stands for entries of the node above whose next byte is within a range.

    Attributes
    ----------
    depth : 0 for the root.
    bytes : the first and the last byte of the range; one byte only where the node has others below it.
    taken : which entries it holds, int64 [entries], ascending.
    entries : how many entries there are in all, with those of the nodes below.
    """

    depth: int
    bytes: tuple[int, int]
    taken: np.ndarray
    entries: int


def trie_nodes(keys: np.ndarray, ranks: np.ndarray, capacity: int) -> Iterator[Node]:
    """Yield the nodes of a trie, each before those below it.

    `keys`, uint8 [n, KEY], are ascending; `ranks`, int64 [n], tell the best entries: the lowest, or of equal ones the first.
    """
    waiting = [(0, (0, 255), np.arange(len(keys)))]
    while waiting:
        depth, range_, entries = waiting.pop()
        if len(entries) <= capacity or depth == KEY:
            yield Node(depth, range_, entries, len(entries))
            continue
        best = np.zeros(len(entries), bool)
        best[_lowest(ranks[entries], capacity)] = True
        yield Node(depth, range_, entries[best], len(entries))
        rest = entries[~best]
        waiting += [(depth + 1, *part) for part in reversed(list(_parts(keys[rest, depth], rest, capacity)))]


def _lowest(ranks: np.ndarray, count: int) -> np.ndarray:
    """Return where the `count` lowest numbers stand, of equal ones the first."""
    limit = np.partition(ranks, count - 1)[count - 1]
    below, equal = np.flatnonzero(ranks < limit), np.flatnonzero(ranks == limit)
    return np.concatenate([below, equal[: count - len(below)]])


def _parts(bytes_: np.ndarray, entries: np.ndarray, capacity: int) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """Yield entries by their byte: those of a byte with many alone, those of bytes beside each other with few together."""
    starts = np.flatnonzero(np.append(True, bytes_[1:] != bytes_[:-1]))
    ends = np.append(starts[1:], len(bytes_))
    begin = 0  # of the bytes with few
    for at, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        is_last = at + 1 == len(starts)
        following = 0 if is_last else int(ends[at + 1])
        if not is_last and following - starts[begin] <= capacity:
            continue
        yield (int(bytes_[starts[begin]]), int(bytes_[start])), entries[starts[begin] : end]
        begin = at + 1


def _sorted_keys(content: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first `KEY` bytes from each start, zeros behind its end, uint8 [n, KEY], ascending, and their order."""
    keys = np.zeros((len(starts), KEY), np.uint8)
    for at in range(KEY):
        inside = starts + at < ends
        keys[inside, at] = content[starts[inside] + at]
    halves = [keys[:, half : half + 8].copy().view(">u8").ravel().astype(np.uint64) for half in range(0, KEY, 8)]
    order = np.lexsort(halves[::-1])
    del halves
    return keys[order], order


def _write_nodes(nodes: Iterator[Node], kind: str, folder: ContentFolder, content, total: int, unit: str) -> bytes:
    """Write a file for each node, its parts being `content(node.taken)`, and the list of nodes; return the digest of the list."""
    depths, ranges, counts, digests = [], [], [], []
    progress = Progress(total, unit)
    for node in nodes:
        digests.append(folder.add(kind, packed_parts({"kind": kind}, content(node.taken))))
        depths.append(node.depth)
        ranges.append(node.bytes)
        counts.append(node.entries)
        progress.advance(len(node.taken))
    first, last = np.array(ranges, np.uint8).T
    listed = {
        "depths": np.array(depths, np.uint8).tobytes(),
        "first": first.tobytes(),
        "last": last.tobytes(),
        "counts": byte_planes(np.array(counts, np.uint32)),
        "digests": b"".join(digests),
    }
    return folder.add("search", packed_parts({"kind": "search"}, listed))


def _capacity(entries: int) -> int:
    return max(FEWEST, -(-entries // FILES))


# --- titles by the beginnings of their words


def _write_titles(titles: pa.ChunkedArray, folded: pa.ChunkedArray, numbers: np.ndarray, folder: ContentFolder) -> bytes:
    keys, rows, ranks = _beginnings(folded)
    texts = titles.combine_chunks()

    def parts(taken: np.ndarray) -> dict[str, bytes]:
        held = rows[taken]
        held = held[np.sort(np.unique(held, return_index=True)[1])]  # a title may have two words that begin alike
        return {"rows": byte_planes(numbers[held].astype(np.uint32)), **text_parts("titles", texts.take(pa.array(held)))}

    return _write_nodes(trie_nodes(keys, ranks, _capacity(len(keys))), "titles", folder, parts, len(keys), "beginnings of words")


def _beginnings(folded: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return an entry for every word of every title: its key, the title's row, and its rank (see `trie_nodes`), by key."""
    content, begins = _content(folded)
    starts = _starts_of_words(content, begins)
    rows = (np.searchsorted(begins, starts, "right") - 1).astype(np.uint32)
    keys, order = _sorted_keys(content, starts, begins[1:][rows])
    starts, rows = starts[order], rows[order]
    del order
    ranks = np.diff(begins)[rows]
    ranks[starts != begins[rows]] += 1 << 32  # titles that begin so before others, short before long
    return keys, rows, ranks


def _starts_of_words(content: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Return where words and signs begin in the bytes of all texts, int64, ascending."""
    is_start = content != _SPACE
    is_start[1:] &= ~_LETTER[content[:-1]]
    whole = begins[:-1][begins[1:] > begins[:-1]]
    is_start[whole] = content[whole] != _SPACE
    return np.flatnonzero(is_start)


def _content(texts: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of all texts, uint8, and where each begins in them, and the last ends, int64 [texts + 1]."""
    content = np.frombuffer(b"".join(map(utf8, texts.chunks)), np.uint8)
    lengths = pc.binary_length(texts).to_numpy() if len(texts) else np.zeros(0, np.int64)
    return content, np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


# --- words by what is within them


def _common_words(folded: pa.ChunkedArray) -> pa.Table:
    """Return the different words of titles, `word`, in the order of the alphabet, and `count`, how often each occurs."""
    found = [pa.table({"word": pa.array([], pa.string()), "count": pa.array([], pa.int64())})]
    for start in range(0, len(folded), BATCH):
        lists = pc.split_pattern_regex(folded.slice(start, BATCH), _NO_LETTERS)
        counts = pc.value_counts(pa.chunked_array([pc.list_flatten(chunk) for chunk in lists.chunks], pa.string()))
        found.append(pa.table({"word": counts.field("values"), "count": counts.field("counts")}))
    words = pa.concat_tables(found).group_by("word").aggregate([("count", "sum")]).rename_columns(["word", "count"])
    return words.filter(pc.greater(pc.binary_length(words["word"]), SHORTEST)).sort_by("word")


def _write_words(words: pa.Table, folder: ContentFolder) -> bytes:
    content, begins = _content(words["word"])
    is_start = (content & 0xC0) != 0x80  # a character begins
    is_start[begins[:-1]] = False
    starts = np.flatnonzero(is_start)
    rows = np.searchsorted(begins, starts, "right") - 1
    left = begins[rows + 1] - starts
    starts, rows = starts[left >= SHORTEST], rows[left >= SHORTEST]
    keys, order = _sorted_keys(content, starts, begins[rows + 1])
    rows = rows[order]
    ranks = -words["count"].to_numpy()[rows]  # common words first
    texts = words["word"].combine_chunks()

    def parts(taken: np.ndarray) -> dict[str, bytes]:
        held = rows[taken]
        held = held[np.lexsort((held, ranks[taken]))]
        held = held[np.sort(np.unique(held, return_index=True)[1])]
        return text_parts("words", texts.take(pa.array(held)))

    return _write_nodes(trie_nodes(keys, ranks, _capacity(len(keys))), "words", folder, parts, len(keys), "ends of words")
