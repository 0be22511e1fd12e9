"""Whether a finished results folder is what the lab asked for, one criterion after the other."""

import json
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from knowledge_map import diagnostics
from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.errors import UserError, corrupt_file_error
from knowledge_map.common.items import ARTICLE, PLACED, QUESTION
from knowledge_map.common.parquet import batches, open_parquet
from knowledge_map.common.plain_pickle import PlainUnpickler, RefusedName
from knowledge_map.diagnostics.coverage import OCCUPIED, occupied_cells
from knowledge_map.embedding.table import ROW_GROUP, EmbeddingTable
from knowledge_map.map.region import question_region
from knowledge_map.map.table import KnowledgeMap

PICKLE = "knowledge_map.pkl"

FILES = (
    "shards/manifest.json",
    "embeddings.parquet",
    "neighbors.parquet",
    "knowledge_map.parquet",
    PICKLE,
    "articles.json",
    "labels.parquet",
    "labels.json",
    "map_labels.parquet",
    *(f"diagnostics/{name}" for name in diagnostics.OUTPUTS),
)
"""What a results folder holds, besides the shards that its manifest names and its page; the pickle where one is wanted."""

UNIT_TOLERANCE = 1e-3
"""How far from 1 the length of a unit vector in float32 (or from half precision) may be."""

REGION_TOLERANCE = 1e-5

METADATA_OPCODES = 100_000
"""Opcodes after which a pickle's metadata is held to be missing."""


@dataclass(frozen=True)
class Criterion:
    """One thing asked of a result: what it is, what is wanted, what was found, and whether that will do."""

    name: str
    wanted: str
    found: str
    passed: bool


Finding = tuple[str, bool]
"""What was found, and whether it passes."""


def verify(
    results_folder: Path,
    expected_articles: int,
    expected_questions: int,
    target_overlap: float,
    k: int,
    with_pickle: bool = True,
    with_appended: bool = False,
    page: str = "knowledge_map.html",
) -> list[Criterion]:
    """Check a results folder and return every criterion, in the order of the data.

    Parameters
    ----------
    results_folder : the folder with `FILES`.
    expected_articles, expected_questions : how many the map should hold.
    target_overlap : wanted mean overlap@k of the questions, 0 to 1.
    with_pickle : whether the pickle is one of the files.
    with_appended : whether articles were appended to the map.
    page : the page, below the folder.

    Streamed: memory does not grow with the vectors or with the pickle, which is never loaded. A missing or damaged file is
    a criterion that fails, never an error.
    """
    results = Path(results_folder)
    expected = counted(expected_articles, expected_questions)
    checks: list[tuple[str, str, Callable[[], Finding]]] = [
        ("files", "all present and not empty", lambda: files_present(results, page, with_pickle)),
        ("articles in shards/manifest.json", f"{expected_articles:,}", lambda: manifest_count(results, expected_articles)),
    ]
    for name, count in ITEM_COUNTS.items():
        if name == PICKLE and not with_pickle:
            continue
        checks.append((f"items in {name}", expected, lambda count=count: _same(count(results), expected)))
    items = expected_articles + expected_questions
    overlap_wanted = f"at least {target_overlap:.0%}" if expected_questions else "nothing, without questions"
    checks += [
        ("rows of neighbors.parquet", f"{items:,}", lambda: _same(f"{_rows(results / 'neighbors.parquet'):,}", f"{items:,}")),
        ("articles in articles.json", f"{expected_articles:,}, all complete", lambda: article_list(results, expected_articles)),
        ("items of map and embeddings", "the same item_ids in the same order", lambda: same_items(results)),
        ("embedding dimension", "the same everywhere", lambda: same_dimension(results, with_pickle)),
        ("vectors", "all finite and of unit length", lambda: unit_vectors(results)),
        ("neighbors", "rows of other items, nearest first", lambda: valid_neighbors(results)),
        ("positions x, y", "all in [0, 1]", lambda: valid_positions(results)),
        ("trust and stretch", "in [0, 1], and not negative", lambda: valid_trust(results)),
        *([(f"question region in {PICKLE}", "the box around the map's questions", lambda: valid_region(results))] * with_pickle),
        (f"mean overlap@{k} of the questions", overlap_wanted, lambda: overlap_reached(results, k, target_overlap)),
        (
            "spread of the articles",
            f"at least {OCCUPIED:.0%} of the cells occupied, 16 articles to a cell",
            lambda: spread(results),
        ),
    ]
    if with_appended:
        appended = results / "appended"
        checks += [
            ("the map in appended/", "the map's items as they are, and the placed articles", lambda: appended_to(results)),
            ("items of appended map and embeddings", "the same item_ids in the same order", lambda: same_items(appended)),
            ("positions in appended/", "all in [0, 1]", lambda: valid_positions(appended)),
            (
                "articles in appended/articles.json",
                "the map's and the placed ones, all complete",
                lambda: article_list(appended, expected_articles + _rows(results / "projection.parquet")),
            ),
        ]
    return [_criterion(*check) for check in checks]


