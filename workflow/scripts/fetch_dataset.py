"""Fetch the files of a dataset on the hub that are needed."""

import json

from knowledge_map.common.hub import fetch_dataset
from knowledge_map.common.job import logging_to

with logging_to(snakemake.log[0], f"fetch_dataset {snakemake.wildcards.source}"):
    fetch_dataset(**json.loads(snakemake.params.dataset), record=snakemake.output.record)
