"""Write the map as a page of tiles, which a web server shows."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.common.parquet import read_parquet
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.domains import read_domains
from knowledge_map.questions.reading import read_questions
from knowledge_map.views.page.build import PageSettings
from knowledge_map.views.page.quiz_data import QuizSettings
from knowledge_map.views.page.tiles import LABEL_COLUMNS, TILED_COLUMNS, write_tiles

with logging_to(snakemake.log[0], "page_tiles"):
    knowledge_map = KnowledgeMap(snakemake.input.knowledge_map, TILED_COLUMNS)
    write_tiles(
        knowledge_map,
        read_parquet(snakemake.input.labels, columns=list(LABEL_COLUMNS)),
        read_questions(snakemake.input.questions),
        knowledge_map.question_region(snakemake.params.region_padding),
        snakemake.output.page,
        json.loads(snakemake.params.title),
        QuizSettings(**json.loads(snakemake.params.quiz)),
        PageSettings(**json.loads(snakemake.params.page)),
        read_domains(snakemake.input.domains) if snakemake.input.domains else [],
        snakemake.params.region_padding,
    )
