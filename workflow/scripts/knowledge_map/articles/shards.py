"""Shards: runs of articles named by the digest of their content, and the manifest that lists them in order."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from knowledge_map.articles.carried import CarriedTable
from knowledge_map.articles.reading import read_articles
from knowledge_map.articles.records import SHARD_COLUMNS, Article, Source, SourceReport
from knowledge_map.articles.sampling import SeenIds
from knowledge_map.articles.vectors import write_vectors
from knowledge_map.common.checksum import content_digest
from knowledge_map.common.errors import UserError, corrupt_file_error
from knowledge_map.common.files import read_record, write_record
from knowledge_map.common.parquet import batches, open_parquet, write_parquet
from knowledge_map.common.progress import log
from knowledge_map.common.text import shown

SCHEMA = pa.schema([(column, pa.string()) for column in SHARD_COLUMNS])

SCRATCH_PREFIX = ".scratch_dir-"

ROW_GROUP = 1_000
"""Rows of a row group; a shard is read in blocks of about this many."""


def write_shards(
    sources: Iterable[Source],
    folder: str | Path,
    manifest: str | Path,
    size: int,
    max_characters: int,
    max_dropped: float,
    threads: int = 1,
    memory_mb: int = 1_000,
) -> None:
    """Read all sources and write their articles as shards of `size`, what goes along beside them, then the manifest.

    A shard holds articles of one source only, so that appending to a source changes its last shard and adds new ones, and
    leaves every other shard alone. Memory holds one shard. Raises UserError where a source cannot be read, where more than
    the fraction `max_dropped` of its rows had to be dropped or could not be read in a carried column, or without any article.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for left_by_a_kill in folder.glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(left_by_a_kill)
    sources = list(sources)
    shards, reports, carried = [], [], {}
    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=folder) as scratch_dir, SeenIds(Path(scratch_dir)) as seen:
        table = CarriedTable(Path(scratch_dir) / "carried.jsonl") if any(source.carry for source in sources) else None
        for source in sources:
            report = SourceReport(source.name, source.path)
            articles = read_articles(source, report, seen, max_characters, Path(scratch_dir), threads, memory_mb)
            while run := list(islice(articles, size)):
                name = write_shard(run, folder)
                vectors = {"vectors": write_vectors(run, name, folder)} if source.has_vectors else {}
                shards.append({"shard": name, "source": source.name, "articles": len(run), **vectors})
                if table:
                    table.add(source.name, source.column_names.carried, [(article.item_id, article.carried) for article in run])
                log.info(f"{source.name}: {sum(s['articles'] for s in shards if s['source'] == source.name):,} articles sharded")
            reports.append(report)
            _check_dropped(report, max_dropped)
        articles = sum(shard["articles"] for shard in shards)
        if not articles:
            raise _none_kept(reports)
        if table:
            carried = {"carried": {"table": table.write(folder), "columns": table.types}}
            for report in reports:
                report.unread = table.unread.get(report.name, {})
                _check_carried(report, max_dropped)
    content = {"articles": articles, "shards": shards, **carried, "sources": [asdict(report) for report in reports]}
    write_record(manifest, content)
    for line in summary(reports):
        log.info(line)


def write_shard(articles: list[Article], folder: Path) -> str:
    """Write articles as a shard and return its name, the first 16 hexadecimal digits of the content's SHA-256."""
    name = digest(articles)[:16]
    columns = [
        pa.array(column, pa.string()) for column in zip(*(article[: len(SHARD_COLUMNS)] for article in articles), strict=True)
    ]
    write_parquet(folder / f"{name}.parquet", pa.Table.from_arrays(columns, schema=SCHEMA), row_group_size=ROW_GROUP)
    return name


def digest(articles: Iterable[Sequence[Any]]) -> str:
    """Return the SHA-256 of what a shard holds of articles, each string preceded by its length: no two contents read alike."""
    values = (value.encode() for article in articles for value in article[: len(SHARD_COLUMNS)])
    return content_digest(len(value).to_bytes(8, "little") + value for value in values)


def check_shard(path: str | Path) -> int:
    """Return how many articles a shard holds. Raises UserError where its content is not what its name says."""
    path = Path(path)
    count = 0

    def rows() -> Iterator[tuple[str, ...]]:
        nonlocal count
        for piece in batches(file, SCHEMA.names, ROW_GROUP):
            count += piece.num_rows
            yield from zip(*(column.to_pylist() for column in piece.columns), strict=True)

    with open_parquet(path) as file:
        if digest(rows())[:16] != path.stem:
            raise corrupt_file_error(path, "its content does not match its name")
    return count


