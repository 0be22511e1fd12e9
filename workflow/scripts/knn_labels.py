"""Label the cells of the map by what lies in them."""

import json

from knowledge_map.articles.shards import text_batches
from knowledge_map.common.job import logging_to
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.labels.cells import LabelSettings, knn_labels
from knowledge_map.labels.table import write_labels
from knowledge_map.map.table import KnowledgeMap

with logging_to(snakemake.log[0], "knn_labels"):
    settings = LabelSettings.of(json.loads(snakemake.params.labels))
    knowledge_map = KnowledgeMap(snakemake.input.knowledge_map, settings.map_columns)
    labels = knn_labels(
        knowledge_map,
        EmbeddingTable(snakemake.input.embeddings),
        text_batches(snakemake.input.shards),
        settings,
        knowledge_map.question_region(snakemake.params.region_padding),
        snakemake.threads,
    )
    write_labels(labels, snakemake.output.table, snakemake.output.json, snakemake.output.atlas)
