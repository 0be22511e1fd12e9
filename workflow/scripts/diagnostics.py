"""Measure how far the map can be trusted."""

import json
from pathlib import Path

from knowledge_map.common.job import logging_to
from knowledge_map.diagnostics import write_diagnostics
from knowledge_map.diagnostics.measurement import Settings

with logging_to(snakemake.log[0], "diagnostics"):
    write_diagnostics(
        snakemake.input.knowledge_map,
        snakemake.input.embeddings,
        Path(snakemake.output.summary).parent,
        Settings(**json.loads(snakemake.params.diagnostics)),
        snakemake.threads,
        snakemake.input.questions,
        snakemake.input.uniform_weight or None,  # no file is an empty list
        snakemake.input.projection or None,
    )
