"""Show what moved since the former map."""

from pathlib import Path

from knowledge_map.common.job import logging_to
from knowledge_map.diagnostics.movement import write_movement

with logging_to(snakemake.log[0], "moved"):
    write_movement(snakemake.input.knowledge_map, snakemake.input.start, Path(snakemake.output.table).parent)
