"""Build the approximate index of all embeddings, and find with which effort it is to be searched."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.neighbors.approximate import build_index

with logging_to(snakemake.log[0], "neighbor_index"):
    build_index(
        EmbeddingTable(snakemake.input.embeddings),
        snakemake.output.index,
        snakemake.output.recall,
        **json.loads(snakemake.params.index),
    )
