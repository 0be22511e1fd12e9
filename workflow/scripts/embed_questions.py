"""Embed the questions."""

import json
from functools import partial

from knowledge_map.common.job import logging_to
from knowledge_map.embedding.embed import embed_questions
from knowledge_map.embedding.encoders import open_encoder
from knowledge_map.embedding.model import EmbeddingModel
from knowledge_map.questions.reading import read_questions

with logging_to(snakemake.log[0], "embed_questions"):
    model = EmbeddingModel(**json.loads(snakemake.params.model))
    embed_questions(
        read_questions(snakemake.input),
        snakemake.output.embeddings,
        model,
        partial(open_encoder, model, snakemake.resources.device, snakemake.resources.batch_tokens, snakemake.threads),
    )
