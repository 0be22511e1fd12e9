"""Write the knowledge map as the lab's pickle."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.common.parquet import read_parquet
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.map.join import iterate_texts
from knowledge_map.map.pickle_export import map_metadata, write_map_pickle
from knowledge_map.map.table import KnowledgeMap

with logging_to(snakemake.log[0], "map_pickle"):
    write_map_pickle(
        snakemake.input.knowledge_map,
        snakemake.input.embeddings,
        iterate_texts(snakemake.input.shards, snakemake.input.questions),
        read_parquet(snakemake.input.questions, ["question_data"])["question_data"].to_pylist(),
        map_metadata(
            EmbeddingTable(snakemake.input.embeddings),
            KnowledgeMap(snakemake.input.knowledge_map),
            json.loads(snakemake.params.umap),
            snakemake.params.region_padding,
            snakemake.params.get("grown", False),
        ),
        snakemake.input.reducer,
        snakemake.output.pickle,
    )
