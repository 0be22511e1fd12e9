"""Move true neighbors together on the map, or leave UMAP's layout as it is, and fit it into the unit square."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.refinement import Refinement, refined_layout
from knowledge_map.layout.table import read_layout, write_layout

with logging_to(snakemake.log[0], "refine_layout"):
    raw = read_layout(snakemake.input.layout)
    settings = Refinement(**json.loads(snakemake.params.refinement))
    table = EmbeddingTable(snakemake.input.embeddings)
    positions = refined_layout(raw, snakemake.input.neighbors, table, settings, snakemake.threads)
    write_layout(snakemake.output.layout, x_raw=raw[:, 0], y_raw=raw[:, 1], x=positions[:, 0], y=positions[:, 1])
