"""Audit the questions: what makes one easy to guess, or hard to place on the map."""

import json
from pathlib import Path

from knowledge_map.common.job import logging_to
from knowledge_map.diagnostics.audit import AuditSettings, write_audit
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.questions.reading import read_questions

with logging_to(snakemake.log[0], "question_audit"):
    write_audit(
        read_questions(snakemake.input.questions),
        EmbeddingTable(snakemake.input.embeddings),
        Path(snakemake.output.audit).parent,
        AuditSettings(**json.loads(snakemake.params.audit)),
        snakemake.threads,
    )
