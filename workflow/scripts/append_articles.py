"""Append the articles that were placed on the finished map to its tables."""

from knowledge_map.common.job import logging_to
from knowledge_map.map.appending import append_articles

with logging_to(snakemake.log[0], "append_articles"):
    append_articles(
        snakemake.input.knowledge_map,
        snakemake.input.embeddings,
        snakemake.input.projection,
        snakemake.output.knowledge_map,
        snakemake.output.embeddings,
    )
