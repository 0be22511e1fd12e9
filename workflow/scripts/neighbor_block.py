"""Find the nearest neighbors of one block of rows."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.neighbors.approximate import nearest_by_index
from knowledge_map.neighbors.exact import nearest
from knowledge_map.neighbors.graph import write_neighbors

with logging_to(snakemake.log[0], f"neighbor_block {snakemake.wildcards.block}"):
    settings = json.loads(snakemake.params.neighbors)
    table = EmbeddingTable(snakemake.input.embeddings)
    start, stop = table.part(int(snakemake.wildcards.block), int(snakemake.wildcards.blocks))
    if settings["method"] == "index":
        found = nearest_by_index(*snakemake.input.index, table, start, stop, settings["k"])
    else:
        found = nearest(table, start, stop, settings["k"], snakemake.resources.device, snakemake.threads)
    write_neighbors(snakemake.output.neighbors, start, *found)
