"""Write the map as a page that opens without any network."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.common.parquet import read_parquet
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.domains import read_domains
from knowledge_map.questions.reading import read_questions
from knowledge_map.views.page.build import COLUMNS, PageSettings, write_page
from knowledge_map.views.page.quiz_data import QuizSettings

with logging_to(snakemake.log[0], "map_page"):
    knowledge_map = KnowledgeMap(snakemake.input.knowledge_map, COLUMNS)
    write_page(
        knowledge_map,
        read_parquet(snakemake.input.labels),
        read_questions(snakemake.input.questions),
        knowledge_map.question_region(snakemake.params.region_padding),
        snakemake.output.page,
        json.loads(snakemake.params.title),
        QuizSettings(**json.loads(snakemake.params.quiz)),
        PageSettings(**json.loads(snakemake.params.page)),
        read_domains(snakemake.input.domains) if snakemake.input.domains else [],
        snakemake.params.region_padding,
    )
