"""Measure how far the map can be trusted."""

import json
from pathlib import Path

from knowledge_map.diagnostics import write_diagnostics
from knowledge_map.job import logging_to

with logging_to(snakemake.log[0], "diagnostics"):
    write_diagnostics(
        snakemake.input.knowledge_map,
        snakemake.input.embeddings,
        Path(snakemake.output.summary).parent,
        **json.loads(snakemake.params.diagnostics),
        threads=snakemake.threads,
    )
