"""Count the articles that were placed on the finished map among those of the cells in which they lie."""

import numpy as np

from knowledge_map.common.job import logging_to
from knowledge_map.common.parquet import read_parquet
from knowledge_map.labels.table import with_placed, write_labels

with logging_to(snakemake.log[0], "append_labels"):
    placed = read_parquet(snakemake.input.projection, ["x", "y"])
    labels = with_placed(read_parquet(snakemake.input.labels), np.column_stack([placed["x"], placed["y"]]))
    write_labels(labels, snakemake.output.table, snakemake.output.json, snakemake.output.atlas)
