"""Build the approximate index of all embeddings."""

from knowledge_map.job import logging_to
from knowledge_map.neighbors import build_index
from knowledge_map.table import EmbeddingTable

with logging_to(snakemake.log[0], "neighbor_index"):
    build_index(EmbeddingTable(snakemake.input.embeddings), snakemake.output.index, snakemake.threads, seed=snakemake.params.seed)
