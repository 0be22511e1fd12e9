"""Draw the map."""

import json
from pathlib import Path

from knowledge_map.common.job import logging_to
from knowledge_map.common.parquet import read_parquet
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.views.figure import draw_map

with logging_to(snakemake.log[0], "map_picture"):
    knowledge_map = KnowledgeMap(snakemake.input.knowledge_map, ["title", "excerpt"])
    draw_map(
        knowledge_map,
        read_parquet(snakemake.input.labels),
        knowledge_map.question_region(snakemake.params.region_padding),
        [Path(path) for path in snakemake.output],
        json.loads(snakemake.params.title),
    )