def as_table(criteria: list[Criterion]) -> str:
    """Return the criteria as aligned lines of plain text, PASS or FAIL first, and a closing line."""
    names = max((len(criterion.name) for criterion in criteria), default=0)
    wanted = max((len(criterion.wanted) for criterion in criteria), default=0)
    lines = [
        f"{'PASS' if criterion.passed else 'FAIL'}  {criterion.name:{names}}  {criterion.wanted:{wanted}}  {criterion.found}"
        for criterion in criteria
    ]
    failed = sum(not criterion.passed for criterion in criteria)
    verdict = f"{failed} of {len(criteria)} criteria failed." if failed else f"All {len(criteria)} criteria passed."
    return "\n".join([f"      {'criterion':{names}}  {'wanted':{wanted}}  found", *lines, "", verdict, ""])


def _criterion(name: str, wanted: str, check: Callable[[], Finding]) -> Criterion:
    try:
        found, passed = check()
    except Exception as error:  # a damaged file can fail in any way, and that is the finding
        found, passed = _reason(error), False
    return Criterion(name, wanted, found, bool(passed))


def _reason(error: Exception) -> str:
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, FileNotFoundError):
        return f"{error.filename}: missing"
    if isinstance(error, KeyError):
        return f"no entry {error}"
    return " ".join(f"{type(error).__name__}: {error}".split())


# Files and counts


def files_present(results: Path, page: str, with_pickle: bool) -> Finding:
    """Tell whether every file is there and not empty, the shards of the manifest included."""
    try:
        shards = [f"shards/{shard['shard']}.parquet" for shard in _json(results / "shards/manifest.json")["shards"]]
    except FileNotFoundError:
        shards = []  # the manifest itself is on the list
    files = [page, *(name for name in FILES if name != PICKLE or with_pickle), *shards]
    absent = [name for name in files if not (results / name).is_file() or not (results / name).stat().st_size]
    if not absent:
        return f"all {len(files)}", True
    more = f" and {len(absent) - 5} more" if len(absent) > 5 else ""
    return f"missing or empty: {', '.join(absent[:5])}{more}", False


def manifest_count(results: Path, expected: int) -> Finding:
    """Tell whether the manifest counts as many articles as expected."""
    return _same(f"{_json(results / 'shards/manifest.json')['articles']:,}", f"{expected:,}")


def counted(articles: int, questions: int) -> str:
    """Return counts as words; two counts are equal where the words are."""
    return f"{articles:,} articles, {questions:,} questions"


def _count_kinds(path: Path) -> str:
    with open_parquet(path) as file:
        kinds = file.read(columns=["kind"])["kind"]
    articles, questions = (pc.sum(pc.equal(kinds, kind)).as_py() or 0 for kind in (ARTICLE, QUESTION))
    others = len(kinds) - articles - questions
    return counted(articles, questions) + (f", {others:,} of no known kind" if others else "")


def _count_metadata(results: Path) -> str:
    metadata = read_pickle_metadata(results / PICKLE)
    words = counted(metadata["num_articles"], metadata["num_questions"])
    total = metadata["total_items"]
    return words if total == metadata["num_articles"] + metadata["num_questions"] else f"{words}, but {total:,} in all"


def _count_summary(results: Path) -> str:
    counts = _json(results / "diagnostics/summary.json")["counts"]
    return counted(counts["articles"], counts["questions"])


