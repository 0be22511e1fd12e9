"""Write the domains of the map as JSON, for a page that loads a domain at a time."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.common.parquet import read_parquet
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.domains import read_domains
from knowledge_map.questions.reading import read_questions
from knowledge_map.views.domain_bundle import COLUMNS, BundleSettings, write_bundle

with logging_to(snakemake.log[0], "domain_bundle"):
    write_bundle(
        KnowledgeMap(snakemake.input.knowledge_map, COLUMNS),
        EmbeddingTable(snakemake.input.embeddings),
        read_parquet(snakemake.input.labels),
        read_questions(snakemake.input.questions),
        read_domains(snakemake.input.domains) if snakemake.input.domains else [],
        snakemake.params.region_padding,
        snakemake.output.folder,
        BundleSettings(**json.loads(snakemake.params.bundle)),
    )
