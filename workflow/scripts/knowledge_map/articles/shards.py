"""Shards: runs of articles named by the digest of their content, and the manifest that lists them in order."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pyarrow as pa

from knowledge_map.articles.reading import read_articles
from knowledge_map.articles.records import Article, Source, SourceReport
from knowledge_map.articles.sampling import SeenIds
from knowledge_map.common.checksum import content_digest
from knowledge_map.common.errors import UserError, corrupt_file_error
from knowledge_map.common.files import read_record, write_record
from knowledge_map.common.parquet import batches, open_parquet, write_parquet
from knowledge_map.common.progress import log

SCHEMA = pa.schema([(column, pa.string()) for column in Article._fields])

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
) -> None:
    """Read all sources and write their articles as shards of `size`, then the manifest.

    A shard holds articles of one source only, so that appending to a source changes its last shard and adds new ones, and
    leaves every other shard alone. Memory holds one shard. Raises UserError where a source cannot be read, where more than
    the fraction `max_dropped` of its rows had to be dropped, or where there is no article at all.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for left_by_a_kill in folder.glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(left_by_a_kill)
    shards, reports = [], []
    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=folder) as scratch_dir, SeenIds(Path(scratch_dir)) as seen:
        for source in sources:
            report = SourceReport(source.name, source.path)
            articles = read_articles(source, report, seen, max_characters, Path(scratch_dir), threads)
            while run := list(islice(articles, size)):
                shards.append({"shard": write_shard(run, folder), "source": source.name, "articles": len(run)})
                log.info(f"{source.name}: {sum(s['articles'] for s in shards if s['source'] == source.name):,} articles sharded")
            reports.append(report)
            _check_dropped(report, max_dropped)
    articles = sum(shard["articles"] for shard in shards)
    if not articles:
        raise _none_kept(reports)
    write_record(manifest, {"articles": articles, "shards": shards, "sources": [asdict(report) for report in reports]})
    for line in summary(reports):
        log.info(line)


def write_shard(articles: list[Article], folder: Path) -> str:
    """Write articles as a shard and return its name, the first 16 hexadecimal digits of the content's SHA-256."""
    name = digest(articles)[:16]
    columns = [pa.array(column, pa.string()) for column in zip(*articles, strict=True)]
    write_parquet(folder / f"{name}.parquet", pa.Table.from_arrays(columns, schema=SCHEMA), row_group_size=ROW_GROUP)
    return name


def digest(articles: Iterable[tuple[str, ...]]) -> str:
    """Return the SHA-256 of rows of strings, each string preceded by its length so that no two contents read alike."""
    values = (value.encode() for article in articles for value in article)
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
    """Return the manifest: {"articles": int, "shards": [{shard, source, articles}], "sources": [reports]}."""
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
        lines += [f"{report.name}: {drop['row']}: {drop['reason']} ({drop['detail']})" for drop in report.examples[:5]]
    return lines


def closing_summary(results: Path) -> list[str]:
    """Return what went into the results: articles, and what was dropped or replaced; nothing before there is a manifest."""
    path = results / "shards" / "manifest.json"
    if not path.exists():
        return []
    manifest = read_manifest(path)
    reports = [SourceReport(**source) for source in manifest["sources"]]
    counts = f"articles: {manifest['articles']:,}, shards: {len(manifest['shards']):,}"
    return [counts, *summary(reports), f"More in {path}."]


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
