"""Which files a source has: on this machine, or fetched from the hub."""

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from knowledge_map.articles.formats.registry import ARTICLE_FORMATS
from knowledge_map.articles.records import Source
from knowledge_map.common.errors import UserError, corrupt_file_error
from knowledge_map.common.files import read_record
from knowledge_map.common.text import UNFIT_IN_PATH


def files_of(source: Source) -> list[Path]:
    """Return the file of a source, or the parquet files or parts of a MediaWiki dump below its folder, in sorted order.

    A source on the hub has none before it is fetched. Raises UserError if there is none, or both.
    """
    if source.files is not None or source.on_hub:
        return list(source.files or [])
    path = Path(source.path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        problem = "is no plain file" if path.exists() else "no such file or folder"
        raise UserError(f"{path}: {problem}; correct the path of {source.name} under `articles`.")
    files = _files_below(path, source)
    for file in files:
        if UNFIT_IN_PATH.search(str(file)):
            raise UserError(f"{file}: has a control character in its name, or is not named in UTF-8; rename it.")
    return files


def _files_below(folder: Path, source: Source) -> list[Path]:
    """Return the files below a folder that are of the one format that is read from folders and that lies there."""
    readable = {name: each for name, each in ARTICLE_FORMATS.items() if each.folder_pattern}
    if source.format not in ("auto", *readable):
        raise UserError(
            f"{folder}: a folder, which is read as {' or '.join(readable)} files, not as {source.format}; name one file in it."
        )
    formats = readable if source.format == "auto" else {source.format: readable[source.format]}
    below = sorted(file for file in folder.rglob("*") if file.is_file())
    found = {name: [file for file in below if each.folder_pattern.fullmatch(file.name)] for name, each in formats.items()}
    if sum(map(bool, found.values())) > 1:
        raise UserError(f"{folder}: holds both {' and '.join(found)} files; set `format` of {source.name} to one of them.")
    files = next(filter(None, found.values()), None)
    if files is None:
        names = " or ".join(each.folder_names for each in formats.values())
        raise UserError(f"{folder}: no {names} file below this folder; correct the path of {source.name} under `articles`.")
    return files


def rows_needed(source: Source, max_dropped: float) -> int | None:
    """Return how many rows are enough for a source's first `limit` articles, None where all rows have a say.

    So many that the limit is reached even where the largest fraction of rows that a run puts up with is dropped.
    """
    if source.limit is None or source.sample_seed is not None or max_dropped >= 1:
        return None
    return math.ceil(source.limit / (1 - max_dropped))


def locate_sources(sources: Iterable[Source], records: Iterable[str | Path]) -> list[Source]:
    """Return sources as they lie on this machine: a dataset is the parquet files that its record, NAME.json, tells.

    Raises UserError where one of these is not there any more.
    """
    by_name = {Path(record).stem: Path(record) for record in records}
    return [_fetched(source, by_name[source.name]) if source.name in by_name else source for source in sources]


def _fetched(source: Source, record: Path) -> Source:
    try:
        files = tuple(Path(file["path"]) for file in read_record(record)["files"])
    except (KeyError, TypeError) as error:
        raise corrupt_file_error(record, error) from None
    for file in files:
        if not file.is_file():
            raise UserError(f"{file}: was fetched, and is gone; delete {record} and run the workflow again to fetch it anew.")
    return replace(source, format="parquet", files=files)
