"""Place new articles or questions on the finished map."""

import json

from knowledge_map.job import logging_to
from knowledge_map.map_table import KnowledgeMap
from knowledge_map.model import EmbeddingModel
from knowledge_map.projection import write_projection
from knowledge_map.table import EmbeddingTable

with logging_to(snakemake.log[0], "project"):
    settings = json.loads(snakemake.params.projection)
    model = EmbeddingModel(**json.loads(snakemake.params.model))
    write_projection(
        snakemake.input.new,
        settings["format"],
        settings["kind"],
        model.loader(snakemake.resources.device, snakemake.resources.batch_tokens, snakemake.threads)(),
        EmbeddingTable(snakemake.input.embeddings),
        KnowledgeMap(snakemake.input.knowledge_map),
        snakemake.output.projection,
        settings["k"],
        snakemake.threads,
        snakemake.params.max_characters,
    )
