"""Merge the embedded shards and questions into the embedding table."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.embedding.table import merge_embeddings

with logging_to(snakemake.log[0], "merge_embeddings"):
    settings = json.loads(snakemake.params.get("table", "{}"))
    merge_embeddings(snakemake.input.shards, snakemake.input.questions, snakemake.output.embeddings, **settings)
