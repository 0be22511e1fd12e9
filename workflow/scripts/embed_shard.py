"""Embed the articles of one shard, block by block."""

import json
from pathlib import Path

from knowledge_map.common.afresh import run_afresh
from knowledge_map.common.job import logging_to

name = f"embed_shard {snakemake.wildcards.shard}"
with logging_to(snakemake.log[0], name):
    run_afresh(
        "knowledge_map.embedding.job",
        {
            "log": snakemake.log[0],
            "name": name,
            "shard": snakemake.input.shard,
            "output": snakemake.output.embeddings,
            "partial": snakemake.params.partial,
            "model": json.loads(snakemake.params.model),
            "device": snakemake.resources.device,
            "batch_tokens": snakemake.resources.batch_tokens,
            "threads": snakemake.threads,
            "endpoint": snakemake.resources.endpoint,
            "encoder_dir": snakemake.resources.encoder_dir,
            "block_size": snakemake.resources.block_size,
            "device_memory": snakemake.resources.device_memory,
        },
        Path(snakemake.params.partial),
    )
