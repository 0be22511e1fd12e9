"""Place new articles or questions on the finished map."""

import json

from knowledge_map.articles.records import Source
from knowledge_map.common.job import logging_to
from knowledge_map.embedding.encoders import encoder_opener
from knowledge_map.embedding.model import model_of
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.projection import write_projection
from knowledge_map.map.table import KnowledgeMap

with logging_to(snakemake.log[0], "place_items"):
    settings = json.loads(snakemake.params.projection)
    append = settings.get("append", False)
    model = model_of(json.loads(snakemake.params.model))
    write_projection(
        Source("new", snakemake.input.new, settings["format"], columns=settings.get("columns"), carry=settings.get("carry")),
        settings["kind"],
        model,
        encoder_opener(model, snakemake.threads, dict(snakemake.resources.items())),
        snakemake.resources.device,
        EmbeddingTable(snakemake.input.embeddings),
        KnowledgeMap(snakemake.input.knowledge_map, ["item_id"] if append else []),
        snakemake.output.projection,
        settings["k"],
        snakemake.threads,
        snakemake.params.max_characters,
        append,
    )
