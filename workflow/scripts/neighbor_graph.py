"""Gather the blocks of the neighbor graph."""

from knowledge_map.common.job import logging_to
from knowledge_map.neighbors.graph import gather_neighbors

with logging_to(snakemake.log[0], "neighbor_graph"):
    gather_neighbors(snakemake.input.blocks, snakemake.output.neighbors)
