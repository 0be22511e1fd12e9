"""Join items, layout and neighbors into the knowledge map."""

from knowledge_map.common.job import logging_to
from knowledge_map.map.join import iterate_texts, write_knowledge_map

with logging_to(snakemake.log[0], "knowledge_map"):
    write_knowledge_map(
        snakemake.input.embeddings,
        snakemake.input.layout,
        snakemake.input.neighbors,
        iterate_texts(snakemake.input.shards, snakemake.input.questions),
        snakemake.output.knowledge_map,
        snakemake.input.carried or None,  # no file is an empty list
        snakemake.input.start or None,
    )