def read_manifest(path: str | Path) -> dict:
    """Return the manifest: {"articles": int, "shards": [{shard, source, articles}], "sources": [reports]}.

    Where columns are carried, also "carried": {"table": name, "columns": {name: type}}, and where a source brings vectors, the
    file of these in each of its shards, "vectors": name.
    """
    return read_record(path)


def shard_paths(manifest: str | Path) -> list[Path]:
    """Return the shards of a manifest, in order."""
    return [Path(manifest).parent / f"{entry['shard']}.parquet" for entry in read_manifest(manifest)["shards"]]


def text_batches(paths: Iterable[str | Path], size: int = 10_000) -> Iterator[pa.StringArray]:
    """Yield the texts of all articles of shards, in their order, so many at a time."""
    for path in paths:
        with open_parquet(path) as file:
            for batch in file.iter_batches(size, columns=["text"]):
                yield batch.column(0)


def summary(reports: list[SourceReport]) -> list[str]:
    """Return what became of every source's rows, a line each and a line per reason."""
    lines = []
    for report in reports:
        drawn = f", {report.not_drawn:,} not drawn" if report.not_drawn else ""
        rest = ", the rest unread (limit)" if report.stopped_at_limit else ""
        lines.append(f"{report.name}: {report.read:,} rows read, {report.kept:,} articles kept{drawn}{rest}")
        lines += [f"{report.name}: {count:,} left out: {reason}" for reason, count in report.left_out.items()]
        lines += [f"{report.name}: {count:,} not read: {what}" for what, count in report.not_read.items()]
        lines += [f"{report.name}: {note}" + (f" ({count:,} files)" if count > 1 else "") for note, count in report.notes.items()]
        lines += [f"{report.name}: {count:,} dropped: {reason}" for reason, count in report.dropped.items()]
        lines += [f"{report.name}: {count:,} with {what}" for what, count in report.replaced.items()]
        lines += [f"{report.name}: {each.told(name)}" for name, each in report.unread.items()]
        lines += [f"{report.name}: {drop['row']}: {drop['reason']} ({drop['detail']})" for drop in report.examples[:5]]
    return lines


def what_was_read(path: Path) -> list[str]:
    """Return what the manifest at `path` says of the articles: how many there are, and what was dropped or replaced."""
    manifest = read_manifest(path)
    counts = f"articles: {manifest['articles']:,}, shards: {len(manifest['shards']):,}"
    return [counts, *summary_of(manifest), f"More in {path}."]


def summary_of(manifest: dict) -> list[str]:
    """Return what a manifest tells of every source's rows, as `summary` does."""
    return summary([SourceReport.of(source) for source in manifest["sources"]])


def _none_kept(reports: list[SourceReport]) -> UserError:
    """Return what became of the rows of all sources, none of which is an article, and what to change."""
    settings = {f"`{setting}`": None for report in reports for setting in report.left_out_by.values()}
    remedy = "fix `articles` in the configuration."
    if settings:
        remedy = f"change {', '.join(settings)} of the source, or give another source."
    return UserError(f"no articles at all in {', '.join(map(_why_none, reports))}; {remedy}")


def _why_none(report: SourceReport) -> str:
    reasons = []
    for reason, count in report.left_out.items():
        by = f" by `{report.left_out_by[reason]}`" if reason in report.left_out_by else ""
        reasons.append(f"{count:,} left out{by}: {reason}")
    reasons += [f"{count:,} dropped: {reason}" for reason, count in report.dropped.items()]
    return f"{report.path} ({report.read:,} rows read; {'; '.join(reasons)})" if reasons else report.path


def _check_dropped(report: SourceReport, max_dropped: float) -> None:
    dropped = sum(report.dropped.values())
    if dropped <= max_dropped * report.read:
        return
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in report.dropped.items())
    first = report.examples[0]
    raise UserError(
        f"{report.path}: {dropped:,} of {report.read:,} rows had to be dropped ({reasons}; first: {first['row']}, "
        f"{first['reason']}, {first['detail']}), "
        f"more than shards.max_dropped allows ({max_dropped:.0%}); fix the source or raise the threshold."
    )


def _check_carried(report: SourceReport, max_dropped: float) -> None:
    for name, each in report.unread.items():
        if each.count > max_dropped * report.kept:
            raise UserError(
                f"{report.path}: {each.count:,} of {report.kept:,} values of the carried column `{shown(name)}` are "
                f"no {each.type} (first: {each.first}), more than shards.max_dropped allows ({max_dropped:.0%}); correct its "
                "`type` under `carry`, or raise the threshold."
            )