ITEM_COUNTS: dict[str, Callable[[Path], str]] = {
    "embeddings.parquet": lambda results: _count_kinds(results / "embeddings.parquet"),
    "knowledge_map.parquet": lambda results: _count_kinds(results / "knowledge_map.parquet"),
    PICKLE: _count_metadata,
    "diagnostics/summary.json": _count_summary,
}


def _rows(path: Path) -> int:
    with open_parquet(path) as file:
        return file.metadata.num_rows


def article_list(results: Path, expected: int) -> Finding:
    """Tell whether articles.json lists all articles, each with title, url, excerpt and a position in [0, 1]."""

    def complete(pairs: list[tuple[str, object]]) -> bool:
        """Say whether an object is an article; standing in for the object, the answer keeps memory small."""
        article = dict(pairs)
        positions = [article.get("x"), article.get("y")]
        return article.keys() >= {"title", "url", "excerpt"} and all(
            isinstance(p, int | float) and 0 <= p <= 1 for p in positions
        )

    articles = _json(results / "articles.json", object_pairs_hook=complete)
    if not isinstance(articles, list):
        return "no JSON list", False
    broken = len(articles) - sum(article is True for article in articles)
    found = f"{len(articles):,}, " + (f"{broken:,} incomplete or off the map" if broken else "all complete")
    return found, len(articles) == expected and not broken


def _json(path: Path, **options) -> Any:
    try:
        with path.open(encoding="utf-8") as file:
            return json.load(file, **options)
    except ValueError as error:
        raise corrupt_file_error(path, error) from None


def _same(found: str, wanted: str) -> Finding:
    return found, found == wanted


# Items and vectors


def same_items(results: Path) -> Finding:
    """Tell whether map and embedding table hold the same items in the same order, articles first, each once."""
    embedded = EmbeddingTable(results / "embeddings.parquet").columns(["item_id", "kind"])
    with open_parquet(results / "knowledge_map.parquet") as file:
        mapped = file.read(columns=["item_id", "kind"])
    if len(embedded) != len(mapped):
        return f"{len(embedded):,} embedded, {len(mapped):,} on the map", False
    for name in embedded.column_names:
        if not embedded[name].equals(mapped[name]):
            row = pc.index(pc.fill_null(pc.equal(embedded[name], mapped[name]), False), False).as_py()
            return f"the {name} of row {row:,} differs", False
    if (twice := len(embedded) - pc.count_distinct(embedded["item_id"]).as_py()) > 0:
        return f"{twice:,} item_ids occur more than once", False
    is_article = pc.not_equal(embedded["kind"], QUESTION).to_numpy()
    if not is_article[: is_article.sum()].all():
        return "a question stands among the articles", False
    return f"{len(mapped):,} the same", True


def same_dimension(results: Path, with_pickle: bool) -> Finding:
    """Tell whether vectors, their table's metadata, the diagnostics and the pickle's metadata agree on the dimension."""
    table = EmbeddingTable(results / "embeddings.parquet")
    dimensions = {
        "embeddings.parquet": table.dimension,
        "its metadata": table.metadata["dimension"],
        **({PICKLE: read_pickle_metadata(results / PICKLE)["embedding_dim"]} if with_pickle else {}),
        "diagnostics": _json(results / "diagnostics/summary.json")["counts"]["dimension"],
    }
    if len(set(dimensions.values())) == 1:
        return str(table.dimension), table.dimension > 0
    return ", ".join(f"{name}: {dimension}" for name, dimension in dimensions.items()), False


def unit_vectors(results: Path) -> Finding:
    """Tell whether every vector is finite and of unit length within `UNIT_TOLERANCE`."""
    table = EmbeddingTable(results / "embeddings.parquet")
    wrong, first, worst = 0, None, 0.0
    for start, vectors in table.blocks(ROW_GROUP):
        lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
        off = np.abs(lengths - 1)
        bad = ~(off <= UNIT_TOLERANCE)  # so written, what is no number is bad as well
        if bad.any():
            wrong, first = wrong + int(bad.sum()), start + int(bad.argmax()) if first is None else first
        else:
            worst = max(worst, float(off.max(initial=0)))
    if wrong:
        return f"{wrong:,} are not, the first in row {first:,}", False
    return f"{table.rows:,} vectors, lengths within {worst:.0e} of 1", True


