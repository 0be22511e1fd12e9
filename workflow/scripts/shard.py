"""Read the articles of all sources and write shards and their manifest."""

import json
from pathlib import Path

from knowledge_map.articles.discovery import locate_sources
from knowledge_map.articles.records import Source
from knowledge_map.articles.shards import write_shards
from knowledge_map.common.job import logging_to

with logging_to(snakemake.log[0], "shard"):
    limits = json.loads(snakemake.params.shards)
    write_shards(
        locate_sources([Source.of(source) for source in json.loads(snakemake.params.sources)], snakemake.input.fetched),
        Path(snakemake.output.manifest).parent,
        snakemake.output.manifest,
        size=limits["size"],
        max_characters=limits["max_characters"],
        max_dropped=limits["max_dropped"],
        threads=snakemake.threads,
        memory_mb=snakemake.resources.mem_mb // 2,  # the rest is for the articles
    )
