"""Embed the questions."""

import json

from knowledge_map.embedding import embed_questions
from knowledge_map.job import logging_to
from knowledge_map.model import EmbeddingModel
from knowledge_map.questions import read_questions

with logging_to(snakemake.log[0], "embed_questions"):
    model = EmbeddingModel(**json.loads(snakemake.params.model))
    embed_questions(
        read_questions(snakemake.input),
        snakemake.output.embeddings,
        model,
        model.loader(snakemake.resources.device, snakemake.resources.batch_tokens, snakemake.threads),
    )
