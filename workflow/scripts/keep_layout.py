"""Keep the finished map, from which the next one is to grow."""

from knowledge_map.common.job import logging_to
from knowledge_map.map.keeping import keep_layout

with logging_to(snakemake.log[0], "keep_layout"):
    keep_layout(snakemake.params.results, snakemake.params.reducer)