def valid_neighbors(results: Path) -> Finding:
    """Tell whether every row lists k neighbors: rows of other items, with finite distances that never fall."""
    path = results / "neighbors.parquet"
    rows, k = _rows(path), None
    with open_parquet(path) as file:
        for start, piece in _starts(batches(file, ["row", "neighbors", "distances"], ROW_GROUP)):
            own = np.arange(start, start + len(piece))
            if not np.array_equal(piece["row"].to_numpy(), own):
                return f"the column row is out of order after row {start:,}", False
            neighbors, distances = _matrix(piece["neighbors"]), _matrix(piece["distances"])
            if neighbors.shape != distances.shape or k not in (None, neighbors.shape[1]):
                return f"lists of unequal length after row {start:,}", False
            k = neighbors.shape[1]
            faults = {
                "a neighbor that is no row": (neighbors < 0) | (neighbors >= rows),
                "itself among its neighbors": neighbors == own[:, None],
                "a distance that is not finite": ~np.isfinite(distances),
                "distances that fall": np.diff(distances, axis=1) < 0,
            }
            for fault, where in faults.items():
                if where.any():
                    return f"row {start + int(where.any(axis=1).argmax()):,} has {fault}", False
    return f"{rows:,} rows of {k} neighbors", bool(k)


def _starts(pieces: Iterator[pa.Table]) -> Iterator[tuple[int, pa.Table]]:
    start = 0
    for piece in pieces:
        yield start, piece
        start += len(piece)


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of lists of one length as a matrix; raises ValueError where lengths differ."""
    array = column.combine_chunks()
    lengths = pc.unique(pc.list_value_length(array)).to_pylist()
    if len(lengths) != 1 or not lengths[0]:
        raise ValueError(f"lists of lengths {lengths}")
    return array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), lengths[0])


# The map


def valid_positions(results: Path) -> Finding:
    """Tell whether all positions are finite and in [0, 1]."""
    positions = KnowledgeMap(results / "knowledge_map.parquet").positions
    bad = ~((positions >= 0) & (positions <= 1)).all(axis=1)
    if bad.any():
        return f"{int(bad.sum()):,} are not, the first in row {int(bad.argmax()):,}", False
    (x_min, y_min), (x_max, y_max) = positions.min(axis=0), positions.max(axis=0)
    return f"x {x_min:.3f} to {x_max:.3f}, y {y_min:.3f} to {y_max:.3f}", True


def appended_to(results: Path) -> Finding:
    """Tell whether the map with appended articles holds the items of the map where they lie, and all that were placed."""
    columns = ["item_id", "kind", "x", "y"]
    with open_parquet(results / "knowledge_map.parquet") as file:
        fitted = file.read(columns=columns)
    with open_parquet(results / "appended" / "knowledge_map.parquet") as file:
        appended = file.read(columns=columns)
    is_placed = pc.equal(appended["kind"], PLACED)
    if not appended.filter(pc.invert(is_placed)).equals(fitted):
        return "its items are not those of knowledge_map.parquet", False
    found, placed = len(appended) - len(fitted), _rows(results / "projection.parquet")
    return f"{len(fitted):,} items and {found:,} placed articles", found == placed


def valid_trust(results: Path) -> Finding:
    """Tell whether trust lies in [0, 1] and stretch is no less than 0, where they are known: of most items at least."""
    with open_parquet(results / "knowledge_map.parquet") as file:
        table = file.read(columns=["trust", "stretch"])
    for name, most in (("trust", 1.0), ("stretch", np.inf)):
        values = table[name].to_numpy()
        known = table[name].is_valid().to_numpy()
        bad = known & ~((values >= 0) & (values <= most) & np.isfinite(values))
        if bad.any():
            return f"{int(bad.sum()):,} of {name} are not, the first in row {int(bad.argmax()):,}", False
    known = len(table) - table["trust"].null_count
    return f"known of {known:,} items, trust {pc.mean(table['trust']).as_py() or 0:.1%} on the mean", 2 * known > len(table)


def valid_region(results: Path) -> Finding:
    """Tell whether the pickle's question_region is the map's question box for some padding; None where no question is.

    The padding is not in the metadata. It adds the same margin on every side that the border of the map does not cut, so
    the widest margin tells it, and the box made anew with it must be the one in the metadata.
    """
    metadata = read_pickle_metadata(results / PICKLE)
    if "question_region" not in metadata:
        return "not in the metadata", False
    knowledge_map = KnowledgeMap(results / "knowledge_map.parquet")
    points = knowledge_map.positions[~knowledge_map.is_article]
    region = metadata["question_region"]
    if region is None or not len(points):
        return ("none" if region is None else "a box without questions"), region is None and not len(points)
    box = np.array([[region["x_min"], region["y_min"]], [region["x_max"], region["y_max"]]], float)
    low, high = points.min(axis=0), points.max(axis=0)
    margins = np.concatenate([low - box[0], box[1] - high])
    found = f"x {box[0, 0]:.3f} to {box[1, 0]:.3f}, y {box[0, 1]:.3f} to {box[1, 1]:.3f}"
    if not margins.min() >= -REGION_TOLERANCE:
        return f"{found}: questions lie outside", False
    again = question_region(points, max(float(margins.max()), 0.0) / (float((high - low).max()) or 0.1))
    assert again is not None  # there are points
    expected = np.array([[again.x_min, again.y_min], [again.x_max, again.y_max]])
    if not np.allclose(box, expected, rtol=0, atol=REGION_TOLERANCE):
        return f"{found}: not the padded box around the questions", False
    return found, True


def overlap_reached(results: Path, k: int, target: float) -> Finding:
    """Tell whether the mean overlap@k that the diagnostics measured reaches the target; without questions it need not."""
    summary = _json(results / "diagnostics/summary.json")
    overlaps = summary["layouts"]["map"]["overlap"]
    if str(k) not in overlaps:
        return f"diagnostics/summary.json has no overlap@{k}, only @{', @'.join(overlaps)}", False
    overlap = overlaps[str(k)]
    if overlap is None:
        return "no questions", summary["counts"]["questions"] == 0
    return f"{overlap:.1%}", overlap >= target


def spread(results: Path) -> Finding:
    """Tell whether the articles fill the map: enough occupied cells of a grid with about 16 articles to a cell.

    The diagnostics say why, and how much is enough (`OCCUPIED`).
    """
    knowledge_map = KnowledgeMap(results / "knowledge_map.parquet")
    articles = knowledge_map.positions[knowledge_map.is_article].astype(float)
    if not len(articles) or not np.isfinite(articles).all():
        return "no articles" if not len(articles) else "positions that are not finite", False
    occupied, cells = occupied_cells(articles)
    return f"{occupied / cells:.1%} ({occupied:,} of {cells:,})", occupied / cells >= OCCUPIED


# The pickle's metadata


def read_pickle_metadata(path: Path) -> dict:
    """Return the metadata at the beginning of knowledge_map.pkl, without loading the pickle.

    The file is a pickle of {'metadata': …, 'items': …}, and is read up to the key 'items', as plain data (`plain_pickle`).
    Raises UserError where the pickle ends early, holds anything else, is of another form, or breaks off before its last
    opcode; FileNotFoundError where there is none.
    """
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != pickle.STOP:
                raise ValueError("it breaks off")
            file.seek(0)
            return _metadata_of(PlainUnpickler(file))
    except FileNotFoundError:
        raise
    except RefusedName as error:
        raise corrupt_file_error(path, f"its metadata holds `{error}`, which is not plain data") from None
    except Exception as error:  # a forged or cut pickle fails in as many ways as Python knows
        raise corrupt_file_error(path, error) from None


def _metadata_of(unpickler: PlainUnpickler) -> dict:
    """Return the value of the key 'metadata' in a pickle's outermost dict, if it comes before the key 'items'."""
    for opcodes in unpickler.steps():
        if opcodes > METADATA_OPCODES:
            raise ValueError("no metadata at its beginning")
        if unpickler.stack[-1:] == ["items"] and len(unpickler.metastack) <= 1:
            outermost, *pairs = chain(*unpickler.metastack, unpickler.stack[:-1])
            return {**outermost, **dict(zip(pairs[::2], pairs[1::2], strict=True))}["metadata"]
    raise ValueError("no key 'items'")
