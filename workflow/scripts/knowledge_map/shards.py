"""Shards: runs of articles named by the digest of their content, and the manifest that lists them in order."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pyarrow as pa

from knowledge_map.errors import UserError
from knowledge_map.files import batches, damaged, open_parquet, read_record, write_parquet, write_record
from knowledge_map.progress import log
from knowledge_map.sources import Article, SeenIds, Source, Tally, read_articles

SCHEMA = pa.schema([(column, pa.string()) for column in Article._fields])
SPOOL = ".spool-"
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
    for left_by_a_kill in folder.glob(f"{SPOOL}*"):
        shutil.rmtree(left_by_a_kill)
    shards, tallies = [], []
    with tempfile.TemporaryDirectory(prefix=SPOOL, dir=folder) as spool, SeenIds(Path(spool)) as seen:
        for source in sources:
            tally = Tally(source.name, source.path)
            articles = read_articles(source, tally, seen, max_characters, Path(spool), threads)
            while run := list(islice(articles, size)):
                shards.append({"shard": write_shard(run, folder), "source": source.name, "articles": len(run)})
                log.info(f"{source.name}: {sum(s['articles'] for s in shards if s['source'] == source.name):,} articles sharded")
            tallies.append(tally)
            _check_dropped(tally, max_dropped)
    articles = sum(shard["articles"] for shard in shards)
    if not articles:
        raise UserError(
            f"no articles at all in {', '.join(tally.path for tally in tallies)}; mend `articles` in the configuration."
        )
    write_record(manifest, {"articles": articles, "shards": shards, "sources": [asdict(tally) for tally in tallies]})
    for line in summary(tallies):
        log.info(line)


def write_shard(articles: list[Article], folder: Path) -> str:
    """Write articles as a shard and return its name, the first 16 hexadecimal digits of the content's SHA-256."""
    name = digest(articles)[:16]
    columns = [pa.array(column, pa.string()) for column in zip(*articles, strict=True)]
    write_parquet(folder / f"{name}.parquet", pa.Table.from_arrays(columns, schema=SCHEMA), row_group_size=ROW_GROUP)
    return name


def digest(articles: Iterable[tuple[str, ...]]) -> str:
    """Return the SHA-256 of rows of strings, each string preceded by its length so that no two contents read alike."""
    content = hashlib.sha256()
    for article in articles:
        for value in article:
            encoded = value.encode()
            content.update(len(encoded).to_bytes(8, "little") + encoded)
    return content.hexdigest()


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
            raise damaged(path, "its content does not match its name")
    return count


def read_manifest(path: str | Path) -> dict:
    """Return the manifest: {"articles": int, "shards": [{shard, source, articles}], "sources": [tallies]}."""
    return read_record(path)


def summary(tallies: list[Tally]) -> list[str]:
    """Return what became of every source's rows, a line each and a line per reason."""
    lines = []
    for tally in tallies:
        drawn = f", {tally.not_drawn:,} not drawn" if tally.not_drawn else ""
        rest = ", the rest unread (limit)" if tally.stopped_at_limit else ""
        lines.append(f"{tally.name}: {tally.read:,} rows read, {tally.kept:,} articles kept{drawn}{rest}")
        lines += [f"{tally.name}: {count:,} left out: {reason}" for reason, count in tally.left_out.items()]
        lines += [f"{tally.name}: {count:,} dropped: {reason}" for reason, count in tally.dropped.items()]
        lines += [f"{tally.name}: {count:,} with {what}" for what, count in tally.replaced.items()]
        lines += [f"{tally.name}: {drop['row']}: {drop['reason']} ({drop['detail']})" for drop in tally.examples[:5]]
    return lines


def closing_summary(results: Path) -> list[str]:
    """Return what went into the results: articles, and what was dropped or replaced; nothing before there is a manifest."""
    path = results / "shards" / "manifest.json"
    if not path.exists():
        return []
    manifest = read_manifest(path)
    tallies = [Tally(**source) for source in manifest["sources"]]
    counts = f"articles: {manifest['articles']:,}, shards: {len(manifest['shards']):,}"
    return [counts, *summary(tallies), f"More in {path}."]


def _check_dropped(tally: Tally, max_dropped: float) -> None:
    dropped = sum(tally.dropped.values())
    if dropped <= max_dropped * tally.read:
        return
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in tally.dropped.items())
    first = tally.examples[0]
    raise UserError(
        f"{tally.path}: {dropped:,} of {tally.read:,} rows had to be dropped ({reasons}; first: {first['row']}, {first['reason']}"
        f", {first['detail']}), more than shards.max_dropped allows ({max_dropped:.0%}); mend the source or raise the threshold."
    )
