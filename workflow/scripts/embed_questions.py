"""Embed the questions."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.common.progress import log
from knowledge_map.embedding.embed import embed_questions
from knowledge_map.embedding.encoders import encoder_opener
from knowledge_map.embedding.model import model_of
from knowledge_map.questions.reading import read_reported_questions

with logging_to(snakemake.log[0], "embed_questions"):
    model = model_of(json.loads(snakemake.params.model))
    questions, report = read_reported_questions(snakemake.input)
    for line in report.lines():
        log.info(line)
    embed_questions(
        questions,
        snakemake.output.embeddings,
        model,
        encoder_opener(model, snakemake.threads, dict(snakemake.resources.items())),
    )
