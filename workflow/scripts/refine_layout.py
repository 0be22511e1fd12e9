"""Move true neighbors together on the map, from the first layout or from a former map, and fit it into the unit square."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.growth import FormerMap, grown_layout
from knowledge_map.layout.refinement import Refinement, refined_layout
from knowledge_map.layout.table import read_layout, write_layout

with logging_to(snakemake.log[0], "refine_layout"):
    settings = Refinement(**json.loads(snakemake.params.refinement))
    inputs = snakemake.input.neighbors, EmbeddingTable(snakemake.input.embeddings), settings, snakemake.threads
    if snakemake.input.start:
        raw, positions, settled = grown_layout(FormerMap(snakemake.input.start), *inputs)
    else:
        raw = read_layout(snakemake.input.layout)
        positions, settled = refined_layout(raw, *inputs), 0.0
    notes = {"settled": settled} if settled else {}
    write_layout(snakemake.output.layout, notes, x_raw=raw[:, 0], y_raw=raw[:, 1], x=positions[:, 0], y=positions[:, 1])
