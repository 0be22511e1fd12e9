"""Write the knowledge map as the lab's pickle."""

import json

from knowledge_map.files import read_parquet
from knowledge_map.job import logging_to
from knowledge_map.map_pickle import write_map_pickle
from knowledge_map.map_table import KnowledgeMap, iterate_texts, map_metadata
from knowledge_map.table import EmbeddingTable

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
        ),
        snakemake.input.reducer,
        snakemake.output.pickle,
    )
