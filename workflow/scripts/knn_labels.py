"""Label the cells of the map by their nearest articles."""

import json

from knowledge_map.job import logging_to
from knowledge_map.labels import knn_labels, write_labels
from knowledge_map.map_table import KnowledgeMap
from knowledge_map.table import EmbeddingTable

with logging_to(snakemake.log[0], "knn_labels"):
    settings = json.loads(snakemake.params.labels)
    labels = knn_labels(
        KnowledgeMap(snakemake.input.knowledge_map, ["title"]),
        EmbeddingTable(snakemake.input.embeddings),
        settings["grid"],
        settings["k"],
        snakemake.threads,
    )
    write_labels(labels, snakemake.output.table, snakemake.output.json)
