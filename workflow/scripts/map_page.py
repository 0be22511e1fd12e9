"""Write the map as a page: one file that opens without any network, or tiles that a web server shows."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.common.parquet import read_parquet
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.domains import read_domains
from knowledge_map.questions.reading import read_questions
from knowledge_map.views.page import FORMS, PageContent, PageSettings
from knowledge_map.views.page.quiz_data import QuizSettings

with logging_to(snakemake.log[0], snakemake.rule):
    form = FORMS[snakemake.params.form]
    content = PageContent(
        KnowledgeMap(snakemake.input.knowledge_map, form.columns),
        read_parquet(snakemake.input.labels, columns=form.label_columns),
        read_questions(snakemake.input.questions),
        json.loads(snakemake.params.title),
        QuizSettings(**json.loads(snakemake.params.quiz)),
        PageSettings(**json.loads(snakemake.params.page)),
        read_domains(snakemake.input.domains) if snakemake.input.domains else [],
        snakemake.params.region_padding,
    )
    form.write(content, snakemake.output.page)
