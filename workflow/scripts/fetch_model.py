"""Fetch the embedding model from the hub."""

import json

from knowledge_map.common.hub import fetch_model
from knowledge_map.common.job import logging_to

with logging_to(snakemake.log[0], "fetch_model"):
    fetch_model(**json.loads(snakemake.params.model), record=snakemake.output.record)
