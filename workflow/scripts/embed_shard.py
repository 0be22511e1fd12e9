"""Embed the articles of one shard, block by block."""

import json
from functools import partial
from pathlib import Path

from knowledge_map.common.job import logging_to
from knowledge_map.embedding.embed import embed_shard
from knowledge_map.embedding.encoders import open_encoder
from knowledge_map.embedding.model import model_of

with logging_to(snakemake.log[0], f"embed_shard {snakemake.wildcards.shard}"):
    model = model_of(json.loads(snakemake.params.model))
    embed_shard(
        snakemake.input.shard,
        snakemake.output.embeddings,
        snakemake.params.partial,
        model,
        partial(
            open_encoder,
            model,
            snakemake.resources.device,
            snakemake.resources.batch_tokens,
            snakemake.threads,
            snakemake.resources.endpoint,
            Path(snakemake.resources.encoder_dir),
        ),
        snakemake.resources.block_size,
    )
