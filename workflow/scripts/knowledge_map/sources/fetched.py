"""Datasets that were fetched from the hub: what `hub.fetch_dataset` wrote down, and the source that makes."""

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from knowledge_map.errors import UserError
from knowledge_map.files import damaged, read_record
from knowledge_map.sources.records import Source


def rows_needed(source: Source, max_dropped: float) -> int | None:
    """Return how many rows are enough for a source's first `limit` articles, None where all rows have a say.

    So many that the limit is reached even where the largest fraction of rows that a run puts up with is dropped.
    """
    if source.limit is None or source.sample_seed is not None or max_dropped >= 1:
        return None
    return math.ceil(source.limit / (1 - max_dropped))


def where_they_lie(sources: Iterable[Source], records: Iterable[str | Path]) -> list[Source]:
    """Return sources as they lie on this machine: a dataset is the parquet files that its record, NAME.json, tells.

    Raises UserError where one of these is not there any more.
    """
    by_name = {Path(record).stem: Path(record) for record in records}
    return [_fetched(source, by_name[source.name]) if source.name in by_name else source for source in sources]


def _fetched(source: Source, record: Path) -> Source:
    try:
        files = tuple(Path(file["path"]) for file in read_record(record)["files"])
    except (KeyError, TypeError) as error:
        raise damaged(record, error) from None
    for file in files:
        if not file.is_file():
            raise UserError(f"{file}: was fetched, and is gone; delete {record} and run the workflow again to fetch it anew.")
    return replace(source, format="parquet", files=files)
