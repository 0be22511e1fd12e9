"""Estimate what a run will take on this machine."""

import json
from pathlib import Path

from knowledge_map.common.job import logging_to
from knowledge_map.embedding.encoders import encoder_opener
from knowledge_map.embedding.model import model_of
from knowledge_map.run.estimate import Ways, estimate, measure_embedding, tell

with logging_to(snakemake.log[0], "estimate"):
    model, manifest = model_of(json.loads(snakemake.params.model)), Path(snakemake.input.manifest)
    encoder = encoder_opener(model, snakemake.threads, dict(snakemake.resources.items()))
    measured = measure_embedding(manifest, model, encoder)
    ways = Ways(**snakemake.params.ways)
    rows = estimate(manifest, measured, snakemake.params.cores, snakemake.threads, ways)
    tell(rows, measured, model.max_tokens, manifest.parent.parent)
